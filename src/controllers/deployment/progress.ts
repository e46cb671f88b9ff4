import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../apimachinery/generated/types.ts'
import { parseTime } from '../../sim/time.ts'
import { quote } from '../shared/text.ts'
import { allOf, type ReplicaSets } from './replica-sets.ts'
import { calculateStatus, conditionOf, isComplete, newCondition, setCondition, withoutCondition } from './status.ts'

const NO_DEADLINE = 0x7fffffff

/** Milliseconds within which some progress must show, or undefined. */
function deadlineMs(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds
  return seconds === undefined || seconds === NO_DEADLINE ? undefined : seconds * 1000
}

export const hasProgressDeadline = (deployment: Deployment): boolean => deadlineMs(deployment) !== undefined

/**
 * The status in the course of a rollout, with the Progressing and ReplicaFailure conditions.
 * k8s 1.36: deployment syncRolloutStatus.
 */
export function rolloutStatus(deployment: Deployment, sets: ReplicaSets, nowMs: number): DeploymentStatus {
  const status = calculateStatus(deployment, sets, nowMs)
  let conditions = status.conditions ?? []
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing')
  const current = conditionOf(deployment.status?.conditions, 'Progressing')
  const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable'
  if (hasProgressDeadline(deployment) && !settled) conditions = withProgress(deployment, { ...status, conditions }, sets, nowMs)
  const failure = replicaFailure(sets)
  conditions = failure ? setCondition(conditions, failure) : withoutCondition(conditions, 'ReplicaFailure')
  const { conditions: _, ...numbers } = status
  return conditions.length > 0 ? { ...numbers, conditions } : numbers
}

function withProgress(deployment: Deployment, status: DeploymentStatus, { newRS }: ReplicaSets, nowMs: number) {
  const conditions = status.conditions ?? []
  const subject = newRS ? `ReplicaSet ${quote(newRS.metadata.name)}` : `Deployment ${quote(deployment.metadata.name)}`
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`
    return setCondition(conditions, newCondition(nowMs, 'Progressing', 'True', 'NewReplicaSetAvailable', message))
  }
  if (hasProgressed(deployment.status, status)) {
    const message = `${subject} is progressing.`
    const condition = newCondition(nowMs, 'Progressing', 'True', 'ReplicaSetUpdated', message)
    const current = conditionOf(deployment.status?.conditions, 'Progressing')
    // Replaced even when only its update time differs: that is what the deadline counts from.
    const kept = current?.status === 'True' ? { ...condition, lastTransitionTime: current.lastTransitionTime } : condition
    return [...withoutCondition(conditions, 'Progressing'), kept]
  }
  if (!hasTimedOut(deployment, status, nowMs)) return conditions
  const message = `${subject} has timed out progressing.`
  return setCondition(conditions, newCondition(nowMs, 'Progressing', 'False', 'ProgressDeadlineExceeded', message))
}

/** k8s 1.36: deployment util DeploymentProgressing. */
function hasProgressed(before: DeploymentStatus | undefined, now: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus | undefined) => (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0)
  return (
    (now.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  )
}

/** k8s 1.36: deployment util DeploymentTimedOut. */
function hasTimedOut(deployment: Deployment, status: DeploymentStatus, nowMs: number): boolean {
  const deadline = deadlineMs(deployment)
  const condition = conditionOf(status.conditions, 'Progressing')
  if (deadline === undefined || !condition || condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  return parseTime(condition.lastUpdateTime ?? '') + deadline < nowMs
}

/** The first failure that a ReplicaSet reports, the new one's before the others'. k8s 1.36: getReplicaFailures. */
function replicaFailure(sets: ReplicaSets): DeploymentCondition | undefined {
  for (const rs of [...(sets.newRS ? [sets.newRS] : []), ...allOf(sets)]) {
    const failure = rs.status?.conditions?.find((condition) => condition.type === 'ReplicaFailure')
    if (failure) return { ...failure, lastUpdateTime: failure.lastTransitionTime }
  }
  return undefined
}

/**
 * Milliseconds after which a rollout that shows no sign of progress must be looked at again, or undefined.
 * k8s 1.36: deployment requeueStuckDeployment (which retries in a loop in the last second; here one look suffices).
 */
export function progressCheckMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const deadline = deadlineMs(deployment)
  const current = conditionOf(deployment.status?.conditions, 'Progressing')
  if (deadline === undefined || !current) return undefined
  if (isComplete(deployment, status) || current.reason === 'ProgressDeadlineExceeded') return undefined
  const leftMs = parseTime(current.lastUpdateTime ?? '') + deadline - nowMs
  // A finished rollout that has lost pods since never times out: Kubernetes looks in vain ten times a second.
  if (leftMs < 0 && current.reason === 'NewReplicaSetAvailable') return undefined
  return leftMs < 1000 ? Math.max(leftMs + 1, 5) : leftMs + 1000
}

/**
 * The condition that pausing or resuming brings, or undefined. k8s 1.36: deployment checkPausedConditions.
 */
export function pauseCondition(deployment: Deployment, nowMs: number): DeploymentCondition | undefined {
  const current = conditionOf(deployment.status?.conditions, 'Progressing')
  if (!hasProgressDeadline(deployment) || current?.reason === 'ProgressDeadlineExceeded') return undefined
  const marked = current?.reason === 'DeploymentPaused'
  const paused = deployment.spec?.paused === true
  if (paused === marked) return undefined
  return paused
    ? newCondition(nowMs, 'Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused')
    : newCondition(nowMs, 'Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed')
}
