import type { Refreshed } from '../shared/selected-pods.ts'
import { compareText } from '../shared/text.ts'
import type { AddressEntry } from './subsets.ts'

/** The services' entries in the order of their addresses, kept in order at a cost that follows the change. */
export class SortedEntries {
  private readonly lists = new Map<string, AddressEntry[]>()

  /** The service's entries after a refresh. The list stays the same object; it must not be kept. */
  update(serviceKey: string, { entries, changes }: Refreshed<AddressEntry>): readonly AddressEntry[] {
    const known = this.lists.get(serviceKey)
    if (!changes || !known) {
      const list = [...entries.values()].toSorted((a, b) => compareText(a.sortKey, b.sortKey))
      this.lists.set(serviceKey, list)
      return list
    }
    for (const { before, now } of changes.values()) {
      if (before) known.splice(position(known, before.sortKey), 1)
      if (now) known.splice(position(known, now.sortKey), 0, now)
    }
    return known
  }

  forget(serviceKey: string): void {
    this.lists.delete(serviceKey)
  }
}

/** The first place whose key is not below. */
function position(list: readonly AddressEntry[], key: string): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareText(list[middle]?.sortKey ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
