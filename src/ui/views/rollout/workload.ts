import { create } from 'zustand'
import type { ObjectRef } from '../../state/selection.ts'

interface WorkloadKind {
  readonly group: string
  readonly kind: string
}

/** The kinds that run pods, by resource. */
export const WORKLOADS: { readonly [resource: string]: WorkloadKind } = {
  deployments: { group: 'apps', kind: 'Deployment' },
  statefulsets: { group: 'apps', kind: 'StatefulSet' },
  daemonsets: { group: 'apps', kind: 'DaemonSet' },
  cronjobs: { group: 'batch', kind: 'CronJob' },
  jobs: { group: 'batch', kind: 'Job' },
  replicasets: { group: 'apps', kind: 'ReplicaSet' },
  replicationcontrollers: { group: '', kind: 'ReplicationController' },
}

/** The workload whose rollout is shown. It stays while pods of it are selected one after the other. */
export const useWorkload = create<{ readonly shown: ObjectRef | null; readonly show: (ref: ObjectRef | null) => void }>()(
  (set) => ({
    shown: null,
    show: (shown) => set({ shown }),
  }),
)

export function workloadRef(resource: string, namespace: string, name: string): ObjectRef {
  const { group, kind } = WORKLOADS[resource] ?? { group: '', kind: '' }
  return { group, version: 'v1', resource, kind, namespace, name }
}

/** Whether an object is of a kind that this view shows. */
export function isWorkload({ group, resource }: ObjectRef): boolean {
  return WORKLOADS[resource]?.group === group
}

/** The workload that an owner such as 'Deployment/web' names; null for others. */
export function ownerRef(owner: string, namespace: string): ObjectRef | null {
  const slash = owner.indexOf('/')
  const resource = Object.entries(WORKLOADS).find(([, { kind }]) => kind === owner.slice(0, slash))?.[0]
  return resource === undefined ? null : workloadRef(resource, namespace, owner.slice(slash + 1))
}
