import ipaddr from 'ipaddr.js'
import { isIPv6 } from '../../packet.ts'

/** A prefix without its host bits ('10.0.0.7/8' gives '10.0.0.0/8'); undefined when the text is no prefix. */
export function networkOf(cidr: string): string | undefined {
  if (!ipaddr.isValidCIDR(cidr)) return undefined
  const bits = cidr.slice(cidr.indexOf('/') + 1)
  if (isIPv6(cidr)) return `${ipaddr.IPv6.networkAddressFromCIDR(cidr).toRFC5952String()}/${bits}`
  return `${ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()}/${bits}`
}

/** 'address:port', with brackets around IPv6. */
export function joinHostPort(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}
