/** kube-ipvs0: the device whose addresses make service addresses local. It is never up, and sends nothing. */
import { macOf } from '../../link/mac.ts'
import type { Device, Netns } from '../../link/netns.ts'
import { isIPv6 } from '../../packet.ts'
import type { Family } from '../changes/service-port.ts'

export const DUMMY = 'kube-ipvs0'

const withoutLength = (cidr: string) => cidr.replace(/\/\d+$/, '')

export class DummyDevice {
  private readonly netns: Netns
  private readonly family: Family
  private written: readonly string[] = []
  /** The device's list when it was written last: lists are replaced, never changed in place. */
  private list: readonly string[] | undefined

  constructor(netns: Netns, family: Family) {
    this.netns = netns
    this.family = family
  }

  ensure(): Device {
    return (
      this.netns.devices.get(DUMMY) ??
      this.netns.addDevice({
        name: DUMMY,
        kind: 'dummy',
        mac: macOf(`${this.netns.node}/${DUMMY}`),
        mtu: 1500,
        up: false,
        addresses: [],
      })
    )
  }

  /** Whether its addresses are those that were written last. */
  isIntact(netns: Netns): boolean {
    const { addresses } = netns.devices.get(DUMMY) ?? {}
    if (addresses === undefined || addresses === this.list) return addresses !== undefined
    // The other family has written, or somebody else.
    if (!isSame(this.own(addresses), this.written)) return false
    this.list = addresses
    return true
  }

  /** Puts exactly these addresses of the family on it; those of the other family stay. */
  set(addresses: ReadonlyMap<string, unknown>): void {
    const { addresses: list } = this.ensure()
    const kept = this.own(list).filter((cidr) => addresses.has(withoutLength(cidr)))
    const there = new Set(kept)
    const added = [...addresses.keys()].map((address) => this.cidrOf(address)).filter((cidr) => !there.has(cidr))
    const others = list.filter((cidr) => isIPv6(cidr) !== (this.family === 'IPv6'))
    this.written = [...kept, ...added]
    this.write([...others, ...this.written])
  }

  /** The same when only these addresses have changed: whether they are wanted now. */
  change(changes: ReadonlyMap<string, boolean>): void {
    const { addresses: list } = this.ensure()
    const gone = new Set([...changes].flatMap(([address, isWanted]) => (isWanted ? [] : [this.cidrOf(address)])))
    const added = [...changes].flatMap(([address, isWanted]) => (isWanted ? [this.cidrOf(address)] : []))
    const without = (all: readonly string[]) => (gone.size > 0 ? all.filter((cidr) => !gone.has(cidr)) : all)
    this.written = [...without(this.written), ...added]
    this.write([...without(list), ...added])
  }

  private write(list: readonly string[]): void {
    const device = this.ensure()
    if (!isSame(device.addresses, list)) device.addresses = list
    this.list = device.addresses
  }

  private cidrOf(address: string): string {
    return `${address}/${this.family === 'IPv6' ? 128 : 32}`
  }

  /** Addresses of the family on other devices, without loopback and link-local ones. */
  otherAddresses(): readonly string[] {
    const all = [...this.netns.devices.values()].filter(({ name }) => name !== DUMMY).flatMap(({ addresses }) => addresses)
    const isUsable = (ip: string) => !ip.startsWith('127.') && ip !== '::1' && !/^fe[89ab]/i.test(ip)
    return [...new Set(this.own(all).map(withoutLength).filter(isUsable))].toSorted()
  }

  private own(addresses: readonly string[]): readonly string[] {
    return addresses.filter((cidr) => isIPv6(cidr) === (this.family === 'IPv6'))
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
