/** What expressions read from a packet, and how values are compared with it. */
import ipaddr from 'ipaddr.js'
import { inCidr, toNumber } from '../address.ts'
import type { Flight, HookEnvironment } from '../netfilter/hooks.ts'
import { isIPv6, type Packet, type TcpFlags } from '../packet.ts'
import type { Element, Expression, MapReference, Value } from './expression.ts'
import type { Nftables } from './nftables.ts'
import { keyText, type NftSet, type Table } from './ruleset.ts'
import { printMark, sortNames } from './values.ts'

/** One packet's passage through one base chain. */
export interface Passage {
  readonly flight: Flight
  readonly environment: HookEnvironment
  readonly nftables: Nftables
  readonly table: Table
  /** Rules and elements that were looked at. */
  looked: number
  /** The last number drawn: below `of`. */
  drawn: { readonly value: number; readonly of: number } | undefined
}

/** Canonical texts of an expression's parts; undefined: the packet has no such thing. */
export function evaluate(expression: Expression, passage: Passage): readonly string[] | undefined {
  if (expression.kind === 'concat') {
    const parts: string[] = []
    for (const part of expression.parts) {
      const text = evaluateOne(part, passage)
      if (text === undefined) return undefined
      parts.push(text)
    }
    return parts
  }
  if (expression.kind === 'map') return evaluateMap(expression.key, expression.map, passage)
  if (expression.kind === 'constant') return partsOf(expression.value)
  const text = evaluateOne(expression, passage)
  return text === undefined ? undefined : [text]
}

function evaluateMap(key: Expression, map: MapReference, passage: Passage): readonly string[] | undefined {
  const parts = evaluate(key, passage)
  const data = parts && lookup(map, parts, passage)?.data
  return data && 'value' in data ? partsOf(data.value) : undefined
}

/** A constant's parts, for a NAT target: address, or address and port. */
function partsOf(value: Value): readonly string[] {
  return value.kind === 'concat' ? value.parts.map(keyText) : [keyText(value)]
}

function evaluateOne(expression: Expression, passage: Passage): string | undefined {
  const { flight } = passage
  switch (expression.kind) {
    case 'payload':
      return payload(flight.packet, expression.header, expression.field)
    case 'meta':
      return meta(flight, expression.key)
    case 'ct':
      return conntrack(flight, expression.key)
    case 'fib':
      return addressType(flight.packet, expression.of, passage.environment)
    case 'numgen':
      return draw(expression, passage)
    case 'binary': {
      const left = evaluateOne(expression.left, passage)
      if (left === undefined) return undefined
      const result = operate(Number(left), expression.operator, Number(expression.right))
      return left.startsWith('0x') ? printMark(result) : String(result)
    }
    default:
      return evaluate(expression, passage)?.join(' . ')
  }
}

function operate(left: number, operator: string, right: number): number {
  if (operator === '&') return (left & right) >>> 0
  return (operator === '|' ? left | right : left ^ right) >>> 0
}

function payload(packet: Packet, header: string, field: string): string | undefined {
  if (header === 'ip' || header === 'ip6') {
    if (isIPv6(packet.destination) !== (header === 'ip6')) return undefined
    if (field === 'saddr') return packet.source
    if (field === 'daddr') return packet.destination
    if (field === 'ttl' || field === 'hoplimit') return String(packet.ttl)
    return field === 'length' ? String(packet.length) : protocolOf(packet)
  }
  const { protocol } = packet
  if (header === 'icmp' || header === 'icmpv6') {
    if (protocol !== header || !packet.icmp) return undefined
    return field === 'type' ? packet.icmp.type : field === 'id' ? String(packet.icmp.id ?? 0) : '0'
  }
  const hasPorts = protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp'
  if (!hasPorts || (header !== 'th' && header !== protocol)) return undefined
  if (field === 'sport') return String(packet.sourcePort)
  if (field === 'dport') return String(packet.destinationPort)
  return field === 'flags' ? FLAGS[packet.flags ?? '.'] : String(packet.length)
}

const FLAGS: Readonly<Record<TcpFlags, string>> = {
  S: 'syn',
  'S.': 'syn,ack',
  '.': 'ack',
  'P.': 'psh,ack',
  'F.': 'fin,ack',
  R: 'rst',
  'R.': 'rst,ack',
}

function protocolOf({ protocol }: Packet): string {
  return protocol === 'icmpv6' ? 'ipv6-icmp' : protocol
}

function meta(flight: Flight, key: string): string | undefined {
  const { packet } = flight
  switch (key) {
    case 'mark':
      return printMark(packet.mark)
    case 'l4proto':
      return protocolOf(packet)
    case 'nfproto':
      return isIPv6(packet.destination) ? 'ipv6' : 'ipv4'
    case 'protocol':
      return isIPv6(packet.destination) ? 'ip6' : 'ip'
    case 'iifname':
    case 'iif':
      return flight.inInterface
    case 'oifname':
    case 'oif':
      return flight.outInterface
    case 'length':
      return String(packet.length)
    default:
      return undefined
  }
}

