import type { CronJob, Job, Pod } from '../../apimachinery/generated/types.ts'
import { parseSchedule } from '../../controllers/cronjob/schedule.ts'
import { scheduleText } from '../../controllers/cronjob/sync.ts'
import { parseTime } from '../../sim/time.ts'
import type { CronProgress, JobProgress, RevisionLane } from '../rollout/protocol.ts'

const timeOrNull = (text: string | undefined): number | null => (text === undefined ? null : parseTime(text))

export function jobProgress({ spec, status }: Job): JobProgress {
  const ended = status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  )
  return {
    completions: spec?.completions ?? null,
    parallelism: spec?.parallelism ?? 1,
    indexed: spec?.completionMode === 'Indexed',
    active: status?.active ?? 0,
    ready: status?.ready ?? 0,
    succeeded: status?.succeeded ?? 0,
    failed: status?.failed ?? 0,
    backoffLimit: spec?.backoffLimit ?? 6,
    completedIndexes: status?.completedIndexes ?? '',
    failedIndexes: status?.failedIndexes ?? '',
    ended: ended?.type ?? '',
    startedMs: timeOrNull(status?.startTime),
    endedMs: timeOrNull(ended?.lastTransitionTime),
    ttlSeconds: spec?.ttlSecondsAfterFinished ?? null,
  }
}

export function cronProgress(cronJob: CronJob, nowMs: number): CronProgress {
  const { spec, status } = cronJob
  return {
    schedule: spec?.schedule ?? '',
    timeZone: spec?.timeZone ?? '',
    concurrencyPolicy: spec?.concurrencyPolicy ?? 'Allow',
    nextMs: spec?.suspend === true ? null : nextOf(cronJob, nowMs),
    lastMs: timeOrNull(status?.lastScheduleTime),
    lastSuccessMs: timeOrNull(status?.lastSuccessfulTime),
  }
}

function nextOf(cronJob: CronJob, nowMs: number): number | null {
  try {
    return parseSchedule(scheduleText(cronJob)).next(nowMs) ?? null
  } catch {
    // A schedule that can't be read never comes; the controller's event says what is wrong with it.
    return null
  }
}

/** Which lane of its Job a pod is in. */
export function jobLaneOf({ status }: Pod): NonNullable<RevisionLane['of']> {
  if (status?.phase === 'Succeeded') return 'succeeded'
  return status?.phase === 'Failed' ? 'failed' : 'active'
}
