/** Sets of completion indexes as ordered intervals, and their text form '0,2-5'. k8s 1.36: job orderedIntervals. */

interface Interval {
  readonly first: number
  readonly last: number
}

export class IndexSet {
  private readonly intervals: readonly Interval[]

  constructor(intervals: readonly Interval[] = []) {
    this.intervals = intervals
  }

  /** Of these indexes, in any order. */
  static of(indexes: Iterable<number>): IndexSet {
    const sorted = [...indexes].toSorted((a, b) => a - b)
    return new IndexSet().union(new IndexSet(sorted.map((index) => ({ first: index, last: index }))))
  }

  /** Reads the text form, as far as indexes are below `completions`; parts that are no numbers are left out. */
  static parse(text: string, completions: number): IndexSet {
    const found: Interval[] = []
    for (const part of text === '' ? [] : text.split(',')) {
      const [first, last = first] = part.split('-').map(toIndex)
      if (first === undefined || last === undefined || Number.isNaN(first)) continue
      if (first >= completions) break
      if (!Number.isNaN(last)) found.push({ first, last: Math.min(last, completions - 1) })
    }
    return new IndexSet().union(new IndexSet(found))
  }

  union(other: IndexSet): IndexSet {
    const merged: { first: number; last: number }[] = []
    for (const { first, last } of [...this.intervals, ...other.intervals].toSorted((a, b) => a.first - b.first)) {
      const end = merged.at(-1)
      if (!end || first > end.last + 1) merged.push({ first, last })
      else if (last > end.last) end.last = last
    }
    return new IndexSet(merged)
  }

  has(index: number): boolean {
    return this.intervals.some(({ first, last }) => first <= index && index <= last)
  }

  get size(): number {
    return this.intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  }

  /** How many indexes both have. */
  overlap(other: IndexSet): number {
    let count = 0
    for (const a of this.intervals)
      for (const b of other.intervals) count += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1)
    return count
  }

  /** The first `count` indexes below `completions` that are not in the set. */
  firstMissing(count: number, completions: number): number[] {
    const missing: number[] = []
    let candidate = 0
    for (const { first, last } of [...this.intervals, { first: completions, last: completions }]) {
      for (; candidate < Math.min(first, completions) && missing.length < count; candidate++) missing.push(candidate)
      candidate = Math.max(candidate, last + 1)
    }
    return missing
  }

  toString(): string {
    return this.intervals
      .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
      .join(',')
  }
}

const toIndex = (text: string) => (/^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN)
