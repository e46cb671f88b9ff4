import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { FeedContext } from '../feeds/feed.ts'
import type { PodFacts, WorkloadRef } from './protocol.ts'

/** Tolerations that admission adds to every pod. */
const ADDED = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'])

/** What of the pod a what-if can change. */
export function podFacts(context: FeedContext, { metadata, spec }: Pod): PodFacts {
  return {
    containers: (spec?.containers ?? []).map(({ name, resources }) => ({
      name,
      cpu: String(resources?.requests?.['cpu'] ?? ''),
      memory: String(resources?.requests?.['memory'] ?? ''),
    })),
    nodeSelector: spec?.nodeSelector ?? {},
    tolerations: (spec?.tolerations ?? []).filter(({ key = '' }) => !ADDED.has(key)),
    owner: topWorkload(context, metadata),
  }
}

/** The workload that owns the pod: a Deployment above its ReplicaSet. Null for a bare pod. */
function topWorkload(context: FeedContext, { ownerReferences, namespace = '' }: KubeObject['metadata']): WorkloadRef | null {
  const owner = ownerReferences?.find(({ controller }) => controller)
  if (!owner) return null
  const info = context.cluster.api.resources.findKind(owner.apiVersion, owner.kind)
  if (!info || info.bucket === 'nodes') return null
  const object = context.informers.for(info).get(namespace, owner.name) as
    | (KubeObject & { readonly spec?: { readonly replicas?: number } })
    | undefined
  if (!object) return null
  const { group, version, resource, kind } = info
  const replicas = object.spec?.replicas ?? 1
  return topWorkload(context, object.metadata) ?? { group, version, resource, kind, namespace, name: owner.name, replicas }
}

/** Every pod that the workload owns, directly or through another, in no particular but a stable order. */
export function podsOfWorkload(context: FeedContext, workload: WorkloadRef): Pod[] {
  return [...context.informers.for(pods).list()].filter((pod) => {
    if (pod.metadata.namespace !== workload.namespace) return false
    const top = topWorkload(context, pod.metadata)
    return top?.kind === workload.kind && top.name === workload.name
  })
}
