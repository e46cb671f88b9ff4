import { StatusError } from '../../../apimachinery/errors.ts'
import { nodes } from '../../../apimachinery/generated/resources.ts'
import type { Node } from '../../../apimachinery/generated/types.ts'
import type { Client } from '../../../client/client.ts'
import { Informer } from '../../../client/informer.ts'
import type { Task } from '../../../sim/task.ts'
import { macOf } from '../../link/mac.ts'
import type { Netns } from '../../link/netns.ts'
import { sourceAddress } from '../../link/routing.ts'
import type { NodeNetwork } from '../node-network.ts'
import { ensureRules } from '../rules.ts'
import { leaseAnnotations, type Lease } from './leases.ts'
import { flannelMtu, type NetConf } from './net-conf.ts'
import { FlannelPlugin } from './plugin.ts'
import { apply, iptablesRules, stateFor, vxlanDevice, withdraw, type LeaseState } from './state.ts'

/** How often flanneld looks whether its iptables rules are still there. --iptables-resync. */
const RESYNC_MS = 5000

/** The leases of all nodes, kept once for all machines. */
export interface LeaseBook {
  /** Rises with every change. */
  readonly version: number
  all(): Iterable<Lease>
}

export interface FlanneldOptions {
  /** Reads the machine's own Node. */
  readonly client: Client
  /** Writes the lease, with flannel's own rights. */
  readonly ownClient: Client
  readonly nodeName: string
  readonly address: string
  readonly network: NodeNetwork
  readonly leases: LeaseBook
  /** Whether the lease is written into the Node. Not where somebody else manages the network. */
  readonly writesLease: boolean
}

/**
 * flannel's daemon on one machine. It waits for the node's pod CIDR, writes the CNI configuration and its lease, and
 * then keeps routes to all other leases. What it has set stays when it ends. Routes are put in place when somebody looks at
 * the machine's network; until then nothing is done.
 */
export class Flanneld {
  private readonly options: FlanneldOptions
  private readonly own: Informer<Node>
  private readonly plugin = new FlannelPlugin()
  private readonly applied = new Map<string, { readonly lease: Lease; readonly state: LeaseState }>()
  private conf: NetConf | undefined
  private subnet = ''
  private appliedVersion = -1
  private rules: readonly string[] = []
  private rulesMs = -Infinity
  private isRunning = false

  constructor(options: FlanneldOptions) {
    this.options = options
    this.own = new Informer(options.client, nodes, { fieldSelector: `metadata.name=${options.nodeName}` })
    this.own.addHandler({ onAdd: (node) => this.configure(node), onUpdate: (node) => this.configure(node) })
  }

  start(conf: NetConf): void {
    if (this.isRunning) return
    this.isRunning = true
    this.conf = conf
    this.subnet = ''
    this.appliedVersion = -1
    this.applied.clear()
    this.own.start()
    const node = this.own.get('', this.options.nodeName)
    if (node) this.configure(node)
  }

  /** The process ends. `netns` is brought to what it had done by then; none when the machine is gone with it. */
  stop(netns: () => Netns | undefined): void {
    if (!this.isRunning) return
    const kernel = netns()
    if (kernel) this.settle(kernel)
    this.isRunning = false
    this.own.stop()
  }

  /** The machine restarts: the kernel has forgotten everything. */
  clear(): void {
    this.applied.clear()
    this.appliedVersion = -1
    this.rulesMs = -Infinity
  }

  private configure(node: Node): void {
    const { conf } = this
    const subnet = node.spec?.podCIDR
    if (!this.isRunning || !conf || !subnet || subnet === this.subnet) return
    this.subnet = subnet
    this.rules = iptablesRules(conf, subnet)
    this.plugin.configure({ network: conf.network, subnet, mtu: flannelMtu(conf, 1500) })
    this.options.network.install(this.plugin)
    const annotations = leaseAnnotations({
      backend: conf.backend,
      vni: conf.vni,
      vtepMac: this.mac,
      publicIP: this.options.address,
    })
    const known = node.metadata.annotations ?? {}
    if (!this.options.writesLease) return
    if (Object.entries(annotations).some(([key, value]) => known[key] !== value))
      this.options.client.sim.spawn(this.writeLease(annotations))
  }

