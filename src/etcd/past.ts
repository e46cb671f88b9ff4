import { assert } from '../sim/assert.ts'
import { Etcd, type Change, type KeyValue, type StoreState } from './etcd.ts'

/** Changes between two marks, at least; a larger store is marked less often. */
const SPACING = 2000
/** Entries that all marks together may hold. */
const MAX_MARKED = 1_000_000

interface Mark {
  readonly revision: number
  readonly state: StoreState
  readonly size: number
}

/**
 * States of a store in its past. A state is built from the nearest known one (a mark, the present) by replaying
 * changes forward or undoing them backward; states on the way are kept as marks, so that the next look is near one.
 * Buckets that did not change are shared.
 */
export class PastStates {
  private readonly etcd: Etcd
  private marks: Mark[] = []

  constructor(etcd: Etcd) {
    this.etcd = etcd
  }

  /** The store as it was just after `revision`. History must reach back to there. */
  at(revision: number): Etcd {
    const { etcd } = this
    const oldest = etcd.compactedRevision
    assert(revision >= oldest && revision <= etcd.revision, `revision ${revision} is not in the kept history`)
    this.marks = this.marks.filter((mark) => mark.revision >= oldest)
    const history = etcd.history()
    const end = indexAfter(history, revision)
    return Etcd.at(this.stateAt(revision, history, end), history.slice(0, end), revision, oldest)
  }

  private stateAt(revision: number, history: readonly Change[], end: number): StoreState {
    const start = this.nearest(revision)
    const builder = new StateBuilder(start.state)
    let index = indexAfter(history, start.revision)
    const spacing = Math.max(SPACING, 2 * start.size)
    let sinceMark = 0
    while (index !== end) {
      if (index < end) builder.redo(history[index++] as Change)
      else builder.undo(history[--index] as Change)
      if (++sinceMark < spacing) continue
      sinceMark = 0
      this.mark(history[index - 1]?.revision ?? this.etcd.compactedRevision, builder)
    }
    return builder.share()
  }

  private nearest(revision: number): Mark {
    let best: Mark | undefined
    for (const mark of this.marks)
      if (!best || Math.abs(mark.revision - revision) < Math.abs(best.revision - revision)) best = mark
    if (best && Math.abs(best.revision - revision) <= this.etcd.revision - revision) return best
    const state = this.etcd.state()
    return { revision: this.etcd.revision, state, size: sizeOf(state) }
  }

  private mark(revision: number, builder: StateBuilder): void {
    if (this.marks.some((mark) => mark.revision === revision)) return
    const state = builder.share()
    this.marks.push({ revision, state, size: sizeOf(state) })
    const total = this.marks.reduce((sum, mark) => sum + mark.size, 0)
    if (total > MAX_MARKED) this.marks = this.marks.filter((_, i) => i % 2 === 1)
  }
}

/** A state under change; a bucket is copied the first time it changes. */
class StateBuilder {
  private readonly buckets: Map<string, ReadonlyMap<string, KeyValue>>
  private own = new Map<string, Map<string, KeyValue>>()

  constructor(state: StoreState) {
    this.buckets = new Map(state)
  }

  redo(change: Change): void {
    const bucket = this.bucket(change.bucket)
    const { key, value, revision } = change
    if (change.type === 'delete') bucket.delete(key)
    else bucket.set(key, { key, value, createRevision: bucket.get(key)?.createRevision ?? revision, modRevision: revision })
  }

  undo({ bucket: name, key, previous }: Change): void {
    const bucket = this.bucket(name)
    if (!previous) bucket.delete(key)
    else {
      const modRevision = Number(previous.metadata.resourceVersion)
      bucket.set(key, { key, value: previous, createRevision: bucket.get(key)?.createRevision ?? modRevision, modRevision })
    }
  }

  /** The present state; later changes don't touch it. */
  share(): StoreState {
    this.own = new Map()
    return new Map(this.buckets)
  }

  private bucket(name: string): Map<string, KeyValue> {
    let bucket = this.own.get(name)
    if (!bucket) {
      bucket = new Map(this.buckets.get(name))
      this.own.set(name, bucket)
      this.buckets.set(name, bucket)
    }
    return bucket
  }
}

const sizeOf = (state: StoreState): number => [...state.values()].reduce((sum, { size }) => sum + size, 0)

/** Index of the first change after `revision`. */
function indexAfter(history: readonly Change[], revision: number): number {
  return lowerBound(history, (change) => change.revision > revision)
}

/** Index of the first change later than `timeMs`. */
export function indexAfterTime(history: readonly Change[], timeMs: number): number {
  return lowerBound(history, (change) => change.timeMs > timeMs)
}

function lowerBound(history: readonly Change[], isAfter: (change: Change) => boolean): number {
  let low = 0
  let high = history.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isAfter(history[middle] as Change)) high = middle
    else low = middle + 1
  }
  return low
}
