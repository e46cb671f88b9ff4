/** Order and equality of CEL values, as functions of lists and sets need them. Source: k8s 1.36 cel/library/lists.go, cel-go. */
import { failure } from './define.ts'

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

/** Negative, zero or positive. Throws for values without an order. */
export function compare(a: unknown, b: unknown): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const [x, y] = [a.valueOf(), b.valueOf()]
    if (isNumber(x) && isNumber(y)) return x < y ? -1 : x > y ? 1 : 0
  }
  throw failure('no such overload')
}

/** Equality over all types: numbers across their types, lists and maps by their content. */
export function equals(a: unknown, b: unknown): boolean {
  if (a === b) return true
  // Integers and doubles that say the same number are equal.
  if (isNumber(a) && isNumber(b)) return !(a < b) && !(a > b) && a === a && b === b
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equals(item, b[i]))
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b) || a.constructor !== b.constructor) return false
  if (a.constructor === Object) return equalMaps(a as Bag, b as Bag)
  const [x, y] = [a.valueOf(), b.valueOf()]
  return isNumber(x) && isNumber(y) ? x === y : false
}

type Bag = { readonly [key: string]: unknown }

function equalMaps(a: Bag, b: Bag): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equals(a[key], b[key]))
}