  private *writeLease(annotations: { readonly [key: string]: string }): Task {
    try {
      const patch = { metadata: { annotations } }
      yield* this.options.ownClient.patch(nodes, '', this.options.nodeName, patch, 'strategic', { subresource: 'status' })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }

  private get mac(): string {
    return macOf(`${this.options.nodeName}/flannel`)
  }

  /** Does what the daemon has done by now. */
  settle(netns: Netns): void {
    const { conf, subnet } = this
    if (!this.isRunning || !conf || subnet === '') return
    if (this.appliedVersion === -1) this.setUp(netns, conf)
    const { leases, client } = this.options
    if (this.appliedVersion !== leases.version) {
      this.appliedVersion = leases.version
      this.follow(netns, conf)
    } else if (conf.backend === 'host-gw') this.repairRoutes(netns)
    if (client.sim.now - this.rulesMs < RESYNC_MS) return
    this.rulesMs = client.sim.now
    ensureRules(netns, this.rules)
  }

  private setUp(netns: Netns, conf: NetConf): void {
    const address = `${this.subnet.slice(0, this.subnet.indexOf('/'))}/32`
    const mtu = flannelMtu(conf, netns.devices.get('eth0')?.mtu ?? 1500)
    const common = { mac: this.mac, mtu, up: true, addresses: [address] }
    const local = sourceAddress(netns, this.options.address) ?? this.options.address
    const name = vxlanDevice(conf)
    if (conf.backend === 'vxlan' && !netns.devices.has(name))
      netns.addDevice({ ...common, name, kind: 'vxlan', tunnel: { local, vni: conf.vni, port: conf.port } })
    if (conf.backend !== 'udp') return
    const reader = (destination: string) => (this.isRunning ? this.findLease(destination) : undefined)
    netns.devices.delete('flannel0')
    netns.addDevice({ ...common, name: 'flannel0', kind: 'tun', tunnel: { local }, reader })
    netns.routes = [
      ...netns.routes.filter((route) => route.destination !== conf.network),
      { destination: conf.network, device: 'flannel0', scope: 'link', source: address.slice(0, -3) },
    ]
  }

  private findLease(destination: string): string | undefined {
    const prefix = destination.slice(0, destination.lastIndexOf('.') + 1)
    for (const lease of this.options.leases.all()) if (lease.subnet.startsWith(prefix)) return lease.publicIP
    return undefined
  }

  /** Takes in what has changed in the leases since the last look. */
  private follow(netns: Netns, conf: NetConf): void {
    const present = new Set<string>()
    const changed: LeaseState[] = []
    for (const lease of this.options.leases.all()) {
      if (lease.node === this.options.nodeName) continue
      present.add(lease.node)
      const before = this.applied.get(lease.node)
      if (before?.lease === lease) continue
      const state = stateFor(conf, lease)
      if (before) withdraw(netns, before.state)
      changed.push(state)
      this.applied.set(lease.node, { lease, state })
    }
    apply(netns, changed)
    for (const [node, { state }] of this.applied) {
      if (present.has(node)) continue
      withdraw(netns, state)
      this.applied.delete(node)
    }
  }

  /** Only host-gw looks after its routes (every ten seconds). */
  private repairRoutes(netns: Netns): void {
    const there = new Set(netns.routes.map((route) => route.destination))
    const states = [...this.applied.values()].map(({ state }) => state)
    const lost = states.filter((state) => state.routes.some((wanted) => !there.has(wanted.destination)))
    if (lost.length > 0) apply(netns, lost)
  }
}
