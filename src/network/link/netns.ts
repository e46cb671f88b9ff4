import { Netfilter } from '../netfilter/netfilter.ts'

export type DeviceKind = 'loopback' | 'physical' | 'veth' | 'bridge' | 'vxlan' | 'ipip' | 'tun' | 'dummy'

/** A network interface. */
export interface Device {
  readonly name: string
  readonly kind: DeviceKind
  readonly index: number
  readonly mac: string
  mtu: number
  up: boolean
  /** With prefix length: '10.244.1.1/24'. */
  addresses: readonly string[]
  /** The bridge that it is a port of. */
  master?: string
  /** The other end of a veth pair. */
  readonly peer?: { readonly netns: Netns; readonly device: string }
  /** vxlan, ipip: local end; vxlan: identifier and UDP port. */
  readonly tunnel?: { readonly local: string; readonly vni?: number; readonly port?: number }
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

/** A network namespace: a machine's own, or a pod's. */
export class Netns {
  /** Machine it is on. */
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

  constructor(node: string, pod?: string) {
    this.node = node
    this.pod = pod
  }
}
