import { loadTexts } from '#texts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Change } from '../etcd/etcd.ts'
import { deleteFile, lintFile } from '../kubectl/apply.ts'
import { Breakpoints } from './breakpoints.ts'
import type { ChangeStory, Story, StoryQuestion } from './control-plane/protocol.ts'
import { changeStory, storyOf } from './control-plane/story.ts'
import type { Feed } from './feeds/feed.ts'
import { makeFeed } from './feeds/registry.ts'
import type { TravelPart } from './feeds/travel.ts'
import { applyTo, commandTo, perform, refusalStatus, refusedDocument } from './inputs.ts'
import { tooManyPods } from './limits.ts'
import { Pacer, type Host } from './pacer.ts'
import { deskOf } from './network/desk.ts'
import type { ModeComparison, ModeQuestion, NodeOutput, PacketQuestion, RuleTables } from './network/protocol.ts'
import { Replay, ReplayCancelled } from './replay.ts'
import { World, type PastScene } from './world.ts'
import type {
  ApiCall,
  ApiReply,
  ApplyOptions,
  BranchRow,
  BreakCondition,
  ClusterOptions,
  DocumentResult,
  EngineApi,
  FeedRequest,
  InputLog,
  LoggedInput,
  SimCommand,
  Speed,
  WorkerMessage,
} from './protocol.ts'
import { compareSchedulers } from './scheduling/compare.ts'
import type { SchedulerComparison, WhatIf, WhatIfAnswer } from './scheduling/protocol.ts'
import { whatIf } from './scheduling/what-if.ts'

/** Longest time a long calculation takes before others get their turn. */
const SLICE_MS = 8
/** A packet that was sent while the clock stood still is followed for this long. */
const LONGEST_ANSWER_MS = 60_000
/** Between two looks at whether something has happened. */
const WAIT_MS = 20

interface Subscription {
  readonly request: FeedRequest
  feed: Feed
  revision: number
}
interface Branch extends BranchRow {
  readonly log: InputLog
  /** How many inputs the other history began with. */
  readonly shared: number
}

/** Feeds that always tell of the present, whatever moment is looked at. */
const ALWAYS_LIVE: ReadonlySet<FeedRequest['feed']> = new Set(['travel', 'timeline', 'packet'])

/**
 * The engine behind the page: one cluster, its pace, its feeds, its input log and its past. It knows no worker and no
 * page, so it also runs in Node.
 */
export class Engine implements EngineApi {
  private readonly host: Host
  private readonly post: (message: WorkerMessage) => void
  private readonly subscriptions = new Map<number, Subscription>()
  private readonly breakpoints = new Breakpoints()
  private world: World | null = null
  private pacer: Pacer | null = null
  /** The moment of the past that feeds and reads show, and whether the clock ran before. */
  private past: PastScene | null = null
  private ranBefore = false
  private replay: Replay | null = null
  private branches: readonly Branch[] = []
  private nextBranch = 1

  constructor(host: Host, post: (message: WorkerMessage) => void) {
    this.host = host
    this.post = post
  }

  async start(options: ClusterOptions): Promise<void> {
    this.branches = []
    this.install(new World(options))
    this.parts().pacer.play()
  }

  async restore(log: InputLog): Promise<void> {
    this.branches = []
    const replay = new Replay(this.host, log)
    const world = new World(log.options)
    this.install(world)
    await this.replayInto(replay, world)
    this.frame()
  }

  async inputLog(): Promise<InputLog> {
    return this.parts().world.log()
  }

  async play(): Promise<void> {
    if (this.replay) return
    this.leavePast()
    this.breakpoints.hit = null
    this.parts().pacer.play()
    this.frame()
  }

  async pause(): Promise<void> {
    this.parts().pacer.pause()
    this.frame()
  }

  async setSpeed(speed: Speed): Promise<void> {
    this.parts().pacer.setSpeed(speed)
    this.frame()
  }

  async step(): Promise<void> {
    const { pacer, world } = this.parts()
    if (this.replay) return
    if (this.past) return this.stepForward(this.past)
    this.breakpoints.hit = null
    this.guarded(() => pacer.step(() => world.cluster.etcd.revision))
  }

