/** What may change in a pod. Source: k8s 1.36 core validation (ValidatePodUpdate, ValidatePodEphemeralContainersUpdate). */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid } from '../../../apimachinery/field-errors.ts'
import type {
  Container,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodSchedulingGate,
  PodSpec,
  Toleration,
} from '../../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../../apimachinery/equal.ts'
import { checkTolerations } from './affinity.ts'
import type { StringMap } from './checks.ts'
import { checkRequired } from './checks.ts'
import { omit } from './compact.ts'
import { checkImagePadding } from './container-lists.ts'
import { internalDiff } from './internal-diff.ts'
import { checkPodAnnotationChanges, checkPodAnnotations, MIRROR } from './pod-annotations.ts'
import { checkPodMetadataAndSpec } from './pod-rules.ts'

const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

/** Undefined when containers were added or removed: then nothing else is looked at. */
function checkContainers(now: readonly Container[], old: readonly Container[], field: string): FieldError[] | undefined {
  if (now.length !== old.length) return undefined
  return now.flatMap((c, i) => [
    ...checkRequired(c.image, `${field}[${i}].image`),
    ...checkImagePadding(c.image, `${field}[${i}]`),
  ])
}

function checkDeadline(now: number | undefined, old: number | undefined, field: string): FieldError[] {
  if (now === undefined) {
    return old === undefined ? [] : [invalid(field, null, 'must not update from a positive integer to nil value')]
  }
  const errors: FieldError[] = []
  if (now < 0 || now > 2147483647) errors.push(invalid(field, now, 'must be between 0 and 2147483647, inclusive'))
  if (old !== undefined && old < now) errors.push(invalid(field, now, 'must be less than or equal to previous value'))
  return errors
}

function checkAddedTolerations(now: readonly Toleration[], old: readonly Toleration[], field: string): FieldError[] {
  const withoutSeconds = now.map((t) => omit(t, ['tolerationSeconds']))
  const gone = old.some((t) => !withoutSeconds.some((n) => jsonEqual(n, omit(t, ['tolerationSeconds']))))
  if (gone) return [forbidden(field, 'existing toleration can not be modified except its tolerationSeconds')]
  return checkTolerations(now, field)
}

function checkGates(now: readonly PodSchedulingGate[], old: readonly PodSchedulingGate[], field: string): FieldError[] {
  return now.flatMap(({ name }, i) => {
    if (old.some((gate) => gate.name === name)) return []
    return [forbidden(`${field}[${i}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`)]
  })
}

