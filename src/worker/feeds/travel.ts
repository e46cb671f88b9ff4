import type { CoreV1Event } from '../../apimachinery/generated/types.ts'
import type { Change, Etcd } from '../../etcd/etcd.ts'
import type { FeedData, TravelState } from '../protocol.ts'
import type { Feed, FeedContext } from './feed.ts'

const MAX_BINS = 240
const FIRST_BIN_MS = 500

/** Counts of Event writes since a moment, in bins that widen as time goes on. */
export class EventStrip {
  private readonly startMs: number
  private readonly end: () => void
  binMs = FIRST_BIN_MS
  normal: number[] = []
  warning: number[] = []
  /** Raised with every count. */
  version = 0

  constructor(etcd: Etcd, startMs: number) {
    this.startMs = startMs
    for (const change of etcd.history()) if (change.bucket === 'events') this.take(change)
    this.end = etcd.watch('events', (change) => this.take(change))
  }

  stop(): void {
    this.end()
  }

  private take({ type, value, timeMs }: Change): void {
    if (type === 'delete' || timeMs < this.startMs) return
    while ((timeMs - this.startMs) / this.binMs >= MAX_BINS) this.widen()
    const bin = Math.floor((timeMs - this.startMs) / this.binMs)
    while (this.normal.length <= bin) {
      this.normal.push(0)
      this.warning.push(0)
    }
    const counts = (value as CoreV1Event).type === 'Warning' ? this.warning : this.normal
    counts[bin] = (counts[bin] ?? 0) + 1
    this.version++
  }

  private widen(): void {
    this.binMs *= 2
    this.normal = pairs(this.normal)
    this.warning = pairs(this.warning)
  }
}

function pairs(counts: readonly number[]): number[] {
  const out: number[] = []
  for (let i = 0; i < counts.length; i += 2) out.push((counts[i] ?? 0) + (counts[i + 1] ?? 0))
  return out
}

/** Where the engine is in time; everything but the strip. */
export type TravelPart = Omit<TravelState, 'strip' | 'historyStartMs'>

/** Time travel and break points as the time bar shows them. */
export class TravelFeed implements Feed {
  private readonly etcd: Etcd
  private readonly startMs: number
  private readonly strip: EventStrip
  private readonly read: () => TravelPart
  private last = ''

  constructor({ cluster }: FeedContext, read: () => TravelPart) {
    this.etcd = cluster.etcd
    this.startMs = cluster.sim.startTimeMs
    this.strip = new EventStrip(cluster.etcd, this.startMs)
    this.read = read
  }

  flush(): readonly FeedData[] {
    const historyStartMs = this.etcd.compactedRevision > 0 ? (this.etcd.history()[0]?.timeMs ?? this.startMs) : this.startMs
    const part = this.read()
    const text = `${this.strip.version} ${historyStartMs} ${JSON.stringify(part)}`
    if (text === this.last) return []
    this.last = text
    const { binMs, normal, warning } = this.strip
    return [{ feed: 'travel', travel: { ...part, historyStartMs, strip: { binMs, normal: [...normal], warning: [...warning] } } }]
  }

  stop(): void {
    this.strip.stop()
  }
}
