import { isAlreadyExists, isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { cronjobs } from '../../apimachinery/generated/resources.ts'
import type { CronJob, CronJobStatus, Job, ObjectReference } from '../../apimachinery/generated/types.ts'
import { isTimeZone, scheduleProblem } from '../../apiserver/kinds/shared/cron-schedule.ts'
import { Requeue } from '../../client/controller.ts'
import type { EventType } from '../../client/recorder.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime, parseTime, utcParts } from '../../sim/time.ts'
import { trueCondition } from '../job/condition.ts'
import { isControlledBy, newControllerRef } from '../shared/owners.ts'
import { isNamespaceTerminating } from '../shared/pod-control.ts'
import { compareText, quote } from '../shared/text.ts'
import { mostRecentSchedule, nextRunMs } from './missed.ts'
import { parseSchedule, type Schedule } from './schedule.ts'
import { formatInZone } from './time-zone.ts'

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** What a sync does to the world. Refusals are thrown. */
export interface CronJobEffects {
  getCronJob(namespace: string, name: string): Task<CronJob>
  getJob(namespace: string, name: string): Task<Job>
  createJob(job: Job): Task<Job>
  deleteJob(namespace: string, name: string): Task
  event(cronJob: CronJob, type: EventType, reason: string, message: string): void
}

/** What came of a sync. */
export interface CronJobOutcome {
  readonly cronJob: CronJob
  /** Whether the status has to be written. */
  readonly changed: boolean
  /** When to look again. */
  readonly againMs?: number
  readonly failure?: StatusError | Requeue
}

/** The text from which a CronJob's schedule is read. */
export function scheduleText({ spec }: CronJob): string {
  const { schedule = '', timeZone } = spec ?? {}
  return timeZone === undefined || schedule.includes('TZ') || !isTimeZone(timeZone) ? schedule : `TZ=${timeZone} ${schedule}`
}

/** One sync of one CronJob with the Jobs that it owns. k8s 1.36: cronjob cleanupFinishedJobs, syncCronJob. */
export class CronJobSync {
  private cronJob: CronJob
  private readonly jobs: readonly Job[]
  private readonly effects: CronJobEffects
  private readonly nowMs: number
  private changed = false

  constructor(cronJob: CronJob, jobs: readonly Job[], effects: CronJobEffects, nowMs: number) {
    this.cronJob = cronJob
    this.jobs = jobs
    this.effects = effects
    this.nowMs = nowMs
  }

  *run(): Task<CronJobOutcome> {
    yield* this.cleanUp()
    let againMs: number | undefined
    let failure: StatusError | Requeue | undefined
    try {
      yield* this.followJobs()
      yield* this.dropMissingJobs()
      againMs = yield* this.start()
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof Requeue)) throw error
      failure = error
    }
    const { cronJob, changed } = this
    return { cronJob, changed, ...(againMs === undefined ? {} : { againMs }), ...(failure ? { failure } : {}) }
  }

  private get active(): readonly ObjectReference[] {
    return this.cronJob.status?.active ?? []
  }

  private set(status: CronJobStatus): void {
    const { active, ...rest } = { ...this.cronJob.status, ...status }
    this.cronJob = { ...this.cronJob, status: active && active.length > 0 ? { active, ...rest } : rest }
    this.changed = true
  }

  private deactivate(uid: string | undefined): void {
    this.set({ active: this.active.filter((reference) => reference.uid !== uid) })
  }

  private event(type: EventType, reason: string, message: string): void {
    this.effects.event(this.cronJob, type, reason, message)
  }

  /** Deletes finished Jobs beyond the history limits, oldest first. */
  private *cleanUp(): Task {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = this.cronJob.spec ?? {}
    for (const [type, limit] of [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const) {
      if (limit === undefined) continue
      const finished = this.jobs.filter((job) => finishedAs(job) === type).toSorted(byStart)
      for (const job of finished.slice(0, Math.max(0, finished.length - limit))) yield* this.remove(job)
    }
  }

  private *remove(job: Job): Task<boolean> {
    const { namespace = '', name = '', uid } = job.metadata
    try {
      yield* this.effects.deleteJob(namespace, name)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.event('Warning', 'FailedDelete', `Deleted job: ${error.message}`)
      return false
    }
    this.deactivate(uid)
    this.event('Normal', 'SuccessfulDelete', `Deleted job ${name}`)
    return true
  }

  /** Takes note of Jobs that have finished or that nobody knew of. */
  private *followJobs(): Task {
    const { namespace = '', name: cronJobName = '' } = this.cronJob.metadata
    for (const job of this.jobs) {
      const { uid, name = '' } = job.metadata
      const known = this.active.some((reference) => reference.uid === uid)
      const finished = finishedAs(job)
      if (finished === undefined) {
        if (known) continue
        const fresh = yield* this.effects.getCronJob(namespace, cronJobName)
        if (fresh.status?.active?.some((reference) => reference.uid === uid)) this.cronJob = fresh
        else this.event('Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`)
        continue
      }
      if (known) {
        this.deactivate(uid)
        this.event('Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${finished}`)
      }
      if (finished === 'Complete') this.noteSuccess(job.status?.completionTime)
    }
  }

  private noteSuccess(time: string | undefined): void {
    const { lastSuccessfulTime } = this.cronJob.status ?? {}
    if (time === undefined) return
    if (lastSuccessfulTime === undefined || parseTime(time) > parseTime(lastSuccessfulTime))
      this.set({ lastSuccessfulTime: time })
  }

  private *dropMissingJobs(): Task {
    const present = new Set(this.jobs.map((job) => job.metadata.uid))
    for (const { namespace = '', name = '', uid } of this.active) {
      if (present.has(uid)) continue
      try {
        yield* this.effects.getJob(namespace, name)
      } catch (error) {
        if (!isNotFound(error)) throw error
        this.event('Normal', 'MissingJob', `Active job went missing: ${name}`)
        this.deactivate(uid)
      }
    }
  }

  /** Starts a Job if one is due; gives when to look again. */
  private *start(): Task<number | undefined> {
    const schedule = this.readSchedule()
    if (!schedule) return undefined
    const { mostRecentMs, missed, error } = mostRecentSchedule(this.cronJob, schedule, this.nowMs, true)
    if (error !== undefined) {
      this.event('Warning', 'InvalidSchedule', `invalid schedule: ${this.cronJob.spec?.schedule ?? ''} : ${error}`)
      return undefined
    }
    if (mostRecentMs !== undefined) {
      if (missed === 'many') {
        const advice = 'Set or decrease .spec.startingDeadlineSeconds or check clock skew'
        this.event('Warning', 'TooManyMissedTimes', `too many missed start times. ${advice}`)
      }
      if (this.mayStart(mostRecentMs) && !(yield* this.startAt(mostRecentMs))) return undefined
    }
    return nextRunMs(this.cronJob, schedule, this.nowMs)
  }

  private readSchedule(): Schedule | undefined {
    const { metadata, spec } = this.cronJob
    if (metadata.deletionTimestamp !== undefined) return undefined
    const { schedule = '', timeZone, suspend } = spec ?? {}
    if (timeZone !== undefined && !isTimeZone(timeZone)) {
      this.event('Warning', 'UnknownTimeZone', `invalid timeZone: ${quote(timeZone)}: unknown time zone ${timeZone}`)
      return undefined
    }
    if (suspend) return undefined
    if (schedule.includes('TZ')) {
      const more = 'see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'
      const text = `CRON_TZ or TZ used in schedule ${quote(schedule)} is not officially supported, ${more}`
      this.event('Warning', 'UnsupportedSchedule', text)
    }
    const text = scheduleText(this.cronJob)
    const problem = scheduleProblem(text)
    if (problem === '') return parseSchedule(text)
    this.event('Warning', 'UnparseableSchedule', `unparseable schedule: ${quote(schedule)} : ${problem}`)
    return undefined
  }

  private mayStart(scheduledMs: number): boolean {
    const { startingDeadlineSeconds, concurrencyPolicy } = this.cronJob.spec ?? {}
    if (startingDeadlineSeconds !== undefined && scheduledMs + startingDeadlineSeconds * 1000 < this.nowMs) {
      this.event('Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123(scheduledMs)}`)
      return false
    }
    const { lastScheduleTime } = this.cronJob.status ?? {}
    const started = lastScheduleTime !== undefined && parseTime(lastScheduleTime) === scheduledMs
    if (started || this.active.some(({ name }) => name === this.jobName(scheduledMs))) return false
    if (concurrencyPolicy !== 'Forbid' || this.active.length === 0) return true
    const text = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    this.event('Normal', 'JobAlreadyActive', text)
    return false
  }

  private jobName(scheduledMs: number): string {
    return `${this.cronJob.metadata.name ?? ''}-${Math.floor(scheduledMs / 60_000)}`
  }

  /** False when the Job is there already and all is said. */
  private *startAt(scheduledMs: number): Task<boolean> {
    if (this.cronJob.spec?.concurrencyPolicy === 'Replace') yield* this.removeActive()
    const job = yield* this.create(this.jobFor(scheduledMs))
    if (!job) return false
    const { namespace, name, uid, resourceVersion } = job.metadata
    const reference = { kind: 'Job', namespace, name, uid, apiVersion: 'batch/v1', resourceVersion }
    this.set({ active: [...this.active, reference], lastScheduleTime: formatTime(scheduledMs) })
    return true
  }

  private *removeActive(): Task {
    for (const { namespace = '', name = '' } of this.active) {
      let job: Job
      try {
        job = yield* this.effects.getJob(namespace, name)
      } catch (error) {
        if (error instanceof StatusError) this.event('Warning', 'FailedGet', `Get job: ${error.message}`)
        throw error
      }
      if (!(yield* this.remove(job))) throw new Requeue(`could not replace job ${namespace}/${name}`)
    }
  }

  private *create(wanted: Job): Task<Job | null> {
    try {
      const job = yield* this.effects.createJob(wanted)
      this.event('Normal', 'SuccessfulCreate', `Created job ${job.metadata.name ?? ''}`)
      return job
    } catch (error) {
      if (!(error instanceof StatusError) || isNamespaceTerminating(error)) throw error
      if (!isAlreadyExists(error)) {
        this.event('Warning', 'FailedCreate', `Error creating job: ${error.message}`)
        throw error
      }
    }
    const existing = yield* this.effects.getJob(wanted.metadata.namespace ?? '', wanted.metadata.name ?? '')
    const known = this.active.some(({ uid }) => uid === existing.metadata.uid)
    return isControlledBy(existing, this.cronJob) && !known ? existing : null
  }

  private jobFor(scheduledMs: number): Job {
    const { metadata, spec } = this.cronJob
    const template = spec?.jobTemplate
    const annotations = { ...template?.metadata?.annotations, [SCHEDULED_AT]: formatInZone(spec?.timeZone ?? '', scheduledMs) }
    const { labels } = template?.metadata ?? {}
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: this.jobName(scheduledMs),
        namespace: metadata.namespace,
        ...(labels ? { labels } : {}),
        annotations,
        ownerReferences: [newControllerRef(this.cronJob, cronjobs)],
      },
      spec: template?.spec,
    }
  }
}

function finishedAs(job: Job): 'Complete' | 'Failed' | undefined {
  if (trueCondition(job, 'Complete')) return 'Complete'
  return trueCondition(job, 'Failed') ? 'Failed' : undefined
}

/** Jobs that have not started come last. */
function byStart(a: Job, b: Job): number {
  const [x, y] = [a.status?.startTime, b.status?.startTime]
  if ((x === undefined) !== (y === undefined)) return x === undefined ? 1 : -1
  return compareText(x ?? '', y ?? '') || compareText(a.metadata.name ?? '', b.metadata.name ?? '')
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Thu, 01 Jan 2026 11:00:00 +0000 */
function rfc1123(ms: number): string {
  const { year, month, day, weekday } = utcParts(ms)
  const date = `${String(day).padStart(2, '0')} ${MONTHS[month - 1] ?? ''} ${year}`
  return `${DAYS[weekday] ?? ''}, ${date} ${formatTime(ms).slice(11, 19)} +0000`
}
