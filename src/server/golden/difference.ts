/** The first place where two JSON values differ, as text; null when they are equal. */
export function firstDifference(actual: unknown, expected: unknown, path = ''): string | null {
  if (Object.is(actual, expected)) return null
  const where = path === '' ? 'value' : path
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null)
    return `${where}: ${short(actual)}, recorded ${short(expected)}`
  if (Array.isArray(actual) !== Array.isArray(expected)) return `${where}: ${short(actual)}, recorded ${short(expected)}`
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (actual.length !== expected.length)
      return `${where}: ${actual.length} items ${short(actual)}, recorded ${expected.length} ${short(expected)}`
    for (let i = 0; i < actual.length; i++) {
      const found = firstDifference(actual[i], expected[i], `${path}[${i}]`)
      if (found) return found
    }
    return null
  }
  const a = actual as Record<string, unknown>
  const b = expected as Record<string, unknown>
  for (const key of new Set([...Object.keys(b), ...Object.keys(a)])) {
    if (a[key] === undefined && b[key] === undefined) continue
    const found = firstDifference(a[key], b[key], path === '' ? key : `${path}.${key}`)
    if (found) return found
  }
  return null
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 160 ? `${text.slice(0, 157)}...` : text
}

/** Lists of texts sorted, except where order matters: for facts that are sets. */
export function unordered(value: unknown, ordered: ReadonlySet<string>): unknown {
  if (Array.isArray(value))
    return value.every((item) => typeof item === 'string') ? value.toSorted() : value.map((item) => unordered(item, ordered))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, ordered.has(key) ? item : unordered(item, ordered)]))
}
