import type { CronJob } from '../../apimachinery/generated/types.ts'
import { parseTime } from '../../sim/time.ts'
import type { Schedule } from './schedule.ts'

/** Added to each wait, for clocks that go wrong by a little. */
const DELTA_MS = 100
const MANY = 100

/** What of a schedule is unmet. */
export interface Missed {
  /** From where the schedule counts: the last run, the creation, or the start of the deadline. */
  readonly earliestMs: number
  readonly mostRecentMs?: number
  readonly missed: 'none' | 'few' | 'many'
  /** Why the schedule makes no sense. */
  readonly error?: string
}

/** k8s 1.36: cronjob mostRecentScheduleTime. */
export function mostRecentSchedule(cronJob: CronJob, schedule: Schedule, nowMs: number, withDeadline: boolean): Missed {
  const { startingDeadlineSeconds } = cronJob.spec ?? {}
  let earliestMs = parseTime(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp ?? '')
  if (withDeadline && startingDeadlineSeconds !== undefined)
    earliestMs = Math.max(earliestMs, nowMs - startingDeadlineSeconds * 1000)
  const first = schedule.next(earliestMs)
  const second = first === undefined ? undefined : schedule.next(first)
  if (first !== undefined && nowMs < first) return { earliestMs, missed: 'none' }
  if (first !== undefined && second !== undefined && nowMs < second) return { earliestMs, mostRecentMs: first, missed: 'none' }
  const intervalMs = first === undefined || second === undefined ? 0 : Math.round((second - first) / 1000) * 1000
  if (first === undefined || intervalMs < 1000)
    return { earliestMs, missed: 'none', error: 'time difference between two schedules is less than 1 second' }
  // A guess from the first interval, one less, and then step by step.
  const count = Math.floor((nowMs - first) / intervalMs) + 1
  let mostRecentMs: number | undefined
  let next = schedule.next(first + (count - 2) * intervalMs)
  while (next !== undefined && next <= nowMs) {
    mostRecentMs = next
    next = schedule.next(next)
  }
  const missed = count > MANY ? 'many' : count > 0 ? 'few' : 'none'
  return mostRecentMs === undefined ? { earliestMs, missed } : { earliestMs, mostRecentMs, missed }
}

/** How long to wait for the next run, or undefined when there is none. k8s 1.36: cronjob nextScheduleTimeDuration. */
export function nextRunMs(cronJob: CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const { earliestMs, mostRecentMs, missed, error } = mostRecentSchedule(cronJob, schedule, nowMs, false)
  const fallbackMs = missed === 'none' && error === undefined ? earliestMs : nowMs
  const next = schedule.next(error === undefined ? (mostRecentMs ?? fallbackMs) : nowMs)
  return next === undefined ? undefined : next + DELTA_MS - nowMs
}