  async lookAt(timeMs: number | null): Promise<void> {
    const { pacer, world } = this.parts()
    if (this.replay) return
    if (timeMs === null) {
      const resume = this.past !== null && this.ranBefore
      this.leavePast()
      if (resume) pacer.play()
    } else {
      if (!this.past) {
        this.ranBefore = pacer.running
        pacer.pause()
        this.guarded(() => pacer.finishInstant())
      }
      this.past = world.at(timeMs)
      this.renewFeeds(false)
    }
    this.frame()
  }

  async stepBack(): Promise<void> {
    const { world } = this.parts()
    const before = world.instantBefore(this.past?.atMs ?? world.cluster.sim.now)
    if (before !== null) await this.lookAt(before)
    if (this.past) this.ranBefore = false
  }

  async continueFrom(timeMs: number): Promise<void> {
    const { world } = this.parts()
    const atMs = Math.min(Math.max(timeMs, world.cluster.sim.startTimeMs), world.cluster.sim.now)
    await this.goTo(world.logUntil(atMs), null)
  }

  async returnTo(branch: number): Promise<void> {
    const found = this.branches.find(({ id }) => id === branch)
    if (found) await this.goTo(found.log, found)
  }

  async cancelReplay(): Promise<void> {
    this.replay?.cancel()
  }

  async setBreakpoints(conditions: readonly BreakCondition[]): Promise<void> {
    this.breakpoints.set(conditions)
    this.frame()
  }

  async call(request: ApiCall): Promise<ApiReply> {
    if (request.path.startsWith('/openapi/')) await loadTexts()
    if (request.method === 'GET') return this.guarded(() => this.scene().door.call(request))
    const refusal = this.standsStill() ?? tooManyPods([request.body])?.message
    if (refusal) return { code: 422, body: refusalStatus(refusal), warnings: [] }
    this.note({ call: request })
    return this.guarded(() => this.parts().world.door.call(request))
  }

  async apply(yaml: string, options: ApplyOptions = {}): Promise<readonly DocumentResult[]> {
    const refusal = this.standsStill()
    if (refusal) return [refusedDocument({ line: 1, message: refusal })]
    if (!options.dryRun) this.note({ apply: { yaml, options } })
    return this.guarded(() => applyTo(this.parts().world, yaml, options))
  }

  async remove(yaml: string): Promise<readonly DocumentResult[]> {
    const refusal = this.standsStill()
    if (refusal) return [refusedDocument({ line: 1, message: refusal })]
    this.note({ remove: yaml })
    return this.guarded(() => deleteFile(this.parts().world.door, yaml))
  }

  async lint(yaml: string): Promise<readonly DocumentResult[]> {
    return lintFile(this.parts().world.door, yaml)
  }

  async command(command: SimCommand): Promise<{ readonly ok: boolean; readonly message: string }> {
    const refusal = this.standsStill()
    if (refusal) return { ok: false, message: refusal }
    this.note({ command })
    return this.guarded(() => commandTo(this.parts().world.cluster, command))
  }

  async whatIf(question: WhatIf): Promise<WhatIfAnswer> {
    return whatIf(this.parts().world.context, question)
  }

  async compareSchedulers(first: string, second: string): Promise<SchedulerComparison> {
    return inSlices(this.host, compareSchedulers(this.parts().world.context, first, second))
  }

  async story(question: StoryQuestion): Promise<Story> {
    return storyOf(this.scene().context.cluster, question)
  }

  async changeStory(revision: number): Promise<ChangeStory | null> {
    return changeStory(this.scene().context.cluster, revision)
  }

  async sendPacket(question: PacketQuestion): Promise<{ readonly id: number | null; readonly message: string }> {
    const { cluster } = this.parts().world
    const id = deskOf(cluster).nextId
    const { ok, message } = await this.command({ type: 'network', action: { act: 'send', id, question } })
    if (!ok) return { id: null, message }
    if (!this.parts().pacer.running) await this.runUntil(cluster, () => deskOf(cluster).story(id)?.done !== false)
    this.frame()
    return { id, message }
  }