function conntrack(flight: Flight, key: string): string | undefined {
  if (key === 'state') return flight.state.toLowerCase()
  const { connection } = flight
  if (!connection) return undefined
  if (key === 'mark') return printMark(connection.mark)
  if (key === 'direction') return flight.direction
  const status: string[] = []
  if (connection.hasDnat) status.push('dnat')
  if (connection.hasSnat) status.push('snat')
  if (connection.confirmed) status.push('confirmed')
  if (connection.assured) status.push('assured')
  if (!connection.unreplied) status.push('seen-reply')
  return sortNames('ct_status', status).join(',')
}

function addressType(packet: Packet, of: readonly string[], environment: HookEnvironment): string {
  const address = of.includes('saddr') ? packet.source : packet.destination
  if (environment.isLocalAddress(address)) return 'local'
  if (address === '255.255.255.255') return 'broadcast'
  return inCidr(address, isIPv6(address) ? 'ff00::/8' : '224.0.0.0/4') ? 'multicast' : 'unicast'
}

function draw(expression: Extract<Expression, { kind: 'numgen' }>, passage: Passage): string {
  const { modulus, offset, mode } = expression
  if (mode === 'random') {
    const value = Math.floor(passage.environment.random() * modulus)
    passage.drawn = { value, of: modulus }
    return String(value + offset)
  }
  const { memory } = passage.nftables
  const value = memory.get(expression)?.value ?? 0
  memory.set(expression, { value: (value + 1) % modulus, atMs: 0 })
  return String(value + offset)
}

/** Whether a value holds for what was read. */
export function matches(value: Value, parts: readonly string[], passage: Passage): boolean {
  const [text = ''] = parts
  switch (value.kind) {
    case 'value':
      // Of bit fields, one bit is enough.
      return text === value.text || (text.includes(',') && text.split(',').includes(value.text)) || isWildcard(value.text, text)
    case 'prefix':
      return inCidr(text, value.cidr)
    case 'range':
      return compareTexts(text, value.from) >= 0 && compareTexts(text, value.to) <= 0
    case 'concat':
      return value.parts.every((part, i) => matches(part, [parts[i] ?? ''], passage))
    case 'list':
      return text.split(',').some((each) => value.values.includes(each))
    default:
      return lookup(value, parts, passage) !== undefined
  }
}

function isWildcard(pattern: string, text: string): boolean {
  return pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1))
}

/** Numbers, marks and addresses by value; below zero when `a` is less. */
export function compareTexts(a: string, b: string): number {
  if (isIPv6(a) && isIPv6(b)) {
    const [x, y] = [ipaddr.IPv6.parse(a).parts, ipaddr.IPv6.parse(b).parts]
    const at = x.findIndex((part, i) => part !== y[i])
    return at === -1 ? 0 : (x[at] ?? 0) - (y[at] ?? 0)
  }
  return a.includes('.') && b.includes('.') ? toNumber(a) - toNumber(b) : Number(a) - Number(b)
}

/** The element that a key leads to. One look for sets with single keys, as they are hashed (intervals: a tree). */
export function lookup(reference: MapReference, parts: readonly string[], passage: Passage): Element | undefined {
  passage.looked++
  const key = parts.join(' . ')
  if (reference.kind === 'anonymous') return find(anonymousIndex(reference.elements), key, parts, passage)
  const { table, nftables } = passage
  const set = table.sets.get(reference.name)
  if (!set) return undefined
  const timed = set.flags.length > 0 ? nftables.timedElement(table, set.name, key)?.element : undefined
  return (
    timed ?? set.elements.get(key) ?? (set.flags.includes('interval') ? find(intervalIndex(set), key, parts, passage) : undefined)
  )
}

interface Index {
  readonly single: ReadonlyMap<string, Element>
  /** Prefixes and ranges. */
  readonly intervals: readonly Element[]
}

const anonymous = new WeakMap<readonly Element[], Index>()
const named = new WeakMap<object, Index>()

function anonymousIndex(elements: readonly Element[]): Index {
  let index = anonymous.get(elements)
  if (!index) anonymous.set(elements, (index = indexOf(elements)))
  return index
}

function intervalIndex(set: NftSet): Index {
  let index = named.get(set.elements)
  if (!index) named.set(set.elements, (index = indexOf([...set.elements.values()])))
  return index
}

function indexOf(elements: readonly Element[]): Index {
  const isSingle = ({ kind }: Value) => kind === 'value'
  const single = elements.filter(({ key }) => isSingle(key) || (key.kind === 'concat' && key.parts.every(isSingle)))
  const rest = new Set(single)
  return {
    single: new Map(single.map((element) => [keyText(element.key), element])),
    intervals: elements.filter((element) => !rest.has(element)),
  }
}

function find(index: Index, key: string, parts: readonly string[], passage: Passage): Element | undefined {
  return index.single.get(key) ?? index.intervals.find((element) => matches(element.key, parts, passage))
}
