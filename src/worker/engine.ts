import { InformerFactory } from '../client/informer.ts'
import { Cluster } from '../cluster/cluster.ts'
import { PANEL } from '../cluster/identities.ts'
import type { JsonObject } from '../apimachinery/resource.ts'
import { applyFile, deleteFile, lintFile } from '../kubectl/apply.ts'
import type { Door } from '../kubectl/door.ts'
import { clusterDoor } from './door.ts'
import type { Feed, FeedContext } from './feeds/feed.ts'
import { makeFeed } from './feeds/registry.ts'
import { tooManyPods, MAX_PODS } from './limits.ts'
import { Pacer, type Host } from './pacer.ts'
import type {
  ApiCall,
  ApiReply,
  ApplyOptions,
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

interface Subscription {
  readonly request: FeedRequest
  feed: Feed
  revision: number
}

/**
 * The engine behind the page: one cluster, its pace, its feeds and its input log. It knows no worker and no page, so
 * it also runs in Node.
 */
export class Engine implements EngineApi {
  private readonly host: Host
  private readonly post: (message: WorkerMessage) => void
  private readonly subscriptions = new Map<number, Subscription>()
  private options: ClusterOptions = {}
  private inputs: LoggedInput[] = []
  private cluster: Cluster | null = null
  private context: FeedContext | null = null
  private pacer: Pacer | null = null
  private door: Door | null = null

  constructor(host: Host, post: (message: WorkerMessage) => void) {
    this.host = host
    this.post = post
  }

  async start(options: ClusterOptions): Promise<void> {
    this.build(options)
    this.parts().pacer.play()
  }

  async restore(log: InputLog): Promise<void> {
    this.build(log.options)
    const { cluster } = this.parts()
    for (const entry of log.inputs) {
      cluster.sim.runUntil(Math.max(entry.timeMs, cluster.sim.now))
      this.replay(entry)
    }
    cluster.sim.runUntil(Math.max(log.endTimeMs, cluster.sim.now))
    this.frame()
  }

  async inputLog(): Promise<InputLog> {
    return this.log()
  }

  async play(): Promise<void> {
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
    const { pacer, cluster } = this.parts()
    this.guarded(() => pacer.step(() => cluster.etcd.revision))
    this.frame()
  }

  async call(request: ApiCall): Promise<ApiReply> {
    const refusal = request.method === 'GET' ? null : tooManyPods([request.body])
    if (refusal) return { code: 422, body: refusalStatus(refusal), warnings: [] }
    if (request.method !== 'GET') this.note({ call: request })
    return this.guarded(() => this.parts().door.call(request))
  }

  async apply(yaml: string, options: ApplyOptions = {}): Promise<readonly DocumentResult[]> {
    if (!options.dryRun) this.note({ apply: { yaml, options } })
    return this.guarded(() => this.applyNow(yaml, options))
  }

  async remove(yaml: string): Promise<readonly DocumentResult[]> {
    this.note({ remove: yaml })
    return this.guarded(() => deleteFile(this.parts().door, yaml))
  }

  async lint(yaml: string): Promise<readonly DocumentResult[]> {
    return lintFile(this.parts().door, yaml)
  }

  async command(command: SimCommand): Promise<{ readonly ok: boolean; readonly message: string }> {
    this.note({ command })
    return this.guarded(() => this.commandNow(command))
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

  /** Lets simulated time pass at once, without pacing: for headless runs. */
  runFor(durationMs: number): void {
    const { cluster } = this.parts()
    this.guarded(() => cluster.sim.runFor(durationMs))
  }

  private build(options: ClusterOptions): void {
    this.pacer?.pause()
    for (const { feed } of this.subscriptions.values()) feed.stop()
    this.options = options
    this.inputs = []
    const cluster = new Cluster(options)
    cluster.boot()
    const informers = new InformerFactory(cluster.client(PANEL, 'kubarium-panel'))
    informers.start()
    this.cluster = cluster
    this.context = { cluster, informers }
    this.door = clusterDoor(cluster)
    this.pacer = new Pacer(
      cluster.sim,
      this.host,
      () => this.frame(),
      (error) => this.crashed(error),
    )
    for (const [id, subscription] of this.subscriptions) {
      subscription.feed = this.makeFeed(subscription.request)
      subscription.revision = 0
      this.flush(id, subscription)
    }
  }

  private parts(): { cluster: Cluster; context: FeedContext; pacer: Pacer; door: Door } {
    const { cluster, context, pacer, door } = this
    if (!cluster || !context || !pacer || !door) throw new Error('no cluster yet: call start first')
    return { cluster, context, pacer, door }
  }

  private makeFeed(request: FeedRequest): Feed {
    const { context, pacer } = this.parts()
    return makeFeed(context, pacer, request)
  }

  private applyNow(yaml: string, options: ApplyOptions): readonly DocumentResult[] {
    const refusal = tooManyPods([], yaml)
    if (refusal)
      return [
        {
          index: 0,
          line: refusal.line,
          outcome: 'failed',
          message: refusal.message,
          warnings: [],
          markers: [{ line: refusal.line, column: 1, message: refusal.message }],
        },
      ]
    return applyFile(this.parts().door, yaml, options)
  }

  private commandNow(command: SimCommand): { ok: boolean; message: string } {
    const { cluster } = this.parts()
    switch (command.type) {
      case 'power-off':
        return cluster.powerOff(command.node)
      case 'power-on':
        return cluster.powerOn(command.node)
      case 'add-node':
        return cluster.addNodes(command)
      case 'remove-node':
        return cluster.removeMachine(command.node)
    }
  }

  private replay({ input }: LoggedInput): void {
    this.inputs.push({ timeMs: this.parts().cluster.sim.now, input })
    const { door } = this.parts()
    if (input.call) door.call(input.call)
    if (input.apply) this.applyNow(input.apply.yaml, input.apply.options)
    if (input.remove !== undefined) deleteFile(door, input.remove)
    if (input.command) this.commandNow(input.command)
  }

  /** Finishes the present instant and logs an input, so that a replay meets the same state. */
  private note(input: LoggedInput['input']): void {
    const { pacer, cluster } = this.parts()
    this.guarded(() => pacer.finishInstant())
    this.inputs.push({ timeMs: cluster.sim.now, input })
  }

  private log(): InputLog {
    const { cluster } = this.parts()
    return { options: this.options, inputs: this.inputs, endTimeMs: cluster.sim.now }
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
      log: this.log(),
    })
  }

  private frame(): void {
    for (const [id, subscription] of this.subscriptions) this.flush(id, subscription)
  }

  private flush(id: number, subscription: Subscription): void {
    for (const data of subscription.feed.flush()) this.post({ type: 'feed', id, revision: subscription.revision++, data })
  }
}

function refusalStatus(refusal: { readonly message: string }): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'Invalid',
    message: refusal.message,
    code: 422,
    details: { maxPods: MAX_PODS },
  }
}