  async nodeCommand(node: string, line: string): Promise<NodeOutput> {
    const { cluster } = this.parts().world
    const { ok, message } = await this.command({ type: 'network', action: { act: 'command', node, line } })
    if (!ok) return { stdout: '', stderr: message, exitCode: 1 }
    const isDone = (): boolean => deskOf(cluster).commandOutput !== null
    await this.runUntil(cluster, isDone)
    return deskOf(cluster).commandOutput ?? { stdout: '', stderr: 'no answer yet', exitCode: 124 }
  }

  async ruleTables(node: string, service: string): Promise<RuleTables | null> {
    const { context, cluster } = this.parts().world
    return deskOf(cluster).ruleTables(context, node, service)
  }

  async modeComparison(question: ModeQuestion): Promise<ModeComparison> {
    const { compareModes } = await import('./network/comparison.ts')
    return inSlices(this.host, compareModes(this.parts().world.context, question))
  }

  async subscribe(id: number, request: FeedRequest): Promise<void> {
    this.subscriptions.get(id)?.feed.stop()
    const subscription = { request, feed: this.makeFeed(request), revision: 0 }
    this.subscriptions.set(id, subscription)
    this.flush(id, subscription)
  }

  async unsubscribe(id: number): Promise<void> {
    this.subscriptions.get(id)?.feed.stop()
    this.subscriptions.delete(id)
  }

  /** The kept history of the cluster, for comparison. */
  history(): readonly Change[] {
    return this.parts().world.cluster.etcd.history()
  }

  get running(): boolean {
    return this.pacer?.running ?? false
  }

  /** Lets simulated time pass at once, without pacing: for headless runs. */
  runFor(durationMs: number): void {
    const { world } = this.parts()
    this.guarded(() => world.cluster.sim.runFor(durationMs))
  }

  /** Makes a world the one that is shown. Feeds start anew, with a snapshot each. */
  private install(world: World): void {
    this.pacer?.pause()
    this.past?.context.informers.stop()
    this.past = null
    this.world = world
    const pacer = new Pacer(
      world.cluster.sim,
      this.host,
      () => this.frame(),
      (error) => this.crashed(error),
    )
    if (this.pacer) pacer.setSpeed(this.pacer.speed)
    this.pacer = pacer
    this.breakpoints.attach(world.cluster, () => {
      if (!this.replay) pacer.stopAfterInstant()
    })
    this.renewFeeds(true)
  }

  private parts(): { world: World; pacer: Pacer } {
    const { world, pacer } = this
    if (!world || !pacer) throw new Error('no cluster yet: call start first')
    return { world, pacer }
  }

  /** What feeds and reads show. */
  private scene(): World | PastScene {
    return this.past ?? this.parts().world
  }

  private makeFeed(request: FeedRequest): Feed {
    const { world, pacer } = this.parts()
    const { context } = ALWAYS_LIVE.has(request.feed) ? world : this.scene()
    return makeFeed(context, pacer, request, () => this.travel())
  }

  /** Starts feeds anew after another moment, or (`all`) another history, has come into view. */
  private renewFeeds(all: boolean): void {
    for (const [id, subscription] of this.subscriptions) {
      if (!all && ALWAYS_LIVE.has(subscription.request.feed)) continue
      subscription.feed.stop()
      subscription.feed = this.makeFeed(subscription.request)
      subscription.revision = 0
      this.flush(id, subscription)
    }
  }

  private leavePast(): void {
    if (!this.past) return
    this.past = null
    this.renewFeeds(false)
  }

  /** Waits until something has happened; a clock that stands still is run for as long as that takes. */
  private async runUntil(cluster: Cluster, isDone: () => boolean): Promise<void> {
    const limitMs = cluster.sim.now + LONGEST_ANSWER_MS
    const isCurrent = (): boolean => this.world?.cluster === cluster && cluster.sim.now < limitMs
    const { pacer } = this.parts()
    while (!isDone() && isCurrent()) {
      if (!pacer.running) await inSlices(this.host, this.stepsUntil(cluster, isDone, limitMs))
      await new Promise<void>((resume) => this.host.later(pacer.running ? WAIT_MS : 0, resume))
    }
    this.frame()
  }

