/** Making strategic merge patches. Source: k8s 1.36 apimachinery strategicpatch, CreateTwoWay/ThreeWayMergePatch. */
import { jsonEqual } from '../equal.ts'
import type { JsonObject } from '../resource.ts'
import type { MergeRule } from '../schema/merge-rules.ts'
import { asModel } from '../schema/schema.ts'
import type { Model, Type } from '../schema/schema.ts'
import { holdsObjects, isObject, itemsOf, keyOfItem, meaningOf, sortBy } from './lists.ts'
import type { List } from './lists.ts'
import { mergeStrategicPatches } from './strategic.ts'

interface Options {
  readonly changes: boolean
  readonly deletions: boolean
}

type Draft = { [key: string]: unknown }

/** The patch that makes `modified` out of `original`; empty if they are equal. */
function diffMaps(
  original: JsonObject,
  modified: JsonObject,
  type: Type | undefined,
  retainKeys: boolean,
  options: Options,
): JsonObject {
  const patch: Draft = {}
  for (const [key, value] of Object.entries(modified)) {
    const before = original[key]
    if (isObject(before) && isObject(value)) diffMapField(patch, key, before, value, type, options)
    else if (Array.isArray(before) && Array.isArray(value)) diffListField(patch, key, before, value, type, options)
    else if (options.changes && !jsonEqual(before, value)) patch[key] = value
  }
  const gone = Object.keys(original).filter((key) => !(key in modified))
  if (options.deletions) for (const key of gone) patch[key] = null
  const kept = Object.keys(modified).filter((key) => modified[key] !== null)
  if (retainKeys && kept.length > 0 && (Object.keys(patch).length > 0 || gone.length > 0)) patch['$retainKeys'] = kept.toSorted()
  return patch
}

function diffMapField(
  patch: Draft,
  key: string,
  before: JsonObject,
  value: JsonObject,
  type: Type | undefined,
  options: Options,
): void {
  if (jsonEqual(before, value)) return
  const { type: inner, rule } = meaningOf(type, key)
  if (rule?.patch === 'replace') {
    if (options.changes) patch[key] = value
    return
  }
  const changes = diffMaps(before, value, inner, rule?.retainKeys ?? false, options)
  if (Object.keys(changes).length > 0) patch[key] = changes
}

function diffListField(patch: Draft, key: string, before: List, value: List, type: Type | undefined, options: Options): void {
  if (jsonEqual(before, value)) return
  const { type: inner, rule } = meaningOf(type, key)
  if (rule?.patch !== 'merge') {
    if (options.changes) patch[key] = value
    return
  }
  if (before.length === 0) {
    if (options.changes) patch[key] = value
    return
  }
  if (holdsObjects(before, value)) diffObjects(patch, key, before, value, inner, rule, options)
  else diffScalars(patch, key, before, value, options)
}

function diffScalars(patch: Draft, key: string, before: List, value: List, options: Options): void {
  const added = options.changes ? value.filter((item) => !before.includes(item)) : []
  const removed = options.deletions ? [...new Set(before)].filter((item) => !value.includes(item)).toSorted() : []
  if (added.length > 0) patch[key] = added
  if (removed.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = removed
  if ((options.changes || removed.length > 0) && value.length > 0) patch[`$setElementOrder/${key}`] = value
}

function diffObjects(
  patch: Draft,
  key: string,
  before: List,
  value: List,
  type: Type | undefined,
  rule: MergeRule,
  options: Options,
): void {
  const mergeKey = rule.patchKey ?? ''
  const old = new Map(before.map((item) => [keyOfItem(item, mergeKey), item as JsonObject]))
  const changes: JsonObject[] = []
  for (const item of value) {
    const id = keyOfItem(item, mergeKey)
    const earlier = old.get(id)
    if (earlier === undefined) {
      if (options.changes) changes.push(item as JsonObject)
      continue
    }
    const change = diffMaps(earlier, item as JsonObject, itemsOf(type), rule.retainKeys ?? false, options)
    if (Object.keys(change).length > 0) changes.push({ ...change, [mergeKey]: id })
  }
  const present = new Set(value.map((item) => keyOfItem(item, mergeKey)))
  const gone = options.deletions ? [...old.keys()].filter((id) => !present.has(id)) : []
  const deletions = gone.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)).map((id) => ({ [mergeKey]: id, $patch: 'delete' }))
  const list = [...sortBy(changes, value, mergeKey), ...deletions]
  const sameOrder =
    before.length === value.length && value.every((item, i) => keyOfItem(before[i], mergeKey) === keyOfItem(item, mergeKey))
  if (list.length > 0) patch[key] = list
  if ((list.length > 0 || (options.changes && !sameOrder)) && value.length > 0) {
    patch[`$setElementOrder/${key}`] = value.map((item) => ({ [mergeKey]: keyOfItem(item, mergeKey) }))
  }
}

const structOf = (model: Model | string): Type => ({ kind: 'struct', model: asModel(model), atomic: false })

/** The strategic merge patch that makes `modified` out of `original`: kubectl edit, set, label. */
export function twoWayMergePatch(original: JsonObject, modified: JsonObject, model: Model | string): JsonObject {
  return diffMaps(original, modified, structOf(model), false, { changes: true, deletions: true })
}

/**
 * The patch that `kubectl apply` sends: what `modified` (the file) adds or changes against `current` (the live object),
 * and removals of what was in `original` (the last-applied annotation) and is no longer in the file.
 * SIMPLIFIED: conflicts (apply --overwrite=false) are not looked for.
 */
export function threeWayMergePatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  model: Model | string,
): JsonObject {
  const type = structOf(model)
  const changes = diffMaps(current, modified, type, false, { changes: true, deletions: false })
  const deletions = diffMaps(original, modified, type, false, { changes: false, deletions: true })
  return mergeStrategicPatches(deletions, changes, model)
}
