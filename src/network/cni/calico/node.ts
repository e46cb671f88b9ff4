import { StatusError } from '../../../apimachinery/errors.ts'
import { nodes } from '../../../apimachinery/generated/resources.ts'
import type { Client } from '../../../client/client.ts'
import { sleep, type Task, type TaskHandle } from '../../../sim/task.ts'
import { formatTime } from '../../../sim/time.ts'
import { networkOf } from '../../link/machine.ts'
import { macOf } from '../../link/mac.ts'
import type { FdbEntry, Neighbour, Netns, Route } from '../../link/netns.ts'
import type { NodeNetwork } from '../node-network.ts'
import { detectAddress } from './autodetect.ts'
import type { Block, Pool } from './ipam.ts'
import { addressOf } from './mesh.ts'
import { CalicoPlugin } from './plugin.ts'
import { calicoObject, type IPPool } from './resources.ts'
import { keepRules } from './rules.ts'
import type { CalicoStore } from './store.ts'

/** From the start of the container until BIRD and Felix work. */
const START_MS = 3000
const VNI = 4096
const VXLAN_PORT = 4789
const OVERHEAD = { ipip: 20, vxlan: 50, none: 0 }

export interface CalicoNodeOptions {
  readonly nodeName: string
  readonly internalIP: string
  readonly client: Client
  readonly network: NodeNetwork
  readonly store: CalicoStore
  /** Undefined while the machine has no power. */
  readonly netns: () => Netns | undefined
}

/** Environment variables of the calico-node container. */
export type CalicoEnv = { readonly [name: string]: string }

/**
 * calico-node on one machine: finds its address, keeps BGP sessions with the others (BIRD) and sets routes and tunnels
 * (Felix). Routes are set when somebody looks at the machine's network. What it has set stays when it ends.
 */
export class CalicoNode {
  private readonly options: CalicoNodeOptions
  private task: TaskHandle | null = null
  private cidr = ''
  private backend = 'bird'
  private works = false
  private settled = ''
  private isSettling = false
  /** Set once it has run here: what the plugin waits for. */
  private hasRun = false
  private plugin: CalicoPlugin | undefined
  private tunnelAddressText = ''

  constructor(options: CalicoNodeOptions) {
    this.options = options
  }

  /** Why it ends at once: no address, or one that another node has. */
  refusal(env: CalicoEnv): string | undefined {
    const netns = this.options.netns()
    netns?.settle()
    const detected = netns && detectAddress(netns, env['IP_AUTODETECTION_METHOD'] ?? '', this.options.internalIP)
    if (!detected)
      return "[WARNING] startup/startup.go: Unable to auto-detect an IPv4 address: no valid IPv4 addresses found on the host interfaces\n[ERROR] startup/startup.go: Couldn't autodetect a management IPv4 address"
    const other = this.options.store.mesh.conflict(this.options.nodeName, detected.cidr)
    if (!other) return undefined
    return `[WARNING] startup/startup.go: Calico node '${other.node}' is already using the IPv4 address ${addressOf(detected)}.\n[INFO] startup/startup.go: Clearing out-of-date IPv4 address from this node IP="${detected.cidr}"\n[WARNING] startup/startup.go: Terminating`
  }

  /** The address that it finds, with length; '' when there is none. */
  detected(env: CalicoEnv): string {
    const netns = this.options.netns()
    return (netns && detectAddress(netns, env['IP_AUTODETECTION_METHOD'] ?? '', this.options.internalIP)?.cidr) ?? ''
  }

  /** `changed` is told when readiness may have changed. */
  start(env: CalicoEnv, changed: () => void): void {
    this.cidr = this.detected(env)
    this.backend = env['CALICO_NETWORKING_BACKEND'] ?? 'bird'
    const { store, client, nodeName } = this.options
    this.settled = ''
    store.mesh.set({ node: nodeName, cidr: this.cidr, netns: this.options.netns, isRunning: () => this.works, changed })
    this.task = client.sim.spawn(this.begin(env))
  }