function checkNodeSelectorChange(now: StringMap | undefined, old: StringMap | undefined, field: string): FieldError[] {
  const changed = Object.entries(old ?? {}).filter(([key, value]) => now?.[key] !== value)
  return changed.map(() =>
    invalid(field, now ?? null, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'),
  )
}

function hasOnlyAdditions(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const
  const wasEmpty = lists.every((name) => (old[name] ?? []).length === 0)
  if (wasEmpty && lists.some((name) => (now[name] ?? []).length > 0)) return false
  return lists.every((name) => jsonEqual((now[name] ?? []).slice(0, (old[name] ?? []).length), old[name] ?? []))
}

function checkNodeAffinityChange(now: NodeAffinity | undefined, old: NodeAffinity | undefined, field: string): FieldError[] {
  const oldTerms = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (oldTerms === undefined) return []
  const terms = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const path = `${field}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`
  if (oldTerms.length > 0 && terms.length !== oldTerms.length) {
    return [invalid(path, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')]
  }
  return oldTerms.flatMap((term, i) =>
    hasOnlyAdditions(terms[i] ?? {}, term)
      ? []
      : [invalid(`${path}[${i}]`, terms[i], 'only additions are allowed (no mutations or deletions)')],
  )
}

/** The new spec with everything put back that may change; what differs still may not. */
function withAllowedChangesUndone(now: PodSpec, old: PodSpec): PodSpec {
  const images = (list: readonly Container[], before: readonly Container[] | undefined) =>
    list.map((c, i) => ({ ...c, image: before?.[i]?.image }))
  const grace = (old.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1
  return {
    ...now,
    containers: images(now.containers, old.containers),
    initContainers: now.initContainers && images(now.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
    terminationGracePeriodSeconds: grace ? old.terminationGracePeriodSeconds : now.terminationGracePeriodSeconds,
  }
}

/** A pod that waits behind gates may become pickier about nodes. Gives the errors and the spec with that undone. */
function gatedChanges(now: PodSpec, old: PodSpec): { errors: FieldError[]; spec: PodSpec } {
  if ((old.schedulingGates ?? []).length === 0) return { errors: [], spec: now }
  const errors: FieldError[] = []
  let spec = now
  if (!jsonEqual(now.nodeSelector, old.nodeSelector)) {
    errors.push(...checkNodeSelectorChange(now.nodeSelector, old.nodeSelector, 'spec.nodeSelector'))
    spec = { ...spec, nodeSelector: old.nodeSelector }
  }
  const before = old.affinity?.nodeAffinity
  const after = now.affinity?.nodeAffinity
  if (jsonEqual(before, after)) return { errors, spec }
  errors.push(...checkNodeAffinityChange(after, before, 'spec.affinity.nodeAffinity'))
  const rest = { ...now.affinity, nodeAffinity: before }
  const onlyNew = old.affinity === undefined && !rest.podAffinity && !rest.podAntiAffinity
  return { errors, spec: { ...spec, affinity: onlyNew ? undefined : rest } }
}

/** A pod written as a whole. */
export function checkPodUpdate(pod: Pod, oldPod: Pod): FieldError[] {
  const now = pod.spec ?? { containers: [] }
  const old = oldPod.spec ?? { containers: [] }
  const errors = checkPodMetadataAndSpec(pod, oldPod)
  const annotations = pod.metadata.annotations
  errors.push(
    ...checkPodAnnotationChanges(annotations, oldPod.metadata.annotations, 'metadata.annotations'),
    ...checkPodAnnotations(annotations, now, 'metadata.annotations', oldPod.metadata.annotations),
  )
  for (const name of ['containers', 'initContainers'] as const) {
    const own = checkContainers(now[name] ?? [], old[name] ?? [], `spec.${name}`)
    if (own === undefined) return [...errors, forbidden(`spec.${name}`, 'pod updates may not add or remove containers')]
    errors.push(...own)
  }
  errors.push(
    ...checkDeadline(now.activeDeadlineSeconds, old.activeDeadlineSeconds, 'spec.activeDeadlineSeconds'),
    ...checkAddedTolerations(now.tolerations ?? [], old.tolerations ?? [], 'spec.tolerations'),
    ...checkGates(now.schedulingGates ?? [], old.schedulingGates ?? [], 'spec.schedulingGates'),
  )
  if (jsonEqual(now, old)) return errors
  const gated = gatedChanges(withAllowedChangesUndone(now, old), old)
  errors.push(...gated.errors)
  if (jsonEqual(gated.spec, old)) return errors
  const diff = internalDiff('PodSpec', old, gated.spec)
  return [...errors, forbidden('spec', `pod updates may not change fields other than ${UPDATABLE}\n${diff}`)]
}

/** A write to /ephemeralcontainers: containers may be added, never changed or taken away. */
export function checkEphemeralUpdate(pod: Pod, oldPod: Pod): FieldError[] {
  if (oldPod.metadata.annotations?.[MIRROR] !== undefined)
    return [forbidden('[]', 'static pods do not support ephemeral containers')]
  const now = pod.spec?.ephemeralContainers ?? []
  const field = 'spec.ephemeralContainers'
  const changes = (oldPod.spec?.ephemeralContainers ?? []).flatMap((old) => {
    const found = now.findLast((c) => c.name === old.name)
    const name = JSON.stringify(old.name)
    if (found === undefined) return [forbidden(field, `existing ephemeral containers ${name} may not be removed\n`)]
    if (jsonEqual(found, old)) return []
    const diff = internalDiff('EphemeralContainer', old, found)
    return [forbidden(field, `existing ephemeral containers ${name} may not be changed\n${diff}`)]
  })
  return [...checkPodMetadataAndSpec(pod, oldPod), ...changes]
}
