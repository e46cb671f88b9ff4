import { assert } from '../sim/assert.ts'
import type { Cause } from '../sim/simulation.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { RaftGroup } from './raft.ts'

/** The newest value of a key. */
export interface KeyValue {
  readonly key: string
  readonly value: KubeObject
  readonly createRevision: number
  readonly modRevision: number
}

/** One write, as history keeps it. Values are immutable and share structure. */
export interface Change {
  readonly revision: number
  readonly timeMs: number
  /** The resource the key belongs to, e.g. 'pods' or 'deployments.apps'. */
  readonly bucket: string
  readonly key: string
  readonly type: 'put' | 'delete'
  /** The value written; for a delete the last one. */
  readonly value: KubeObject
  /** What was there before; undefined when the key is new. */
  readonly previous: KubeObject | undefined
  /** The user whose request wrote it. */
  readonly actor: string
  readonly cause: Cause | null
}

/** Who writes and why; kept with the change. */
export interface WriteInfo {
  readonly timeMs: number
  readonly actor: string
  readonly cause: Cause | null
}

export type WriteResult =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly current: KeyValue | undefined }

/** Values by bucket and key. */
export type StoreState = ReadonlyMap<string, ReadonlyMap<string, KeyValue>>

class Bucket {
  readonly values: Map<string, KeyValue>
  readonly watchers = new Set<(change: Change) => void>()
  private sorted: string[] = []
  private added: string[]
  private removed = 0

  constructor(values?: ReadonlyMap<string, KeyValue>) {
    this.values = new Map(values)
    this.added = [...this.values.keys()]
  }

  put(entry: KeyValue): void {
    if (!this.values.has(entry.key)) this.added.push(entry.key)
    this.values.set(entry.key, entry)
  }

  delete(key: string): void {
    if (this.values.delete(key)) this.removed++
  }

  /** Keys in byte order, as an etcd range gives them. Costs only what changed since the last call, plus a merge. */
  keys(): readonly string[] {
    if (this.added.length > 0 || this.removed > 0) {
      const kept = this.removed > 0 ? this.sorted.filter((key) => this.values.has(key)) : this.sorted
      const known = this.removed > 0 ? new Set(kept) : null
      const fresh = this.added.filter((key) => this.values.has(key) && !known?.has(key)).sort()
      this.sorted = fresh.length > 0 ? mergeSorted(kept, fresh) : kept
      this.added = []
      this.removed = 0
    }
    return this.sorted
  }
}

function mergeSorted(a: readonly string[], b: readonly string[]): string[] {
  const out: string[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const x = a[i]
    const y = b[j]
    if (y === undefined || (x !== undefined && x < y)) {
      out.push(x as string)
      i++
    } else {
      if (out.at(-1) !== y) out.push(y)
      if (x === y) i++
      j++
    }
  }
  return out
}

/**
 * The cluster's only store: a revisioned key-value map, divided by resource. Every successful write raises the
 * revision by one and is kept in history until compacted. Watchers are called at once and in order; delivery
 * latency is the API server's business.
 */
export class Etcd {
  private readonly buckets = new Map<string, Bucket>()
  private log: Change[] = []
  private watchersOfAll = new Set<(change: Change) => void>()
  /** Newest revision; 1 in an empty store, as in a new etcd. */
  revision = 1
  /** History at or below this revision is gone. */
  compactedRevision = 0
  /** Once history holds more changes than this the oldest quarter is dropped. */
  /** Its members; null for a single one that always runs. */
  raft: RaftGroup | null = null
  historyLimit: number

  constructor(historyLimit = 300_000) {
    this.historyLimit = historyLimit
  }

  /** A store that holds a past state and the history up to it. For reading: what is written there goes nowhere else. */
  static at(state: StoreState, history: readonly Change[], revision: number, compactedRevision: number): Etcd {
    const etcd = new Etcd()
    for (const [name, values] of state) etcd.buckets.set(name, new Bucket(values))
    etcd.log = [...history]
    etcd.revision = revision
    etcd.compactedRevision = compactedRevision
    return etcd
  }

  /** All newest values, by bucket and key. The maps are the caller's. */
  state(): Map<string, Map<string, KeyValue>> {
    return new Map([...this.buckets].map(([name, { values }]) => [name, new Map(values)]))
  }

  get(bucket: string, key: string): KeyValue | undefined {
    return this.buckets.get(bucket)?.values.get(key)
  }

  /** Number of keys in a bucket. */
  count(bucket: string): number {
    return this.buckets.get(bucket)?.values.size ?? 0
  }

  bucketNames(): string[] {
    return [...this.buckets.keys()]
  }

