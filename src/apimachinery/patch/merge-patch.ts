/** JSON merge patch (RFC 7386), and making one. Source: k8s 1.36 apiserver handlers/patch.go; apimachinery jsonmergepatch. */
import { jsonEqual } from '../equal.ts'
import { badRequest } from '../errors.ts'
import type { JsonObject } from '../resource.ts'

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A new value without the nulls in it, which mean "remove" and have nothing to remove. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, prune(member)]),
  )
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  if (!isObject(target)) return prune(patch)
  const result: { [key: string]: unknown } = { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merge(result[key], value)
  }
  return result
}

/** The patched document. Throws StatusError (400) if the patch is no object. */
export function mergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) throw badRequest('Invalid JSON Patch')
  return merge(document, patch)
}

/** The merge patch that makes `modified` out of `original`. */
export function createMergePatch(original: JsonObject, modified: JsonObject): JsonObject {
  const patch: { [key: string]: unknown } = {}
  for (const [key, value] of Object.entries(modified)) {
    const before = original[key]
    if (jsonEqual(before, value)) continue
    patch[key] = isObject(before) && isObject(value) ? createMergePatch(before, value) : value
  }
  for (const key of Object.keys(original)) if (!(key in modified)) patch[key] = null
  return patch
}

/** Only the removals of a patch, or all but those. */
function select(patch: JsonObject, removals: boolean): JsonObject {
  const result: { [key: string]: unknown } = {}
  for (const [key, value] of Object.entries(patch)) {
    if (isObject(value) && Object.keys(value).length > 0) {
      const inner = select(value, removals)
      if (Object.keys(inner).length > 0) result[key] = inner
    } else if ((value === null) === removals) {
      result[key] = value
    }
  }
  return result
}

/** Like merge, but keeps nulls: the one patch that does what two do. */
function combine(first: JsonObject, second: JsonObject): JsonObject {
  const result: { [key: string]: unknown } = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const before = result[key]
    result[key] = isObject(before) && isObject(value) ? combine(before, value) : value
  }
  return result
}

/**
 * The patch that `kubectl apply` sends for kinds without merge rules (custom resources): what `modified` adds or
 * changes against `current`, and removals of what it no longer says since `original`.
 */
export function threeWayJsonMergePatch(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  const changes = select(createMergePatch(current, modified), false)
  const removals = select(createMergePatch(original, modified), true)
  return combine(removals, changes)
}
