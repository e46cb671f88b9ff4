import type { Job, JobCondition } from '../../apimachinery/generated/types.ts'
import { formatTime } from '../../sim/time.ts'

/** A condition that a Job has just got. k8s 1.36: job newCondition. */
export function newJobCondition(type: string, status: string, reason: string, message: string, nowMs: number): JobCondition {
  const time = formatTime(nowMs)
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message }
}

export function jobCondition(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type)
}

/** The condition, if it holds. */
export function trueCondition(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
}

/** Complete or failed, once for all. */
export function isJobFinished(job: Job): boolean {
  return trueCondition(job, 'Complete') !== undefined || trueCondition(job, 'Failed') !== undefined
}
