import { InformerFactory } from '../client/informer.ts'
import { Cluster } from '../cluster/cluster.ts'
import { PANEL } from '../cluster/identities.ts'
import { pastCluster } from '../cluster/past.ts'
import { assert } from '../sim/assert.ts'
import { indexAfterTime, PastStates } from '../etcd/past.ts'
import type { Door } from '../kubectl/door.ts'
import { clusterDoor } from '../cluster/door.ts'
import type { FeedContext } from './feeds/feed.ts'
import type { ClusterOptions, InputLog, LoggedInput } from './protocol.ts'

/** What is read: the cluster of the present, or one of the past. */
export interface Scene {
  readonly context: FeedContext
  readonly door: Door
}

/** The moment of the past that is looked at. */
export interface PastScene extends Scene {
  readonly atMs: number
  readonly revision: number
}

/** One history: a cluster, what was put into it, and its past. */
export class World implements Scene {
  readonly options: ClusterOptions
  readonly cluster: Cluster
  readonly context: FeedContext
  readonly door: Door
  readonly inputs: LoggedInput[] = []
  private readonly states: PastStates

  /** Builds the cluster and brings it to its ready state. */
  constructor(options: ClusterOptions) {
    this.options = options
    this.cluster = new Cluster(options)
    this.cluster.boot()
    this.context = contextOf(this.cluster)
    this.door = clusterDoor(this.cluster)
    this.states = new PastStates(this.cluster.etcd)
  }

  log(): InputLog {
    return { options: this.options, inputs: [...this.inputs], endTimeMs: this.cluster.sim.now }
  }

  /** The log as it was at the end of that instant. */
  logUntil(timeMs: number): InputLog {
    return { options: this.options, inputs: this.inputs.filter((input) => input.timeMs <= timeMs), endTimeMs: timeMs }
  }

  /** The oldest moment that can be looked at. */
  get oldestMs(): number {
    const { etcd, sim } = this.cluster
    return etcd.compactedRevision > 0 ? (etcd.history()[0]?.timeMs ?? sim.now) : sim.startTimeMs
  }

  /** The cluster at the end of that instant; moments out of reach give the nearest that is not. */
  at(timeMs: number): PastScene {
    const { cluster } = this
    const atMs = Math.round(Math.min(Math.max(timeMs, this.oldestMs), cluster.sim.now))
    const history = cluster.etcd.history()
    const last = history[indexAfterTime(history, atMs) - 1]
    const revision = last?.revision ?? Math.max(cluster.etcd.compactedRevision, 1)
    const then = pastCluster(cluster, this.states.at(revision), atMs, (node) => this.hadPower(node, atMs))
    return { context: contextOf(then), door: clusterDoor(then), atMs, revision }
  }

  /** The last instant with changes before that moment, or null. */
  instantBefore(timeMs: number): number | null {
    const history = this.cluster.etcd.history()
    return history[indexAfterTime(history, timeMs - 1) - 1]?.timeMs ?? null
  }

  /** The first instant with changes after that moment, or null. */
  instantAfter(timeMs: number): number | null {
    const history = this.cluster.etcd.history()
    return history[indexAfterTime(history, timeMs)]?.timeMs ?? null
  }

  private hadPower(node: string, timeMs: number): boolean {
    const switched = this.inputs.findLast(({ timeMs: atMs, input: { command } }) => {
      const isSwitch = command?.type === 'power-off' || command?.type === 'power-on'
      return isSwitch && atMs <= timeMs && command.node === node
    })
    return switched?.input.command?.type !== 'power-off'
  }
}

function contextOf(cluster: Cluster): FeedContext {
  assert(cluster.api.sim === cluster.sim, 'the clock of the API server is the clock of its cluster')
  const informers = new InformerFactory(cluster.client(PANEL, 'kubarium-panel'))
  informers.start()
  return { cluster, informers }
}
