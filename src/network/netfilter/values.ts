/** Ports, addresses and protocols as iptables reads and writes them, with its own words for what it cannot read. */
import { canonicalAddress, fromNumber, toNumber } from '../address.ts'
import { UsageError } from './options.ts'
import type { PortRange } from './rule.ts'

/** From /etc/services: what people type in place of numbers, and what `iptables -L` shows without -n. */
const SERVICES: readonly (readonly [number, string])[] = [
  [7, 'echo'],
  [9, 'discard'],
  [20, 'ftp-data'],
  [21, 'ftp'],
  [22, 'ssh'],
  [23, 'telnet'],
  [25, 'smtp'],
  [53, 'domain'],
  [67, 'bootps'],
  [68, 'bootpc'],
  [69, 'tftp'],
  [80, 'http'],
  [110, 'pop3'],
  [111, 'sunrpc'],
  [123, 'ntp'],
  [143, 'imap2'],
  [161, 'snmp'],
  [179, 'bgp'],
  [389, 'ldap'],
  [443, 'https'],
  [445, 'microsoft-ds'],
  [465, 'submissions'],
  [514, 'shell'],
  [587, 'submission'],
  [636, 'ldaps'],
  [853, 'domain-s'],
  [873, 'rsync'],
  [989, 'ftps-data'],
  [990, 'ftps'],
  [993, 'imaps'],
  [995, 'pop3s'],
  [1194, 'openvpn'],
  [1433, 'ms-sql-s'],
  [2049, 'nfs'],
  [2379, 'etcd-client'],
  [2380, 'etcd-server'],
  [3306, 'mysql'],
  [5432, 'postgresql'],
  [5672, 'amqp'],
  [6379, 'redis'],
  [6443, 'sun-sr-https'],
  [8080, 'http-alt'],
  [9418, 'git'],
  [10050, 'zabbix-agent'],
  [11211, 'memcached'],
]
const portsByName = new Map(SERVICES.map(([port, name]) => [name, port]))
const namesByPort = new Map(SERVICES.filter(([port]) => port !== 2379 && port !== 2380 && port !== 6443 && port !== 11211))

