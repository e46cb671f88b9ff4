import type { Pacer } from '../pacer.ts'
import type { ClockState, FeedData } from '../protocol.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { Feed } from './feed.ts'

/** Time, pace and revision; sent whenever one of them moved. */
export class ClockFeed implements Feed {
  private readonly cluster: Cluster
  private readonly pacer: Pacer
  private last = ''

  constructor(cluster: Cluster, pacer: Pacer) {
    this.cluster = cluster
    this.pacer = pacer
  }

  flush(): readonly FeedData[] {
    const { cluster, pacer } = this
    const clock: ClockState = {
      nowMs: cluster.sim.now,
      startMs: cluster.sim.startTimeMs,
      running: pacer.running,
      speed: pacer.speed,
      reachedSpeed: pacer.reachedSpeed,
      seed: cluster.sim.seed,
      revision: cluster.etcd.revision,
      ready: cluster.ready,
    }
    const text = JSON.stringify(clock)
    if (text === this.last) return []
    this.last = text
    return [{ feed: 'clock', clock }]
  }

  stop(): void {
    this.last = ''
  }
}
