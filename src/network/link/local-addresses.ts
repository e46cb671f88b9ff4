import type { Device } from './netns.ts'

/**
 * Which addresses are a namespace's own: the kernel's local table. Each device's list of addresses is indexed once and
 * again when the list was replaced, so that an interface with 10,000 addresses (kube-ipvs0) costs nothing per packet.
 */
export class LocalAddresses {
  private readonly devices: ReadonlyMap<string, Device>
  private readonly sets = new WeakMap<readonly string[], ReadonlySet<string>>()

  constructor(devices: ReadonlyMap<string, Device>) {
    this.devices = devices
  }

  has(address: string): boolean {
    if (address.startsWith('127.') || address === '::1') return this.devices.get('lo')?.up === true
    return this.deviceOf(address) !== undefined
  }

  deviceOf(address: string): Device | undefined {
    if (address.startsWith('127.') || address === '::1') return this.devices.get('lo')
    for (const device of this.devices.values()) {
      const { addresses } = device
      if (addresses.length === 0) continue
      if (addresses.length === 1 ? isAddressOf(addresses[0] as string, address) : this.setOf(addresses).has(address))
        return device
    }
    return undefined
  }

  private setOf(addresses: readonly string[]): ReadonlySet<string> {
    const known = this.sets.get(addresses)
    if (known) return known
    const made = new Set(addresses.map(withoutLength))
    this.sets.set(addresses, made)
    return made
  }
}

function isAddressOf(cidr: string, address: string): boolean {
  return cidr.startsWith(address) && (cidr.length === address.length || cidr[address.length] === '/')
}

/** '10.244.1.1/24' -> '10.244.1.1'. */
export function withoutLength(cidr: string): string {
  const slash = cidr.indexOf('/')
  return slash === -1 ? cidr : cidr.slice(0, slash)
}
