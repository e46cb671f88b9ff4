import type { Job, Pod } from '../../apimachinery/generated/types.ts'
import { isPodActive, isPodReady, isPodTerminating } from '../shared/pods.ts'
import { nextRecord, type BackoffRecord } from './backoff.ts'
import { IndexSet } from './indexes.ts'
import { judgeFailure } from './pod-failure-policy.ts'
import {
  allIndexFailures,
  completionIndex,
  finishedMs,
  hasLimitPerIndex,
  indexFailures,
  isIndexed,
  isPodFailed,
  isTracked,
  uidOf,
  validIndex,
} from './pods.ts'

/** What one sync knows of a Job. k8s 1.36: job syncJobCtx. */
export interface JobFacts {
  readonly job: Job
  /** The Job's pods. */
  readonly pods: readonly Pod[]
  readonly active: readonly Pod[]
  readonly ready: number
  readonly terminating: number
  /** Pods whose finalizer is gone as far as this controller knows, but not yet in its cache. */
  readonly released: ReadonlySet<string>
  readonly uncountedSucceeded: ReadonlySet<string>
  readonly uncountedFailed: ReadonlySet<string>
  /** Totals with what ended since the last sync. */
  readonly succeeded: number
  readonly failed: number
  readonly backoff: BackoffRecord
  readonly indexed?: IndexFacts
}

export interface IndexFacts {
  /** Succeeded indexes of the status, and with those that succeeded since. */
  readonly before: IndexSet
  readonly succeeded: IndexSet
  /** With a back-off limit per index only. */
  readonly failed?: IndexSet
  /** Failed pods that stay until their index has a new one, which takes over their count. */
  readonly awaitingReplacement: ReadonlyMap<number, Pod>
}

export function gatherFacts(job: Job, pods: readonly Pod[], released: ReadonlySet<string>, record: BackoffRecord): JobFacts {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods } = job.status ?? {}
  const uncountedSucceeded = new Set(uncountedTerminatedPods?.succeeded)
  const uncountedFailed = new Set(uncountedTerminatedPods?.failed)
  const active = pods.filter(isPodActive)
  const countable = pods.filter((pod) => isCountable(pod, job, released))
  const newSucceeded = countable.filter((pod) => !uncountedSucceeded.has(uidOf(pod)) && pod.status?.phase === 'Succeeded')
  const newFailed = countable.filter((pod) => !uncountedFailed.has(uidOf(pod)) && isPodFailed(pod, job))
  const policy = job.spec?.podFailurePolicy
  const counted = newFailed.filter((pod) => judgeFailure(policy, pod).counts)
  const indexed = isIndexed(job) ? gatherIndexes(job, pods, countable, active) : undefined
  return {
    job,
    pods,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    released,
    uncountedSucceeded,
    uncountedFailed,
    succeeded: indexed ? indexed.succeeded.size : succeeded + newSucceeded.length + uncountedSucceeded.size,
    failed: failed + counted.length + uncountedFailed.size,
    backoff: nextRecord(record, newSucceeded.map(finishedMs), newFailed.map(finishedMs)),
    ...(indexed ? { indexed } : {}),
  }
}

/** Whether the pod has not been counted for good: it has its finalizer and, in an indexed Job, a valid index. */
function isCountable(pod: Pod, job: Job, released: ReadonlySet<string>): boolean {
  return isTracked(pod) && !released.has(uidOf(pod)) && (!isIndexed(job) || validIndex(pod, job) !== undefined)
}

function gatherIndexes(job: Job, pods: readonly Pod[], countable: readonly Pod[], active: readonly Pod[]): IndexFacts {
  const { completions = 0 } = job.spec ?? {}
  const before = IndexSet.parse(job.status?.completedIndexes ?? '', completions)
  const tracked = pods.filter(isTracked)
  const succeeded = before.union(
    indexesOf(
      tracked.filter((pod) => pod.status?.phase === 'Succeeded'),
      job,
    ),
  )
  if (!hasLimitPerIndex(job)) return { before, succeeded, awaitingReplacement: new Map() }
  const failedBefore = IndexSet.parse(job.status?.failedIndexes ?? '', completions)
  const failed = failedBefore.union(
    indexesOf(
      tracked.filter((pod) => failsItsIndex(pod, job)),
      job,
    ),
  )
  return { before, succeeded, failed, awaitingReplacement: awaitingReplacement(job, countable, active, succeeded.union(failed)) }
}

const indexesOf = (pods: readonly Pod[], job: Job) => IndexSet.of(pods.flatMap((pod) => validIndex(pod, job) ?? []))

/** k8s 1.36: job isIndexFailed. */
function failsItsIndex(pod: Pod, job: Job): boolean {
  if (!isPodFailed(pod, job)) return false
  const { action, counts } = judgeFailure(job.spec?.podFailurePolicy, pod)
  return action === 'FailIndex' || (counts && indexFailures(pod) >= (job.spec?.backoffLimitPerIndex ?? 0))
}

/** k8s 1.36: job getPodsWithDelayedDeletionPerIndex. */
function awaitingReplacement(job: Job, countable: readonly Pod[], active: readonly Pod[], settled: IndexSet): Map<number, Pod> {
  const running = new Set(active.map(completionIndex))
  const last = new Map<number, Pod>()
  for (const pod of countable) {
    const index = validIndex(pod, job)
    if (index === undefined || !isPodFailed(pod, job) || settled.has(index) || running.has(index)) continue
    const other = last.get(index)
    const later = !other || (allIndexFailures(other) <= allIndexFailures(pod) && finishedMs(pod) >= finishedMs(other))
    if (later) last.set(index, pod)
  }
  return last
}
