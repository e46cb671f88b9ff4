/** Sets that are written in rules: the kernel keeps them sorted, without doubles, and intervals that touch as one. */
import ipaddr from 'ipaddr.js'
import { toNumber } from '../address.ts'
import { isIPv6 } from '../packet.ts'
import type { Element, Value } from './expression.ts'
import { keyText } from './ruleset.ts'

/** First and last number of a value; undefined: it has no order. */
interface Bounds {
  readonly from: bigint
  readonly to: bigint
}

const ADDRESS_BITS = { 4: 32, 6: 128 } as const

/** A set's elements as nft lists them. Of maps only the order changes. */
export function canonicalElements(elements: readonly Element[]): readonly Element[] {
  if (isCounting(elements)) return elements
  const sorted = sortElements(elements.map((element) => ({ element }))).map(({ element }) => element)
  const isMap = elements.some(({ data, comment }) => data !== undefined || comment !== undefined)
  const hasIntervals = elements.some(({ key }) => key.kind === 'prefix' || key.kind === 'range')
  if (isMap || !hasIntervals) return distinct(sorted)
  const bounds = sorted.flatMap(({ key }) => boundsOf(key) ?? [])
  return bounds.length < sorted.length ? sorted : merged(bounds).map((each) => ({ key: valueOf(each, elements[0]?.key) }))
}

/** The usual case: keys 0, 1, 2… of a drawn number. */
function isCounting(elements: readonly Element[]): boolean {
  return elements.every(({ key }, i) => key.kind === 'value' && key.text === String(i))
}

function distinct(elements: readonly Element[]): readonly Element[] {
  return [...new Map(elements.map((element) => [keyText(element.key), element])).values()]
}

/** Whether two keys of a set have a value in common. */
export function overlap(a: Value, b: Value): boolean {
  const [x, y] = [boundsOf(a), boundsOf(b)]
  return x !== undefined && y !== undefined && x.from <= y.to && y.from <= x.to
}

function boundsOf(value: Value): Bounds | undefined {
  switch (value.kind) {
    case 'value': {
      const number = numberOf(value.text)
      return number === undefined ? undefined : { from: number, to: number }
    }
    case 'range': {
      const [from, to] = [numberOf(value.from), numberOf(value.to)]
      return from === undefined || to === undefined ? undefined : { from, to }
    }
    case 'prefix': {
      const [base = '', bits = '0'] = value.cidr.split('/')
      const host = BigInt((isIPv6(base) ? ADDRESS_BITS[6] : ADDRESS_BITS[4]) - Number(bits))
      const from = ((numberOf(base) ?? 0n) >> host) << host
      return { from, to: from + (1n << host) - 1n }
    }
    default:
      return undefined
  }
}

function numberOf(text: string): bigint | undefined {
  if (/^(0x[\da-f]+|\d+)$/.test(text)) return BigInt(text)
  if (!ipaddr.isValid(text)) return undefined
  return ipaddr
    .parse(text)
    .toByteArray()
    .reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function merged(sorted: readonly Bounds[]): readonly Bounds[] {
  const all: Bounds[] = []
  for (const bounds of sorted) {
    const last = all.at(-1)
    if (last && bounds.from <= last.to + 1n)
      all[all.length - 1] = { from: last.from, to: bounds.to > last.to ? bounds.to : last.to }
    else all.push(bounds)
  }
  return all
}

/** The shortest way to write it: one value, a prefix of addresses, a range. `like`: of which type. */
function valueOf({ from, to }: Bounds, like: Value | undefined): Value {
  const text = like ? keyText(like) : ''
  const bits = isIPv6(text) ? ADDRESS_BITS[6] : text.includes('.') ? ADDRESS_BITS[4] : 0
  const write = (value: bigint) => (bits === 0 ? String(value) : addressOf(value, bits))
  if (from === to) return { kind: 'value', text: write(from) }
  const size = to - from + 1n
  const isPrefix = bits > 0 && (size & (size - 1n)) === 0n && from % size === 0n
  if (isPrefix) return { kind: 'prefix', cidr: `${write(from)}/${bits - (size.toString(2).length - 1)}` }
  return { kind: 'range', from: write(from), to: write(to) }
}

function addressOf(value: bigint, bits: number): string {
  const bytes = Array.from({ length: bits / 8 }, (_, i) => Number((value >> BigInt(bits - 8 * (i + 1))) & 255n))
  const address = ipaddr.fromByteArray(bytes)
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}

/** Numbers behind names. */
const NUMBERS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  'ipv6-icmp': 58,
  sctp: 132,
  invalid: 1,
  established: 2,
  related: 4,
  new: 8,
  untracked: 64,
}

/** What a key is sorted by: its parts, as numbers where they are numbers. */
function sortKey({ key }: Element): readonly (number | bigint | string)[] {
  return keyText(key)
    .split(' . ')
    .map((part) => {
      const first = NUMBERS[part] === undefined ? (part.split(/[/-]/, 1)[0] ?? '') : part
      return NUMBERS[first] ?? (/^\d+\.\d+\.\d+\.\d+$/.test(first) ? toNumber(first) : (numberOf(first) ?? first))
    })
}

/** Sorted by value, as nft lists elements. */
export function sortElements<T extends { readonly element: Element }>(elements: readonly T[]): readonly T[] {
  return elements
    .map((each) => ({ each, key: sortKey(each.element) }))
    .toSorted((a, b) => {
      const at = a.key.findIndex((part, i) => part !== b.key[i])
      if (at === -1) return 0
      return (a.key[at] ?? 0) < (b.key[at] ?? 0) ? -1 : 1
    })
    .map(({ each }) => each)
}
