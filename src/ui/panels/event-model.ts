import type { EventRow } from '../../worker/protocol.ts'

/** Events that hold every word of the filter, newest first; at one instant the order is by uid. */
export function shownEvents(rows: Iterable<EventRow>, filter: string, warningsOnly: boolean): readonly EventRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const matching = [...rows].filter((row) => {
    if (warningsOnly && row.type !== 'Warning') return false
    if (words.length === 0) return true
    const text = `${row.reason} ${row.kind}/${row.name} ${row.namespace} ${row.message} ${row.source}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  return matching.sort((a, b) => b.lastMs - a.lastMs || (a.uid < b.uid ? 1 : -1))
}
