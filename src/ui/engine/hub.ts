import type { EngineApi, FeedData, FeedMessage, FeedRequest } from '../../worker/protocol.ts'
import { reduceFeed, snapshotOf } from './feed-state.ts'
import type { FeedState } from './feed-state.ts'

/** What a feed shows now. A new object whenever anything changed. */
export interface FeedSnapshot<T> {
  /** Undefined until the first message. */
  readonly data: T | undefined
  /** Goes up with every change. */
  readonly version: number
  /** Why the engine refuses the feed (an unknown resource, say); '' while all is well. */
  readonly error: string
}

/** Calls back once, soon. */
export type Scheduler = (callback: () => void) => void

/** When a hub does its work: on frames and a calmer pace in the page, by hand in tests. */
export interface HubPace {
  /** The next animation frame: messages are applied and canvases told. */
  readonly frame: Scheduler
  /** The next time that React may render; text that changes at every frame cannot be read. */
  readonly calm: Scheduler
}

interface Channel {
  readonly key: string
  readonly request: FeedRequest
  id: number
  nextRevision: number
  state: FeedState | undefined
  snapshot: FeedSnapshot<FeedState>
  readonly listeners: Set<() => void>
  readonly sinks: Set<(data: FeedData) => void>
  closing: ReturnType<typeof setTimeout> | undefined
}

type Subscriber = Pick<EngineApi, 'subscribe' | 'unsubscribe'>

const EMPTY: FeedSnapshot<never> = { data: undefined, version: 0, error: '' }
/** A feed is kept this long after its last reader left, so that switching tabs back and forth costs nothing. */
const LINGER_MS = 1000

/** One text per distinct request: equal requests share one subscription. */
export function feedKey(request: FeedRequest): string {
  const entries = Object.entries(request).filter(([, value]) => value !== undefined && value !== '')
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Shares feeds among their readers. Messages are applied in order, once per frame, and readers are told; on a gap in the revisions the
 * feed is asked for anew, and the last good state stays on screen until the fresh snapshot comes.
 */
export class FeedHub {
  readonly #channels = new Map<string, Channel>()
  readonly #byId = new Map<number, Channel>()
  readonly #pace: HubPace
  #engine: Subscriber | undefined
  #queue: FeedMessage[] = []
  #scheduled = false
  readonly #changed = new Set<Channel>()
  #nextId = 1

  constructor(pace: HubPace) {
    this.#pace = pace
  }

  /** Takes a (new) engine, or none: open feeds are asked for there from the start. */
  attach(engine: Subscriber | undefined): void {
    this.#engine = engine
    this.#queue = []
    this.#byId.clear()
    for (const channel of this.#channels.values()) this.#open(channel)
  }

  receive(message: FeedMessage): void {
    this.#queue.push(message)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#pace.frame(() => this.#flush())
  }

  /** Calls `listener` when the feed has changed, at the calm pace. Gives back how to leave. */
  watch(request: FeedRequest, listener: () => void): () => void {
    const channel = this.#channel(request)
    channel.listeners.add(listener)
    return () => {
      channel.listeners.delete(listener)
      this.#leave(channel)
    }
  }

  /** Hands every message on, in order, starting with a snapshot (at once if there is one). For canvases that keep their own arrays. */
  pipe(request: FeedRequest, sink: (data: FeedData) => void): () => void {
    const channel = this.#channel(request)
    if (channel.state !== undefined) sink(snapshotOf(request.feed, channel.state))
    channel.sinks.add(sink)
    return () => {
      channel.sinks.delete(sink)
      this.#leave(channel)
    }
  }

  read(request: FeedRequest): FeedSnapshot<FeedState> {
    return this.#channels.get(feedKey(request))?.snapshot ?? EMPTY
  }

  #channel(request: FeedRequest): Channel {
    const key = feedKey(request)
    let channel = this.#channels.get(key)
    if (channel === undefined) {
      channel = {
        key,
        request,
        id: 0,
        nextRevision: 0,
        state: undefined,
        snapshot: EMPTY,
        listeners: new Set(),
        sinks: new Set(),
        closing: undefined,
      }
      this.#channels.set(key, channel)
      this.#open(channel)
    }
    clearTimeout(channel.closing)
    channel.closing = undefined
    return channel
  }

  #open(channel: Channel): void {
    channel.id = this.#nextId++
    channel.nextRevision = 0
    if (channel.snapshot.error !== '') channel.snapshot = { ...channel.snapshot, error: '' }
    this.#byId.set(channel.id, channel)
    const { id } = channel
    this.#engine?.subscribe(id, channel.request).catch((error: unknown) => {
      if (this.#byId.get(id) === channel) this.#refused(channel, error)
    })
  }

  #close(channel: Channel): void {
    this.#byId.delete(channel.id)
    // An engine that is gone, or never knew the feed, will not post it: nothing to do.
    this.#engine?.unsubscribe(channel.id).catch(() => undefined)
  }

  #refused(channel: Channel, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    channel.snapshot = { data: channel.state, version: channel.snapshot.version + 1, error: text }
    this.#tell([channel])
  }

  #reopen(channel: Channel): void {
    this.#close(channel)
    this.#open(channel)
  }

  #leave(channel: Channel): void {
    if (channel.listeners.size > 0 || channel.sinks.size > 0) return
    clearTimeout(channel.closing)
    channel.closing = setTimeout(() => {
      this.#channels.delete(channel.key)
      this.#close(channel)
    }, LINGER_MS)
  }

  #flush(): void {
    this.#scheduled = false
    const messages = this.#queue
    this.#queue = []
    const changed = new Set<Channel>()
    for (const message of messages) {
      const channel = this.#byId.get(message.id)
      if (channel !== undefined && this.#apply(channel, message)) changed.add(channel)
    }
    for (const channel of changed) {
      channel.snapshot = { data: channel.state, version: channel.snapshot.version + 1, error: '' }
    }
    this.#tell(changed)
  }

  #tell(channels: Iterable<Channel>): void {
    const waiting = this.#changed.size > 0
    for (const channel of channels) this.#changed.add(channel)
    if (!waiting && this.#changed.size > 0) this.#pace.calm(() => this.#tellAll())
  }

  #tellAll(): void {
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const channel of changed) for (const listener of channel.listeners) listener()
  }

  #apply(channel: Channel, message: FeedMessage): boolean {
    if (message.revision !== 0 && message.revision !== channel.nextRevision) {
      this.#reopen(channel)
      return false
    }
    channel.nextRevision = message.revision + 1
    channel.state = reduceFeed(channel.state, message.data)
    for (const sink of channel.sinks) sink(message.data)
    return true
  }
}
