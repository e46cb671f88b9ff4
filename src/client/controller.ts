import { StatusError } from '../apimachinery/errors.ts'
import type { Cause, Simulation } from '../sim/simulation.ts'
import type { Task, TaskHandle } from '../sim/task.ts'
import { DEFAULT_RATE_LIMITS, WorkQueue, type RateLimits } from './workqueue.ts'

/** Thrown by a reconciler that wants its key again after its back-off, for a reason that is no API refusal. */
export class Requeue extends Error {
  override readonly name = 'Requeue'
}

export interface ControllerOptions {
  readonly name: string
  /** Keys worked on at a time. */
  readonly workers: number
  readonly limits?: RateLimits
  /** Retries before a key is dropped; undefined: never. */
  readonly maxRetries?: number
  readonly reconcile: (key: string) => Task
}

/** One turn of a loop, for those who look on. */
export interface Turn {
  readonly key: string
  readonly startMs: number
  /** What put the key into the queue. */
  readonly cause: Cause | null
  /** Why it has to be tried again; '' if it went well. */
  readonly error: string
}

/**
 * The loop that every controller runs: take a key, reconcile it, forget it; on a StatusError or Requeue, back off and
 * try again. Any other error is a bug and stops the simulation.
 */
export class ControllerLoop {
  readonly queue: WorkQueue
  readonly name: string
  private readonly sim: Simulation
  private readonly options: ControllerOptions
  private workers: TaskHandle[] = []
  /** The newest refusal per key, for those who explain why nothing happens. */
  readonly lastErrors = new Map<string, string>()
  /** Is told of every turn that ended. It must change nothing. */
  observer: ((turn: Turn) => void) | null = null

  constructor(sim: Simulation, options: ControllerOptions) {
    this.sim = sim
    this.options = options
    this.name = options.name
    this.queue = new WorkQueue(sim, options.name, options.limits ?? DEFAULT_RATE_LIMITS)
  }

  get running(): boolean {
    return this.workers.length > 0
  }

  start(): void {
    if (this.workers.length > 0) return
    for (let i = 0; i < this.options.workers; i++) this.workers.push(this.sim.spawn(this.work()))
  }

  stop(): void {
    for (const worker of this.workers) worker.cancel()
    this.workers = []
  }

  private *work(): Task {
    for (;;) {
      const key = this.queue.take()
      if (key === undefined) {
        yield* this.queue.ready()
        continue
      }
      const { now: startMs, cause } = this.sim
      let ended = false
      try {
        yield* this.options.reconcile(key)
        ended = true
        this.queue.forget(key)
        this.lastErrors.delete(key)
        this.observer?.({ key, startMs, cause, error: '' })
      } catch (error) {
        ended = true
        this.failed(key, error)
        this.observer?.({ key, startMs, cause, error: this.lastErrors.get(key) ?? '' })
      } finally {
        // stop() in mid-work: the key waits for the next start.
        if (!ended) this.queue.add(key)
        this.queue.done(key)
      }
    }
  }

  private failed(key: string, error: unknown): void {
    if (!(error instanceof StatusError) && !(error instanceof Requeue)) throw error
    this.lastErrors.set(key, error.message)
    const { maxRetries } = this.options
    if (maxRetries !== undefined && this.queue.retries(key) >= maxRetries) this.queue.forget(key)
    else this.queue.addRateLimited(key)
  }
}
