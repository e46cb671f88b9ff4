import { statefulsets } from '../../apimachinery/generated/resources.ts'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet } from '../../apimachinery/generated/types.ts'
import { newControllerRef } from '../shared/owners.ts'
import { podFromTemplate } from '../shared/pod-control.ts'

/** Names, labels and volumes that make a pod the one of its ordinal. k8s 1.36: stateful_set_utils.go. */

export const REVISION_LABEL = 'controller-revision-hash'
const NAME_LABEL = 'statefulset.kubernetes.io/pod-name'
const INDEX_LABEL = 'apps.kubernetes.io/pod-index'

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name ?? ''}-${ordinal}`
export const revisionOf = (pod: Pod): string => pod.metadata.labels?.[REVISION_LABEL] ?? ''
export const startOrdinal = (set: StatefulSet): number => set.spec?.ordinals?.start ?? 0
export const replicasOf = (set: StatefulSet): number => set.spec?.replicas ?? 1

/** The name before the ordinal, and the ordinal; -1 for other pods. */
function nameParts(pod: Pod): { readonly parent: string; readonly ordinal: number } {
  const match = /^(.*)-([0-9]+)$/.exec(pod.metadata.name ?? '')
  return { parent: match?.[1] ?? '', ordinal: match ? Number(match[2]) : -1 }
}

export const ordinalOf = (pod: Pod): number => nameParts(pod).ordinal

/** Whether the pod's name is one of the set's. */
export const isMember = (set: StatefulSet, pod: Pod): boolean => nameParts(pod).parent === set.metadata.name

export function isInRange(set: StatefulSet, pod: Pod): boolean {
  const index = ordinalOf(pod) - startOrdinal(set)
  return index >= 0 && index < replicasOf(set)
}

/** The claims that a pod of that ordinal uses, by the name of their template. */
export function claimsOf(set: StatefulSet, ordinal: number): ReadonlyMap<string, PersistentVolumeClaim> {
  const claims = new Map<string, PersistentVolumeClaim>()
  for (const template of set.spec?.volumeClaimTemplates ?? []) {
    const { name = '', labels, annotations } = template.metadata
    claims.set(name, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: `${name}-${podName(set, ordinal)}`,
        namespace: set.metadata.namespace,
        ...(annotations ? { annotations } : {}),
        labels: { ...labels, ...set.spec?.selector.matchLabels },
      },
      spec: template.spec,
    })
  }
  return claims
}

/** A pod that has not been created yet: it has no status. k8s 1.36: newStatefulSetPod. */
export function newPod(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Pod {
  const pod = podFromTemplate(template, set, newControllerRef(set, statefulsets))
  const name = podName(set, ordinal)
  return withStorage(set, {
    ...pod,
    metadata: {
      ...pod.metadata,
      name,
      labels: { ...pod.metadata.labels, [NAME_LABEL]: name, [INDEX_LABEL]: String(ordinal), [REVISION_LABEL]: revision },
    },
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], hostname: name, subdomain: set.spec?.serviceName },
  })
}

export function hasIdentity(set: StatefulSet, pod: Pod): boolean {
  const { name, namespace, labels } = pod.metadata
  const ordinal = ordinalOf(pod)
  return (
    ordinal >= 0 &&
    name === podName(set, ordinal) &&
    namespace === set.metadata.namespace &&
    labels?.[NAME_LABEL] === name &&
    labels?.[INDEX_LABEL] === String(ordinal)
  )
}

export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const ordinal = ordinalOf(pod)
  const labels = { ...pod.metadata.labels, [NAME_LABEL]: podName(set, ordinal), [INDEX_LABEL]: String(ordinal) }
  return { ...pod, metadata: { ...pod.metadata, labels } }
}

export function hasStorage(set: StatefulSet, pod: Pod): boolean {
  return [...claimsOf(set, ordinalOf(pod))].every(
    ([name, claim]) =>
      pod.spec?.volumes?.find((volume) => volume.name === name)?.persistentVolumeClaim?.claimName === claim.metadata.name,
  )
}

export function withStorage(set: StatefulSet, pod: Pod): Pod {
  const claims = claimsOf(set, ordinalOf(pod))
  if (claims.size === 0) return pod
  const own = [...claims].map(([name, claim]) => ({ name, persistentVolumeClaim: { claimName: claim.metadata.name ?? '' } }))
  const others = (pod.spec?.volumes ?? []).filter((volume) => !claims.has(volume.name))
  return { ...pod, spec: { ...pod.spec, containers: pod.spec?.containers ?? [], volumes: [...own, ...others] } }
}
