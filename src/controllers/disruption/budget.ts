import { scaledIntOrPercent } from '../../apimachinery/intstr.ts'
import type { Condition, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../apimachinery/generated/types.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import { isPodReady } from '../shared/pods.ts'

/** So long after an eviction a pod should be on its way out; if it is not, the eviction counts no more. */
export const DELETION_TIMEOUT_MS = 120_000

/** How many pods there should be, and how many of them healthy. */
export interface BudgetNeed {
  readonly expected: number
  readonly desiredHealthy: number
}

/** Whether the budget is counted from the size of the workloads. Otherwise it is counted from the pods that there are. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string'
}

/** `expected` is the size of the workloads, or the number of pods. k8s 1.36: disruption getExpectedPodCount. */
export function budgetNeed({ spec }: PodDisruptionBudget, expected: number): BudgetNeed {
  const { maxUnavailable, minAvailable } = spec ?? {}
  if (maxUnavailable !== undefined)
    return { expected, desiredHealthy: Math.max(0, expected - scaledIntOrPercent(maxUnavailable, expected, 'up')) }
  if (minAvailable === undefined) return { expected: 0, desiredHealthy: 0 }
  return { expected, desiredHealthy: scaledIntOrPercent(minAvailable, expected, 'up') }
}

/** Evicted pods that should go but have not yet. */
export interface DisruptedPods {
  readonly pending: { readonly [name: string]: string }
  /** Pods that should be gone and are not. */
  readonly overdue: readonly Pod[]
  /** When the next of the pending ones is overdue. */
  readonly recheckMs?: number
}

/** k8s 1.36: disruption buildDisruptedPodMap. */
export function followDisrupted(pdb: PodDisruptionBudget, pods: readonly Pod[], nowMs: number): DisruptedPods {
  const pending: Record<string, string> = {}
  const overdue: Pod[] = []
  let recheckMs: number | undefined
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata
    const since = pdb.status?.disruptedPods?.[name]
    if (since === undefined || deletionTimestamp !== undefined) continue
    const limitMs = parseTime(since) + DELETION_TIMEOUT_MS
    if (limitMs < nowMs) overdue.push(pod)
    else {
      pending[name] = since
      recheckMs = Math.min(recheckMs ?? limitMs, limitMs)
    }
  }
  return { pending, overdue, ...(recheckMs === undefined ? {} : { recheckMs }) }
}

/** Ready pods that are not about to go. k8s 1.36: disruption countHealthyPods. */
export function countHealthy(pods: readonly Pod[], pending: DisruptedPods['pending'], nowMs: number): number {
  return pods.filter((pod) => {
    const since = pending[pod.metadata.name ?? '']
    const leaving =
      pod.metadata.deletionTimestamp !== undefined || (since !== undefined && parseTime(since) + DELETION_TIMEOUT_MS > nowMs)
    return !leaving && isPodReady(pod)
  }).length
}

/** k8s 1.36: disruption updatePdbStatus. */
export function budgetStatus(
  pdb: PodDisruptionBudget,
  { expected, desiredHealthy }: BudgetNeed,
  healthy: number,
  pending: DisruptedPods['pending'],
  nowMs: number,
): PodDisruptionBudgetStatus {
  const disruptionsAllowed = expected <= 0 ? 0 : Math.max(0, healthy - desiredHealthy)
  const { generation = 0 } = pdb.metadata
  const condition = {
    status: disruptionsAllowed > 0 ? 'True' : 'False',
    reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: generation,
  }
  return {
    currentHealthy: healthy,
    desiredHealthy,
    ...(Object.keys(pending).length > 0 ? { disruptedPods: pending } : {}),
    disruptionsAllowed,
    expectedPods: expected,
    observedGeneration: generation,
    conditions: withCondition(pdb.status?.conditions ?? [], condition, nowMs),
  }
}

/** The status after a failure: nothing may be disrupted. k8s 1.36: disruption failSafe. */
export function failedStatus(pdb: PodDisruptionBudget, message: string, nowMs: number): PodDisruptionBudgetStatus {
  const { observedGeneration = 0 } = pdb.status ?? {}
  const condition = { status: 'False', reason: 'SyncFailed', message, observedGeneration }
  const before = pdb.status ?? { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
  return { ...before, disruptionsAllowed: 0, conditions: withCondition(before.conditions ?? [], condition, nowMs) }
}

/** k8s 1.36: apimachinery SetStatusCondition. */
function withCondition(
  conditions: readonly Condition[],
  wanted: Pick<Condition, 'status' | 'reason' | 'message' | 'observedGeneration'>,
  nowMs: number,
): readonly Condition[] {
  const type = 'DisruptionAllowed'
  const known = conditions.find((condition) => condition.type === type)
  if (!known) return [...conditions, { type, ...wanted, lastTransitionTime: formatTime(nowMs) }]
  const lastTransitionTime = known.status === wanted.status ? known.lastTransitionTime : formatTime(nowMs)
  return conditions.map((condition) => (condition === known ? { type, ...wanted, lastTransitionTime } : condition))
}
