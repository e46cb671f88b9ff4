/** What strategic merge patches do with lists: order, merge keys, scalars. Source: k8s 1.36 strategicpatch. */
import { badRequest, unclassified, unprocessable } from '../errors.ts'
import type { JsonObject } from '../resource.ts'
import type { MergeRule } from '../schema/merge-rules.ts'
import type { Type } from '../schema/schema.ts'

export type List = readonly unknown[]

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value as Go's %v prints it: map[image:x], [a b], <nil>. */
export function formatGo(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(formatGo).join(' ')}]`
  if (!isObject(value)) return String(value)
  return `map[${Object.keys(value)
    .toSorted()
    .map((key) => `${key}:${formatGo(value[key])}`)
    .join(' ')}]`
}

const goType = (value: unknown) =>
  Array.isArray(value) ? '[]interface {}' : isObject(value) ? 'map[string]interface {}' : typeof value

export function badType(wanted: unknown, actual: unknown): Error {
  return unclassified(`expected a ${goType(wanted)}, but received a ${goType(actual)}`)
}

/** What one field of a map or struct means for merging. */
export interface Meaning {
  readonly type: Type | undefined
  readonly rule: MergeRule | undefined
}

/** Looks a field up; free JSON has no rules. Throws for a field that its struct does not have. */
export function meaningOf(type: Type | undefined, key: string): Meaning {
  if (type?.kind === 'struct') {
    const field = type.model.fields.get(key)
    if (field !== undefined) return field
    if (!type.model.open) {
      throw unclassified(`unable to find api field in struct ${type.model.goName} for the json field ${JSON.stringify(key)}`)
    }
  }
  return { type: type?.kind === 'map' ? type.values : undefined, rule: undefined }
}

export const itemsOf = (type: Type | undefined) => (type?.kind === 'list' ? type.items : undefined)

/** True for lists of objects. Throws for lists of lists and for mixed ones. */
export function holdsObjects(...lists: readonly List[]): boolean {
  let objects = 0
  let others = 0
  for (const list of lists)
    for (const item of list) {
      if (Array.isArray(item)) throw unprocessable()
      if (isObject(item)) objects++
      else others++
    }
  if (objects > 0 && others > 0) throw unclassified(`list element types are not identical: ${formatGo(lists.flat(1))}`)
  return objects > 0
}

/** An element's merge key. Throws if it has none. */
export function keyOfItem(item: unknown, mergeKey: string): unknown {
  if (!isObject(item)) throw badType({}, item)
  if (item[mergeKey] === undefined) throw unclassified(`map: ${formatGo(item)} does not contain declared merge key: ${mergeKey}`)
  return item[mergeKey]
}

/** What tells elements apart: the merge key of objects, the value itself of scalars. */
export const identity = (mergeKey: string) => (item: unknown) => (mergeKey === '' ? item : keyOfItem(item, mergeKey))

/** Sorts by the order of another list; what is not in it goes first. */
export function sortBy(items: List, order: List, mergeKey: string): List {
  const id = identity(mergeKey)
  const places = new Map(order.map((item, i) => [id(item), i]))
  return items.toSorted((a, b) => (places.get(id(a)) ?? -1) - (places.get(id(b)) ?? -1))
}

/**
 * Weaves elements that only the server knows into those of the patch: each goes before the first element of the patch
 * that follows it on the server.
 */
function interleave(serverOnly: List, fromPatch: List, serverOrder: List, mergeKey: string): List {
  const id = identity(mergeKey)
  const places = new Map(serverOrder.map((item, i) => [id(item), i]))
  const result: unknown[] = []
  let i = 0
  for (const item of fromPatch) {
    const place = places.get(id(item))
    while (place !== undefined && i < serverOnly.length && (places.get(id(serverOnly[i])) ?? Infinity) < place)
      result.push(serverOnly[i++])
    result.push(item)
  }
  return [...result, ...serverOnly.slice(i)]
}

/** Whether the elements are those of the server in its order, and the patch names some of them in the same order. */
function isArranged(merged: List, patchOrder: List, serverOrder: List, id: (item: unknown) => unknown): boolean {
  if (merged.length !== serverOrder.length || patchOrder.length > merged.length) return false
  let named = 0
  for (let i = 0; i < merged.length; i++) {
    const it = id(merged[i])
    if (it !== id(serverOrder[i])) return false
    if (named < patchOrder.length && it === id(patchOrder[named])) named++
  }
  return named === patchOrder.length
}

/** The merged elements in order: the patch's order first, the server's where the patch says nothing. */
export function arrange(merged: List, patchOrder: List, serverOrder: List, mergeKey: string): List {
  const id = identity(mergeKey)
  if (isArranged(merged, patchOrder, serverOrder, id)) return merged
  const inPatch = new Set(patchOrder.map(id))
  const fromPatch = sortBy(
    merged.filter((item) => inPatch.has(id(item))),
    patchOrder,
    mergeKey,
  )
  const serverOnly = sortBy(
    merged.filter((item) => !inPatch.has(id(item))),
    serverOrder,
    mergeKey,
  )
  return interleave(serverOnly, fromPatch, serverOrder, mergeKey)
}

/** The list behind '$setElementOrder/' or '$deleteFromPrimitiveList/'. */
export function listName(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1)
  throw badRequest(`invalid patch format of ${prefix === '$setElementOrder' ? 'setElementOrder list' : 'primitive list'}`)
}
