/** How values look to field ownership: maps, lists, leaves, and the names of list elements. Source: structured-merge-diff typed. */
import type { JsonObject } from '../resource.ts'
import type { ListType, Type } from '../schema/schema.ts'

export const isMap = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field or map value that is undefined counts as absent. */
export const entriesOf = (map: JsonObject): [string, unknown][] => Object.entries(map).filter(([, value]) => value !== undefined)

/** What a value is to ownership. A leaf is owned as a whole. */
export type Form =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'map'; readonly type: Type }
  | { readonly kind: 'list'; readonly type: ListType }

const FORM_LEAF: Form = { kind: 'leaf' }
const ATOMIC_LIST: ListType = { kind: 'list', items: { kind: 'any' }, listType: 'atomic', keys: [] }

/** The form that the type gives a value; free JSON goes by the value, and null takes any form. */
export function formOf(type: Type, value: unknown): Form {
  switch (type.kind) {
    case 'scalar':
      return FORM_LEAF
    case 'list':
      return { kind: 'list', type }
    case 'map':
    case 'struct':
      return { kind: 'map', type }
    case 'any':
      if (Array.isArray(value)) return { kind: 'list', type: ATOMIC_LIST }
      return value === null || isMap(value) ? { kind: 'map', type } : FORM_LEAF
  }
}

export const isAtomic = (type: Type) => (type.kind === 'list' ? type.listType === 'atomic' : 'atomic' in type && type.atomic)

/** The type of a map's or struct's value, and whether it is a declared field. */
export function fieldType(type: Type, key: string): { readonly type: Type; readonly declared: boolean } {
  if (type.kind === 'map') return { type: type.values, declared: false }
  if (type.kind === 'struct') {
    const field = type.model.fields.get(key)
    if (field !== undefined) return { type: field.type, declared: true }
  }
  return { type: { kind: 'any' }, declared: false }
}

/** The path element of a list's item; an Error if it has none. */
export function itemElement(type: ListType, item: unknown): string | Error {
  if (type.listType === 'set') {
    if (isMap(item)) return new Error("associative list without keys has an element that's a map type")
    if (Array.isArray(item)) return new Error('not supported: associative list with lists as elements')
    if (item === null) return new Error("associative list without keys has an element that's an explicit null")
    return `v:${JSON.stringify(item)}`
  }
  if (item === null) return new Error('associative list with keys may not have a null element')
  if (!isMap(item)) return new Error('associative list with keys may not have non-map elements')
  const key: { [name: string]: unknown } = {}
  for (const name of type.keys.toSorted()) {
    const value = item[name] ?? (type.items.kind === 'struct' ? type.items.model.fields.get(name)?.keyDefault : undefined)
    if (value !== undefined) key[name] = value
  }
  if (Object.keys(key).length === 0) {
    const names = type.keys.map((name) => JSON.stringify(name)).join(' ')
    return new Error(
      `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    )
  }
  return `k:${JSON.stringify(key)}`
}

/** The items of an associative list by their elements, in order; items that have none are left out. */
export function indexItems(type: ListType, list: readonly unknown[]): Map<string, unknown[]> {
  const index = new Map<string, unknown[]>()
  for (const item of list) {
    const element = itemElement(type, item)
    if (typeof element !== 'string') continue
    const same = index.get(element)
    if (same === undefined) index.set(element, [item])
    else same.push(item)
  }
  return index
}
