import type { Cluster } from '../../cluster/cluster.ts'
import type { InformerFactory } from '../../client/informer.ts'
import type { FeedData } from '../protocol.ts'

/** What a feed reads from. */
export interface FeedContext {
  readonly cluster: Cluster
  /** Shared by all feeds: each resource is watched once. */
  readonly informers: InformerFactory
}

/** One subscription's projection of the cluster. */
export interface Feed {
  /** What changed since the last call, as messages in order; the first call gives the snapshot. Cheap when nothing changed. */
  flush(): readonly FeedData[]
  stop(): void
}
