/** Addresses and prefixes of both families, as text with remembered numbers: packets carry text, matching compares numbers. */
import ipaddr from 'ipaddr.js'
import { isIPv6 } from './packet.ts'

const MEMORY_LIMIT = 50_000
const numbers = new Map<string, number>()

/** An IPv4 address as a number. */
export function toNumber(address: string): number {
  const known = numbers.get(address)
  if (known !== undefined) return known
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  if (numbers.size >= MEMORY_LIMIT) numbers.clear()
  numbers.set(address, value)
  return value
}

/** The dotted quad of a number. */
export function fromNumber(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** Whether a prefix ('10.244.0.0/16', '10.0.0.1', 'fd00::/64') contains an address. Of different families: no. */
export function inCidr(address: string, cidr: string): boolean {
  const slash = cidr.indexOf('/')
  if (slash === -1) return address === cidr
  const base = cidr.slice(0, slash)
  if (isIPv6(cidr)) return isIPv6(address) && ipaddr.IPv6.parse(address).match(ipaddr.IPv6.parseCIDR(cidr))
  if (isIPv6(address)) return false
  const bits = Number(cidr.slice(slash + 1))
  if (bits === 32) return address === base
  const size = 2 ** (32 - bits)
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(base) / size)
}

/** The shortest usual form of an address; undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return ipaddr.IPv4.isValid(text) ? ipaddr.IPv4.parse(text).toString() : undefined
  return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text).toRFC5952String() : undefined
}
