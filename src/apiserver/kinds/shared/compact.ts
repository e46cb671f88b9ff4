/** Small helpers to build changed copies of plain objects. */

/** True for what Go leaves out of JSON under omitempty: '', 0, false, null, empty lists and maps. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** The object without those of the named fields that hold a zero value. The same object when there are none. */
export function omitZero<T extends object>(object: T, names: readonly (keyof T)[]): T {
  if (!names.some((name) => name in object && isZero(object[name]))) return object
  const copy = { ...object }
  for (const name of names) if (isZero(copy[name])) delete copy[name]
  return copy
}

/** The object without the named fields. The same object when it has none of them. */
export function omit<T extends object>(object: T, names: readonly (keyof T)[]): T {
  if (!names.some((name) => name in object)) return object
  const copy = { ...object }
  for (const name of names) delete copy[name]
  return copy
}

/** The changes for a field that is there, none for one that is absent: `...patch(spec, 'os', defaultOs)`. */
export function patch<T extends object, K extends keyof T>(
  object: T,
  name: K,
  change: (value: NonNullable<T[K]>) => T[K],
): { readonly [key in K]?: T[K] } {
  const value = object[name]
  if (value === undefined || value === null) return {}
  return { [name]: change(value) } as { readonly [key in K]?: T[K] }
}

/** The value, or the default for one that is absent or ''. */
export function orDefault(value: string | undefined, fallback: string): string {
  return value === undefined || value === null || value === '' ? fallback : value
}

/** Parts of objects (a spec, a status, labels) that hold no nulls: versions of an object share them, so each is looked at once. */
const NULL_FREE = new WeakSet<object>()

/** Whether a null is a field's value anywhere inside. */
function holdsNull(value: unknown): boolean {
  if (value === null) return true
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) {
    for (const item of value) if (item !== null && holdsNull(item)) return true
    return false
  }
  for (const key in value) if (holdsNull((value as { readonly [key: string]: unknown })[key])) return true
  return false
}

/** withoutNulls of a whole object, whose parts are mostly those of an earlier version. */
export function objectWithoutNulls<T extends object>(object: T): T {
  let dirty = false
  for (const key in object) {
    const part: unknown = object[key]
    if (typeof part !== 'object') continue
    const isLarge = key === 'spec' || key === 'status'
    if (part === null) dirty = true
    else if (isLarge && NULL_FREE.has(part)) continue
    else if (holdsNull(part)) dirty = true
    else if (isLarge) NULL_FREE.add(part)
  }
  return dirty ? withoutNulls(object) : object
}

/** The value without fields that are null, at any depth. The same value when there are none. */
export function withoutNulls<T>(value: T): T {
  if (typeof value !== 'object' || value === null || !holdsNull(value)) return value
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => withoutNulls(item))
    return items.some((item, i) => item !== value[i]) ? (items as T) : value
  }
  let copy: { [key: string]: unknown } | undefined
  for (const [key, field] of Object.entries(value)) {
    const clean: unknown = withoutNulls(field)
    if (clean === field && field !== null) continue
    const changed = (copy ?? { ...value }) as { [key: string]: unknown }
    copy = changed
    if (field === null) delete changed[key]
    else changed[key] = clean
  }
  return (copy as T | undefined) ?? value
}
