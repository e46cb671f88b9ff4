import type { Pod } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { Etcd } from '../etcd/etcd.ts'

/** 'each': every ready pod of the workload has that much to do. 'shared': they have it to do together. */
export type LoadSpread = 'each' | 'shared'

interface Load {
  readonly cpuMilli: number
  readonly spread: LoadSpread
}

/** Buckets of what stands between a pod and the workload that people know. */
const BETWEEN: { readonly [kind: string]: string } = { ReplicaSet: 'replicasets.apps', Job: 'jobs.batch' }

const controllerOf = (object: KubeObject | undefined) => object?.metadata.ownerReferences?.find(({ controller }) => controller)

export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/** What the users of workloads make them do: CPU beside what the programs in the pods use by themselves. */
export class Loads {
  private readonly etcd: Etcd
  private readonly loads = new Map<string, Load>()

  constructor(etcd: Etcd) {
    this.etcd = etcd
  }

  /** `workload` is the name of a Deployment, StatefulSet, DaemonSet, Job, CronJob, or of a pod without owner. 0: no load. */
  set(namespace: string, workload: string, cpuMilli: number, spread: LoadSpread): void {
    if (cpuMilli === 0) this.loads.delete(`${namespace}/${workload}`)
    else this.loads.set(`${namespace}/${workload}`, { cpuMilli, spread })
  }

  /** The load on each of these pods, by uid. They must be all pods of their workloads. */
  on(pods: readonly Pod[]): ReadonlyMap<string, number> {
    if (this.loads.size === 0) return new Map()
    const groups = groupBy(pods.filter(isReady), (pod) => workloadOf(this.etcd, pod))
    return new Map(
      [...groups].flatMap(([workload, members]) => {
        const { cpuMilli = 0, spread = 'each' } = this.loads.get(workload) ?? {}
        const share = spread === 'each' ? cpuMilli : cpuMilli / members.length
        return share === 0 ? [] : members.map((pod) => [pod.metadata.uid ?? '', share] as const)
      }),
    )
  }

  /** What a workload has to do, if anything. */
  of(namespace: string, workload: string): { readonly cpuMilli: number; readonly spread: LoadSpread } | undefined {
    return this.loads.get(`${namespace}/${workload}`)
  }
}

/** 'namespace/name' of the workload that people know a pod by: a Deployment's, not its ReplicaSet's. */
export function workloadOf(etcd: Etcd, pod: Pod): string {
  const { namespace = '', name = '' } = pod.metadata
  const owner = controllerOf(pod)
  if (!owner) return `${namespace}/${name}`
  const bucket = BETWEEN[owner.kind]
  const above = bucket && controllerOf(etcd.get(bucket, `${namespace}/${owner.name}`)?.value)
  return `${namespace}/${above ? above.name : owner.name}`
}
