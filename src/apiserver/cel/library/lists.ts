/** Lists and sets. Source: k8s 1.36 cel/library/lists.go, cel-go ext/lists.go and ext/sets.go. */
import { Optional, type Environment } from '@marcbachmann/cel-js'
import { compare, equals } from './compare.ts'
import { define, defineNamespace, failure } from './define.ts'

type List = readonly unknown[]

function isSorted(list: List): boolean {
  return list.every((item, i) => i === 0 || compare(list[i - 1], item) <= 0)
}

function sum(list: List): unknown {
  if (list.length === 0) return 0n
  return list.reduce((total, item) => {
    if (typeof total === 'bigint' && typeof item === 'bigint') return total + item
    if (typeof total === 'number' && typeof item === 'number') return total + item
    if (typeof total === 'object' && total !== null && 'addDuration' in total)
      return (total as { addDuration(other: unknown): unknown }).addDuration(item)
    throw failure('no such overload')
  })
}

function extreme(list: List, name: string, sign: number): unknown {
  if (list.length === 0) throw failure(`${name} called on empty list`)
  return list.reduce((best, item) => (sign * compare(item, best) > 0 ? item : best))
}

const indexOf = (list: List, item: unknown) => BigInt(list.findIndex((other) => equals(item, other)))
const lastIndexOf = (list: List, item: unknown) => BigInt(list.findLastIndex((other) => equals(item, other)))

function slice(list: List, from: bigint, to: bigint): List {
  const cannot = (why: string) => failure(`cannot slice(${from}, ${to}), ${why}`)
  if (from < 0n || to < 0n) throw cannot('negative indexes not supported')
  if (from > to) throw cannot('start index must be less than or equal to end index')
  if (to > BigInt(list.length)) throw cannot(`list is length ${list.length}`)
  return list.slice(Number(from), Number(to))
}

const distinct = (list: List) => list.filter((item, i) => !list.slice(0, i).some((other) => equals(item, other)))
const flat = (list: List, depth = 1n) => {
  if (depth < 0n) throw failure('level must be non-negative')
  return (list as unknown[]).flat(Number(depth))
}
const has = (list: List, item: unknown) => list.some((other) => equals(item, other))
const containsAll = (outer: List, inner: List) => inner.every((item) => has(outer, item))
const LIMIT = 100_000n

function range(count: bigint): List {
  if (count > LIMIT) throw failure('lists.range: too many items')
  return Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i))
}

export function listLibrary(env: Environment): void {
  define(env, {
    'list.isSorted(): bool': isSorted,
    'list<T>.sum(): T': sum,
    'list<T>.min(): T': (list: List) => extreme(list, 'min', -1),
    'list<T>.max(): T': (list: List) => extreme(list, 'max', 1),
    'list.indexOf(dyn): int': indexOf,
    'list.lastIndexOf(dyn): int': lastIndexOf,
    'list<T>.slice(int, int): list<T>': slice,
    'list.flatten(): list<dyn>': (list: List) => flat(list),
    'list.flatten(int): list<dyn>': flat,
    'list<T>.distinct(): list<T>': distinct,
    'list<T>.reverse(): list<T>': (list: List) => list.toReversed(),
    'list<T>.sort(): list<T>': (list: List) => list.toSorted(compare),
    'list<T>.first(): optional<T>': (list: List) => Optional.of(list[0]),
    'list<T>.last(): optional<T>': (list: List) => Optional.of(list.at(-1)),
  })
  defineNamespace(env, 'lists', { 'range(int): list<int>': range })
  defineNamespace(env, 'sets', {
    'contains(list, list): bool': containsAll,
    'equivalent(list, list): bool': (a: List, b: List) => containsAll(a, b) && containsAll(b, a),
    'intersects(list, list): bool': (a: List, b: List) => a.some((item) => has(b, item)),
  })
}
