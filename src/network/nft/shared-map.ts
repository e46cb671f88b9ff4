/**
 * A map from text that is never changed in place: an edit copies the few buckets that it touches, so that nodes whose
 * rules are nearly the same share nearly all of them. Equal buckets of different maps become one object.
 */

type Bucket<V> = ReadonlyMap<string, V>

/** How many entries a bucket holds on average before there are more buckets. */
const CROWD = 16

const NOTHING: readonly undefined[] = []

export class SharedMap<V> {
  readonly size: number
  /** A power of two of them; undefined: empty. */
  private readonly buckets: readonly (Bucket<V> | undefined)[]

  private constructor(buckets: readonly (Bucket<V> | undefined)[], size: number) {
    this.buckets = buckets
    this.size = size
  }

  static empty<V>(): SharedMap<V> {
    return new SharedMap<V>(NOTHING, 0)
  }

  /** @internal For SharedMapEdit only. */
  static of<V>(buckets: readonly (Bucket<V> | undefined)[], size: number): SharedMap<V> {
    return new SharedMap(buckets, size)
  }

  get(key: string): V | undefined {
    const { buckets } = this
    return buckets.length === 0 ? undefined : buckets[hash(key) & (buckets.length - 1)]?.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** In no particular order. */
  *entries(): Generator<[string, V]> {
    for (const bucket of this.buckets) if (bucket) yield* bucket
  }

  *values(): Generator<V> {
    for (const bucket of this.buckets) if (bucket) yield* bucket.values()
  }

  edit(): SharedMapEdit<V> {
    return new SharedMapEdit(this.buckets, this.size)
  }

  /** With one entry more, or another value. */
  with(key: string, value: V): SharedMap<V> {
    const edit = this.edit()
    edit.set(key, value)
    return edit.done()
  }
}

/** A map being changed. done() gives the new one. */
export class SharedMapEdit<V> {
  size: number
  private buckets: (Bucket<V> | undefined)[]
  private own = new Set<Map<string, V>>()

  constructor(buckets: readonly (Bucket<V> | undefined)[], size: number) {
    this.buckets = buckets.length === 0 ? [undefined] : [...buckets]
    this.size = size
  }

  get(key: string): V | undefined {
    return this.buckets[this.place(key)]?.get(key)
  }

  set(key: string, value: V): void {
    const bucket = this.writable(this.place(key))
    const before = bucket.size
    bucket.set(key, value)
    this.size += bucket.size - before
    if (this.size > this.buckets.length * CROWD) this.spread(this.buckets.length * 4)
  }

  delete(key: string): boolean {
    const place = this.place(key)
    if (!this.buckets[place]?.has(key)) return false
    this.writable(place).delete(key)
    this.size--
    return true
  }

  clear(): void {
    this.buckets = [undefined]
    this.own.clear()
    this.size = 0
  }

  done(): SharedMap<V> {
    if (this.size === 0) return SharedMap.empty()
    this.buckets.forEach((bucket, i) => {
      if (bucket && this.own.has(bucket as Map<string, V>)) this.buckets[i] = bucket.size === 0 ? undefined : interned(bucket)
    })
    this.own.clear()
    return SharedMap.of([...this.buckets], this.size)
  }

  private place(key: string): number {
    return hash(key) & (this.buckets.length - 1)
  }

  private writable(place: number): Map<string, V> {
    const bucket = this.buckets[place]
    if (bucket && this.own.has(bucket as Map<string, V>)) return bucket as Map<string, V>
    const copy = new Map(bucket)
    this.buckets[place] = copy
    this.own.add(copy)
    return copy
  }

  private spread(count: number): void {
    const old = this.buckets
    this.buckets = Array.from({ length: count }, () => undefined)
    this.own = new Set()
    for (const bucket of old) if (bucket) for (const [key, value] of bucket) this.writable(this.place(key)).set(key, value)
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return (value ^ (value >>> 15)) >>> 0
}

const POOL_LIMIT = 40_000
let young = new Map<number, Bucket<unknown>[]>()
let old = new Map<number, Bucket<unknown>[]>()
let pooled = 0
const numbers = new WeakMap<object, number>()
let lastNumber = 0

function numberOf(value: object): number {
  let number = numbers.get(value)
  if (number === undefined) numbers.set(value, (number = ++lastNumber))
  return number
}

/** The bucket with the very same entries that some map already has, or this one. Values are compared by identity. */
function interned<V>(bucket: Bucket<V>): Bucket<V> {
  let sum = bucket.size
  for (const value of bucket.values()) {
    if (typeof value !== 'object' || value === null) return bucket
    sum = (sum + Math.imul(numberOf(value), 0x9e3779b1)) | 0
  }
  const twin = find(young.get(sum), bucket) ?? find(old.get(sum), bucket)
  if (twin) return twin
  const list = young.get(sum)
  if (list) list.push(bucket)
  else young.set(sum, [bucket])
  if (++pooled > POOL_LIMIT) {
    old = young
    young = new Map()
    pooled = 0
  }
  return bucket
}

function find<V>(list: Bucket<unknown>[] | undefined, wanted: Bucket<V>): Bucket<V> | undefined {
  return list?.find((each) => {
    if (each.size !== wanted.size) return false
    for (const [key, value] of wanted) if (each.get(key) !== value) return false
    return true
  }) as Bucket<V> | undefined
}
