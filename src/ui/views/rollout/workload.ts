import { create } from 'zustand'
import type { ObjectRef } from '../../state/selection.ts'

/** The kinds that roll out revisions, by resource. */
export const WORKLOADS: { readonly [resource: string]: string } = {
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
}

/** The workload whose rollout is shown. It stays while pods of it are selected one after the other. */
export const useWorkload = create<{ readonly shown: ObjectRef | null; readonly show: (ref: ObjectRef | null) => void }>()(
  (set) => ({
    shown: null,
    show: (shown) => set({ shown }),
  }),
)

export function workloadRef(resource: string, namespace: string, name: string): ObjectRef {
  return { group: 'apps', version: 'v1', resource, kind: WORKLOADS[resource] ?? '', namespace, name }
}

/** The workload that an owner such as 'Deployment/web' names; null for others, such as jobs. */
export function ownerRef(owner: string, namespace: string): ObjectRef | null {
  const slash = owner.indexOf('/')
  const resource = Object.entries(WORKLOADS).find(([, kind]) => kind === owner.slice(0, slash))?.[0]
  return resource === undefined ? null : workloadRef(resource, namespace, owner.slice(slash + 1))
}
