import type { Simulation } from '../sim/simulation.ts'

/** Longest run of simulated events before waiting requests get their turn, wall milliseconds. */
const SLICE_MS = 20
/** Node's timers take no longer delay. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** Keeps a simulation's clock on the wall clock: events run when their time has come. */
export class WallClock {
  private readonly sim: Simulation
  private timer: NodeJS.Timeout | null = null
  private stopped = false

  constructor(sim: Simulation) {
    this.sim = sim
  }

  start(): void {
    this.stopped = false
    this.tick()
  }

  stop(): void {
    this.stopped = true
    if (this.timer) clearTimeout(this.timer)
  }

  /** Brings the simulation up to now, runs `action`, and arranges for what it has set going. */
  run<T>(action: () => T): T {
    this.sim.runUntil(Date.now())
    try {
      return action()
    } finally {
      this.arrange()
    }
  }

  private tick(): void {
    const began = Date.now()
    while (this.sim.nextTimeMs <= Date.now() && Date.now() - began < SLICE_MS) this.sim.step()
    const now = Date.now()
    if (this.sim.nextTimeMs > now && now > this.sim.now) this.sim.now = now
    this.arrange()
  }

  private arrange(): void {
    if (this.timer) clearTimeout(this.timer)
    if (this.stopped) return
    const delay = Math.min(Math.max(this.sim.nextTimeMs - Date.now(), 0), MAX_DELAY_MS)
    this.timer = setTimeout(() => this.tick(), delay)
  }
}
