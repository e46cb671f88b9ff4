/** Addresses and CIDRs in API fields. Source: k8s 1.36 apimachinery util/validation ip.go (StrictIPCIDRValidation is on). */
import ipaddr from 'ipaddr.js'
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { invalid } from '../../../apimachinery/field-errors.ts'

const NOT_AN_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const NOT_A_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

type Address = ipaddr.IPv4 | ipaddr.IPv6

interface ParsedIp {
  readonly address: Address
  readonly leadingZeros: boolean
  readonly mapped: boolean
}

/** Reads an address as older releases did: leading zeros are decimal. */
function parseIp(text: string): ParsedIp | undefined {
  if (/^\d+(\.\d+){3}$/.test(text)) {
    const parts = text.split('.').map(Number)
    if (parts.some((p) => p > 255)) return undefined
    const plain = parts.join('.')
    return { address: ipaddr.IPv4.parse(plain), leadingZeros: plain !== text, mapped: false }
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined
  const address = ipaddr.IPv6.parse(text)
  if (!address.isIPv4MappedAddress()) return { address, leadingZeros: false, mapped: false }
  return { address: address.toIPv4Address(), leadingZeros: false, mapped: true }
}

export const isIp = (text: string) => parseIp(text) !== undefined
/** 4, 6, or undefined when the text is no address. */
export function ipFamily(text: string): 4 | 6 | undefined {
  const parsed = parseIp(text)
  return parsed === undefined ? undefined : parsed.address.kind() === 'ipv4' ? 4 : 6
}

/** The address as Kubernetes prints it (RFC 5952). */
function canonicalIp(parsed: ParsedIp): string {
  return parsed.address.kind() === 'ipv6' ? (parsed.address as ipaddr.IPv6).toRFC5952String() : parsed.address.toString()
}

/** By far the most common: nothing to complain of. */
const CANONICAL_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/

/** The rule for fields that older releases checked loosely; values in `kept` were there before and pass. */
export function checkIp(value: string, field: string, kept: readonly string[] = []): FieldError[] {
  if (kept.includes(value) || CANONICAL_IPV4.test(value)) return []
  const parsed = parseIp(value)
  if (parsed === undefined) return [invalid(field, value, NOT_AN_IP)]
  if (parsed.leadingZeros) return [invalid(field, value, 'must not have leading 0s')]
  return parsed.mapped ? [invalid(field, value, 'must not be an IPv4-mapped IPv6 address')] : []
}

/** The rule for newer fields: only the canonical text will do. */
export function checkCanonicalIp(value: string, field: string): FieldError[] {
  const errors = checkIp(value, field)
  const parsed = parseIp(value)
  if (errors.length > 0 || parsed === undefined) return errors
  const text = canonicalIp(parsed)
  return text === value ? [] : [invalid(field, value, `must be in canonical form ("${text}")`)]
}

interface ParsedCidr {
  readonly ip: ParsedIp
  readonly bits: number
  readonly network: string
  readonly hasHostBits: boolean
  readonly leadingZeros: boolean
}

function maskAddress(address: Address, bits: number): Address {
  const bytes = address.toByteArray().map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 - (bits - i * 8)))) & 0xff)
  return ipaddr.fromByteArray(bytes)
}

function parseCidr(text: string): ParsedCidr | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const ip = match?.[1] === undefined ? undefined : parseIp(match[1])
  if (match === null || ip === undefined) return undefined
  const bits = Number(match[2]) - (ip.mapped ? 96 : 0)
  if (bits < 0 || bits > (ip.address.kind() === 'ipv4' ? 32 : 128)) return undefined
  const masked = maskAddress(ip.address, bits)
  const network = `${canonicalIp({ address: masked, leadingZeros: false, mapped: false })}/${bits}`
  const leadingZeros = ip.leadingZeros || String(Number(match[2])) !== match[2]
  return { ip, bits, network, hasHostBits: masked.toString() !== ip.address.toString(), leadingZeros }
}

