import { Netfilter } from '../netfilter/netfilter.ts'
import type { Packet, Protocol } from '../packet.ts'
import type { Journey } from '../trace.ts'
import { LocalAddresses } from './local-addresses.ts'

export type DeviceKind = 'loopback' | 'physical' | 'veth' | 'bridge' | 'vxlan' | 'ipip' | 'tun' | 'dummy'

/** A network interface. */
export interface Device {
  readonly name: string
  readonly kind: DeviceKind
  readonly index: number
  readonly mac: string
  mtu: number
  up: boolean
  /** With prefix length: '10.244.1.1/24'. Replace the list, never change it in place. */
  addresses: readonly string[]
  /** The bridge that it is a port of. */
  master?: string
  /** The other end of a veth pair. */
  readonly peer?: { readonly netns: Netns; readonly device: string }
  /** vxlan, ipip: local end; vxlan: identifier and UDP port. */
  readonly tunnel?: { readonly local: string; readonly vni?: number; readonly port?: number }
  /** tun: the machine that the program reading it sends a packet to; undefined: it drops it, or none reads. */
  readonly reader?: (destination: string) => string | undefined
  /** physical: the segment that its cable leads to. Default 'lan'. */
  readonly segment?: string
  /** bridge port: frames may go out where they came in. */
  readonly hairpin?: boolean
  /** Answers ARP for every address (calico's cali* interfaces). */
  readonly proxyArp?: boolean
}

/** One line of `ip route`. */
export interface Route {
  /** 'default' or a prefix. */
  readonly destination: string
  readonly via?: string
  readonly device: string
  readonly source?: string
  readonly scope?: 'link' | 'host' | 'global'
  readonly protocol?: 'kernel' | 'boot' | 'static' | 'bird' | 'dhcp'
  readonly metric?: number
  readonly onlink?: boolean
  readonly kind?: 'unicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'local'
}

/** One line of `ip neigh`. */
export interface Neighbour {
  readonly address: string
  readonly mac: string
  readonly device: string
  readonly state: 'PERMANENT' | 'REACHABLE' | 'STALE' | 'FAILED'
}

/** One line of `bridge fdb`: frames for a MAC leave by this device, in a tunnel towards `destination`. */
export interface FdbEntry {
  readonly mac: string
  readonly device: string
  readonly destination?: string
}

/** What carries packets from a namespace onwards; set once it is joined to others. */
export interface Carrier {
  walk(from: Netns, packet: Packet, record?: boolean): Journey
  /** Simulated milliseconds. */
  now(): number
}

/** A listening socket as `ss -l` prints it. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp'
  /** '*', '0.0.0.0', '127.0.0.1'. */
  readonly address: string
  readonly port: number
  readonly process: string
  readonly pid: number
}

/** Says who listens on a port of an address: the process's name; undefined: nobody. */
export type ListenerLookup = (protocol: Protocol, address: string, port: number) => string | undefined

/** A network namespace: a machine's own, or a pod's. */
export class Netns {
  /** Machine it is on; '' for the world outside. */
  readonly node: string
  /** 'namespace/name' of its pod; undefined: the machine's own. */
  readonly pod: string | undefined
  readonly devices = new Map<string, Device>()
  routes: readonly Route[] = []
  neighbours: readonly Neighbour[] = []
  fdb: readonly FdbEntry[] = []
  readonly netfilter = new Netfilter()
  /** e.g. 'net.ipv4.ip_forward' -> '1'. */
  readonly sysctls = new Map<string, string>()
  /** Who listens where. Set by whoever knows the processes. */
  listens: ListenerLookup = () => undefined
  /** All listening sockets: for `ss`. Set by whoever knows the processes. */
  listeners: () => readonly Listener[] = () => []
  carrier: Carrier | undefined
  private readonly local = new LocalAddresses(this.devices)
  private lazies: (() => void)[] = []
  private lastIndex = 0

  constructor(node: string, pod?: string) {
    this.node = node
    this.pod = pod
  }

  /** Registers what brings lazily kept state (routes of a daemon, veth pairs) up to date; run by settle(). */
  onLook(update: () => void): void {
    this.lazies.push(update)
  }

  /** To be called before the namespace is read by anybody: a packet, a command, a view. */
  settle(): void {
    for (const update of this.lazies) update()
  }

  /** The index that a new device gets. */
  nextIndex(): number {
    return ++this.lastIndex
  }

  /** Adds an interface; the index is the next free one unless given. */
  addDevice(device: Omit<Device, 'index'> & { readonly index?: number }): Device {
    const added: Device = { ...device, index: device.index ?? this.nextIndex() }
    this.devices.set(added.name, added)
    return added
  }

  /** Takes an interface away, and with it its routes, neighbours and forwarding entries. */
  removeDevice(name: string): void {
    this.devices.delete(name)
    for (const port of this.devices.values()) if (port.master === name) delete port.master
    this.routes = this.routes.filter((route) => route.device !== name)
    this.neighbours = this.neighbours.filter((neighbour) => neighbour.device !== name)
    this.fdb = this.fdb.filter((entry) => entry.device !== name)
  }

  /** Whether packets to an address are for this namespace itself (addrtype LOCAL). */
  isLocal(address: string): boolean {
    return this.local.has(address)
  }

  /** The interface that has an address. */
  deviceWith(address: string): Device | undefined {
    return this.local.deviceOf(address)
  }

  /** A kernel setting as a number; 0 when it was never set. */
  setting(name: string): number {
    return Number(this.sysctls.get(name) ?? '0')
  }
}
