import type { Simulation } from '../sim/simulation.ts'

interface Beat {
  readonly startMs: number
  readonly periodMs: number
}

/**
 * Leases that a healthy holder renews at a fixed period. Nothing is written while all goes well: the renewTime is
 * computed when somebody reads the lease. When the holder stops, the last renewal is written as an ordinary update,
 * so that watchers see it grow old from there.
 */
export class LeaseHeartbeats {
  private readonly sim: Simulation
  private readonly beats = new Map<string, Beat>()
  private readonly waiting = new Map<string, (() => void)[]>()
  private readonly writeBack: (key: string, renewMs: number) => void

  /** `writeBack` stores a lease's renewTime when its heartbeat ends. Keys are 'namespace/name'. */
  constructor(sim: Simulation, writeBack: (key: string, renewMs: number) => void) {
    this.sim = sim
    this.writeBack = writeBack
  }

  /** Declares that the lease, just renewed, will be renewed every `periodMs` from now on. */
  begin(key: string, periodMs: number): void {
    this.beats.set(key, { startMs: this.sim.now, periodMs })
  }

  /** The holder stops renewing (crash, power off, lost link). */
  end(key: string): void {
    const renewMs = this.renewMs(key)
    if (renewMs === undefined) return
    this.beats.delete(key)
    this.writeBack(key, renewMs)
    const listeners = this.waiting.get(key) ?? []
    this.waiting.delete(key)
    for (const listener of listeners) listener()
  }

  /** Calls back once, when nobody renews the lease any more: what reading it again and again would tell. */
  onEnd(key: string, listener: () => void): void {
    this.waiting.set(key, [...(this.waiting.get(key) ?? []), listener])
  }

  /** Whether somebody keeps renewing this lease. */
  isLive(key: string): boolean {
    return this.beats.has(key)
  }

  /** The last renewal so far, milliseconds since the epoch; undefined for leases without heartbeat. */
  renewMs(key: string): number | undefined {
    const beat = this.beats.get(key)
    return beat && beat.startMs + Math.floor((this.sim.now - beat.startMs) / beat.periodMs) * beat.periodMs
  }
}
