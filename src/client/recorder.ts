import { isAlreadyExists, isNotFound, StatusError } from '../apimachinery/errors.ts'
import type { CoreV1Event, ObjectReference } from '../apimachinery/generated/types.ts'
import { events } from '../apimachinery/generated/resources.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Task } from '../sim/task.ts'
import { formatTime } from '../sim/time.ts'
import { TokenBucket, type Client } from './client.ts'

const MAX_SIMILAR = 10
const SIMILAR_INTERVAL_MS = 600_000
const SPAM_BURST = 25
const SPAM_QPS = 1 / 300
const CACHE_ENTRIES = 4096
const MESSAGE_LIMIT = 1024

export type EventType = 'Normal' | 'Warning'

interface Similar {
  readonly messages: Set<string>
  lastMs: number
}
interface Seen {
  readonly namespace: string
  readonly name: string
  count: number
  readonly firstTimestamp: string
  /** Whether the first write has been answered. */
  stored: boolean
}

/**
 * Writes Events as client-go's recorder does: equal events become one with a count, more than ten similar ones within
 * ten minutes are combined, and one object can't flood the store (25 at once, then one in five minutes).
 * k8s 1.36: client-go tools/record EventCorrelator.
 */
export class EventRecorder {
  private readonly client: Client
  private readonly sim: Simulation
  private readonly component: string
  private readonly host: string
  private readonly similar = new Map<string, Similar>()
  private readonly seen = new Map<string, Seen>()
  private readonly spam = new Map<string, TokenBucket>()
  private readonly backlog: { readonly key: string; readonly event: CoreV1Event; readonly patch: boolean }[] = []
  private writing = false

  constructor(client: Client, component: string, host = '') {
    this.client = client
    this.sim = client.sim
    this.component = component
    this.host = host
  }

  /** Records that something happened to an object. Never fails; the write happens in its own time. */
  event(
    about: KubeObject & { readonly kind?: string },
    type: EventType,
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    const { namespace, name, uid, resourceVersion } = about.metadata
    this.record(
      { kind: about.kind, apiVersion: about.apiVersion, namespace, name, uid, resourceVersion, fieldPath },
      type,
      reason,
      message,
    )
  }

  /** The same about a reference, for objects that are known by name only. */
  record(about: ObjectReference, type: EventType, reason: string, fullMessage: string): void {
    const source = `${this.component}/${this.host}/${about.kind ?? ''}/${about.namespace ?? ''}/${about.name ?? ''}/${about.uid ?? ''}`
    if (!this.allowed(source)) return
    let message = fullMessage.length > MESSAGE_LIMIT ? fullMessage.slice(0, MESSAGE_LIMIT) : fullMessage
    const combined = this.combine(`${source}/${about.apiVersion ?? ''}/${type}/${reason}`, message)
    if (combined) message = `(combined from similar events): ${message}`
    const key = combined
      ? `${source}/${about.apiVersion ?? ''}/${about.fieldPath ?? ''}/${type}/${reason}`
      : `${source}/${about.apiVersion ?? ''}/${about.fieldPath ?? ''}/${type}/${reason}/${message}`
    const known = this.seen.get(key)
    if (known) known.count++
    else remember(this.seen, key, this.fresh(about))
    this.enqueue(key, this.build(about, type, reason, message, this.seen.get(key) as Seen), known !== undefined)
  }

  private fresh(about: ObjectReference): Seen {
    const suffix = (BigInt(this.sim.now) * 1_000_000n + BigInt(this.sim.random('event-names').int(1_000_000))).toString(16)
    return {
      namespace: about.namespace || 'default',
      name: `${about.name ?? ''}.${suffix}`,
      count: 1,
      firstTimestamp: formatTime(this.sim.now),
      stored: false,
    }
  }

  private build(about: ObjectReference, type: EventType, reason: string, message: string, seen: Seen): CoreV1Event {
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: seen.name, namespace: seen.namespace },
      involvedObject: about,
      reason,
      message,
      source: this.host ? { component: this.component, host: this.host } : { component: this.component },
      firstTimestamp: seen.firstTimestamp,
      lastTimestamp: formatTime(this.sim.now),
      count: seen.count,
      type,
      reportingComponent: this.component,
      reportingInstance: this.host,
    }
  }

  private allowed(source: string): boolean {
    let bucket = this.spam.get(source)
    if (!bucket) remember(this.spam, source, (bucket = new TokenBucket(this.sim, SPAM_QPS, SPAM_BURST)))
    return bucket.tryTake()
  }

  /** Whether this message joins the combined event of its group. */
  private combine(group: string, message: string): boolean {
    const now = this.sim.now
    let entry = this.similar.get(group)
    if (!entry || now - entry.lastMs > SIMILAR_INTERVAL_MS)
      remember(this.similar, group, (entry = { messages: new Set(), lastMs: now }))
    entry.lastMs = now
    entry.messages.add(message)
    if (entry.messages.size < MAX_SIMILAR) return false
    entry.messages.delete(message)
    return true
  }

  private enqueue(key: string, event: CoreV1Event, patch: boolean): void {
    this.backlog.push({ key, event, patch })
    if (this.writing) return
    this.writing = true
    this.sim.spawn(this.drain())
  }

  private *drain(): Task {
    for (let next = this.backlog.shift(); next; next = this.backlog.shift()) {
      try {
        yield* this.write(next.key, next.event, next.patch)
      } catch (error) {
        // An event that is refused is dropped, as client-go drops it.
        if (!(error instanceof StatusError)) throw error
      }
    }
    this.writing = false
  }

  private *write(key: string, event: CoreV1Event, patch: boolean): Task {
    const seen = this.seen.get(key)
    if (patch && seen?.stored) {
      const { count, message, lastTimestamp } = event
      try {
        yield* this.client.patch(events, event.metadata.namespace ?? '', event.metadata.name ?? '', {
          count,
          message,
          lastTimestamp,
        })
        return
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    try {
      yield* this.client.create(events, event)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    if (seen) seen.stored = true
  }
}

/** Keeps the newest entries only, so that long runs don't grow without bound. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= CACHE_ENTRIES) {
    const oldest = map.keys().next().value
    if (oldest !== undefined) map.delete(oldest)
  }
  map.delete(key)
  map.set(key, value)
}