  /** The container ends: sessions go down, what was set stays. */
  stop(): void {
    const netns = this.works ? this.options.netns() : undefined
    if (netns) this.settle(netns)
    this.task?.cancel()
    this.task = null
    this.works = false
    this.options.store.mesh.changed()
  }

  /** install-cni has copied the plugin and its configuration. */
  installPlugin(): void {
    const { nodeName, store, network } = this.options
    this.plugin ??= new CalicoPlugin(nodeName, store.ipam, () => (this.hasRun ? this.mtu : undefined))
    network.install(this.plugin)
  }

  /** Whether BIRD listens: on TCP port 179. */
  get isListening(): boolean {
    return this.works && this.backend === 'bird'
  }

  /** What `calico-node -bird-ready -felix-ready` says; ok: nothing. */
  readiness(): { readonly ok: boolean; readonly text: string } {
    const { store, nodeName, client } = this.options
    if (!this.works)
      return {
        ok: false,
        text: 'calico/node is not ready: BIRD is not ready: Error querying BIRD: unable to connect to BIRDv4 socket: dial unix /var/run/calico/bird.ctl: connect: connection refused',
      }
    if (this.backend !== 'bird') return { ok: true, text: '' }
    const missing = store.mesh.missing(nodeName)
    if (missing.length === 0) return { ok: true, text: '' }
    const established = store.mesh.others(nodeName).length - missing.length
    const time = formatTime(client.sim.now).replace('T', ' ').replace('Z', '.000')
    return {
      ok: false,
      text: `${time} [INFO][309] confd/health.go 180: Number of node(s) with BGP peering established = ${established}\ncalico/node is not ready: BIRD is not ready: BGP not established with ${missing.map(addressOf).join(',')}`,
    }
  }

