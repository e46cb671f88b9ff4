import { jsonEqual } from '../apimachinery/equal.ts'

function hasUndefined(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(hasUndefined)
  const object = value as { readonly [key: string]: unknown }
  for (const key in object) {
    const item = object[key]
    if (item === undefined || (typeof item === 'object' && hasUndefined(item))) return true
  }
  return false
}

/** The value without fields that are undefined; the same value when there are none. */
export function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null || !hasUndefined(value)) return value
  if (Array.isArray(value)) return value.map(withoutUndefined) as T
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) if (item !== undefined) out[key] = withoutUndefined(item)
  return out as T
}

/**
 * What has to be sent to make `old` into `wanted`: fields of the first level that differ, null for those that go;
 * where the server merges a list by key, what goes is named. Undefined when nothing differs.
 * k8s 1.36: pkg/util/pod PatchPodStatus.
 */
export function statusPatch<S extends object>(old: S | undefined, wanted: S): { readonly [field: string]: unknown } | undefined {
  const before = (old ?? {}) as Record<string, unknown>
  const after = wanted as Record<string, unknown>
  const patch: Record<string, unknown> = {}
  let any = false
  for (const key of Object.keys(after)) {
    const value = after[key]
    if (value === undefined || jsonEqual(value, before[key])) continue
    const mergeKey = MERGE_KEYS[key]
    const clean = withoutUndefined(value)
    patch[key] = mergeKey ? mergedList((before[key] ?? []) as readonly Item[], clean as readonly Item[], mergeKey) : clean
    any = true
  }
  for (const key of Object.keys(before)) {
    if (before[key] === undefined || after[key] !== undefined) continue
    patch[key] = null
    any = true
  }
  return any ? patch : undefined
}

type Item = { readonly [field: string]: unknown }

/** Lists that the server merges item by item, and the field that names an item. */
const MERGE_KEYS: { readonly [field: string]: string } = { conditions: 'type', podIPs: 'ip', hostIPs: 'ip' }

/** Items as they are to be: fields that an item loses are null, items that go are named. */
function mergedList(before: readonly Item[], after: readonly Item[], key: string): readonly Item[] {
  const items = after.map((item) => {
    const old = before.find((b) => b[key] === item[key])
    const lost = old ? Object.keys(old).filter((field) => old[field] !== undefined && item[field] === undefined) : []
    return lost.length === 0 ? item : { ...item, ...Object.fromEntries(lost.map((field) => [field, null])) }
  })
  const gone = before.filter((b) => !after.some((item) => item[key] === b[key]))
  return gone.length === 0 ? items : [...items, ...gone.map((b) => ({ $patch: 'delete', [key]: b[key] }))]
}
