import type {
  Affinity,
  DaemonSet,
  NodeSelector,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Toleration,
} from '../../apimachinery/generated/types.ts'
import type { Labels } from '../../apimachinery/selectors.ts'

const HASH_LABEL = 'controller-revision-hash'
const GENERATION_LABEL = 'pod-template-generation'
const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation'

const ALWAYS_TOLERATED: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]
const HOST_NETWORK_TOLERATED: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
}

const sameToleration = (a: Toleration, b: Toleration) =>
  a.key === b.key &&
  (a.operator ?? '') === (b.operator ?? '') &&
  (a.value ?? '') === (b.value ?? '') &&
  a.effect === b.effect &&
  a.tolerationSeconds === b.tolerationSeconds

/**
 * The template's tolerations and those that every daemon pod gets. One that is there already stays where it is.
 * k8s 1.36: daemon util AddOrUpdateDaemonPodTolerations.
 */
export function daemonTolerations(spec: PodSpec): readonly Toleration[] {
  const tolerations = [...(spec.tolerations ?? [])]
  for (const wanted of spec.hostNetwork ? [...ALWAYS_TOLERATED, HOST_NETWORK_TOLERATED] : ALWAYS_TOLERATED)
    if (!tolerations.some((toleration) => sameToleration(toleration, wanted))) tolerations.push(wanted)
  return tolerations
}

/** The template generation that old clients follow, as text; '' for none. */
export function templateGeneration(ds: DaemonSet): string {
  const text = ds.metadata.annotations?.[GENERATION_ANNOTATION] ?? ''
  return /^[+-]?[0-9]+$/.test(text) ? String(Number(text)) : ''
}

/** The revision label of a pod or ControllerRevision, '' without one. */
export function revisionHash({ metadata }: { readonly metadata: Pod['metadata'] }): string {
  return metadata.labels?.[HASH_LABEL] ?? ''
}

/** Adds the revision label. */
export function withRevisionHash(labels: Labels | undefined, hash: string): Labels {
  return { ...labels, [HASH_LABEL]: hash }
}

/** Whether the pod is of the newest template. k8s 1.36: daemon util IsPodUpdated. */
export function isPodUpdated(ds: DaemonSet, pod: Pod, hash: string): boolean {
  const generation = templateGeneration(ds)
  return (
    (hash !== '' && revisionHash(pod) === hash) || (generation !== '' && pod.metadata.labels?.[GENERATION_LABEL] === generation)
  )
}

/** The template for pods of that revision. k8s 1.36: daemon util CreatePodTemplate. */
export function revisionTemplate(ds: DaemonSet, hash: string): PodTemplateSpec {
  const { template } = ds.spec ?? {}
  const spec: PodSpec = template?.spec ?? { containers: [] }
  const generation = templateGeneration(ds)
  const labels = {
    ...template?.metadata?.labels,
    ...(generation === '' ? {} : { [GENERATION_LABEL]: generation }),
    ...(hash === '' ? {} : { [HASH_LABEL]: hash }),
  }
  return { metadata: { ...template?.metadata, labels }, spec: { ...spec, tolerations: daemonTolerations(spec) } }
}

/** The template for one node: the scheduler binds the pod there and nowhere else. */
export function templateForNode(template: PodTemplateSpec, nodeName: string): PodTemplateSpec {
  const spec = template.spec ?? { containers: [] }
  return { ...template, spec: { ...spec, affinity: affinityForNode(spec.affinity, nodeName) } }
}

/** k8s 1.36: daemon util ReplaceDaemonSetPodNodeNameNodeAffinity. */
function affinityForNode(affinity: Affinity | undefined, nodeName: string): Affinity {
  const required: NodeSelector = {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }],
  }
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required },
  }
}

/** The node a daemon pod is on or meant for; '' when it names none. k8s 1.36: daemon util GetTargetNodeName. */
export function targetNodeOf(pod: Pod): string {
  if (pod.spec?.nodeName) return pod.spec.nodeName
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms)
    for (const { key, operator, values = [] } of matchFields)
      if (key === 'metadata.name' && operator === 'In') return values.length === 1 ? (values[0] ?? '') : ''
  return ''
}
