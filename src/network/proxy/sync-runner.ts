import type { Simulation, Timer } from '../../sim/simulation.ts'

/**
 * Runs a sync soon after it is asked for, but leaves a pause after each; one that fails is run again. The longest
 * interval, after which the real one runs anyway, is left to who notices that something is to be mended.
 * k8s 1.36: BoundedFrequencyRunner.
 */
export class SyncRunner {
  private readonly sim: Simulation
  private readonly run: () => boolean
  private readonly minMs: number
  private readonly retryMs: number
  private timer: Timer | null = null
  private dueMs = Infinity
  private lastMs = -Infinity
  private isStopped = false

  /** `run` gives false when it failed. */
  constructor(sim: Simulation, minMs: number, retryMs: number, run: () => boolean) {
    this.sim = sim
    this.minMs = minMs
    this.retryMs = retryMs
    this.run = run
  }

  /** A sync is wanted. */
  request(): void {
    this.at(Math.max(this.sim.now, this.lastMs + this.minMs))
  }

  stop(): void {
    this.isStopped = true
    this.timer?.cancel()
  }

  private at(dueMs: number): void {
    if (this.isStopped || dueMs >= this.dueMs) return
    this.timer?.cancel()
    this.dueMs = dueMs
    this.timer = this.sim.schedule(dueMs - this.sim.now, () => this.fire())
  }

  private fire(): void {
    this.timer = null
    this.dueMs = Infinity
    this.lastMs = this.sim.now
    if (!this.run()) this.at(this.sim.now + this.retryMs)
  }
}
