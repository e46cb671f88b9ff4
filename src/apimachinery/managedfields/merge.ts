/** Merging an applied configuration into an object, and taking fields out of one. Source: structured-merge-diff typed, merge and remove. */
import type { ListType, Type } from '../schema/schema.ts'
import { entriesOf, fieldType, formOf, isAtomic, isMap, itemElement } from './elements.ts'
import { below, has, isEmptySet, withMembers } from './fieldset.ts'
import type { FieldSet } from './fieldset.ts'

const isEmpty = (value: unknown) =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isMap(value) && entriesOf(value).length === 0)

/** The object with the configuration laid over it; undefined where nothing is left. */
export function merge(type: Type, live: unknown, config: unknown): unknown {
  const form = formOf(type, config === undefined || config === null ? live : config)
  const leaf = form.kind === 'leaf' || isAtomic(form.type) || (isEmpty(live) && isEmpty(config))
  if (leaf) return config === undefined ? live : config
  if (config === undefined) return live
  if (form.kind === 'list') return mergeLists(form.type, Array.isArray(live) ? live : [], Array.isArray(config) ? config : [])
  return mergeMaps(form.type, isMap(live) ? live : {}, isMap(config) ? config : {})
}

function mergeMaps(type: Type, live: { readonly [key: string]: unknown }, config: { readonly [key: string]: unknown }): unknown {
  const result: { [key: string]: unknown } = { ...live }
  for (const [key, value] of entriesOf(config)) {
    const merged = merge(fieldType(type, key).type, live[key], value)
    if (merged === undefined) delete result[key]
    else result[key] = merged
  }
  return result
}

/** Elements with their names; those that have none cannot be here, for they were validated. */
function named(type: ListType, list: readonly unknown[]): { readonly element: string; readonly item: unknown }[] {
  return list.map((item) => ({ element: String(itemElement(type, item)), item }))
}

/**
 * Live order and applied order are woven together: shared items come in the applied order, and what is only live stays
 * before the shared item that it stood before.
 */
function mergeLists(type: ListType, liveList: readonly unknown[], configList: readonly unknown[]): unknown {
  const live = named(type, liveList)
  const config = named(type, configList)
  const applied = new Map(config.map(({ element, item }) => [element, item]))
  const present = new Map<string, unknown>()
  // A double in the live list cannot be told which to merge with.
  for (const { element, item } of live) present.set(element, present.has(element) ? null : item)
  const sharedOrder = config.filter(({ element }) => present.has(element)).map(({ element }) => element)
  const done = new Set<string>()
  const result: unknown[] = []
  const add = (element: string, before: unknown, after: unknown) => {
    const merged = merge(type.items, before, after)
    if (merged !== undefined) result.push(merged)
  }
  let l = 0
  let c = 0
  let nextShared = sharedOrder.shift()
  while (l < live.length || c < config.length) {
    const left = live[l]
    const right = config[c]
    if (left !== undefined && right !== undefined) {
      if (left.element === right.element) {
        done.add(left.element)
        add(left.element, present.get(left.element), right.item)
        l++
        c++
        nextShared = sharedOrder.shift()
        continue
      }
      if (applied.has(left.element) && nextShared !== undefined && nextShared !== left.element) {
        l++
        continue
      }
    }
    if (left !== undefined && !applied.has(left.element)) {
      add(left.element, left.item, undefined)
      l++
      continue
    }
    if (left !== undefined && done.has(left.element)) l++
    if (right !== undefined) {
      done.add(right.element)
      add(right.element, present.get(right.element), right.item)
      c++
      if (nextShared === right.element) nextShared = sharedOrder.shift()
    }
  }
  return result.length > 0 ? result : undefined
}

/** The value without the fields of a set; null where nothing is left of a map or list. */
export function removeFields(type: Type, value: unknown, set: FieldSet): unknown {
  const form = formOf(type, value)
  if (form.kind === 'leaf') return value
  if (isEmpty(value) || isAtomic(form.type)) return null
  if (form.kind === 'list') return Array.isArray(value) ? removeItems(form.type, value, set) : null
  if (!isMap(value)) return null
  const result: { [key: string]: unknown } = {}
  for (const [key, member] of entriesOf(value)) {
    const element = `f:${key}`
    if (has(set, element)) continue
    const inner = below(set, element)
    result[key] = isEmptySet(inner) ? member : removeFields(fieldType(form.type, key).type, member, inner)
  }
  return Object.keys(result).length > 0 ? result : null
}

function removeItems(type: ListType, list: readonly unknown[], set: FieldSet): unknown {
  const result: unknown[] = []
  for (const item of list) {
    const element = String(itemElement(type, item))
    if (has(set, element)) continue
    const inner = below(set, element)
    result.push(isEmptySet(inner) ? item : removeFields(type.items, item, inner))
  }
  return result.length > 0 ? result : null
}

/** The set with every struct field on the way to a member made a member too. */
export function withNamedFields(type: Type | undefined, set: FieldSet): FieldSet {
  return withMembers(
    set,
    (element) => element.startsWith('f:') && type !== undefined && fieldType(type, element.slice(2)).declared,
    (element, children) => withNamedFields(innerType(type, element), children),
  )
}

function innerType(type: Type | undefined, element: string): Type | undefined {
  if (type === undefined) return undefined
  if (element.startsWith('f:'))
    return type.kind === 'list' || type.kind === 'scalar' ? undefined : fieldType(type, element.slice(2)).type
  return type.kind === 'list' ? type.items : undefined
}
