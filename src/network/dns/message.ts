/** Questions and answers of DNS, as text. The runtime has types of the same shape for programs. */
import { canonicalAddress } from '../address.ts'
import { isIPv6 } from '../packet.ts'

export type DnsType = 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR' | 'TXT' | 'NS' | 'SOA' | 'MX' | 'ANY'

export interface DnsQuestion {
  /** Fully qualified, with or without the last dot. */
  readonly name: string
  readonly type: DnsType
}

export interface DnsRecord {
  readonly name: string
  readonly type: DnsType
  /** Seconds. */
  readonly ttl: number
  /** As dig prints it. */
  readonly data: string
}

export type DnsCode = 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED'

/** What a server or a plugin of it answers. */
export interface DnsReply {
  readonly code: DnsCode
  readonly authoritative: boolean
  readonly answers: readonly DnsRecord[]
  readonly authority?: readonly DnsRecord[]
  readonly additional?: readonly DnsRecord[]
}

export interface DnsMessage extends DnsReply {
  readonly question: DnsQuestion
}

export interface DnsPeer {
  readonly address: string
  readonly port: number
}

/** Lower case, with the last dot. */
export const fullName = (name: string): string => (name.endsWith('.') ? name : `${name}.`).toLowerCase()

/** Whether a name is that zone's or below it. Both full. */
export const isIn = (name: string, zone: string): boolean => zone === '.' || name === zone || name.endsWith(`.${zone}`)

/** The longest of the zones that a name is in. */
export function zoneOf(name: string, zones: readonly string[]): string | undefined {
  let best: string | undefined
  for (const zone of zones) if (isIn(name, zone) && (best === undefined || zone.length > best.length)) best = zone
  return best
}

const nibbles = (address: string): string[] => {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...middle, ...right].flatMap((group) => [...group.padStart(4, '0')])
}

/** '10.96.0.10' -> '10.0.96.10.in-addr.arpa.' */
export function reverseName(address: string): string {
  if (isIPv6(address)) return `${nibbles(address).toReversed().join('.')}.ip6.arpa.`
  return `${address.split('.').toReversed().join('.')}.in-addr.arpa.`
}

/** The address that a reverse name asks about; undefined for other names. */
export function addressOfReverse(name: string): string | undefined {
  const four = /^(\d+\.\d+\.\d+\.\d+)\.in-addr\.arpa\.$/.exec(name)?.[1]
  if (four !== undefined) return canonicalAddress(four.split('.').toReversed().join('.'))
  const six = /^((?:[0-9a-f]\.){32})ip6\.arpa\.$/.exec(name)?.[1]
  if (six === undefined) return undefined
  const digits = six.split('.').toReversed().join('')
  return canonicalAddress(digits.match(/.{4}/g)?.join(':') ?? '')
}

/** The size of such a message on the wire, about. Bytes. */
export const messageLength = (name: string, answers: number): number => 28 + 12 + name.length + 6 + answers * 30
