/**
 * Strategic merge patch: a merge patch that knows merge keys and directives ($patch, $retainKeys,
 * $deleteFromPrimitiveList, $setElementOrder). Source: k8s 1.36 apimachinery strategicpatch.
 */
import { jsonEqual } from '../equal.ts'
import { badRequest, unclassified } from '../errors.ts'
import type { JsonObject } from '../resource.ts'
import type { MergeRule } from '../schema/merge-rules.ts'
import { asModel } from '../schema/schema.ts'
import type { Model, Type } from '../schema/schema.ts'
import { arrange, badType, formatGo, holdsObjects, identity, isObject, itemsOf, keyOfItem, listName, meaningOf } from './lists.ts'
import type { List } from './lists.ts'

type Draft = { [key: string]: unknown }

interface Options {
  /** False when two patches are merged into one: directives are then carried over and nulls kept. */
  readonly apply: boolean
}

const DIRECTIVE = '$patch'
const DOLLAR = 36
const RETAIN = '$retainKeys'
const DELETE_PREFIX = '$deleteFromPrimitiveList'
const ORDER_PREFIX = '$setElementOrder'

const badDirective = (directive: unknown, patch: unknown) =>
  unclassified(`unknown patch type: ${formatGo(directive)} in map: ${formatGo(patch)}`)

const kindOf = (value: unknown) => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value)

const isDirective = (key: string) => key === RETAIN || key.startsWith(`${DELETE_PREFIX}/`) || key.startsWith(`${ORDER_PREFIX}/`)

/**
 * A new value without what $patch deletes; when applying, also without directives and nulls, which have nothing to work
 * on (Kubernetes leaves those to the decoder). Undefined if nothing is left.
 */
function clean(value: unknown, { apply }: Options): unknown {
  if (typeof value !== 'object' || value === null) return value
  const options = { apply }
  if (Array.isArray(value)) return value.map((item) => clean(item, options)).filter((item) => item !== undefined)
  if (DIRECTIVE in value) return undefined
  const result: Draft = {}
  for (const key in value) {
    const member = (value as JsonObject)[key]
    if (apply && (member === null || (key.charCodeAt(0) === DOLLAR && isDirective(key)))) continue
    const cleaned = clean(member, options)
    if (cleaned !== undefined) result[key] = cleaned
  }
  return result
}

function setNew(out: Draft, key: string, value: unknown, options: Options): void {
  const cleaned = clean(value, options)
  if (cleaned === undefined) delete out[key]
  else out[key] = cleaned
}

/** Clears what $retainKeys does not name. */
function retain(out: Draft, rest: Draft, options: Options): void {
  const keys = rest[RETAIN]
  if (keys === undefined) return
  delete rest[RETAIN]
  if (!options.apply) {
    if (out[RETAIN] !== undefined && !jsonEqual(out[RETAIN], keys)) {
      throw unclassified(
        `${formatGo(out[RETAIN])} and ${formatGo(keys)} are not deep equal: this may happen when calculating the 3-way diff patch`,
      )
    }
    out[RETAIN] = keys
    return
  }
  const wrong = () => badRequest('invalid patch format of retainKeys')
  if (!Array.isArray(keys)) throw wrong()
  const kept = new Set<unknown>(keys)
  for (const [key, value] of Object.entries(rest)) {
    if (value !== null && !key.startsWith(DELETE_PREFIX) && !key.startsWith(ORDER_PREFIX) && !kept.has(key)) throw wrong()
  }
  for (const key of Object.keys(out)) if (!kept.has(key)) delete out[key]
}

/** The order of the patch's elements must not contradict $setElementOrder, and each must be in it. */
function checkOrder(patch: List, order: List, mergeKey: string): void {
  if (order.length === 0 || patch.length === 0) return
  const id = identity(mergeKey)
  const items = patch.filter((item) => !(isObject(item) && DIRECTIVE in item))
  let at = 0
  for (const place of order) if (at < items.length && id(items[at]) === id(place)) at++
  if (at < items.length) {
    throw unclassified(`The order in patch list:\n${formatGo(patch)}\n doesn't match ${ORDER_PREFIX} list:\n${formatGo(order)}\n`)
  }
}

/** Carries out one '$setElementOrder/x' together with the list it orders, which is then done with. */
function mergeOrdered(out: Draft, rest: Draft, directive: string, type: Type | undefined, options: Options): void {
  const order = rest[directive]
  delete rest[directive]
  if (!options.apply) {
    if (out[directive] !== undefined && !jsonEqual(out[directive], order)) {
      throw badRequest('invalid patch format of setElementOrder list')
    }
    out[directive] = order
  }
  if (!Array.isArray(order)) throw badType([], order)
  const key = listName(directive, ORDER_PREFIX)
  const before = out[key]
  const patch = rest[key]
  if (before !== undefined && !Array.isArray(before)) throw badType([], before)
  if (patch !== undefined && !Array.isArray(patch)) throw badType([], patch)
  const { type: listType, rule } = meaningOf(type, key)
  const mergeKey = rule?.patchKey ?? ''
  checkOrder(patch ?? [], order, mergeKey)
  if (before === undefined && patch === undefined) return
  delete rest[key]
  let merged: List = before ?? []
  if (patch !== undefined && before !== undefined) merged = mergeLists(before, patch, listType, rule, options)
  else if (patch !== undefined) merged = clean(patch, options) as List
  out[key] = arrange(merged, order, before ?? [], mergeKey)
}

