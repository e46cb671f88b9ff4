import type { Host } from './pacer.ts'
import type { InputLog, LoggedInput } from './protocol.ts'
import type { World } from './world.ts'

/** How long the host waits for its turn, and the progress is told at most. */
const SLICE_MS = 40

/** Thrown out of a replay that was given up. */
export class ReplayCancelled extends Error {
  override readonly name = 'ReplayCancelled'
}

/** Lets a log's history happen again in a fresh world, in slices that leave the host its turns. */
export class Replay {
  readonly log: InputLog
  private readonly host: Host
  private cancelled = false
  /** How far it has come; null until the cluster is built. */
  private world: World | null = null

  constructor(host: Host, log: InputLog) {
    this.host = host
    this.log = log
  }

  get progress(): { readonly fromMs: number; readonly atMs: number; readonly toMs: number } {
    const toMs = this.log.endTimeMs
    const { startTimeMs = toMs, now = toMs } = this.world?.cluster.sim ?? {}
    return this.world ? { fromMs: startTimeMs, atMs: Math.min(now, toMs), toMs } : { fromMs: 0, atMs: 0, toMs: 1 }
  }

  cancel(): void {
    this.cancelled = true
  }

  /** Runs to the log's end. `perform` carries out one input; `tell` is called after every slice. */
  async run(world: World, perform: (entry: LoggedInput) => void, tell: () => void): Promise<void> {
    this.world = world
    const { sim } = world.cluster
    for (const entry of this.log.inputs) {
      await this.runTo(world, entry.timeMs, tell)
      world.inputs.push({ timeMs: sim.now, input: entry.input })
      perform(entry)
    }
    await this.runTo(world, this.log.endTimeMs, tell)
  }

  /** Gives the host a turn. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => this.host.later(0, resolve))
    if (this.cancelled) throw new ReplayCancelled('the replay was given up')
  }

  private async runTo(world: World, timeMs: number, tell: () => void): Promise<void> {
    const { sim } = world.cluster
    let sliceEnds = this.host.now() + SLICE_MS
    let n = 0
    while (sim.nextTimeMs <= timeMs) {
      sim.step()
      if ((++n & 15) !== 0 || this.host.now() < sliceEnds) continue
      tell()
      await this.pause()
      sliceEnds = this.host.now() + SLICE_MS
    }
    if (timeMs > sim.now) sim.now = timeMs
  }
}
