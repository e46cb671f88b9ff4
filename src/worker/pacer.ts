import type { Simulation } from '../sim/simulation.ts'
import type { Speed } from './protocol.ts'

/** What the pacer needs of its host: a monotonic clock in milliseconds and a way to be called again. */
export interface Host {
  readonly now: () => number
  /** Calls back after about `ms`; 0 means as soon as messages have been handled. */
  readonly later: (ms: number, callback: () => void) => void
}

/** Longest time spent in the simulation before commands and frames get their turn. */
const SLICE_MS = 8
/** How often feeds are sent, at most. */
export const FRAME_MS = 33
/** At full speed the clock may run ahead this far in one slice, even if nothing happens. */
const MAX_LEAP_MS = 3_600_000

/**
 * Moves the simulated clock along with the wall clock, in slices short enough that commands are never kept waiting.
 * When the machine can't keep up the simulation falls behind; the debt is forgiven, not made up.
 */
export class Pacer {
  private readonly sim: Simulation
  private readonly host: Host
  private readonly onFrame: () => void
  private readonly onCrash: (error: unknown) => void
  private speedValue: Speed = 1
  private runningValue = false
  private generation = 0
  private lastWallMs = 0
  private carryMs = 0
  private stopping = false
  private lastFrameMs = 0
  private readonly samples: { readonly wallMs: number; readonly simMs: number }[] = []

  constructor(sim: Simulation, host: Host, onFrame: () => void, onCrash: (error: unknown) => void) {
    this.sim = sim
    this.host = host
    this.onFrame = onFrame
    this.onCrash = onCrash
  }

  get running(): boolean {
    return this.runningValue
  }

  /** The host's clock. */
  get wallMs(): number {
    return this.host.now()
  }

  get speed(): Speed {
    return this.speedValue
  }

  /** Simulated per wall milliseconds over the last second. */
  get reachedSpeed(): number {
    const first = this.samples[0]
    const last = this.samples.at(-1)
    if (!this.runningValue || !first || !last || last.wallMs - first.wallMs < 50)
      return this.speedValue === 'max' ? 0 : this.speedValue
    return (last.simMs - first.simMs) / (last.wallMs - first.wallMs)
  }

  setSpeed(speed: Speed): void {
    this.speedValue = speed === 'max' ? speed : Math.min(Math.max(speed, 0.01), 100_000)
    this.samples.length = 0
    if (this.runningValue) this.restart()
  }

  play(): void {
    if (this.runningValue) return
    this.runningValue = true
    this.restart()
  }

  pause(): void {
    this.runningValue = false
    this.generation++
  }

  /** Pauses at the end of the present instant. To be called from within an event. */
  stopAfterInstant(): void {
    this.stopping = true
  }

  /** Runs to the end of the next instant at which `changed` differs from before, or of the next event-free hour. */
  step(changed: () => number): void {
    this.pause()
    const before = changed()
    const limit = this.sim.now + MAX_LEAP_MS
    while (changed() === before && this.sim.nextTimeMs <= limit) this.sim.step()
    this.finishInstant()
  }

  /** Runs what remains of the present instant, so that an input falls between instants and can be replayed. */
  finishInstant(): void {
    while (this.sim.nextTimeMs <= this.sim.now) this.sim.step()
    if (this.stopping) this.pause()
  }

  private restart(): void {
    this.stopping = false
    this.lastWallMs = this.host.now()
    this.carryMs = 0
    this.samples.length = 0
    const generation = ++this.generation
    this.host.later(0, () => this.slice(generation))
  }

  private slice(generation: number): void {
    if (generation !== this.generation) return
    let behind: boolean
    try {
      behind = this.advance()
    } catch (error) {
      this.pause()
      this.onCrash(error)
      return
    }
    const now = this.host.now()
    if (now - this.lastFrameMs >= FRAME_MS) {
      this.lastFrameMs = now
      this.sample(now)
      this.onFrame()
    }
    if (generation === this.generation) this.host.later(behind ? 0 : 8, () => this.slice(generation))
  }

  /** Runs one slice; true when there is more to do at once. */
  private advance(): boolean {
    const { sim, host } = this
    if (this.stopping) return this.stopHere()
    const wall = host.now()
    const elapsed = Math.min(wall - this.lastWallMs, 250)
    this.lastWallMs = wall
    const deadline = wall + SLICE_MS
    if (this.speedValue === 'max') {
      const leap = sim.now + MAX_LEAP_MS
      let n = 0
      while (sim.nextTimeMs <= leap) {
        sim.step()
        if (this.stopping) return this.stopHere()
        if ((++n & 15) === 0 && host.now() >= deadline) return true
      }
      sim.now = leap
      return true
    }
    this.carryMs += elapsed * this.speedValue
    const target = sim.now + Math.floor(this.carryMs)
    let n = 0
    while (sim.nextTimeMs <= target) {
      sim.step()
      if (this.stopping) return this.stopHere()
      if ((++n & 15) === 0 && host.now() >= deadline) {
        // Behind: forget what could not be done in time, keep at most one slice of debt.
        this.carryMs = Math.min(Math.max(target - sim.now, 0), SLICE_MS * this.speedValue)
        return true
      }
    }
    this.carryMs -= Math.floor(this.carryMs)
    if (target > sim.now) sim.now = target
    return false
  }

  private stopHere(): false {
    this.finishInstant()
    this.onFrame()
    return false
  }

  private sample(wallMs: number): void {
    this.samples.push({ wallMs, simMs: this.sim.now })
    while (this.samples.length > 2 && wallMs - (this.samples[0]?.wallMs ?? wallMs) > 1000) this.samples.shift()
  }
}
