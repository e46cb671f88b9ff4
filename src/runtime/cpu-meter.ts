/** As often as usage is measured (metrics-server --metric-resolution). */
const WINDOW_MS = 15_000

/** What answering requests costs a container: its processors as one queue, and how much of them was in use. */
export class CpuMeter {
  private window = -1
  private usedMs = 0
  private lastUsedMs = 0
  private busyUntilMs = 0

  /** Uses that much of a processor, of `cores` there are. Gives when it is done, milliseconds from now. */
  burn(nowMs: number, cpuMs: number, cores: number): number {
    this.turn(nowMs)
    this.usedMs += cpuMs
    this.busyUntilMs = Math.max(this.busyUntilMs, nowMs) + cpuMs / cores
    return Math.max(this.busyUntilMs - nowMs, cpuMs / Math.min(1, cores))
  }

  /** Thousandths of a processor, on average over the last whole window. */
  milli(nowMs: number): number {
    this.turn(nowMs)
    return Math.round((this.lastUsedMs * 1000) / WINDOW_MS)
  }

  private turn(nowMs: number): void {
    const window = Math.floor(nowMs / WINDOW_MS)
    if (window === this.window) return
    this.lastUsedMs = window === this.window + 1 ? this.usedMs : 0
    this.usedMs = 0
    this.window = window
  }
}