export function checkCidr(value: string, field: string, kept: readonly string[] = []): FieldError[] {
  if (kept.includes(value)) return []
  const parsed = parseCidr(value)
  if (parsed === undefined) return [invalid(field, value, NOT_A_CIDR)]
  if (parsed.leadingZeros) return [invalid(field, value, 'must not have leading 0s in IP or prefix length')]
  if (parsed.ip.mapped) return [invalid(field, value, 'must not have an IPv4-mapped IPv6 address')]
  return parsed.hasHostBits ? [invalid(field, value, 'must not have bits set beyond the prefix length')] : []
}

export function checkCanonicalCidr(value: string, field: string): FieldError[] {
  const errors = checkCidr(value, field)
  const parsed = parseCidr(value)
  if (errors.length > 0 || parsed === undefined) return errors
  return parsed.network === value ? [] : [invalid(field, value, `must be in canonical form ("${parsed.network}")`)]
}

export function cidrFamily(text: string): 4 | 6 | undefined {
  const parsed = parseCidr(text)
  return parsed === undefined ? undefined : parsed.ip.address.kind() === 'ipv4' ? 4 : 6
}

/** Whether the first CIDR holds the second one whole, or the address. Undefined texts hold nothing. */
export function cidrContains(outer: string, inner: string): boolean {
  const out = parseCidr(outer)
  const into = inner.includes('/') ? parseCidr(inner) : parseCidr(`${inner}/${inner.includes(':') ? 128 : 32}`)
  if (out === undefined || into === undefined || out.ip.address.kind() !== into.ip.address.kind()) return false
  return (
    into.bits >= out.bits &&
    maskAddress(into.ip.address, out.bits).toString() === maskAddress(out.ip.address, out.bits).toString()
  )
}

/** True for one address (CIDR) of each family; the list is dual-stack. */
export function isDualStack(values: readonly string[], family: (text: string) => 4 | 6 | undefined): boolean {
  return values.some((v) => family(v) === 4) && values.some((v) => family(v) === 6)
}

/** What an endpoint's or external address may not be. Source: k8s 1.36 ValidateEndpointIP. */
export function checkEndpointIp(value: string, field: string): FieldError[] {
  const parsed = parseIp(value)
  if (parsed === undefined) return [invalid(field, value, 'must be a valid IP address')]
  switch (parsed.address.range()) {
    case 'unspecified':
      return parsed.address.toByteArray().some((b) => b !== 0) ? [] : [invalid(field, value, `may not be unspecified (${value})`)]
    case 'loopback':
      return [invalid(field, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')]
    case 'linkLocal':
      return [invalid(field, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)')]
    case 'multicast':
      return isLinkLocalMulticast(parsed.address)
        ? [invalid(field, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')]
        : []
    default:
      return []
  }
}

function isLinkLocalMulticast(address: Address): boolean {
  const [a = 0, b = 0, c = 0] = address.toByteArray()
  return address.kind() === 'ipv4' ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 0x02
}

export function ipWarnings(value: string, field: string): string[] {
  const parsed = parseIp(value)
  if (parsed === undefined) return []
  const text = canonicalIp(parsed)
  if (parsed.leadingZeros || parsed.mapped) return [`${field}: non-standard IP address "${value}" is invalid: use "${text}"`]
  if (parsed.address.kind() === 'ipv4' || text === value) return []
  return [`${field}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${text}")`]
}

export function cidrWarnings(value: string, field: string): string[] {
  const parsed = parseCidr(value)
  if (parsed === undefined) return []
  const warnings: string[] = []
  if (parsed.hasHostBits) {
    const single = `${canonicalIp(parsed.ip)}/${parsed.ip.address.kind() === 'ipv4' ? 32 : 128}`
    warnings.push(`${field}: CIDR value "${value}" is ambiguous in this context (should be "${parsed.network}" or "${single}"?)`)
  }
  if (parsed.leadingZeros || parsed.ip.mapped) {
    warnings.push(`${field}: non-standard CIDR value "${value}" is invalid: use "${parsed.network}"`)
  }
  const text = `${canonicalIp(parsed.ip)}/${parsed.bits}`
  if (warnings.length === 0 && parsed.ip.address.kind() === 'ipv6' && text !== value) {
    warnings.push(`${field}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${text}")`)
  }
  return warnings
}
