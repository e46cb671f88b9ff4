import type { Job, JobCondition, Pod } from '../../apimachinery/generated/types.ts'
import { parseTime } from '../../sim/time.ts'
import { newJobCondition, trueCondition } from './condition.ts'
import type { JobFacts } from './facts.ts'
import { judgeFailure } from './pod-failure-policy.ts'
import { isPodFailed, isSuspended } from './pods.ts'
import { matchSuccessPolicy } from './success-policy.ts'

/**
 * Why the Job is to end, as the condition that says so: SuccessCriteriaMet or FailureTarget, or Failed when it was
 * marked before. Undefined as long as it goes on. What was decided in an earlier sync stays. k8s 1.36: job syncJob.
 */
export function verdictOf(facts: JobFacts, nowMs: number): JobCondition | undefined {
  const { job, pods } = facts
  const met = trueCondition(job, 'SuccessCriteriaMet')
  if (met) return met
  const target = trueCondition(job, 'FailureTarget')
  if (target) return newJobCondition('Failed', 'True', target.reason ?? '', target.message ?? '', nowMs)
  const [reason, message] = failureOf(facts, pods, nowMs) ?? []
  if (reason !== undefined && message !== undefined) return newJobCondition('FailureTarget', 'True', reason, message, nowMs)
  const { successPolicy, completions = 0 } = job.spec ?? {}
  const matched = facts.indexed && matchSuccessPolicy(successPolicy, completions, facts.indexed.succeeded)
  return matched ? newJobCondition('SuccessCriteriaMet', 'True', 'SuccessPolicy', matched, nowMs) : undefined
}

/** The condition of a Job whose completions are there. */
export function completionsReached(nowMs: number): JobCondition {
  const message = 'Reached expected number of succeeded pods'
  return newJobCondition('SuccessCriteriaMet', 'True', 'CompletionsReached', message, nowMs)
}

function failureOf(facts: JobFacts, pods: readonly Pod[], nowMs: number): readonly [string, string] | undefined {
  const { job, failed, indexed } = facts
  const { podFailurePolicy, backoffLimit = 6, maxFailedIndexes, completions = 0 } = job.spec ?? {}
  for (const pod of podFailurePolicy ? pods : []) {
    const message = isPodFailed(pod, job) ? judgeFailure(podFailurePolicy, pod).failJob : undefined
    if (message !== undefined) return ['PodFailurePolicy', message]
  }
  if (failed > backoffLimit || restartedTooOften(job, pods, backoffLimit))
    return ['BackoffLimitExceeded', 'Job has reached the specified backoff limit']
  if ((deadlineInMs(job, nowMs) ?? 1) <= 0) return ['DeadlineExceeded', 'Job was active longer than specified deadline']
  if (!indexed?.failed) return undefined
  const failedIndexes = indexed.failed.size
  if (maxFailedIndexes !== undefined && failedIndexes > maxFailedIndexes)
    return ['MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes']
  if (failedIndexes > 0 && failedIndexes + indexed.succeeded.size >= completions)
    return ['FailedIndexes', 'Job has failed indexes']
  return undefined
}

/** Milliseconds until the active deadline, or undefined when none runs. */
export function deadlineInMs(job: Job, nowMs: number): number | undefined {
  const { activeDeadlineSeconds } = job.spec ?? {}
  const { startTime } = job.status ?? {}
  if (activeDeadlineSeconds === undefined || startTime === undefined || isSuspended(job)) return undefined
  return parseTime(startTime) + activeDeadlineSeconds * 1000 - nowMs
}

/** Restarts of containers count where pods restart them. k8s 1.36: job pastBackoffLimitOnFailure. */
function restartedTooOften(job: Job, pods: readonly Pod[], backoffLimit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += restartCount
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit
}