  private *begin(env: CalicoEnv): Task {
    const { store, client, nodeName } = this.options
    yield* store.start(defaultPool(env))
    yield* sleep(START_MS)
    this.works = true
    this.hasRun = true
    store.mesh.changed()
    const annotations: Record<string, string> = { 'projectcalico.org/IPv4Address': this.cidr }
    const [pool] = store.ipam.allPools()
    if (pool && pool.tunnel.kind !== 'none')
      annotations[`projectcalico.org/IPv4${pool.tunnel.kind === 'ipip' ? 'IPIP' : 'VXLAN'}TunnelAddr`] = this.tunnelAddress
    try {
      yield* client.patch(nodes, '', nodeName, { metadata: { annotations } }, 'strategic', { subresource: 'status' })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }

  /** The first address of the node's first block. */
  private get tunnelAddress(): string {
    const { store, nodeName } = this.options
    if (this.tunnelAddressText === '') this.tunnelAddressText = store.ipam.assign(nodeName, `tunnel/${nodeName}`)
    return this.tunnelAddressText
  }

  private get mtu(): number {
    const [pool] = this.options.store.ipam.allPools()
    return 1500 - OVERHEAD[pool?.tunnel.kind ?? 'none']
  }

  /** The machine restarts. */
  clear(): void {
    this.settled = ''
  }

  /** Sets what BIRD and Felix have set by now. */
  settle(netns: Netns): void {
    const { store, client } = this.options
    if (!this.works || this.isSettling) return
    const wanted = `${store.mesh.version} ${store.ipam.version}`
    this.isSettling = true
    try {
      if (wanted !== this.settled) this.setUp(netns)
      this.settled = wanted
      keepRules(netns, store.ipam.allPools(), client.sim.now)
    } finally {
      this.isSettling = false
    }
  }

  private setUp(netns: Netns): void {
    const { store, nodeName } = this.options
    const kinds = new Set(store.ipam.allPools().map((pool) => pool.tunnel.kind))
    if (kinds.has('ipip')) this.ensureTunnel(netns, 'tunl0', 'ipip')
    if (kinds.has('vxlan')) this.ensureTunnel(netns, 'vxlan.calico', 'vxlan')
    const routes: Route[] = []
    const neighbours: Neighbour[] = []
    const fdb: FdbEntry[] = []
    for (const block of store.ipam.allBlocks()) {
      const pool = store.ipam.poolOf(block)
      if (block.node === nodeName) routes.push({ destination: block.cidr, device: '', kind: 'blackhole', protocol: 'bird' })
      else if (pool) this.remote(block, pool, routes, neighbours, fdb)
    }
    netns.routes = [...netns.routes.filter((route) => !isOurs(route)), ...routes]
    const isTunnels = ({ device }: { device: string }) => device === 'vxlan.calico'
    netns.neighbours = [...netns.neighbours.filter((entry) => !isTunnels(entry)), ...neighbours]
    netns.fdb = [...netns.fdb.filter((entry) => !isTunnels(entry)), ...fdb]
  }

  /** The way to a block of another node. */
  private remote(block: Block, pool: Pool, routes: Route[], neighbours: Neighbour[], fdb: FdbEntry[]): void {
    const { store, nodeName } = this.options
    const peer = store.mesh.others(nodeName).find((other) => other.node === block.node)
    if (!peer) return
    const via = addressOf(peer)
    const { kind, crossSubnet } = pool.tunnel
    const isDirect = kind === 'none' || (crossSubnet && networkOf(this.cidr) === networkOf(peer.cidr))
    if (kind === 'vxlan' && !isDirect) {
      const gateway = block.cidr.slice(0, block.cidr.indexOf('/'))
      const mac = macOf(`${block.node}/vxlan.calico`)
      routes.push({ destination: block.cidr, via: gateway, device: 'vxlan.calico', onlink: true })
      neighbours.push({ address: gateway, mac, device: 'vxlan.calico', state: 'PERMANENT' })
      fdb.push({ mac, device: 'vxlan.calico', destination: via })
      return
    }
    if (!store.mesh.isEstablished(nodeName, block.node)) return
    if (isDirect) routes.push({ destination: block.cidr, via, device: 'eth0', protocol: 'bird' })
    else routes.push({ destination: block.cidr, via, device: 'tunl0', protocol: 'bird', onlink: true })
  }

  private ensureTunnel(netns: Netns, name: 'tunl0' | 'vxlan.calico', kind: 'ipip' | 'vxlan'): void {
    const addresses = [`${this.tunnelAddress}/32`]
    const known = netns.devices.get(name)
    if (known && known.tunnel?.local === addressOf({ cidr: this.cidr })) {
      known.addresses = addresses
      return
    }
    netns.devices.delete(name)
    netns.addDevice({
      name,
      kind,
      mac: macOf(`${this.options.nodeName}/vxlan.calico`),
      mtu: this.mtu,
      up: true,
      addresses,
      tunnel: { local: addressOf({ cidr: this.cidr }), ...(kind === 'vxlan' ? { vni: VNI, port: VXLAN_PORT } : {}) },
    })
  }
}

function isOurs({ protocol, device }: Route): boolean {
  return protocol === 'bird' || device === 'vxlan.calico'
}

/** The pool that the first node makes, from its environment. */
function defaultPool(env: CalicoEnv): IPPool {
  return calicoObject('IPPool', 'default-ipv4-ippool', {
    allowedUses: ['Workload', 'Tunnel'],
    blockSize: Number(env['CALICO_IPV4POOL_BLOCK_SIZE'] ?? 26),
    cidr: env['CALICO_IPV4POOL_CIDR'] ?? '192.168.0.0/16',
    ipipMode: env['CALICO_IPV4POOL_IPIP'] ?? 'Never',
    natOutgoing: env['CALICO_IPV4POOL_NAT_OUTGOING'] !== 'false',
    nodeSelector: 'all()',
    vxlanMode: env['CALICO_IPV4POOL_VXLAN'] ?? 'Never',
  }) as IPPool
}
