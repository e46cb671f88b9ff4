/** The lists of `-m recent`: who was seen when (/proc/net/xt_recent). */
import { toNumber, fromNumber } from '../address.ts'
import { isIPv6, type Packet } from '../packet.ts'
import type { MatchOf } from './rule.ts'

/** The kernel's defaults: entries in a list, and stamps that an entry keeps. */
const ENTRIES = 100
const STAMPS = 20

interface Entry {
  ttl: number
  /** Oldest first. */
  stampsMs: number[]
}

export class RecentLists {
  private readonly lists = new Map<string, Map<string, Entry>>()

  /** Acts as the match says and tells whether it matches. */
  test(match: MatchOf<'recent'>, packet: Packet, nowMs: number): boolean {
    const list = this.list(match.name)
    const address = masked(match.side === 'rsource' ? packet.source : packet.destination, match.mask)
    const entry = list.get(address)
    if (match.action === 'set') {
      stamp(list, address, packet.ttl, nowMs)
      return !match.inverted
    }
    if (!entry || (match.ttl && entry.ttl !== packet.ttl)) return match.inverted
    if (match.action === 'remove') {
      list.delete(address)
      return !match.inverted
    }
    const matches = fresh(entry, match, nowMs) !== match.inverted
    if (match.seconds !== undefined && match.reap) reap(list, nowMs - match.seconds * 1000)
    if (match.action === 'update' && matches) stamp(list, address, packet.ttl, nowMs)
    return matches
  }

  private list(name: string): Map<string, Entry> {
    const known = this.lists.get(name)
    if (known) return known
    const list = new Map<string, Entry>()
    this.lists.set(name, list)
    return list
  }
}

/** Whether enough packets were seen late enough. */
function fresh(entry: Entry, match: MatchOf<'recent'>, nowMs: number): boolean {
  const from = match.seconds === undefined ? -Infinity : nowMs - match.seconds * 1000
  const hits = entry.stampsMs.filter((at) => at >= from).length
  return hits >= (match.hitCount ?? 1)
}

/** Notes a packet; the entry becomes the youngest of its list. */
function stamp(list: Map<string, Entry>, address: string, ttl: number, nowMs: number): void {
  const entry = list.get(address)
  list.delete(address)
  if (!entry && list.size >= ENTRIES) {
    const oldest = list.keys().next()
    if (!oldest.done) list.delete(oldest.value)
  }
  list.set(address, { ttl, stampsMs: [...(entry?.stampsMs ?? []), nowMs].slice(-STAMPS) })
}

/** Forgets the entry that has waited longest, when all its stamps are old enough. */
function reap(list: Map<string, Entry>, beforeMs: number): void {
  const oldest = list.entries().next()
  if (!oldest.done && (oldest.value[1].stampsMs.at(-1) ?? 0) < beforeMs) list.delete(oldest.value[0])
}

function masked(address: string, mask: string): string {
  if (mask === '255.255.255.255' || isIPv6(address)) return address
  return fromNumber((toNumber(address) & toNumber(mask)) >>> 0)
}
