import { fromNumber, toNumber } from '../../address.ts'
import type { Packet } from '../../packet.ts'
import { maskOf } from '../cidr.ts'
import { parseNetwork } from '../values.ts'
import type { Dimension, SetType } from './set-type.ts'

export interface SetOptions {
  readonly family: 4 | 6
  readonly hashSize: number
  readonly maxElements: number
  /** bitmap: '0-65535', '10.0.0.0-10.0.0.255'. */
  readonly range?: string
  /** Seconds that members live unless they say otherwise; undefined: for ever. */
  readonly timeout?: number
  readonly comment?: boolean
  readonly counters?: boolean
  /** list:set. */
  readonly size?: number
}

export interface Member {
  /** Infinity: for ever. */
  readonly untilMs: number
  readonly comment?: string
  readonly nomatch?: boolean
}

/** One set of addresses, ports or networks. Members are text, in the form that ipset prints. */
export class IpSet {
  readonly type: SetType
  readonly options: SetOptions
  private readonly entries = new Map<string, Member>()
  /** How many networks of each prefix length. */
  private readonly prefixes = new Map<number, number>()
  private readonly netAt: number
  private timed = 0

  constructor(type: SetType, options: SetOptions) {
    this.type = type
    this.options = options
    this.netAt = type.dimensions.indexOf('net')
  }

  /** Members that still live; bitmaps in order of their numbers, others in order of arrival. */
  members(nowMs: number): (readonly [string, Member])[] {
    if (this.timed > 0) for (const [text, { untilMs }] of this.entries) if (untilMs <= nowMs) this.delete(text)
    const all = [...this.entries]
    return this.type.storage === 'bitmap' ? all.toSorted(([a], [b]) => numberOf(a) - numberOf(b)) : all
  }

  get size(): number {
    return this.entries.size
  }

  texts(): Iterable<string> {
    return this.entries.keys()
  }

  get(text: string, nowMs: number): Member | undefined {
    const member = this.entries.get(text)
    if (!member || member.untilMs > nowMs) return member
    this.delete(text)
    return undefined
  }

  add(text: string, member: Member): void {
    this.delete(text)
    this.entries.set(text, member)
    if (member.untilMs !== Infinity) this.timed++
    this.countPrefix(text, 1)
  }

  delete(text: string): boolean {
    const old = this.entries.get(text)
    if (!old) return false
    this.entries.delete(text)
    if (old.untilMs !== Infinity) this.timed--
    this.countPrefix(text, -1)
    return true
  }

  clear(): void {
    this.entries.clear()
    this.prefixes.clear()
    this.timed = 0
  }

  /** Whether values, one for each dimension, are in the set; the smallest network that holds an address decides. */
  has(values: readonly string[], nowMs: number): boolean {
    if (this.netAt === -1) return this.get(values.join(','), nowMs) !== undefined
    const address = values[this.netAt] ?? ''
    const whole = this.options.family === 4 ? 32 : 128
    for (const bits of [...this.prefixes.keys()].toSorted((a, b) => b - a)) {
      const net =
        bits === whole ? address : this.options.family === 4 ? cut(address, bits) : parseNetwork(`${address}/${bits}`, 6)
      const member = this.get(values.with(this.netAt, net).join(','), nowMs)
      if (member) return !member.nomatch
    }
    return false
  }

  /** What a packet shows to the set, a value for each dimension; undefined when it has not what the set asks for. */
  valuesOf(packet: Packet, directions: readonly ('src' | 'dst')[], inInterface: string): string[] | undefined {
    const { dimensions, storage } = this.type
    if (packet.destination.includes(':') !== (this.options.family === 6) && storage !== 'bitmap') return undefined
    const values: string[] = []
    for (const [i, dimension] of dimensions.entries()) {
      const direction = directions[i]
      if (!direction) return undefined
      values.push(valueOf(dimension, packet, direction, storage === 'bitmap', inInterface))
    }
    return values
  }

  private countPrefix(text: string, change: number): void {
    if (this.netAt === -1) return
    const bits = Number((text.split(',')[this.netAt] ?? '').split('/')[1] ?? (this.options.family === 4 ? 32 : 128))
    const count = (this.prefixes.get(bits) ?? 0) + change
    if (count > 0) this.prefixes.set(bits, count)
    else this.prefixes.delete(bits)
  }
}

function valueOf(dimension: Dimension, packet: Packet, direction: 'src' | 'dst', bare: boolean, inInterface: string): string {
  if (dimension === 'port') {
    const port = direction === 'src' ? packet.sourcePort : packet.destinationPort
    return bare ? String(port) : packet.icmp ? `${packet.protocol}:${packet.icmp.type}` : `${packet.protocol}:${port}`
  }
  if (dimension === 'iface') return inInterface
  return direction === 'src' ? packet.source : packet.destination
}

function cut(address: string, bits: number): string {
  return `${fromNumber((toNumber(address) & maskOf(bits)) >>> 0)}/${bits}`
}

function numberOf(text: string): number {
  return text.includes('.') ? toNumber(text) : Number(text)
}
