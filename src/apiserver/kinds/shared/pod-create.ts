/** What the server fills in when a pod is created. Source: k8s 1.36 registry/core/pod strategy.go. */
import type {
  Container,
  LabelSelector,
  Pod,
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
} from '../../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../../apimachinery/equal.ts'
import type { StringMap } from './checks.ts'
import { omit, patch } from './compact.ts'
import { APPARMOR, appArmorOf } from './pod-annotations.ts'
import { computeQos } from './qos.ts'
import { checkAppArmor } from './security.ts'
import { formatTime } from '../../../sim/time.ts'

/** The selector with an expression for each of the keys that the pod's labels have. */
function withLabelValues(
  selector: LabelSelector,
  keys: readonly string[],
  operator: 'In' | 'NotIn',
  labels: StringMap,
): LabelSelector {
  const added = keys.filter((key) => labels[key] !== undefined).map((key) => ({ key, operator, values: [labels[key] ?? ''] }))
  return added.length === 0 ? selector : { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] }
}

function completeTerm(term: PodAffinityTerm, labels: StringMap): PodAffinityTerm {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  if (labelSelector === undefined || matchLabelKeys.length + mismatchLabelKeys.length === 0) return term
  const matching = withLabelValues(labelSelector, matchLabelKeys, 'In', labels)
  return { ...term, labelSelector: withLabelValues(matching, mismatchLabelKeys, 'NotIn', labels) }
}

const completeAffinity = (affinity: PodAffinity, labels: StringMap): PodAffinity => ({
  ...affinity,
  ...patch(affinity, 'requiredDuringSchedulingIgnoredDuringExecution', (terms) => terms.map((t) => completeTerm(t, labels))),
  ...patch(affinity, 'preferredDuringSchedulingIgnoredDuringExecution', (terms) =>
    terms.map((t) => ({ ...t, podAffinityTerm: completeTerm(t.podAffinityTerm, labels) })),
  ),
})

function completeConstraint(c: TopologySpreadConstraint, labels: StringMap): TopologySpreadConstraint {
  if (c.labelSelector === undefined || !c.matchLabelKeys?.length) return c
  return { ...c, labelSelector: withLabelValues(c.labelSelector, c.matchLabelKeys, 'In', labels) }
}

/** Keys of labels to match become expressions with the pod's own values. */
function completeSelectors(spec: PodSpec, labels: StringMap): PodSpec {
  if (spec.affinity === undefined && spec.topologySpreadConstraints === undefined) return spec
  return {
    ...spec,
    ...patch(spec, 'affinity', (a) => ({
      ...a,
      ...patch(a, 'podAffinity', (x) => completeAffinity(x, labels)),
      ...patch(a, 'podAntiAffinity', (x) => completeAffinity(x, labels)),
    })),
    ...patch(spec, 'topologySpreadConstraints', (list) => list.map((c) => completeConstraint(c, labels))),
  }
}

/** Old AppArmor annotations turn into fields. */
function applyAppArmor(spec: PodSpec, annotations: StringMap): PodSpec {
  if (spec.os?.name === 'windows' || !Object.keys(annotations).some((key) => key.startsWith(APPARMOR))) return spec
  const apply = (container: Container): Container => {
    const text = annotations[APPARMOR + container.name]
    if (text === undefined || container.securityContext?.appArmorProfile !== undefined) return container
    const profile = appArmorOf(text)
    if (profile === undefined || checkAppArmor(profile, '').length > 0) return container
    if (jsonEqual(profile, spec.securityContext?.appArmorProfile)) return container
    return { ...container, securityContext: { ...container.securityContext, appArmorProfile: profile } }
  }
  return { ...spec, containers: spec.containers.map(apply), ...patch(spec, 'initContainers', (list) => list.map(apply)) }
}

const withoutStopSignal = (c: Container): Container =>
  c.lifecycle?.stopSignal === undefined ? c : { ...c, lifecycle: omit(c.lifecycle, ['stopSignal']) }

const hasStopSignal = (c: Container) => c.lifecycle?.stopSignal !== undefined

const hasDisabledFields = (spec: PodSpec) =>
  'schedulingGroup' in spec ||
  spec.containers.some(hasStopSignal) ||
  spec.initContainers?.some(hasStopSignal) ||
  spec.volumes?.some((v) => v.projected?.sources?.some((s) => 'clusterTrustBundle' in s || 'podCertificate' in s))

/**
 * Fields of features that are off in 1.36 vanish: scheduling groups, stop signals, trust bundles and certificates in
 * projected volumes. SIMPLIFIED: also on update, where an old object that has them could not exist here.
 */
export function dropDisabledFields(spec: PodSpec): PodSpec {
  if (!hasDisabledFields(spec)) return spec
  return {
    ...omit(spec, ['schedulingGroup']),
    containers: spec.containers.map(withoutStopSignal),
    ...patch(spec, 'initContainers', (list) => list.map(withoutStopSignal)),
    ...patch(spec, 'volumes', (volumes) =>
      volumes.map((v) => ({
        ...v,
        ...patch(v, 'projected', (p) => ({
          ...p,
          ...patch(p, 'sources', (sources) => sources.map((s) => omit(s, ['clusterTrustBundle', 'podCertificate']))),
        })),
      })),
    ),
  }
}

/** The spec and status of a new pod. */
export function newPod(pod: Pod, nowMs: number): Pod {
  const dropped = dropDisabledFields(pod.spec ?? { containers: [] })
  const spec = applyAppArmor(completeSelectors(dropped, pod.metadata.labels ?? {}), pod.metadata.annotations ?? {})
  const gated = (spec.schedulingGates ?? []).length > 0
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
    lastTransitionTime: formatTime(nowMs),
  }
  return {
    ...pod,
    metadata: { ...pod.metadata, generation: 1 },
    spec,
    status: { phase: 'Pending', ...(gated && { conditions: [condition] }), qosClass: computeQos(spec) },
  }
}