/** From /etc/protocols. */
const PROTOCOLS: readonly (readonly [number, string])[] = [
  [1, 'icmp'],
  [2, 'igmp'],
  [3, 'ggp'],
  [4, 'ipencap'],
  [6, 'tcp'],
  [8, 'egp'],
  [17, 'udp'],
  [33, 'dccp'],
  [41, 'ipv6'],
  [46, 'rsvp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'ipv6-icmp'],
  [88, 'eigrp'],
  [89, 'ospf'],
  [94, 'ipip'],
  [103, 'pim'],
  [112, 'vrrp'],
  [115, 'l2tp'],
  [132, 'sctp'],
  [135, 'mobility-header'],
  [136, 'udplite'],
]
const protocolNames = new Map(PROTOCOLS)
const protocolNumbers = new Map([...PROTOCOLS.map(([number, name]) => [name, number] as const), ['icmpv6', 58] as const])

/** A protocol by its usual name; '' for all. */
export function parseProtocol(text: string): string {
  const lower = text.toLowerCase()
  if (lower === 'all') return ''
  const number = /^(0x[0-9a-f]+|\d+)$/.test(lower) ? Number(lower) : protocolNumbers.get(lower)
  if (number === undefined || number > 255) throw new UsageError(`unknown protocol "${lower}" specified`)
  return number === 0 ? '' : (protocolNames.get(number) ?? String(number))
}

/** Its number; NaN when it has none. */
export function protocolNumber(name: string): number {
  return protocolNumbers.get(name) ?? Number(name)
}

/** A port by number or service name; undefined when it is none. */
export function serviceNumber(text: string): number | undefined {
  const port = /^\d+$/.test(text) ? Number(text) : portsByName.get(text)
  return port !== undefined && port <= 65535 ? port : undefined
}

export function parsePort(text: string): number {
  const port = serviceNumber(text)
  if (port === undefined) throw new UsageError(`invalid port/service \`${text}' specified`)
  return port
}

/** '80', '80:90', ':90', '80:', or service names. */
export function parsePorts(text: string, inverted: boolean): PortRange {
  const colon = text.indexOf(':')
  if (colon === -1) {
    const port = parsePort(text)
    return { from: port, to: port, inverted }
  }
  const from = colon === 0 ? 0 : parsePort(text.slice(0, colon))
  const to = colon === text.length - 1 ? 65535 : parsePort(text.slice(colon + 1))
  if (from > to) throw new UsageError('invalid portrange (min > max)')
  return { from, to, inverted }
}

export function printPorts(ports: PortRange): string {
  return ports.from === ports.to ? String(ports.from) : `${ports.from}:${ports.to}`
}

/** The service's name where `iptables -L` without -n shows one. */
export function serviceName(port: number): string {
  return namesByPort.get(port) ?? String(port)
}

/** Bits of a mask in text ('24', '255.255.255.0'); a mask with holes is given back as text. */
function parseMask(text: string): number | string {
  if (/^\d+$/.test(text) && Number(text) <= 32) return Number(text)
  const address = canonicalAddress(text)
  if (address === undefined || address.includes(':')) throw new UsageError(`invalid mask \`${text}' specified`)
  const bits = toNumber(address).toString(2).padStart(32, '0')
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : address
}

/** An IPv4 address or network with the bits beyond its mask cut off: '10.0.0.5/8' is '10.0.0.0/8'. */
function parseNetwork4(text: string): string {
  const [host = '', maskText] = text.split('/')
  const parts = host.split('.')
  // 'a.b' stands for the network a.b.0.0, as inet_aton's older ways of writing do not.
  const padded =
    parts.length < 4 && parts.every((part) => /^\d+$/.test(part)) ? [...parts, '0', '0', '0'].slice(0, 4).join('.') : host
  const address = canonicalAddress(padded)
  if (address === undefined || address.includes(':')) throw new UsageError(`host/network \`${host}' not found`)
  const mask = maskText === undefined ? 32 : parseMask(maskText)
  if (typeof mask === 'string') {
    const bits = toNumber(mask)
    return `${fromNumber((toNumber(address) & bits) >>> 0)}/${mask}`
  }
  const size = 2 ** (32 - mask)
  return `${fromNumber(Math.floor(toNumber(address) / size) * size)}/${mask}`
}

function parseNetwork6(text: string): string {
  const [host = '', maskText = '128'] = text.split('/')
  const address = canonicalAddress(host)
  if (address === undefined || !address.includes(':')) throw new UsageError(`host/network \`${host}' not found`)
  if (!/^\d+$/.test(maskText) || Number(maskText) > 128) throw new UsageError(`invalid mask \`${maskText}' specified`)
  const bits = Number(maskText)
  return `${fromBytes(toBytes(address).map((byte, i) => byte & maskByte(bits, i)))}/${bits}`
}

/** Byte `i` of the mask that begins with so many ones. */
function maskByte(bits: number, i: number): number {
  const ones = Math.max(0, Math.min(8, bits - i * 8))
  return (0xff << (8 - ones)) & 0xff
}

function fromBytes(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => (((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0)).toString(16))
  return canonicalAddress(groups.join(':')) ?? '::'
}

/** The 16 bytes of an IPv6 address in canonical text. */
export function toBytes(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const last = back.at(-1) ?? front.at(-1) ?? ''
  if (last.includes('.')) return toBytes(address.replace(last, dottedToGroups(last)))
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0')
  return [...front, ...(tail === undefined ? [] : zeros), ...back].flatMap((group) => {
    const value = parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function dottedToGroups(dotted: string): string {
  const value = toNumber(dotted)
  return `${Math.floor(value / 65536).toString(16)}:${(value % 65536).toString(16)}`
}

/** A network of the family in its canonical text, always with a length. */
export function parseNetwork(text: string, family: 4 | 6): string {
  return family === 4 ? parseNetwork4(text) : parseNetwork6(text)
}

/** An address of the family in canonical text; undefined when it is none. */
export function parseAddress(text: string, family: 4 | 6): string | undefined {
  const address = canonicalAddress(text)
  return address !== undefined && address.includes(':') === (family === 6) ? address : undefined
}

/** 0x text as iptables prints marks. */
export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`
}

/** A word as iptables-save writes it: in quotes when it holds more than letters, digits, '-' and '_'. */
export function quoted(text: string): string {
  return /^[-\w]+$/.test(text) ? text : `"${text.replaceAll(/["\\']/g, String.raw`\$&`)}"`
}
