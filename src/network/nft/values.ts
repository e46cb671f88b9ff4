/** The types of nftables' keys and values: how their text is read into one canonical form, and how nft 1.0.6 prints it. */
import { canonicalAddress } from '../address.ts'
import { isIPv6 } from '../packet.ts'

export const DATA_TYPES = [
  'ipv4_addr',
  'ipv6_addr',
  'inet_proto',
  'inet_service',
  'mark',
  'ifname',
  'ct_state',
  'ct_status',
  'ct_dir',
  'icmp_type',
  'icmpv6_type',
  'fib_addrtype',
  'nf_proto',
  'ether_type',
  'tcp_flag',
  'integer',
  'verdict',
] as const
export type DataType = (typeof DATA_TYPES)[number]

const PROTOCOLS: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '33': 'dccp',
  '50': 'esp',
  '51': 'ah',
  '58': 'ipv6-icmp',
  '108': 'comp',
  '132': 'sctp',
  '136': 'udplite',
  icmpv6: 'ipv6-icmp',
}
const PROTOCOL_NAMES = new Set(Object.values(PROTOCOLS))

const SERVICES: Readonly<Record<string, string>> = {
  ftp: '21',
  ssh: '22',
  telnet: '23',
  smtp: '25',
  domain: '53',
  bootps: '67',
  bootpc: '68',
  http: '80',
  ntp: '123',
  snmp: '161',
  bgp: '179',
  https: '443',
  submission: '587',
  ldaps: '636',
  imaps: '993',
  mysql: '3306',
  postgresql: '5432',
  'http-alt': '8080',
}

/** Names of small enumerations, in the order in which nft prints several of them. */
const NAMES: Partial<Readonly<Record<DataType, readonly string[]>>> = {
  ct_state: ['invalid', 'established', 'related', 'new', 'untracked'],
  ct_status: ['expected', 'seen-reply', 'assured', 'confirmed', 'snat', 'dnat', 'dying'],
  ct_dir: ['original', 'reply'],
  icmp_type: [
    'echo-reply',
    'destination-unreachable',
    'source-quench',
    'redirect',
    'echo-request',
    'router-advertisement',
    'router-solicitation',
    'time-exceeded',
    'parameter-problem',
    'timestamp-request',
    'timestamp-reply',
    'info-request',
    'info-reply',
    'address-mask-request',
    'address-mask-reply',
  ],
  icmpv6_type: [
    'destination-unreachable',
    'packet-too-big',
    'time-exceeded',
    'parameter-problem',
    'echo-request',
    'echo-reply',
    'nd-neighbor-solicit',
    'nd-neighbor-advert',
    'nd-router-solicit',
    'nd-router-advert',
  ],
  fib_addrtype: ['unspec', 'unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable', 'prohibit'],
  nf_proto: ['ipv4', 'ipv6'],
  ether_type: ['ip', 'arp', 'ip6', 'vlan'],
  tcp_flag: ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'],
}

const DESCRIPTIONS: Partial<Readonly<Record<DataType, string>>> = {
  ct_state: 'conntrack state',
  ct_status: 'conntrack status',
  ct_dir: 'conntrack direction',
  icmp_type: 'icmp type',
  icmpv6_type: 'icmpv6 type',
  fib_addrtype: 'fib address type',
  nf_proto: 'netfilter protocol',
  ether_type: 'Ethernet protocol',
  tcp_flag: 'TCP flag',
  mark: 'packet mark',
  integer: 'integer',
}

/** A value in its canonical form, or nft's message of why it is none. */
type ParsedValue = { readonly value: string } | { readonly error: string }

const MAXIMUM: Partial<Readonly<Record<DataType, number>>> = {
  inet_service: 65_535,
  inet_proto: 255,
  mark: 4_294_967_295,
  integer: 4_294_967_295,
}

/** Reads one value of a type. Ports lose their names, protocols get theirs, marks become 0x%08x. */
export function parseValue(type: DataType, text: string): ParsedValue {
  const isNumber = /^(0x[0-9a-f]+|\d+)$/i.test(text)
  const maximum = MAXIMUM[type]
  if (isNumber && maximum !== undefined && Number(text) > maximum) return { error: tooBig(type, Number(text), maximum) }
  switch (type) {
    case 'ipv4_addr':
    case 'ipv6_addr':
      return parseAddress(type, text)
    case 'inet_proto':
      return parseProtocol(isNumber ? String(Number(text)) : text)
    case 'inet_service': {
      const port = isNumber ? String(Number(text)) : SERVICES[text]
      return port === undefined ? { error: 'Could not resolve service: Servname not supported for ai_socktype' } : { value: port }
    }
    case 'mark':
      return isNumber ? { value: printMark(Number(text)) } : { error: 'Could not parse packet mark' }
    case 'integer':
      return isNumber ? { value: String(Number(text)) } : { error: 'Could not parse integer' }
    case 'ifname':
      return text.length > 15 && !text.endsWith('*') ? { error: 'String exceeds maximum length of 16' } : { value: text }
    default:
      return NAMES[type]?.includes(text)
        ? { value: text }
        : { error: `Could not parse ${DESCRIPTIONS[type] ?? type}; did you mean \`${NAMES[type]?.[0] ?? ''}'?` }
  }
}

function tooBig(type: DataType, value: number, maximum: number): string {
  if (type === 'inet_service') return 'Service out of range'
  return type === 'inet_proto' ? 'Protocol out of range' : `Value ${value} exceeds valid range 0-${maximum}`
}

function parseAddress(type: 'ipv4_addr' | 'ipv6_addr', text: string): ParsedValue {
  const address = canonicalAddress(text)
  if (address === undefined) return { error: 'Could not resolve hostname: Name or service not known' }
  if (isIPv6(address) !== (type === 'ipv6_addr'))
    return { error: 'Could not resolve hostname: Address family for hostname not supported' }
  return { value: address }
}

function parseProtocol(text: string): ParsedValue {
  const name = PROTOCOLS[text] ?? text
  return PROTOCOL_NAMES.has(name) || /^\d+$/.test(name) ? { value: name } : { error: 'Could not resolve protocol name' }
}

export function printMark(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}

/** As nft prints a canonical value. */
export function printValue(type: DataType, value: string): string {
  return type === 'ifname' ? `"${value}"` : value
}

/** Several values of a bit field ('related,established') in nft's order. */
export function sortNames(type: DataType, values: readonly string[]): readonly string[] {
  const names = NAMES[type]
  return names ? values.toSorted((a, b) => names.indexOf(a) - names.indexOf(b)) : values
}

/** Whether several values may be joined by commas: the type is a bit field. */
export function isBitField(type: DataType): boolean {
  return type === 'ct_state' || type === 'ct_status' || type === 'tcp_flag'
}

const DURATION_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

/** '1d2h3m4s5ms' in milliseconds; a plain number counts seconds. Undefined: no duration. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000
  if (!/^(\d+(ms|[dhms]))+$/.test(text)) return undefined
  let sum = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[dhms])/g))
    sum += Number(count) * (DURATION_UNITS.find(([name]) => name === unit)?.[1] ?? 0)
  return sum
}

/** Milliseconds as nft prints them: '3h', '1m30s', '59s980ms'. */
export function printDuration(durationMs: number): string {
  let rest = Math.round(durationMs)
  let text = ''
  for (const [unit, ms] of DURATION_UNITS) {
    const count = Math.floor(rest / ms)
    rest -= count * ms
    if (count > 0) text += `${count}${unit}`
  }
  return text || '0s'
}
