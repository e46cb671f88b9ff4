import type { Job, JobCondition, JobStatus, Pod } from '../../apimachinery/generated/types.ts'
import { omitEmpty } from '../shared/text.ts'
import { newJobCondition, trueCondition } from './condition.ts'
import type { JobFacts } from './facts.ts'
import { judgeFailure } from './pod-failure-policy.ts'
import { completionIndex, isIndexed, isPodFailed, isTracked, uidOf, validIndex } from './pods.ts'
import { IndexSet } from './indexes.ts'

/**
 * Ended pods are counted without loss: their uids go into the status, then their finalizers are removed, then the
 * counters take the uids over. k8s 1.36: job trackJobStatusAndRemoveFinalizers.
 */

const MAX_UNCOUNTED = 500

interface Uncounted {
  readonly succeeded: readonly string[]
  readonly failed: readonly string[]
}

const uncountedOf = ({ uncountedTerminatedPods: uncounted }: JobStatus): Uncounted => ({
  succeeded: uncounted?.succeeded ?? [],
  failed: uncounted?.failed ?? [],
})

const withUncounted = (status: JobStatus, uncounted: Uncounted): JobStatus => ({
  ...status,
  uncountedTerminatedPods: omitEmpty(uncounted),
})

/** Uids of pods that still have their finalizer. */
export function trackedUids({ pods, released }: JobFacts): Set<string> {
  return new Set(pods.filter((pod) => isTracked(pod) && !released.has(uidOf(pod))).map(uidOf))
}

/** Counts uncounted pods whose finalizer is gone. The same status when there is none. */
export function countReleased(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const before = uncountedOf(status)
  const after = {
    succeeded: before.succeeded.filter((uid) => tracked.has(uid)),
    failed: before.failed.filter((uid) => tracked.has(uid)),
  }
  const succeeded = (status.succeeded ?? 0) + before.succeeded.length - after.succeeded.length
  const failed = (status.failed ?? 0) + before.failed.length - after.failed.length
  if (succeeded === (status.succeeded ?? 0) && failed === (status.failed ?? 0)) return status
  return withUncounted({ ...status, ...omitEmpty({ succeeded, failed }) }, after)
}

export interface TrackingPlan {
  /** The status with what has newly ended. */
  readonly status: JobStatus
  /** Pods whose finalizer is to go. */
  readonly release: readonly Pod[]
  /** Whether more have ended than fit into one status. */
  readonly full: boolean
}

/** `verdict` is why the Job ends, if it does: all its pods are then counted. */
export function planTracking(facts: JobFacts, status: JobStatus, verdict: JobCondition | undefined): TrackingPlan {
  const { job, indexed, pods } = facts
  const uncounted = uncountedOf(status)
  const succeeded = [...uncounted.succeeded]
  const failed = [...uncounted.failed]
  const newIndexes: number[] = []
  const release: Pod[] = []
  let full = false
  const ordered = indexed ? pods.toSorted((a, b) => (completionIndex(a) ?? -1) - (completionIndex(b) ?? -1)) : pods
  for (const pod of ordered) {
    if (!isTracked(pod) || facts.released.has(uidOf(pod)) || !mayRelease(facts, pod, verdict)) continue
    release.push(pod)
    if (pod.status?.phase === 'Succeeded' && !facts.uncountedFailed.has(uidOf(pod))) {
      const index = validIndex(pod, job)
      if (!indexed) {
        if (!facts.uncountedSucceeded.has(uidOf(pod))) succeeded.push(uidOf(pod))
      } else if (index !== undefined && !indexed.before.has(index)) newIndexes.push(index)
    } else if (countsAsFailed(facts, pod, verdict)) failed.push(uidOf(pod))
    full = newIndexes.length + succeeded.length + failed.length >= MAX_UNCOUNTED
    if (full) break
  }
  const next = succeeded.length + failed.length > uncounted.succeeded.length + uncounted.failed.length
  const counted = next ? withUncounted(status, { succeeded, failed }) : status
  return { status: indexed ? withIndexes(counted, facts, newIndexes) : counted, release, full }
}

