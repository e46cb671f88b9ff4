import { StatusError } from '../apimachinery/errors.ts'
import type { Simulation, Timer } from '../sim/simulation.ts'
import type { ComponentProcess } from './component-images.ts'

const RETRY_MS = 10_000

/** A program that works while its container runs. Without the rights, or before its kinds are known, it tries again. */
export class RetriedProcess implements ComponentProcess {
  private readonly sim: Simulation
  private readonly work: () => () => void
  private end: (() => void) | null = null
  private retry: Timer | null = null

  /** `work` begins and gives what ends it; it throws a StatusError when it can't yet. */
  constructor(sim: Simulation, work: () => () => void) {
    this.sim = sim
    this.work = work
  }

  start(): void {
    if (this.end) return
    try {
      this.end = this.work()
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.retry = this.sim.schedule(RETRY_MS, () => this.start())
    }
  }

  stop(): void {
    this.retry?.cancel()
    this.retry = null
    this.end?.()
    this.end = null
  }
}

/** A start that fails half-way is undone. */
export function startOrEnd(start: () => void, end: () => void): () => void {
  try {
    start()
  } catch (error) {
    end()
    throw error
  }
  return end
}
