import type { JsonObject } from '../../apimachinery/resource.ts'

/** Flattened path -> value: what recorded traces compare. */
export type Flat = ReadonlyMap<string, unknown>

/** Values that differ between any two runs. */
const VOLATILE = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'selfLink',
  'lastTransitionTime',
  'lastUpdateTime',
  'lastProbeTime',
  'lastHeartbeatTime',
])
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/** Flattens an object as the traces do: list items by type, name, kind/name, key:effect or index; keys with dots in brackets. */
export function flatten(object: JsonObject): Flat {
  const out = new Map<string, unknown>()
  for (const [key, value] of Object.entries(object)) if (key !== 'apiVersion' && key !== 'kind') walk(out, key, value)
  return out
}

function walk(out: Map<string, unknown>, path: string, value: unknown): void {
  if (value === undefined) return
  if (path === 'metadata.ownerReferences') {
    out.set(path, (value as OwnerReference[]).map(ownerText))
  } else if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'object' && item !== null))
      value.forEach((item, i) => walk(out, `${path}[${itemKey(item as JsonObject, i)}]`, item))
    else out.set(path, value)
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([key]) => !VOLATILE.has(key) || (key === 'uid' && path !== 'metadata'))
    if (entries.length === 0 && Object.keys(value).length === 0) out.set(path, {})
    for (const [key, item] of entries) walk(out, `${path}.${/[./]/.test(key) ? `[${key}]` : key}`, item)
  } else if (typeof value === 'string' && TIME.test(value)) out.set(path, '<time>')
  else if (typeof value === 'string' && value.startsWith('-----BEGIN')) out.set(path, '<pem>')
  else out.set(path, value)
}

interface OwnerReference {
  readonly kind: string
  readonly name: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

function ownerText({ kind, name, controller, blockOwnerDeletion }: OwnerReference): string {
  return `${kind}/${name}${controller ? ' controller' : ''}${blockOwnerDeletion ? ' blockOwnerDeletion' : ''}`
}

function itemKey(item: JsonObject, index: number): string | number {
  if (typeof item['type'] === 'string' && 'status' in item) return item['type']
  if (typeof item['name'] === 'string') return typeof item['kind'] === 'string' ? `${item['kind']}/${item['name']}` : item['name']
  if (typeof item['key'] === 'string' && typeof item['effect'] === 'string') return `${item['key']}:${item['effect']}`
  // Endpoints go by the pod they stand for.
  const target = item['targetRef'] as { readonly name?: string } | undefined
  return target?.name ?? index
}

/** What changed between two flattened objects; removed paths are null. */
export function difference(before: Flat, after: Flat): { readonly [path: string]: unknown } {
  const changes: Record<string, unknown> = {}
  for (const [path, value] of after) if (JSON.stringify(before.get(path)) !== JSON.stringify(value)) changes[path] = value
  for (const path of before.keys()) if (!after.has(path)) changes[path] = null
  return changes
}
