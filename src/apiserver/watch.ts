import type { KubeObject } from '../apimachinery/resource.ts'
import type { Change, Etcd, KeyValue } from '../etcd/etcd.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { ApiRequest, WatchEvent, WatchHandle, WatchSink } from './api.ts'
import type { ApiObserver } from './observer.ts'

/** Which objects a watcher sees. */
export interface WatchFilter {
  readonly namespace: string
  /** Undefined: all. */
  readonly matches?: (object: KubeObject) => boolean
  /** Set when the selector asks for one value of the resource's indexed field (spec.nodeName for pods, metadata.name). */
  readonly indexed?: { readonly field: string; readonly value: string }
}

interface Watcher {
  readonly filter: WatchFilter
  readonly sink: WatchSink
  /** Changes up to this revision are not for this watcher. */
  readonly after: number
  /** What opened it. */
  readonly request: ApiRequest | undefined
  pending: WatchEvent[]
}

/**
 * Fans the changes of one resource out to its watchers. A watcher that asks for one value of an indexed field is
 * only looked at when an object with that value changes, so thousands of kubelets can watch their own pods.
 */
export class WatchCache {
  private readonly plain = new Set<Watcher>()
  private readonly indexed = new Map<string, Map<string, Set<Watcher>>>()
  /** Keys by value, for each field by which somebody has listed. */
  private readonly keys = new Map<string, Map<string, Set<string>>>()
  private readonly etcd: Etcd
  private readonly bucket: string
  private readonly sim: Simulation
  private readonly delayMs: () => number
  private readonly fields: { readonly [path: string]: (object: KubeObject) => string }
  private readonly server: { readonly observer: ApiObserver | null } | undefined

  constructor(
    sim: Simulation,
    etcd: Etcd,
    bucket: string,
    fields: { readonly [path: string]: (object: KubeObject) => string },
    delayMs: () => number,
    server?: { readonly observer: ApiObserver | null },
  ) {
    this.server = server
    this.etcd = etcd
    this.bucket = bucket
    this.sim = sim
    this.delayMs = delayMs
    this.fields = fields
    etcd.watch(bucket, (change) => this.dispatch(change))
  }

  /** Starts a watcher; `initial` are delivered first, after the usual delay. Changes up to `after` are left out. */
  add(filter: WatchFilter, initial: readonly WatchEvent[], sink: WatchSink, after = 0, request?: ApiRequest): WatchHandle {
    const watcher: Watcher = { filter, sink, after, request, pending: [] }
    const set = filter.indexed ? this.indexSet(filter.indexed.field, filter.indexed.value) : this.plain
    set.add(watcher)
    let stopped = false
    if (initial.length > 0) this.enqueue(watcher, initial)
    return {
      stop: () => {
        if (stopped) return
        stopped = true
        set.delete(watcher)
        if (filter.indexed && set.size === 0) this.indexed.get(filter.indexed.field)?.delete(filter.indexed.value)
        watcher.pending = []
      },
    }
  }

  get watcherCount(): number {
    let count = this.plain.size
    for (const values of this.indexed.values()) for (const set of values.values()) count += set.size
    return count
  }

  private indexSet(field: string, value: string): Set<Watcher> {
    let values = this.indexed.get(field)
    if (!values) this.indexed.set(field, (values = new Map()))
    let set = values.get(value)
    if (!set) values.set(value, (set = new Set()))
    return set
  }

  /** The objects whose field has that value, in key order: what thousands of kubelets list as they start. */
  entriesWith({ field, value }: { readonly field: string; readonly value: string }): KeyValue[] {
    let index = this.keys.get(field)
    if (!index) {
      this.keys.set(field, (index = new Map()))
      for (const { key, value: object } of this.etcd.range(this.bucket)) addKey(index, this.fieldValue(field, object), key)
    }
    return [...(index.get(value) ?? [])].sort().flatMap((key) => this.etcd.get(this.bucket, key) ?? [])
  }

  private reindex({ type, key, value, previous }: Change): void {
    for (const [field, index] of this.keys) {
      if (previous) index.get(this.fieldValue(field, previous))?.delete(key)
      if (type === 'put') addKey(index, this.fieldValue(field, value), key)
    }
  }

  private dispatch(change: Change): void {
    if (this.keys.size > 0) this.reindex(change)
    // Most watchers want everything: they share one event.
    let whole: WatchEvent | null | undefined
    for (const watcher of this.plain) {
      if (watcher.filter.matches || watcher.filter.namespace !== '') this.offer(watcher, change)
      else if (change.revision > watcher.after) {
        whole ??= eventFor(watcher.filter, change)
        if (whole) this.enqueueOne(watcher, whole)
      }
    }
    for (const [field, values] of this.indexed) {
      const now = this.fieldValue(field, change.value)
      const set = values.get(now)
      if (set) for (const watcher of set) this.offer(watcher, change)
      if (change.previous) {
        const before = this.fieldValue(field, change.previous)
        if (before !== now) for (const watcher of values.get(before) ?? []) this.offer(watcher, change)
      }
    }
  }

  private fieldValue(field: string, object: KubeObject): string {
    if (field === 'metadata.name') return object.metadata.name ?? ''
    return this.fields[field]?.(object) ?? ''
  }

  private offer(watcher: Watcher, change: Change): void {
    if (change.revision <= watcher.after) return
    const event = eventFor(watcher.filter, change)
    if (event) this.enqueueOne(watcher, event)
  }

  private enqueueOne(watcher: Watcher, event: WatchEvent): void {
    watcher.pending.push(event)
    if (watcher.pending.length === 1) this.deliverLater(watcher)
  }

  private enqueue(watcher: Watcher, events: readonly WatchEvent[]): void {
    watcher.pending.push(...events)
    if (watcher.pending.length === events.length) this.deliverLater(watcher)
  }

  private deliverLater(watcher: Watcher): void {
    this.sim.schedule(this.delayMs(), () => {
      const batch = watcher.pending
      watcher.pending = []
      if (batch.length === 0) return
      if (watcher.request) this.server?.observer?.delivered(watcher.request, batch)
      watcher.sink(batch)
    })
  }
}

function addKey(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value)
  if (keys) keys.add(key)
  else index.set(value, new Set([key]))
}

/** What a watcher with this filter sees of a change; null when nothing. */
export function eventFor(filter: WatchFilter, change: Change): WatchEvent | null {
  if (filter.namespace !== '' && change.value.metadata.namespace !== filter.namespace) return null
  const { matches } = filter
  const { value, previous, revision } = change
  const before = previous !== undefined && (!matches || matches(previous))
  if (change.type === 'delete') return before ? { type: 'DELETED', object: value, revision, previous } : null
  const after = !matches || matches(value)
  if (after) return before ? { type: 'MODIFIED', object: value, revision, previous } : { type: 'ADDED', object: value, revision }
  if (!before) return null
  // The object left the selection: the watcher gets its last matching form with the new revision.
  const last = { ...previous, metadata: { ...previous.metadata, resourceVersion: value.metadata.resourceVersion } }
  return { type: 'DELETED', object: last, revision, previous }
}