  /**
   * Writes if the key's modRevision is `expected` (0: the key must not exist; undefined: whatever is there).
   * `make` gets the new revision, which it writes into the object.
   */
  put(
    bucket: string,
    key: string,
    expected: number | undefined,
    make: (revision: number) => KubeObject,
    info: WriteInfo,
  ): WriteResult {
    const b = this.bucket(bucket)
    const current = b.values.get(key)
    if (expected !== undefined && (current?.modRevision ?? 0) !== expected) return { ok: false, current }
    const revision = ++this.revision
    const value = make(revision)
    b.put({ key, value, createRevision: current?.createRevision ?? revision, modRevision: revision })
    this.record(b, {
      revision,
      timeMs: info.timeMs,
      bucket,
      key,
      type: 'put',
      value,
      previous: current?.value,
      actor: info.actor,
      cause: info.cause,
    })
    return { ok: true, revision }
  }

  /** Removes the key if its modRevision is `expected`. `make` gives the last value, stamped with the delete's revision. */
  delete(
    bucket: string,
    key: string,
    expected: number | undefined,
    make: (revision: number) => KubeObject,
    info: WriteInfo,
  ): WriteResult {
    const b = this.bucket(bucket)
    const current = b.values.get(key)
    if (!current || (expected !== undefined && current.modRevision !== expected)) return { ok: false, current }
    const revision = ++this.revision
    b.delete(key)
    this.record(b, {
      revision,
      timeMs: info.timeMs,
      bucket,
      key,
      type: 'delete',
      value: make(revision),
      previous: current.value,
      actor: info.actor,
      cause: info.cause,
    })
    return { ok: true, revision }
  }

  /** Keys of a bucket in byte order. */
  keys(bucket: string): readonly string[] {
    return this.buckets.get(bucket)?.keys() ?? []
  }

  /** Entries of a bucket in key order, optionally only those whose key starts with `prefix`. */
  range(bucket: string, prefix = ''): KeyValue[] {
    const b = this.buckets.get(bucket)
    if (!b) return []
    const keys = b.keys()
    const out: KeyValue[] = []
    for (let i = prefix === '' ? 0 : lowerBound(keys, prefix); i < keys.length; i++) {
      const key = keys[i] as string
      if (!key.startsWith(prefix)) break
      out.push(b.values.get(key) as KeyValue)
    }
    return out
  }

  /** The bucket as it was at `revision`. Needs history back to there. */
  rangeAt(bucket: string, prefix: string, revision: number): KeyValue[] {
    assert(revision >= this.compactedRevision, `revision ${revision} has been compacted`)
    const state = new Map(this.range(bucket, prefix).map((entry) => [entry.key, entry]))
    for (let i = this.log.length - 1; i >= 0; i--) {
      const change = this.log[i] as Change
      if (change.revision <= revision) break
      if (change.bucket !== bucket || !change.key.startsWith(prefix)) continue
      if (!change.previous) state.delete(change.key)
      else
        state.set(change.key, {
          key: change.key,
          value: change.previous,
          createRevision: 0,
          modRevision: Number(change.previous.metadata.resourceVersion),
        })
    }
    return [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** Changes after `revision`, oldest first; all buckets, or one. */
  changesSince(revision: number, bucket?: string): Change[] {
    const first = this.indexAfter(revision)
    const tail = this.log.slice(first)
    return bucket === undefined ? tail : tail.filter((change) => change.bucket === bucket)
  }

  /** The change that made `revision`, if history still has it. */
  changeAt(revision: number): Change | undefined {
    const change = this.log[this.indexAfter(revision - 1)]
    return change?.revision === revision ? change : undefined
  }

  /** All history that is kept, oldest first. */
  history(): readonly Change[] {
    return this.log
  }

  /** Calls `onChange` after every write to the bucket. Returns the function that ends it. */
  watch(bucket: string, onChange: (change: Change) => void): () => void {
    const watchers = this.bucket(bucket).watchers
    watchers.add(onChange)
    return () => watchers.delete(onChange)
  }

  /** The same for all buckets. */
  watchAll(onChange: (change: Change) => void): () => void {
    this.watchersOfAll.add(onChange)
    return () => this.watchersOfAll.delete(onChange)
  }

  /** Forgets history at and before `revision`. */
  compact(revision: number): void {
    this.log = this.log.slice(this.indexAfter(revision))
    this.compactedRevision = Math.max(this.compactedRevision, Math.min(revision, this.revision))
  }

  private bucket(name: string): Bucket {
    let bucket = this.buckets.get(name)
    if (!bucket) this.buckets.set(name, (bucket = new Bucket()))
    return bucket
  }

  private record(bucket: Bucket, change: Change): void {
    this.log.push(change)
    if (this.log.length > this.historyLimit) this.compact((this.log[this.log.length >> 2] as Change).revision)
    for (const watcher of bucket.watchers) watcher(change)
    for (const watcher of this.watchersOfAll) watcher(change)
  }

  private indexAfter(revision: number): number {
    let low = 0
    let high = this.log.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.log[middle] as Change).revision <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
