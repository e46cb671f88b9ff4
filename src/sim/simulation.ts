import { assert } from './assert.ts'
import { EventQueue, ScheduledEvent } from './event-queue.ts'
import { Random } from './random.ts'
import { startTask, type Task, type TaskHandle } from './task.ts'

export interface SimulationOptions {
  /** Seed of all chance. */
  readonly seed: number
  /** Wall-clock reading at the start, milliseconds since the epoch. */
  readonly startTimeMs: number
}

/** A pending event. cancel() is safe at any time, also from within the event and after it ran. */
export interface Timer {
  cancel(): void
}

/**
 * Why something happens. Kept small: the chain is followed through the history (the write at `revision` has a cause
 * of its own).
 */
export interface Cause {
  readonly trigger: 'watch' | 'timer' | 'request' | 'command'
  /** The etcd revision whose watch event led here, or that was newest when the timer was set. */
  readonly revision?: number
  /** A command's or request's description, or a timer's name. */
  readonly note?: string
}

/**
 * The discrete-event kernel: a clock of integer milliseconds, a queue of events ordered by time and then by the order
 * in which they were scheduled, and named random streams. It knows nothing of Kubernetes, and nothing of the host.
 */
export class Simulation {
  /** Simulated time, integer milliseconds since the epoch. */
  now: number
  readonly startTimeMs: number
  readonly seed: number
  /** Why the code that runs now runs. Events inherit it from whoever schedules them. */
  cause: Cause | null = null
  /** Events executed so far. */
  executed = 0
  private readonly queue = new EventQueue()
  private sequence = 0
  private readonly streams = new Map<string, Random>()
  private lookers: (() => void)[] = []

  constructor(options: SimulationOptions) {
    this.seed = options.seed
    this.startTimeMs = options.startTimeMs
    this.now = options.startTimeMs
  }

  /** Runs `action` after `delayMs` (rounded up to whole milliseconds, at least 0). */
  schedule(delayMs: number, action: () => void): Timer {
    assert(delayMs >= 0 && Number.isFinite(delayMs), `delay must be a finite number of at least 0, got ${delayMs}`)
    const event = new ScheduledEvent(this.queue, this.now + Math.ceil(delayMs), this.sequence++, action, this.cause)
    this.queue.push(event)
    return event
  }

  /** Runs `action` at `timeMs`, or now if that is past. */
  scheduleAt(timeMs: number, action: () => void): Timer {
    return this.schedule(Math.max(0, timeMs - this.now), action)
  }

  /** Starts a cooperative task now. Its failure reaches `onFail`, or stops the simulation when there is none. */
  spawn<T>(task: Task<T>, onDone?: (value: T) => void, onFail?: (error: unknown) => void): TaskHandle {
    return startTask(this, task, onDone, onFail)
  }

  /** The random stream of that name; the same one every time. */
  random(name: string): Random {
    let stream = this.streams.get(name)
    if (!stream) this.streams.set(name, (stream = new Random(this.seed, name)))
    return stream
  }

  /** Runs `action` under another cause and restores the present one. */
  withCause(cause: Cause | null, action: () => void): void {
    const saved = this.cause
    this.cause = cause
    try {
      action()
    } finally {
      this.cause = saved
    }
  }

  /** Time of the next event, or Infinity. */
  get nextTimeMs(): number {
    return this.queue.peek()?.timeMs ?? Infinity
  }

  get pending(): number {
    return this.queue.size
  }

  /** Runs one event. False when none is left. */
  step(): boolean {
    const event = this.queue.shift()
    if (!event) return false
    this.now = event.timeMs
    this.cause = event.cause as Cause | null
    this.executed++
    const run = event.run
    event.run = null
    run?.()
    this.cause = null
    return true
  }

  /** Runs every event up to and including `timeMs`, then sets the clock there. */
  runUntil(timeMs: number): void {
    while (this.nextTimeMs <= timeMs) this.step()
    if (timeMs > this.now) this.now = timeMs
  }

  runFor(durationMs: number): void {
    this.runUntil(this.now + durationMs)
  }

  /** Runs until `condition` holds or `limitMs` have passed; tells which. The condition is asked after every event. */
  runUntilTrue(condition: () => boolean, limitMs: number): boolean {
    const end = this.now + limitMs
    while (!condition()) {
      if (this.nextTimeMs > end) {
        if (end > this.now) this.now = end
        return condition()
      }
      this.step()
    }
    return true
  }

  /** Registers code that brings lazily computed state up to date; run by settle(). */
  onLook(update: () => void): void {
    this.lookers.push(update)
  }

  /** Brings lazily computed periodic state up to date with the clock. */
  settle(): void {
    for (const update of this.lookers) update()
  }
}
