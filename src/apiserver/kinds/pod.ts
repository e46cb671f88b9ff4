import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden } from '../../apimachinery/field-errors.ts'
import type { Pod, PodSpec, PodStatus } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { isDns1123Label } from '../../apimachinery/names.ts'
import { defineStrategy, type StrategyContext } from './strategy.ts'
import { META_KEPT_IN_STATUS, nextGeneration, keepStatus } from './shared/lifecycle.ts'
import { podColumns } from './shared/pod-columns.ts'
import { checkProfilesAgree } from './shared/pod-annotations.ts'
import { dropDisabledFields, newPod } from './shared/pod-create.ts'
import { checkPodResize, keepResizeOnly } from './shared/pod-resize.ts'
import { checkPodMetadataAndSpec } from './shared/pod-rules.ts'
import { defaultPod } from './shared/pod-spec-defaults.ts'
import { checkPodStatusUpdate } from './shared/pod-status.ts'
import { checkEphemeralUpdate, checkPodUpdate } from './shared/pod-update.ts'
import { podWarnings } from './shared/pod-warnings.ts'
import { ipWarnings } from './shared/ip.ts'

/** podIP and the first of podIPs are one value; the older field wins where they differ. */
function withAddresses(status: PodStatus): PodStatus {
  const { podIP, podIPs } = status
  const first = podIPs?.[0]?.ip
  if (podIP === first || (podIP === undefined && first === undefined)) return status
  return podIP ? { ...status, podIPs: [{ ip: podIP }] } : { ...status, podIP: first }
}

/** Only of pods, not of templates: a negative grace period counts as one second. */
function positiveGrace(pod: Pod): Pod {
  if ((pod.spec?.terminationGracePeriodSeconds ?? 0) >= 0) return pod
  return { ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: 1 } as Pod['spec'] }
}

/** Specs by what they are with defaults: pods of one template share theirs, and most writes leave the spec as it is. */
const WITH_DEFAULTS = new WeakMap<object, PodSpec>()

function specWithDefaults(spec: PodSpec | undefined): PodSpec {
  let full = spec && WITH_DEFAULTS.get(spec)
  if (full) return full
  full = defaultPod(spec)
  if (!spec) return full
  // A spec that lacks nothing stays the one it is, so that what compares and checks it can see that it is the same.
  if (jsonEqual(full, spec)) full = spec
  WITH_DEFAULTS.set(spec, full)
  WITH_DEFAULTS.set(full, full)
  return full
}

function defaults(given: Pod): Pod {
  const pod = positiveGrace(given)
  const spec = specWithDefaults(pod.spec)
  const status = pod.status && withAddresses(pod.status)
  return spec === pod.spec && status === pod.status ? pod : { ...pod, spec, ...(status && { status }) }
}

function keptMeta(pod: Pod, old: Pod): Pod['metadata'] {
  return { ...pod.metadata, ...Object.fromEntries(META_KEPT_IN_STATUS.map((name) => [name, old.metadata[name]])) }
}

function prepareForUpdate(pod: Pod, old: Pod, { subresource }: StrategyContext): Pod {
  let next = keepStatus(pod, old)
  if (subresource === 'ephemeralcontainers' && old.spec) {
    const spec = { ...old.spec, ephemeralContainers: pod.spec?.ephemeralContainers }
    next = { ...next, metadata: keptMeta(pod, old), spec }
  } else if (subresource === 'resize') next = { ...keepResizeOnly(pod, old), metadata: keptMeta(pod, old) }
  const spec = next.spec && dropDisabledFields(next.spec)
  return nextGeneration({ ...next, spec }, old, !jsonEqual(spec, old.spec))
}

