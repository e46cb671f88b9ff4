import { StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Job, JobCondition, JobStatus, Pod } from '../../apimachinery/generated/types.ts'
import { Requeue } from '../../client/controller.ts'
import type { EventType } from '../../client/recorder.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { omitEmpty } from '../shared/text.ts'
import type { BackoffRecord } from './backoff.ts'
import { newJobCondition } from './condition.ts'
import { gatherFacts, type JobFacts } from './facts.ts'
import { planJob } from './plan.ts'
import { isSuspended } from './pods.ts'
import { announceEnd, countReleased, ensureCondition, finishedStatus, planTracking, trackedUids } from './tracking.ts'
import { completionsReached, deadlineInMs, verdictOf } from './verdict.ts'

/** What came of deleting pods. */
export interface Deleted {
  readonly count: number
  readonly ready: number
  readonly error: StatusError | Requeue | null
}
/** What came of making pods. */
export interface Created {
  readonly count: number
  readonly error: StatusError | Requeue | null
}

/** What a sync does to the world. */
export interface JobEffects {
  /** Deletes active pods of a Job that ends; their finalizers stay until they are counted. */
  deleteActive(pods: readonly Pod[]): Task<Deleted>
  /** Deletes pods that are not to count. */
  deleteSurplus(pods: readonly Pod[]): Task<Deleted>
  create(facts: JobFacts, count: number, indexes: readonly number[] | undefined): Task<Created>
  updateStatus(job: Job): Task<Job>
  /** Removes tracking finalizers; gives the uids of pods that have none now, and the first refusal. */
  release(pods: readonly Pod[]): Task<{ readonly uids: readonly string[]; readonly error: StatusError | Requeue | null }>
  remember(record: BackoffRecord): void
  /** Has the Job looked at again. */
  again(delayMs: number): void
  event(job: Job, type: EventType, reason: string, message: string): void
  /** The Job has got its last condition. */
  finished(job: Job): void
}

export interface JobSyncInput {
  readonly job: Job
  readonly pods: readonly Pod[]
  readonly released: ReadonlySet<string>
  readonly record: BackoffRecord
  /** Whether the cache shows all pods that were made and deleted. */
  readonly settled: boolean
  readonly nowMs: number
}

/** One sync of one Job. k8s 1.36: job syncJob. */
export class JobSync {
  private readonly input: JobSyncInput
  private readonly effects: JobEffects
  private readonly facts: JobFacts
  private job: Job
  private status: JobStatus
  /** Whether the status has to be written. */
  private dirty = false
  private active: number
  private ready: number
  private terminating: number
  private verdict: JobCondition | undefined

  constructor(input: JobSyncInput, effects: JobEffects) {
    const { job, nowMs } = input
    const started = job.status?.startTime === undefined && !isSuspended(job) ? { startTime: formatTime(nowMs) } : {}
    this.status = { ...started, uncountedTerminatedPods: {}, ...job.status }
    this.job = { ...job, status: this.status }
    this.input = input
    this.effects = effects
    this.facts = gatherFacts(this.job, input.pods, input.released, input.record)
    this.active = this.facts.active.length
    this.ready = this.facts.ready
    this.terminating = this.facts.terminating
  }

  *run(): Task {
    const { facts, effects } = this
    const { nowMs } = this.input
    this.verdict = verdictOf(facts, nowMs)
    if (!this.verdict) {
      const deadlineMs = deadlineInMs(this.job, nowMs)
      if (deadlineMs !== undefined) effects.again(deadlineMs)
    }
    const failure = this.verdict ? yield* this.stopPods() : yield* this.managePods()
    const { active = 0, ready, terminating } = this.job.status ?? {}
    if (active !== this.active || ready !== this.ready || terminating !== this.terminating) this.dirty = true
    const { active: _, ...rest } = this.status
    this.status = { ...rest, ...omitEmpty({ active: this.active }), ready: this.ready, terminating: this.terminating }
    yield* this.track()
    if (failure) throw failure
  }

