/** The conditions that a kubelet gives a pod. Source: k8s 1.36 kubelet/status/generate.go. */
import type { ContainerStatus, PodCondition, PodSpec } from '../apimachinery/generated/types.ts'
import { isSidecar } from './restart-rules.ts'

export interface ConditionInput {
  readonly spec: PodSpec
  readonly phase: string
  /** Init containers first. Undefined: nothing is known yet. */
  readonly statuses: readonly ContainerStatus[] | undefined
  /** All conditions so far, for readiness gates and for what is kept. */
  readonly conditions: readonly PodCondition[]
  /** The pod's generation; undefined leaves observedGeneration out. */
  readonly generation?: number
}

type Draft<T> = { -readonly [K in keyof T]: T[K] }

function condition(input: ConditionInput, type: string, status: string, reason?: string, message?: string): PodCondition {
  const made: Draft<PodCondition> = { type, status }
  if (input.generation) made.observedGeneration = input.generation
  if (reason) made.reason = reason
  if (message) made.message = message
  return made
}

const listed = (what: string, names: readonly string[]) => (names.length > 0 ? [`${what}: [${names.join(' ')}]`] : [])

function hasStarted(input: ConditionInput): boolean {
  return input.spec.containers.some(({ name }) => {
    const state = input.statuses?.find((s) => s.name === name)?.state
    return state?.running !== undefined || state?.terminated !== undefined
  })
}

/** Initialized: true once every init container is done (a sidecar: started). */
export function initializedCondition(input: ConditionInput): PodCondition {
  const type = 'Initialized'
  const { spec, statuses, phase } = input
  const inits = spec.initContainers ?? []
  if (!statuses && inits.length > 0) return condition(input, type, 'False', 'UnknownContainerStatuses')
  const unknown: string[] = []
  const incomplete: string[] = []
  for (const container of inits) {
    const status = statuses?.find((s) => s.name === container.name)
    if (!status) unknown.push(container.name)
    else if (isSidecar(container) ? !status.started : !status.ready) incomplete.push(container.name)
  }
  if (phase === 'Succeeded' && unknown.length === 0) return condition(input, type, 'True', 'PodCompleted')
  if (hasStarted(input)) return condition(input, type, 'True')
  const message = [
    ...listed('containers with unknown status', unknown),
    ...listed('containers with incomplete status', incomplete),
  ].join(', ')
  // A pod that has been initialized stays so while it restarts in place.
  if (message === '' || input.conditions.some((c) => c.type === type && c.status === 'True'))
    return condition(input, type, 'True')
  return condition(input, type, 'False', 'ContainersNotInitialized', message)
}

/** ContainersReady: true when every container and sidecar is ready. */
export function containersReadyCondition(input: ConditionInput, type = 'ContainersReady'): PodCondition {
  const { spec, statuses, phase } = input
  if (!statuses) return condition(input, type, 'False', 'UnknownContainerStatuses')
  const unknown: string[] = []
  const unready: string[] = []
  for (const container of [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers]) {
    const status = statuses.find((s) => s.name === container.name)
    if (!status) unknown.push(container.name)
    else if (!status.ready) unready.push(container.name)
  }
  if (phase === 'Succeeded' && unknown.length === 0) return condition(input, type, 'False', 'PodCompleted')
  if (phase === 'Failed') return condition(input, type, 'False', 'PodFailed')
  const message = [
    ...listed('containers with unknown status', unknown),
    ...listed('containers with unready status', unready),
  ].join(', ')
  return message === '' ? condition(input, type, 'True') : condition(input, type, 'False', 'ContainersNotReady', message)
}

/** Ready: containers ready, and every readiness gate true. */
export function readyCondition(input: ConditionInput): PodCondition {
  const containers = containersReadyCondition(input, 'Ready')
  if (containers.status !== 'True') return containers
  const messages: string[] = []
  for (const { conditionType } of input.spec.readinessGates ?? []) {
    const gate = input.conditions.find((c) => c.type === conditionType)
    if (!gate) messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    else if (gate.status !== 'True')
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`)
  }
  return messages.length === 0 ? containers : condition(input, 'Ready', 'False', 'ReadinessGatesNotReady', messages.join(', '))
}

/** PodReadyToStartContainers: true while the pod has a sandbox with its network. */
export function readyToStartCondition(input: ConditionInput, hasSandbox: boolean): PodCondition {
  return condition(input, 'PodReadyToStartContainers', hasSandbox ? 'True' : 'False')
}

/** PodScheduled: the kubelet only knows pods that are. */
export function scheduledCondition(input: ConditionInput): PodCondition {
  return condition(input, 'PodScheduled', 'True')
}

const OWNED = new Set([
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
  'PodResizeInProgress',
  'PodResizePending',
  'AllContainersRestarting',
])

/** Whether the kubelet alone writes this condition. k8s 1.36: kubelet types PodConditionByKubelet. */
export const isKubeletCondition = (type: string): boolean => OWNED.has(type)

/** The conditions with the time of their last change of status: that of `old` where the status is the same. */
export function withTransitionTimes(
  conditions: readonly PodCondition[],
  old: readonly PodCondition[] | undefined,
  nowText: string,
): PodCondition[] {
  const out: PodCondition[] = []
  for (const c of conditions) {
    if (!OWNED.has(c.type) && c.type !== 'DisruptionTarget') {
      out.push(c)
      continue
    }
    let time: string | undefined = nowText
    for (const before of old ?? []) if (before.type === c.type && before.status === c.status) time = before.lastTransitionTime
    out.push(c.lastTransitionTime === time ? c : { ...c, lastTransitionTime: time })
  }
  return out
}
