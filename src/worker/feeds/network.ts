import type { FeedData } from '../protocol.ts'
import type { Pacer } from '../pacer.ts'
import type { NetworkDelta } from '../network/protocol.ts'
import { topologyOf } from '../network/topology.ts'
import type { Feed, FeedContext } from './feed.ts'

/** Wall-clock pause between two looks at who is in the network. */
const PAUSE_MS = 300

/** Who is in the network and what goes through it. */
export class NetworkFeed implements Feed {
  private readonly context: FeedContext
  private readonly pacer: Pacer
  private topology = ''
  private lastMs = -Infinity
  private isFirst = true

  constructor(context: FeedContext, pacer: Pacer) {
    this.context = context
    this.pacer = pacer
  }

  flush(): readonly FeedData[] {
    const { pacer, context } = this
    if (pacer.running && pacer.wallMs - this.lastMs < PAUSE_MS) return []
    this.lastMs = pacer.wallMs
    const topology = topologyOf(context)
    const text = JSON.stringify(topology)
    if (text === this.topology) return []
    const network: NetworkDelta = {
      reset: this.isFirst,
      topology,
      flows: [],
      spanMs: 0,
      past: context.cluster.past,
      ...(this.isFirst ? { loads: [] } : {}),
    }
    this.topology = text
    this.isFirst = false
    return [{ feed: 'network', network }]
  }

  stop(): void {}
}
