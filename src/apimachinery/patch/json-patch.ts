/**
 * JSON patch (RFC 6902) as the API server applies it: a replace may add, indexes may count from the end.
 * Source: k8s 1.36 apiserver handlers/patch.go and the library behind it.
 */
import { jsonEqual } from '../equal.ts'
import { badRequest, entityTooLarge, unprocessable } from '../errors.ts'
import type { JsonObject } from '../resource.ts'

const MAX_OPERATIONS = 10_000

interface Operation {
  readonly op?: unknown
  readonly path?: unknown
  readonly from?: unknown
  readonly value?: unknown
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** '/a~1b/c' gives ['a/b', 'c']. The whole document cannot be addressed. */
function pointer(path: unknown): string[] {
  if (typeof path !== 'string') throw unprocessable()
  const parts = path.split('/').slice(1)
  if (parts.length === 0) throw unprocessable()
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function indexOf(list: readonly unknown[], key: string, size: number): number {
  if (!/^[-+]?[0-9]+$/.test(key)) throw unprocessable()
  const index = Number(key)
  const at = index < 0 ? index + size : index
  if (at < 0 || at >= size) throw unprocessable()
  return Math.min(at, list.length)
}

/** The value at a place; undefined for a field that is absent. A path through nothing fails. */
function read(node: unknown, path: readonly string[]): unknown {
  let current = node
  for (const [i, key] of path.entries()) {
    if (Array.isArray(current)) current = current[indexOf(current, key, current.length)]
    else if (isObject(current)) current = Object.hasOwn(current, key) ? current[key] : undefined
    else throw unprocessable()
    if ((current === undefined || current === null) && i < path.length - 1) throw unprocessable()
  }
  return current
}

/** Rebuilds the way down to a place; `change` makes the new container from the old. */
function edit(node: unknown, path: readonly string[], change: (container: unknown, key: string) => unknown): unknown {
  const [key = '', ...rest] = path
  if (rest.length === 0) return change(node, key)
  if (Array.isArray(node)) {
    const at = indexOf(node, key, node.length)
    return node.with(at, edit(node[at], rest, change))
  }
  if (!isObject(node) || !Object.hasOwn(node, key)) throw unprocessable()
  return { ...node, [key]: edit(node[key], rest, change) }
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  return edit(document, path, (container, key) => {
    if (Array.isArray(container)) {
      return container.toSpliced(key === '-' ? container.length : indexOf(container, key, container.length + 1), 0, value)
    }
    if (isObject(container)) return { ...container, [key]: value }
    throw unprocessable()
  })
}

function replace(document: unknown, path: readonly string[], value: unknown): unknown {
  return edit(document, path, (container, key) => {
    if (Array.isArray(container)) return container.with(indexOf(container, key, container.length), value)
    if (isObject(container)) return { ...container, [key]: value }
    throw unprocessable()
  })
}

function remove(document: unknown, path: readonly string[]): unknown {
  return edit(document, path, (container, key) => {
    if (Array.isArray(container)) return container.toSpliced(indexOf(container, key, container.length), 1)
    if (!isObject(container) || !Object.hasOwn(container, key)) throw unprocessable()
    const { [key]: _, ...rest } = container
    return rest
  })
}

function step(document: unknown, { op, path, from, value = null }: Operation): unknown {
  switch (op) {
    case 'add':
      return add(document, pointer(path), value)
    case 'remove':
      return remove(document, pointer(path))
    case 'replace':
      return replace(document, pointer(path), value)
    case 'move':
      return add(remove(document, pointer(from)), pointer(path), read(document, pointer(from)))
    case 'copy':
      return add(document, pointer(path), read(document, pointer(from)) ?? null)
    case 'test':
      if (!jsonEqual(read(document, pointer(path)) ?? null, value)) throw unprocessable()
      return document
    default:
      throw unprocessable()
  }
}

function kindOf(value: unknown): string {
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** The patched document; what is untouched is shared with the old one. Throws StatusError (400, 413 or 422). */
export function jsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest(`json: cannot unmarshal ${kindOf(patch)} into Go value of type jsonpatch.Patch`)
  const wrong = patch.find((operation) => !isObject(operation))
  if (wrong !== undefined) throw badRequest(`json: cannot unmarshal ${kindOf(wrong)} into Go value of type jsonpatch.Operation`)
  if (patch.length > MAX_OPERATIONS) {
    throw entityTooLarge(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`)
  }
  return patch.reduce(step, document)
}