/** Most maps of a patch have none: they need no copy from which directives are taken as they are obeyed. */
function hasListDirective(patch: JsonObject): boolean {
  for (const key in patch) if (key.charCodeAt(0) === DOLLAR) return true
  return false
}

function mergeMaps(original: JsonObject | undefined, patch: JsonObject, type: Type | undefined, options: Options): JsonObject {
  const directive = patch[DIRECTIVE]
  if (directive === 'replace') {
    const { [DIRECTIVE]: _, ...replacement } = patch
    return replacement
  }
  if (directive === 'delete') return {}
  if (directive !== undefined) throw badDirective(directive, patch)
  const out: Draft = { ...original }
  if (!hasListDirective(patch)) {
    for (const key in patch) mergeField(out, key, patch[key], type, options)
    return out
  }
  const rest: Draft = { ...patch }
  retain(out, rest, options)
  for (const key of Object.keys(rest)) if (key.startsWith(ORDER_PREFIX)) mergeOrdered(out, rest, key, type, options)
  for (const [key, value] of Object.entries(rest)) mergeField(out, key, value, type, options)
  return out
}

function mergeField(out: Draft, key: string, value: unknown, type: Type | undefined, options: Options): void {
  if (key.charCodeAt(0) === DOLLAR && key.startsWith(DELETE_PREFIX)) {
    if (options.apply) deleteScalars(out, listName(key, DELETE_PREFIX), value)
    else out[key] = value
    return
  }
  if (value === null) {
    if (options.apply) delete out[key]
    else out[key] = null
    return
  }
  const before = out[key]
  if (before === undefined || kindOf(before) !== kindOf(value)) {
    setNew(out, key, value, options)
  } else if (isObject(before) && isObject(value)) {
    const { type: inner, rule } = meaningOf(type, key)
    out[key] = rule?.patch === 'replace' ? value : mergeMaps(before, value, inner, options)
  } else if (Array.isArray(before) && Array.isArray(value)) {
    const { type: inner, rule } = meaningOf(type, key)
    out[key] = mergeLists(before, value, inner, rule, options)
  } else {
    setNew(out, key, value, options)
  }
}

function deleteScalars(out: Draft, key: string, value: unknown): void {
  const before = out[key]
  if (!Array.isArray(before) || !Array.isArray(value)) return
  if (before.length > 0 || value.length > 0) holdsObjects(before, value)
  out[key] = before.filter((item) => !value.includes(item))
}

function mergeLists(original: List, patch: List, type: Type | undefined, rule: MergeRule | undefined, options: Options): List {
  if (rule?.patch !== 'merge') return patch
  if (original.length === 0 && patch.length === 0) return original
  if (!holdsObjects(original, patch)) return arrange([...new Set([...original, ...patch])], patch, original, '')
  const mergeKey = rule.patchKey
  if (mergeKey === undefined) throw unclassified('cannot merge lists without merge key for struct')
  const { kept, plain } = obeyDirectives(original, patch, mergeKey)
  const merged = [...kept]
  for (const item of plain) {
    const key = keyOfItem(item, mergeKey)
    const at = merged.findIndex((other) => isObject(other) && other[mergeKey] === key)
    if (at < 0) merged.push(options.apply ? clean(item, options) : item)
    else merged[at] = mergeMaps(merged[at] as JsonObject, item, itemsOf(type), options)
  }
  return arrange(merged, plain, kept, mergeKey)
}

/** Takes out what elements with $patch ask for; gives what is left of both lists. */
function obeyDirectives(
  original: List,
  patch: List,
  mergeKey: string,
): { readonly kept: List; readonly plain: readonly JsonObject[] } {
  let kept = original
  let replace = false
  const plain: JsonObject[] = []
  for (const item of patch) {
    if (!isObject(item)) throw badType({}, item)
    const directive = item[DIRECTIVE]
    if (directive === undefined) {
      plain.push(item)
    } else if (directive === 'delete') {
      const key = keyOfItem(item, mergeKey)
      kept = kept.filter((other) => !isObject(other) || other[mergeKey] !== key)
    } else if (directive === 'replace') {
      replace = true
    } else if (directive === 'merge') {
      throw unclassified('merging lists cannot yet be specified in the patch')
    } else {
      throw badDirective(directive, item)
    }
  }
  return replace ? { kept: plain, plain: [] } : { kept, plain }
}

/**
 * Applies a strategic merge patch to an object of a built-in kind. Throws StatusError with the API server's text.
 * What is untouched is shared with the old object.
 */
export function strategicMergePatch(original: unknown, patch: unknown, model: Model | string): unknown {
  if (!isObject(patch) || !isObject(original)) throw badRequest('invalid JSON document')
  return mergeMaps(original, patch, { kind: 'struct', model: asModel(model), atomic: false }, { apply: true })
}

/** One patch that does what the two do one after the other. */
export function mergeStrategicPatches(first: JsonObject, second: JsonObject, model: Model | string): JsonObject {
  return mergeMaps(first, second, { kind: 'struct', model: asModel(model), atomic: false }, { apply: false })
}