  /** Takes active pods away because the Job ends; it can't be declared over before all are. */
  private *stopPods(): Task<StatusError | Requeue | null> {
    const { count, ready, error } = yield* this.effects.deleteActive(this.facts.active)
    if (count !== this.active || !this.input.settled) this.verdict = undefined
    this.removed(count, ready)
    return error
  }

  private removed(count: number, ready: number): void {
    this.active -= count
    this.terminating += count
    this.ready -= ready
  }

  private *managePods(): Task<StatusError | Requeue | null> {
    const { input, facts } = this
    const managed = input.settled && this.job.metadata.deletionTimestamp === undefined
    const error = managed ? yield* this.carryOut() : null
    const { completions } = this.job.spec ?? {}
    const enough = completions === undefined ? facts.succeeded > 0 : facts.succeeded >= completions
    if (enough && this.active === 0) this.verdict = completionsReached(input.nowMs)
    else if (managed) this.noteSuspension()
    return error
  }

  private *carryOut(): Task<StatusError | Requeue | null> {
    const { effects, facts } = this
    const plan = planJob(facts, this.input.nowMs)
    if (plan.act === 'none') return null
    if (plan.act === 'wait') {
      effects.again(Math.max(plan.delayMs, 1000))
      this.active = 0
      return null
    }
    if (plan.act === 'delete') {
      const { count, ready, error } = yield* effects.deleteSurplus(plan.pods)
      this.removed(count, ready)
      return error
    }
    const { count, error } = yield* effects.create(facts, plan.count, plan.indexes)
    this.active += count
    return error
  }

  /** Suspending and resuming show in a condition, an event and the start time. */
  private noteSuspension(): void {
    const { nowMs } = this.input
    const suspended = isSuspended(this.job)
    const condition = suspended
      ? newJobCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', nowMs)
      : newJobCondition('Suspended', 'False', 'JobResumed', 'Job resumed', nowMs)
    const before = this.status.conditions ?? []
    const conditions = ensureCondition(before, condition)
    if (conditions === before) return
    this.dirty = true
    this.effects.event(this.job, 'Normal', suspended ? 'Suspended' : 'Resumed', condition.message ?? '')
    const { startTime: _, ...rest } = this.status
    this.status = { ...rest, conditions, ...(suspended ? {} : { startTime: formatTime(nowMs) }) }
  }

  /** Counts what has ended and, if that is all, ends the Job. */
  private *track(): Task {
    const { facts, effects, input } = this
    const tracked = trackedUids(facts)
    this.change(countReleased(this.status, tracked))
    const plan = planTracking(facts, this.status, this.verdict)
    this.change(plan.status)
    let final: JobCondition | undefined
    if (this.verdict) {
      const announced = announceEnd(this.job, this.status, this.verdict, input.nowMs)
      this.change(announced.status)
      final = announced.final
    }
    if (this.dirty) {
      yield* this.flush()
      effects.remember(facts.backoff)
    }
    const { uids, error } = yield* effects.release(plan.release)
    for (const uid of uids) tracked.delete(uid)
    this.change(countReleased(this.status, tracked))
    if (error) {
      if (this.dirty) yield* this.flush()
      throw error
    }
    const ended = final && !plan.full ? finishedStatus(this.status, final, this.terminating, input.nowMs) : null
    if (ended) this.change(ended)
    if (this.dirty) yield* this.flush()
    if (ended && final) this.recordEnd(final)
  }

  private recordEnd(final: JobCondition): void {
    const { effects, job } = this
    const { completions } = job.spec ?? {}
    if (final.type !== 'Complete') effects.event(job, 'Warning', final.reason ?? '', final.message ?? '')
    else {
      if (completions !== undefined && (this.status.succeeded ?? 0) > completions) {
        const text = 'Too many succeeded pods running after completion count reached'
        effects.event(job, 'Warning', 'TooManySucceededPods', text)
      }
      effects.event(job, 'Normal', 'Completed', 'Job completed')
    }
    effects.finished(job)
  }

  private change(status: JobStatus): void {
    if (!jsonEqual(status, this.status)) this.dirty = true
    this.status = status
  }

  private *flush(): Task {
    this.job = yield* this.effects.updateStatus({ ...this.job, status: this.status })
    this.status = this.job.status ?? {}
    this.dirty = false
  }
}
