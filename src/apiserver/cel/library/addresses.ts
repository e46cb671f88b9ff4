/** IP addresses and networks. Source: k8s 1.36 cel/library/ip.go, cidr.go. */
import type { Environment } from '@marcbachmann/cel-js'
import ipaddr from 'ipaddr.js'
import { define, defineNamespace, failure } from './define.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

class IpValue {
  readonly address: Address
  constructor(address: Address) {
    this.address = address
  }
}

class CidrValue {
  readonly address: Address
  readonly bits: number
  constructor(address: Address, bits: number) {
    this.address = address
    this.bits = bits
  }
}

const QUOTED = (text: string) => JSON.stringify(text)

/** The address, or why the text is none. */
function readIp(text: string): Address | string {
  if (text.includes('%')) return `IP address ${QUOTED(text)} with zone value is not allowed`
  if (/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text) && ipaddr.IPv4.isValid(text)) return ipaddr.IPv4.parse(text)
  if (text.includes(':') && ipaddr.IPv6.isValid(text)) {
    const address = ipaddr.IPv6.parse(text)
    return address.isIPv4MappedAddress() ? `IPv4-mapped IPv6 address ${QUOTED(text)} is not allowed` : address
  }
  return `IP Address ${QUOTED(text)} parse error during conversion from string: ParseAddr(${QUOTED(text)}): unable to parse IP`
}

function readCidr(text: string): CidrValue | string {
  const [address = '', bits = '', rest] = text.split('/')
  const why = (reason: string) =>
    `network address parse error during conversion from string: netip.ParsePrefix(${QUOTED(text)}): ${reason}`
  if (bits === '' && !text.includes('/')) return why("no '/'")
  const ip = readIp(address)
  if (typeof ip === 'string') return ip.startsWith('IPv4-mapped') ? ip : why(`ParseAddr(${QUOTED(address)}): unable to parse IP`)
  if (rest !== undefined || !/^(0|[1-9]\d*)$/.test(bits)) return why(`bad bits after slash: ${QUOTED(bits)}`)
  const max = ip.kind() === 'ipv4' ? 32 : 128
  return Number(bits) > max ? why('prefix length out of range') : new CidrValue(ip, Number(bits))
}

const text = (address: Address) => (address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : address.toString())

function contains(network: CidrValue, address: Address): boolean {
  if (network.address.kind() !== address.kind()) return false
  return (address as ipaddr.IPv4).match([network.address as ipaddr.IPv4, network.bits])
}

function masked({ address, bits }: CidrValue): Address {
  const bytes = address.toByteArray().map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8))
    return byte & (0xff << (8 - kept)) & 0xff
  })
  return ipaddr.fromByteArray(bytes)
}

function ipOf(value: string): Address {
  const address = readIp(value)
  if (typeof address === 'string') throw failure(address)
  return address
}

function cidrOf(value: string): CidrValue {
  const network = readCidr(value)
  if (typeof network === 'string') throw failure(network)
  return network
}

const range = ({ address }: IpValue) => address.range()
const isLinkLocalMulticast = ({ address }: IpValue) => {
  const bytes = address.toByteArray()
  return bytes.length === 4
    ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
    : bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 0x02
}
const isGlobalUnicast = (ip: IpValue) =>
  !['unspecified', 'loopback', 'multicast', 'broadcast', 'linkLocal'].includes(range(ip)) && !isLinkLocalMulticast(ip)

function ipLibrary(env: Environment): void {
  const T = 'net.IP'
  env.registerType(T, IpValue)
  defineNamespace(env, 'ip', { 'isCanonical(string): bool': (value: string) => text(ipOf(value)) === value })
  define(env, {
    [`ip(string): ${T}`]: (value: string) => new IpValue(ipOf(value)),
    'isIP(string): bool': (value: string) => typeof readIp(value) !== 'string',
    [`string(${T}): string`]: ({ address }: IpValue) => text(address),
    [`${T}.family(): int`]: ({ address }: IpValue) => (address.kind() === 'ipv4' ? 4n : 6n),
    [`${T}.isUnspecified(): bool`]: (ip: IpValue) => range(ip) === 'unspecified',
    [`${T}.isLoopback(): bool`]: (ip: IpValue) => range(ip) === 'loopback',
    [`${T}.isLinkLocalMulticast(): bool`]: isLinkLocalMulticast,
    [`${T}.isLinkLocalUnicast(): bool`]: (ip: IpValue) => range(ip) === 'linkLocal',
    [`${T}.isGlobalUnicast(): bool`]: isGlobalUnicast,
  })
  env.registerOperator(`${T} == ${T}`, (a: IpValue, b: IpValue) => text(a.address) === text(b.address))
}

function cidrLibrary(env: Environment): void {
  const T = 'net.CIDR'
  env.registerType(T, CidrValue)
  const within = (outer: CidrValue, inner: CidrValue) => inner.bits >= outer.bits && contains(outer, inner.address)
  define(env, {
    [`cidr(string): ${T}`]: cidrOf,
    'isCIDR(string): bool': (value: string) => typeof readCidr(value) !== 'string',
    [`string(${T}): string`]: ({ address, bits }: CidrValue) => `${text(address)}/${bits}`,
    [`${T}.containsIP(net.IP): bool`]: (network: CidrValue, ip: IpValue) => contains(network, ip.address),
    [`${T}.containsIP(string): bool`]: (network: CidrValue, ip: string) => contains(network, ipOf(ip)),
    [`${T}.containsCIDR(${T}): bool`]: within,
    [`${T}.containsCIDR(string): bool`]: (network: CidrValue, other: string) => within(network, cidrOf(other)),
    [`${T}.ip(): net.IP`]: ({ address }: CidrValue) => new IpValue(address),
    [`${T}.masked(): ${T}`]: (network: CidrValue) => new CidrValue(masked(network), network.bits),
    [`${T}.prefixLength(): int`]: ({ bits }: CidrValue) => BigInt(bits),
  })
  env.registerOperator(`${T} == ${T}`, (a: CidrValue, b: CidrValue) => a.bits === b.bits && text(a.address) === text(b.address))
}

export function addressLibrary(env: Environment): void {
  ipLibrary(env)
  cidrLibrary(env)
  const [IP, CIDR] = ["type(ip('::'))", "type(cidr('::/0'))"].map((source) => env.evaluate(source) as unknown)
  env.registerConstant('net', 'map<string, type>', { IP, CIDR })
}