/** k8s 1.36: job canRemoveFinalizer. */
function mayRelease({ job, indexed }: JobFacts, pod: Pod, verdict: JobCondition | undefined): boolean {
  if (job.metadata.deletionTimestamp !== undefined || verdict || pod.status?.phase === 'Succeeded') return true
  if (!isPodFailed(pod, job)) return false
  const index = completionIndex(pod)
  const waiting = index === undefined ? undefined : indexed?.awaitingReplacement.get(index)
  return waiting === undefined || uidOf(waiting) !== uidOf(pod)
}

/** When the Job fails, pods that have not ended count as failed too. */
function countsAsFailed({ job, uncountedFailed }: JobFacts, pod: Pod, verdict: JobCondition | undefined): boolean {
  const fails = isPodFailed(pod, job) || (verdict !== undefined && verdict.type !== 'SuccessCriteriaMet')
  if (!fails || uncountedFailed.has(uidOf(pod))) return false
  if (isIndexed(job) && validIndex(pod, job) === undefined) return false
  return judgeFailure(job.spec?.podFailurePolicy, pod).counts
}

function withIndexes(status: JobStatus, { indexed }: JobFacts, newIndexes: readonly number[]): JobStatus {
  const { completedIndexes: _, succeeded: _count, ...rest } = status
  const all = (indexed?.succeeded ?? new IndexSet()).union(IndexSet.of(newIndexes))
  return {
    ...rest,
    ...omitEmpty({ succeeded: all.size, completedIndexes: all.toString() }),
    ...(indexed?.failed ? { failedIndexes: indexed.failed.toString() } : {}),
  }
}

/** A list of conditions with one of that type set; the same list when it is so already. k8s 1.36: ensureJobConditionStatus. */
export function ensureCondition(conditions: readonly JobCondition[], wanted: JobCondition): readonly JobCondition[] {
  const known = conditions.find(({ type }) => type === wanted.type)
  if (!known) return wanted.status === 'False' ? conditions : [...conditions, wanted]
  const same = known.status === wanted.status && known.reason === wanted.reason && known.message === wanted.message
  return same ? conditions : conditions.map((condition) => (condition === known ? wanted : condition))
}

/** Writes down why the Job will end, and gives the condition with which it will. */
export function announceEnd(
  job: Job,
  status: JobStatus,
  verdict: JobCondition,
  nowMs: number,
): { readonly status: JobStatus; readonly final: JobCondition } {
  const { reason = '', message = '' } = verdict
  const conditions = [...(status.conditions ?? []), verdict]
  if (verdict.type === 'FailureTarget')
    return { status: { ...status, conditions }, final: newJobCondition('Failed', 'True', reason, message, nowMs) }
  if (verdict.type !== 'SuccessCriteriaMet') return { status, final: verdict }
  const known = trueCondition(job, 'SuccessCriteriaMet') !== undefined
  return {
    status: known ? status : { ...status, conditions },
    final: newJobCondition('Complete', 'True', reason, message, nowMs),
  }
}

/** The status of the ended Job, or null while pods are uncounted or on their way out. k8s 1.36: job enactJobFinished. */
export function finishedStatus(status: JobStatus, final: JobCondition, terminating: number, nowMs: number): JobStatus | null {
  const { succeeded, failed } = uncountedOf(status)
  if (succeeded.length + failed.length > 0 || terminating > 0) return null
  const condition = newJobCondition(final.type, final.status, final.reason ?? '', final.message ?? '', nowMs)
  return {
    ...status,
    conditions: ensureCondition(status.conditions ?? [], condition),
    ...(final.type === 'Complete' ? { completionTime: final.lastTransitionTime } : {}),
  }
}
