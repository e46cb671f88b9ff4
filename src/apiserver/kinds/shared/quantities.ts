/** Quantities inside objects: stored in canonical form, never finer than a thousandth in resource lists. */
import {
  addQuantities,
  canonical,
  compareQuantities,
  formatQuantity,
  milliQuantityOf,
  milliValue,
  parseQuantity,
  QuantityError,
} from '../../../apimachinery/quantity.ts'
import type { StringMap } from './checks.ts'

/** The text the API server stores for a quantity. A text that is none stays as it is: the decoder refuses it. */
export function canonicalQuantity(text: string): string {
  try {
    return canonical(String(text))
  } catch (error) {
    if (error instanceof QuantityError) return text
    throw error
  }
}

function roundedUpToMilli(text: string): string {
  const stored = canonicalQuantity(text)
  if (!/[un]$|e-/.test(stored)) return stored
  const quantity = parseQuantity(stored)
  return formatQuantity(milliQuantityOf(milliValue(quantity), quantity.format))
}

/** A resource list with its quantities canonical and rounded up (k8s 1.36: SetDefaults_ResourceList). */
export function canonicalResources(list: StringMap): StringMap {
  return Object.fromEntries(Object.entries(list).map(([name, text]) => [name, roundedUpToMilli(text)]))
}

/** The list with the entries of `defaults` that it lacks. */
export function withMissing(list: StringMap | undefined, defaults: StringMap | undefined): StringMap | undefined {
  if (defaults === undefined) return list
  return { ...defaults, ...list }
}

export function addResources(a: StringMap, b: StringMap | undefined): StringMap {
  const sum: { [name: string]: string } = { ...a }
  for (const [name, text] of Object.entries(b ?? {})) {
    const there = sum[name]
    sum[name] = there === undefined ? text : formatQuantity(addQuantities(parseQuantity(there), parseQuantity(text)))
  }
  return sum
}

/** The larger of both for each name. */
export function maxResources(a: StringMap, b: StringMap): StringMap {
  const max: { [name: string]: string } = { ...a }
  for (const [name, text] of Object.entries(b)) {
    const there = max[name]
    if (there === undefined || compareQuantities(text, there) > 0) max[name] = text
  }
  return max
}
