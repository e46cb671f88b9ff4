/** Prefix tests made ready once, for rules that are tried on every packet. */
import { toNumber } from '../address.ts'
import { toBytes } from './values.ts'

/** Tells whether addresses lie in a prefix ('10.244.0.0/16', '10.0.0.0/255.0.255.0', 'fd00::/64', a bare address). */
export function cidrTest(cidr: string): (address: string) => boolean {
  const [base = '', length] = cidr.split('/')
  if (base.includes(':')) return prefixTest6(base, length === undefined ? 128 : Number(length))
  const mask = length === undefined ? 0xffffffff : length.includes('.') ? toNumber(length) : maskOf(Number(length))
  if (mask === 0xffffffff) return (address) => address === base
  const wanted = toNumber(base) & mask
  return (address) => !address.includes(':') && (toNumber(address) & mask) === wanted
}

/** The mask that begins with so many ones. */
export function maskOf(bits: number): number {
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
}

function prefixTest6(base: string, bits: number): (address: string) => boolean {
  if (bits === 128) return (address) => address === base
  const wanted = toBytes(base)
  const whole = bits >> 3
  const rest = (0xff << (8 - (bits & 7))) & 0xff
  return (address) => {
    if (!address.includes(':')) return false
    const bytes = toBytes(address)
    for (let i = 0; i < whole; i++) if (bytes[i] !== wanted[i]) return false
    return (bits & 7) === 0 || ((bytes[whole] ?? 0) & rest) === ((wanted[whole] ?? 0) & rest)
  }
}