  private *stepsUntil(cluster: Cluster, isDone: () => boolean, limitMs: number): Generator<void, void> {
    const { sim } = cluster
    const { pacer } = this.parts()
    while (!pacer.running && this.world?.cluster === cluster && !isDone() && sim.nextTimeMs <= limitMs) {
      this.guarded(() => sim.step())
      yield
    }
    if (!isDone() && !pacer.running && sim.nextTimeMs > limitMs) sim.now = limitMs
    if (!pacer.running) this.guarded(() => pacer.finishInstant())
  }

  private async stepForward(past: PastScene): Promise<void> {
    const after = this.parts().world.instantAfter(past.atMs)
    if (after === null) this.leavePast()
    else await this.lookAt(after)
    this.ranBefore = false
    this.frame()
  }

  /** Why nothing may be changed now, or null. */
  private standsStill(): string | null {
    if (this.replay) return 'the history is being built again; wait, or cancel it'
    if (this.past) return 'you are looking at the past: go back to now, or continue from here'
    return null
  }

  /** Builds another history and shows it; the present one is kept as a branch. */
  private async goTo(log: InputLog, from: Branch | null): Promise<void> {
    const { pacer, world: left } = this.parts()
    if (this.replay) return
    pacer.pause()
    const replay = new Replay(this.host, log)
    this.replay = replay
    this.frame()
    try {
      await replay.pause()
      const world = new World(log.options)
      await this.replayInto(replay, world)
      const forkMs = from?.forkMs ?? log.endTimeMs
      const kept = { id: this.nextBranch++, log: left.log(), endMs: left.cluster.sim.now, forkMs }
      const shared = from?.shared ?? log.inputs.length
      const inputs = kept.log.inputs.length - shared
      this.branches = [...this.branches.filter((branch) => branch !== from), { ...kept, inputs, shared }]
      this.replay = null
      this.install(world)
    } catch (error) {
      if (!(error instanceof ReplayCancelled)) throw error
    } finally {
      this.replay = null
      this.frame()
    }
  }

  private async replayInto(replay: Replay, world: World): Promise<void> {
    this.replay = replay
    try {
      await replay.run(
        world,
        (entry) => perform(world, entry),
        () => this.frame(),
      )
    } catch (error) {
      if (!(error instanceof ReplayCancelled)) this.crashed(error)
      throw error
    } finally {
      this.replay = null
    }
  }

  private travel(): TravelPart {
    const { past, replay, breakpoints, world } = this
    return {
      past: past && { atMs: past.atMs, revision: past.revision, presentMs: world?.cluster.sim.now ?? past.atMs },
      replay: replay && replay.progress,
      branches: this.branches.map(({ log: _log, shared: _shared, ...row }) => row),
      breakpoints: breakpoints.conditions,
      hit: breakpoints.hit,
    }
  }

  /** Finishes the present instant and logs an input, so that a replay meets the same state. */
  private note(input: LoggedInput['input']): void {
    const { pacer, world } = this.parts()
    this.guarded(() => pacer.finishInstant())
    world.inputs.push({ timeMs: world.cluster.sim.now, input })
  }

  /** Runs engine code for a caller; a failed assertion is a crash, and everyone is told. */
  private guarded<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      this.crashed(error)
      throw error
    } finally {
      this.frame()
    }
  }

  private crashed(error: unknown): void {
    this.pacer?.pause()
    this.post({
      type: 'crash',
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      log: this.parts().world.log(),
    })
  }

  private frame(): void {
    for (const [id, subscription] of this.subscriptions) this.flush(id, subscription)
  }

  private flush(id: number, subscription: Subscription): void {
    for (const data of subscription.feed.flush()) this.post({ type: 'feed', id, revision: subscription.revision++, data })
  }
}

/** Runs to the end, a slice at a time. */
async function inSlices<T>(host: Host, work: Generator<void, T>): Promise<T> {
  for (;;) {
    const deadline = host.now() + SLICE_MS
    do {
      const step = work.next()
      if (step.done) return step.value
    } while (host.now() < deadline)
    await new Promise<void>((resume) => host.later(0, resume))
  }
}
