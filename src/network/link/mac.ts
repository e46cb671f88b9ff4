import { hashText } from '../../sim/random.ts'

/** A locally administered unicast MAC address that belongs to a name and stays the same. */
export function macOf(name: string): string {
  const low = hashText(name)
  const high = hashText(name, 0x9e3779b1)
  const bytes = [(high & 0xfc) | 0x02, (high >>> 8) & 255, low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** Docker's and the bridge plugin's way: the hardware address of a container follows from its IPv4 address. */
export function macOfAddress(prefix: '0a:58' | '02:42', address: string): string {
  return [prefix, ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':')
}

/** Eight hexadecimal digits that belong to a name: what a veth device is called after. */
export function hexOf(name: string): string {
  return hashText(name).toString(16).padStart(8, '0')
}
