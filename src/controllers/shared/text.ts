/** Small orders that Go code uses on texts and times. */

/** Byte order of texts, as Go compares strings (equal to code unit order for what Kubernetes names may hold). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

interface Named {
  readonly metadata: { readonly name?: string; readonly creationTimestamp?: string }
}

/** Oldest first, then by name. */
export function byCreation(a: Named, b: Named): number {
  return (
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compareText(a.metadata.name ?? '', b.metadata.name ?? '')
  )
}

/** Go's %q for the texts that occur in messages. */
export const quote = (text: string | undefined): string => JSON.stringify(text ?? '')

/** The object without fields that are undefined, 0, false, '' or an empty list: what Go's omitempty leaves. */
export function omitEmpty<T extends object>(object: T): T {
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined || value === 0 || value === false || value === '') continue
    if (Array.isArray(value) && value.length === 0) continue
    out[key] = value
  }
  return out as T
}
