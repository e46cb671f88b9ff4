/** Writes to a pod's /resize: only cpu and memory change. Source: k8s 1.36 core validation, ValidatePodResize. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { forbidden, invalid } from '../../../apimachinery/field-errors.ts'
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../../apimachinery/equal.ts'
import type { StringMap } from './checks.ts'
import { omitZero } from './compact.ts'
import { MIRROR } from './pod-annotations.ts'
import { checkPodMetadataAndSpec } from './pod-rules.ts'
import { computeQos, isRestartableInit, qosOf } from './qos.ts'

/** Everything but resources and resize policies comes from the old pod. Other lists of containers stay, to be refused. */
export function keepResizeOnly(pod: Pod, old: Pod): Pod {
  const [now, before] = [pod.spec, old.spec]
  if (now === undefined || before === undefined) return old
  const lists = ['containers', 'initContainers'] as const
  if (lists.some((name) => (now[name] ?? []).length !== (before[name] ?? []).length)) return pod
  const merge = (name: 'containers' | 'initContainers') => {
    const oldList = before[name] ?? []
    const newList = now[name] ?? []
    if (newList.some((c, i) => c.name !== oldList[i]?.name)) return newList
    return oldList.map((c, i) => ({ ...c, resources: newList[i]?.resources, resizePolicy: newList[i]?.resizePolicy }))
  }
  const spec: PodSpec = {
    ...before,
    containers: merge('containers'),
    ...(before.initContainers && { initContainers: merge('initContainers') }),
    resources: now.resources,
  }
  return { ...old, metadata: { ...old.metadata, managedFields: pod.metadata.managedFields }, spec }
}

const removed = (now: StringMap | undefined, old: StringMap | undefined) =>
  Object.keys(old ?? {}).some((name) => now?.[name] === undefined)

function checkRemovals(now: ResourceRequirements, old: ResourceRequirements, field: string, what: string): FieldError[] {
  return (['requests', 'limits'] as const)
    .filter((kind) => removed(now[kind], old[kind]))
    .map((kind) => forbidden(`${field}.${kind}`, `${what} ${kind} cannot be removed`))
}

function checkOrder(now: PodSpec, old: PodSpec): FieldError[] {
  return (['containers', 'initContainers'] as const).flatMap((list) => {
    const [after, before] = [now[list] ?? [], old[list] ?? []]
    if (after.length !== before.length) return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)]
    return before.flatMap((c, i) =>
      after[i]?.name === c.name
        ? []
        : [forbidden(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`)],
    )
  })
}

function computeRestored(now: StringMap | undefined, old: StringMap | undefined): StringMap {
  const rest = Object.fromEntries(Object.entries(now ?? {}).filter(([name]) => name !== 'cpu' && name !== 'memory'))
  const before = Object.fromEntries(Object.entries(old ?? {}).filter(([name]) => name === 'cpu' || name === 'memory'))
  return { ...rest, ...before }
}

/** The container with its old cpu and memory. Claims are dropped, as in Kubernetes. */
function restored(c: Container, old: Container | undefined): Container {
  const limits = computeRestored(c.resources?.limits, old?.resources?.limits)
  const requests = computeRestored(c.resources?.requests, old?.resources?.requests)
  return { ...c, resources: omitZero<ResourceRequirements>({ limits, requests }, ['limits', 'requests']) }
}

function checkOthersUnchanged(now: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, c] of now.containers.entries()) {
    const before = old.containers[i]
    if (!jsonEqual(restored(c, before), before)) errors.push(forbidden('spec', 'only cpu and memory resources are mutable'))
  }
  for (const [i, c] of (now.initContainers ?? []).entries()) {
    const before = old.initContainers?.[i]
    const field = `spec.initContainers[${i}]`
    if (!jsonEqual(restored(c, before), before)) {
      errors.push(forbidden(field, 'only cpu and memory resources for init or sidecar containers are mutable'))
    }
    if (isRestartableInit(c) || jsonEqual(c, before)) continue
    for (const policy of c.resizePolicy ?? []) {
      if (policy.restartPolicy !== 'RestartContainer') continue
      const detail = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'
      errors.push(forbidden(field, detail))
    }
  }
  return errors
}

function checkPodLevel(now: PodSpec, old: PodSpec): FieldError[] {
  const [after, before] = [now.resources, old.resources]
  if (before === undefined) return []
  if (after === undefined) return [forbidden('spec.resources', 'pod-level resources cannot be removed')]
  return checkRemovals(after, before, 'spec.resources', 'pod-level resource')
}

function supportsResize(pod: Pod): boolean {
  const running = (pod.status?.containerStatuses ?? []).find((s) => s.state?.running !== undefined)
  return running === undefined || running.resources !== undefined
}

export function checkPodResize(pod: Pod, oldPod: Pod): FieldError[] {
  const now = pod.spec ?? { containers: [] }
  const old = oldPod.spec ?? { containers: [] }
  if (oldPod.metadata.annotations?.[MIRROR] !== undefined) return [forbidden('[]', 'static pods cannot be resized')]
  if (old.os?.name === 'windows') return [forbidden('[]', 'windows pods cannot be resized')]
  const errors = checkPodMetadataAndSpec(pod, oldPod)
  if (qosOf(oldPod) !== computeQos(now)) {
    errors.push(invalid('spec', pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'))
  }
  if (!supportsResize(oldPod)) errors.push(forbidden('spec', 'Pod running on node without support for resize'))
  errors.push(...checkPodLevel(now, old))
  const order = checkOrder(now, old)
  if (order.length > 0) return [...errors, ...order]
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [i, before] of (old[list] ?? []).entries()) {
      const after = now[list]?.[i]?.resources ?? {}
      errors.push(...checkRemovals(after, before.resources ?? {}, `spec.${list}[${i}].resources`, 'resource'))
    }
  }
  return [...errors, ...checkOthersUnchanged(now, old)]
}
