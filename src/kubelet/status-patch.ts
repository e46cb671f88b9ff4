import { jsonEqual } from '../apimachinery/equal.ts'

/** The value without fields that are undefined; the same value when there are none. */
export function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    let changed = false
    const list = value.map((item: unknown) => {
      const clean = withoutUndefined(item)
      if (clean !== item) changed = true
      return clean
    })
    return changed ? (list as T) : value
  }
  let changed = false
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const clean = item === undefined ? undefined : withoutUndefined(item)
    if (clean === undefined || clean !== item) changed = true
    if (clean !== undefined) out[key] = clean
  }
  return changed ? (out as T) : value
}

/**
 * What has to be sent to make `old` into `wanted`: fields of the first level that differ, null for those that go;
 * conditions that go are named, since the server merges them by type. Undefined when nothing differs.
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
    patch[key] = key === 'conditions' ? withRemovals(before[key], value) : withoutUndefined(value)
    any = true
  }
  for (const key of Object.keys(before)) {
    if (before[key] === undefined || after[key] !== undefined) continue
    patch[key] = null
    any = true
  }
  return any ? patch : undefined
}

interface Typed {
  readonly type: string
}

function withRemovals(before: unknown, after: unknown): unknown {
  const now = withoutUndefined(after) as readonly Typed[]
  const gone = ((before ?? []) as readonly Typed[]).filter((c) => !now.some((n) => n.type === c.type))
  return gone.length === 0 ? now : [...now, ...gone.map(({ type }) => ({ $patch: 'delete', type }))]
}