/** Generations that an older client leaves out stay as they were. */
function withObservedGenerations(status: PodStatus, old: PodStatus): PodStatus {
  const pool = [...(old.conditions ?? [])]
  if (status.observedGeneration && status.conditions?.every((c) => c.observedGeneration)) return status
  const conditions = status.conditions?.map((c) => {
    const at = pool.findIndex((o) => o.type === c.type)
    const before = at < 0 ? undefined : pool.splice(at, 1)[0]
    return c.observedGeneration || !before?.observedGeneration ? c : { ...c, observedGeneration: before.observedGeneration }
  })
  const observedGeneration = status.observedGeneration || old.observedGeneration
  return { ...status, ...(conditions && { conditions }), ...(observedGeneration && { observedGeneration }) }
}

function prepareForStatusUpdate(pod: Pod, old: Pod): Pod {
  const status = withObservedGenerations(pod.status ?? {}, old.status ?? {})
  const { ownerReferences, generation, deletionTimestamp } = old.metadata
  return {
    ...old,
    metadata: { ...pod.metadata, ownerReferences, generation, deletionTimestamp },
    status: { ...status, qosClass: status.qosClass || old.status?.qosClass },
  }
}

function validate(pod: Pod): FieldError[] {
  const spec = pod.spec ?? { containers: [] }
  const errors = checkPodMetadataAndSpec(pod)
  if ((spec.ephemeralContainers ?? []).length > 0) errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  return [...errors, ...checkProfilesAgree(pod.metadata.annotations, spec, 'spec')]
}

function validateUpdate(pod: Pod, old: Pod, { subresource }: StrategyContext): FieldError[] {
  if (subresource === 'ephemeralcontainers') return checkEphemeralUpdate(pod, old)
  return subresource === 'resize' ? checkPodResize(pod, old) : checkPodUpdate(pod, old)
}

function warnings(pod: Pod, old: Pod | undefined): string[] {
  if (old !== undefined) return statusWarnings(pod, old)
  const messages = isDns1123Label(pod.metadata.name ?? '')
  const hostname = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
  const name = messages.length > 0 ? [`metadata.name: ${hostname}: [${messages.join(' ')}]`] : []
  return [...name, ...podWarnings(pod.spec ?? { containers: [] }, pod.metadata)]
}

/** Only a status write changes these addresses. */
function statusWarnings(pod: Pod, old: Pod): string[] {
  if (jsonEqual(pod.status, old.status)) return []
  return [
    ...(pod.status?.podIPs ?? []).flatMap((p, i) => ipWarnings(p.ip, `status.podIPs[${i}].ip`)),
    ...(pod.status?.hostIPs ?? []).flatMap((p, i) => ipWarnings(p.ip, `status.hostIPs[${i}].ip`)),
  ]
}

/** Seconds until a deleted pod is gone at the latest; none for one that never ran or has ended. */
function gracePeriodSeconds(pod: Pod, requested: number | undefined): number {
  const phase = pod.status?.phase
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0
  const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0
  return seconds < 0 ? 1 : seconds
}

const ENDED: { readonly [phase: string]: string } = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
}

/** k8s 1.36: registry/core/pod strategy.go. */
export const pod = defineStrategy<Pod>({
  group: '',
  resource: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  defaults,
  prepareForCreate: (p, { nowMs }) => newPod(p, nowMs),
  prepareForUpdate,
  prepareForStatusUpdate,
  validate,
  validateUpdate,
  validateStatusUpdate: checkPodStatusUpdate,
  warnings,
  gracePeriodSeconds,
  fields: {
    'spec.nodeName': (p) => p.spec?.nodeName ?? '',
    'spec.restartPolicy': (p) => p.spec?.restartPolicy ?? '',
    'spec.schedulerName': (p) => p.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (p) => p.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (p) => String(p.spec?.hostNetwork ?? false),
    'status.phase': (p) => p.status?.phase ?? '',
    'status.podIP': (p) => p.status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': (p) => p.status?.nominatedNodeName ?? '',
  },
  columns: podColumns,
  rowConditions: (p) => {
    const reason = p.status?.phase ?? ''
    const message = ENDED[reason]
    return message === undefined ? [] : [{ type: 'Completed', status: 'True', reason, message }]
  },
})
