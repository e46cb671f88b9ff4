/** Adapters between recorded tables about CronJobs and the functions that they cover. */
import { notFound } from '../../apimachinery/errors.ts'
import type { CronJob, CronJobSpec, Job } from '../../apimachinery/generated/types.ts'
import { isTimeZone, scheduleProblem } from '../../apiserver/kinds/shared/cron-schedule.ts'
import { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import { mostRecentSchedule } from '../cronjob/missed.ts'
import { parseSchedule } from '../cronjob/schedule.ts'
import { CronJobSync, scheduleText, type CronJobEffects, type CronJobOutcome } from '../cronjob/sync.ts'

export function cronNext({ schedule, timeZone, from }: { schedule: string; timeZone?: string; from: string }) {
  if (timeZone !== undefined && !isTimeZone(timeZone)) return { timeZoneError: `unknown time zone ${timeZone}` }
  const text = timeZone === undefined ? schedule : `TZ=${timeZone} ${schedule}`
  const error = scheduleProblem(text)
  if (error !== '') return { error }
  const parsed = parseSchedule(text)
  const next: string[] = []
  let at = parsed.next(parseTime(from))
  for (; at !== undefined && next.length < 5; at = parsed.next(at)) next.push(formatTime(at))
  return { next }
}

interface SyncInput extends Partial<CronJobSpec> {
  readonly created: string
  readonly now: string
  readonly lastScheduleTime?: string
  readonly active?: readonly { readonly name: string; readonly state: string }[]
}

/** Keeps what is done; the Jobs exist only here. */
class Recording implements CronJobEffects {
  readonly created: Job[] = []
  readonly deleted: string[] = []
  readonly events: string[] = []
  private readonly jobs: readonly Job[]

  constructor(jobs: readonly Job[]) {
    this.jobs = jobs
  }

  event(_cronJob: CronJob, type: string, reason: string, message: string): void {
    this.events.push(`${type} ${reason} ${message}`)
  }
  *getCronJob(_namespace: string, name: string): Task<CronJob> {
    throw notFound({ group: 'batch', resource: 'cronjobs' }, name)
  }
  *getJob(_namespace: string, name: string) {
    const job = this.jobs.find(({ metadata }) => metadata.name === name)
    if (!job) throw notFound({ group: 'batch', resource: 'jobs' }, name)
    return job
  }
  *createJob(job: Job) {
    this.created.push(job)
    return job
  }
  *deleteJob(_namespace: string, name: string) {
    this.deleted.push(name)
  }
}

export function cronJobSync({ created, now, lastScheduleTime, active = [], ...given }: SyncInput) {
  const jobs = active.map(({ name, state }): Job => ({
    metadata: { name, namespace: 'default', uid: name },
    status: { conditions: state === 'running' ? [] : [{ type: state, status: 'True' }] },
  }))
  const { schedule = '', timeZone, concurrencyPolicy, startingDeadlineSeconds } = given
  const cronJob: CronJob = {
    metadata: { name: 'backup', namespace: 'default', uid: 'cronjob', creationTimestamp: created },
    spec: { schedule, timeZone, concurrencyPolicy, startingDeadlineSeconds, jobTemplate: {} },
    status: {
      lastScheduleTime,
      active: jobs.map(({ metadata: { name, namespace, uid } }) => ({ kind: 'Job', name, namespace, uid })),
    },
  }
  const effects = new Recording(jobs)
  const nowMs = parseTime(now)
  let outcome: CronJobOutcome = { cronJob, changed: false }
  new Simulation({ seed: 1, startTimeMs: nowMs }).spawn(
    new CronJobSync(cronJob, jobs, effects, nowMs).run(),
    (result) => (outcome = result),
  )
  const { status } = outcome.cronJob
  const names = status?.active?.map(({ name }) => name) ?? []
  return {
    active: names.length > 0 ? names : null,
    createdJobs: effects.created.map(({ metadata }) => metadata.name),
    ...(effects.deleted.length > 0 ? { deletedJobs: effects.deleted } : {}),
    events: effects.events,
    lastScheduleTime: status?.lastScheduleTime,
    requeueAfterSeconds: outcome.againMs === undefined ? undefined : outcome.againMs / 1000,
    scheduledTimestampAnnotation: effects.created[0]?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'],
    statusUpdated: outcome.changed,
    unmet: unmetOf(cronJob, nowMs),
  }
}

function unmetOf(cronJob: CronJob, nowMs: number) {
  const text = scheduleText(cronJob)
  if (scheduleProblem(text) !== '') return undefined
  const { earliestMs, mostRecentMs, missed, error } = mostRecentSchedule(cronJob, parseSchedule(text), nowMs, true)
  return {
    earliest: formatTime(earliestMs),
    mostRecent: mostRecentMs === undefined ? undefined : formatTime(mostRecentMs),
    missed,
    error,
  }
}
