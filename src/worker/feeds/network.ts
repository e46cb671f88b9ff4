import type { FeedData } from '../protocol.ts'
import type { Pacer } from '../pacer.ts'
import { deskOf, type NetworkDesk } from '../network/desk.ts'
import type { LoadRow, NetTopology, NetworkDelta } from '../network/protocol.ts'
import { topologyOf } from '../network/topology.ts'
import type { Feed, FeedContext } from './feed.ts'

/** Wall-clock pauses between two looks: at who is in the network, at what its generators have to tell. */
const PAUSE_MS = 300
const PAUSE_PER_COST = 15
const LOADS_PAUSE_MS = 200

/** Who is in the network and what goes through it. */
export class NetworkFeed implements Feed {
  private readonly context: FeedContext
  private readonly pacer: Pacer
  private readonly desk: NetworkDesk
  private topology = ''
  private loads = ''
  private nextLookMs = -Infinity
  private loadsMs = -Infinity
  private flowsMs: number
  private isFirst = true

  constructor(context: FeedContext, pacer: Pacer) {
    this.context = context
    this.pacer = pacer
    this.desk = deskOf(context.cluster)
    this.flowsMs = context.cluster.sim.now
  }

  flush(): readonly FeedData[] {
    const { cluster } = this.context
    const topology = this.changedTopology()
    const loads = this.changedLoads()
    const flows = cluster.past ? [] : [...this.desk.loads.values()].flatMap((load) => load.takeFlows())
    if (!topology && !loads && flows.length === 0) return []
    const network: NetworkDelta = {
      reset: this.isFirst,
      ...(topology ? { topology } : {}),
      ...(loads ? { loads } : {}),
      flows,
      spanMs: cluster.sim.now - this.flowsMs,
      past: cluster.past,
    }
    this.flowsMs = cluster.sim.now
    this.isFirst = false
    return [{ feed: 'network', network }]
  }

  stop(): void {}

  private changedTopology(): NetTopology | null {
    const { pacer } = this
    const beganMs = pacer.wallMs
    if (pacer.running && beganMs < this.nextLookMs) return null
    const topology = topologyOf(this.context)
    const text = JSON.stringify(topology)
    this.nextLookMs = pacer.wallMs + Math.max(PAUSE_MS, PAUSE_PER_COST * (pacer.wallMs - beganMs))
    if (text === this.topology) return null
    this.topology = text
    return topology
  }

  private changedLoads(): readonly LoadRow[] | null {
    const { pacer } = this
    const state = this.desk.loadState
    if (state === this.loads || (pacer.running && pacer.wallMs - this.loadsMs < LOADS_PAUSE_MS)) return null
    this.loadsMs = pacer.wallMs
    this.loads = state
    return [...this.desk.loads.values()].map((load) => load.row())
  }
}
