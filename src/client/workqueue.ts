import type { Cause, Simulation, Timer } from '../sim/simulation.ts'
import type { Task } from '../sim/task.ts'
import { TokenBucket } from './client.ts'

/** Retry pacing. k8s 1.36: client-go DefaultTypedControllerRateLimiter. */
export interface RateLimits {
  /** First delay; doubles with each failure. Milliseconds. */
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  /** Overall retries a second, and how many at once. */
  readonly qps: number
  readonly burst: number
}

export const DEFAULT_RATE_LIMITS: RateLimits = { baseDelayMs: 5, maxDelayMs: 1_000_000, qps: 10, burst: 100 }

/**
 * Keys that wait to be worked on. A key is never worked on twice at a time and waits only once; one that is added
 * while it is worked on waits again afterwards. k8s 1.36: client-go workqueue.
 */
export class WorkQueue {
  readonly name: string
  private readonly sim: Simulation
  private readonly limits: RateLimits
  private readonly bucket: TokenBucket
  private readonly queue: string[] = []
  private head = 0
  private readonly dirty = new Map<string, Cause | null>()
  private readonly processing = new Set<string>()
  private readonly failures = new Map<string, number>()
  private readonly waiting = new Map<string, { readonly dueMs: number; readonly timer: Timer }>()
  private readonly idle: (() => void)[] = []

  constructor(sim: Simulation, name: string, limits: RateLimits = DEFAULT_RATE_LIMITS) {
    this.sim = sim
    this.name = name
    this.limits = limits
    this.bucket = new TokenBucket(sim, limits.qps, limits.burst)
  }

  /** Adds a key; the present cause goes with it. */
  add(key: string): void {
    if (this.dirty.has(key)) return
    this.dirty.set(key, this.sim.cause)
    if (this.processing.has(key)) return
    this.queue.push(key)
    this.wake()
  }

  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) return this.add(key)
    const dueMs = this.sim.now + Math.ceil(delayMs)
    const known = this.waiting.get(key)
    if (known) {
      if (known.dueMs <= dueMs) return
      known.timer.cancel()
    }
    const timer = this.sim.schedule(delayMs, () => {
      this.waiting.delete(key)
      this.add(key)
    })
    this.waiting.set(key, { dueMs, timer })
  }

  /** Adds a key after its back-off, which grows with each call until forget(). */
  addRateLimited(key: string): void {
    const failures = this.failures.get(key) ?? 0
    this.failures.set(key, failures + 1)
    const backoff = Math.min(this.limits.baseDelayMs * 2 ** failures, this.limits.maxDelayMs)
    this.addAfter(key, Math.max(backoff, this.bucket.take()))
  }

  forget(key: string): void {
    this.failures.delete(key)
  }

  /** Failures since the last forget. */
  retries(key: string): number {
    return this.failures.get(key) ?? 0
  }

  /** Takes the next key, if one is ready. Sets the simulation's cause to the key's. */
  take(): string | undefined {
    const key = this.queue[this.head]
    if (key === undefined) return undefined
    this.head++
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue.splice(0, this.head)
      this.head = 0
    }
    this.processing.add(key)
    this.sim.cause = this.dirty.get(key) ?? null
    this.dirty.delete(key)
    return key
  }

  /** Suspends until a key may be ready; take() may still come back empty. */
  *ready(): Task {
    yield (resume) => {
      this.idle.push(resume)
      return () => {
        const at = this.idle.indexOf(resume)
        if (at >= 0) this.idle.splice(at, 1)
      }
    }
  }

  /** Says that work on the key has ended. */
  done(key: string): void {
    this.processing.delete(key)
    if (!this.dirty.has(key)) return
    this.queue.push(key)
    this.wake()
  }

  /** Keys ready to be taken. */
  get depth(): number {
    return this.queue.length - this.head
  }

  /** The first keys that are ready to be taken. */
  next(limit: number): readonly string[] {
    return this.queue.slice(this.head, this.head + limit)
  }

  /** Keys that are worked on. */
  working(): readonly string[] {
    return [...this.processing]
  }

  /** Keys whose delay has not passed, with the time when it will. */
  delayed(): { readonly key: string; readonly dueMs: number; readonly retries: number }[] {
    return [...this.waiting].map(([key, { dueMs }]) => ({ key, dueMs, retries: this.retries(key) }))
  }

  private wake(): void {
    const ready = this.idle.shift()
    if (ready) this.sim.schedule(0, ready)
  }
}
