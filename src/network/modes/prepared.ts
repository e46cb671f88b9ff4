/** One node's network in one of kube-proxy's modes, apart from any cluster: for comparing what the modes do to a packet. */
import type { EndpointSlice, Service } from '../../apimachinery/generated/types.ts'
import { ipvsOf } from '../ipvs/install.ts'
import { machineNetns } from '../link/machine.ts'
import { addressOn } from '../link/routing.ts'
import type { Netns } from '../link/netns.ts'
import type { Flight, Hook, HookEnvironment, Verdict } from '../netfilter/hooks.ts'
import { installNetfilter, type NetfilterParts } from '../netfilter/install.ts'
import { nftablesOf } from '../nft/nftables.ts'
import { DEFAULT_TTL, type Packet, type Protocol } from '../packet.ts'
import { parseProxyConfig, type ProxyMode } from '../proxy/config.ts'
import { makeProxier } from '../proxy/make-proxier.ts'
import type { Proxier } from '../proxy/proxier.ts'
import { RuleLog } from '../trace.ts'

export const MODES: readonly ProxyMode[] = ['iptables', 'ipvs', 'nftables']

export interface ModeSettings {
  readonly mode: ProxyMode
  readonly nodeName: string
  /** The node's address; '10.0.0.11'. */
  readonly nodeIP: string
  readonly zone: string
  readonly clusterCIDR: string
  /** In [0, 1). */
  readonly random: () => number
}

/** What became of the first packet of a connection. */
export interface Sent {
  readonly verdict: Verdict
  /** As it leaves the node. */
  readonly packet: Packet
  /** Rules and elements that were looked at, at all hooks. */
  readonly looked: number
}

const FIRST_PORT = 32_768
const PORTS = 28_232

/** kube-proxy's rules for given Services, and packets from a pod of the node through them. */
export class PreparedMode {
  readonly mode: ProxyMode
  readonly netns: Netns
  readonly proxier: Proxier
  private readonly parts: NetfilterParts
  private readonly environment: HookEnvironment
  private nowMs = 0
  private connections = 0

  constructor({ mode, nodeName, nodeIP, zone, clusterCIDR, random }: ModeSettings) {
    this.mode = mode
    const netns = machineNetns(nodeName, { address: `${nodeIP}/16` })
    this.netns = netns
    const now = () => this.nowMs
    this.parts = installNetfilter(netns, { now })
    this.environment = {
      isLocalAddress: (address) => netns.isLocal(address),
      sourceAddressFor: (outInterface, destination) => {
        const device = netns.devices.get(outInterface)
        return (device && addressOn(netns, device, destination)) ?? nodeIP
      },
      random,
      now,
    }
    this.proxier = makeProxier(
      parseProxyConfig(
        `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ${mode}\nclusterCIDR: ${clusterCIDR}\n`,
      ),
      'IPv4',
      { netns, parts: this.parts, place: { nodeName, zone }, nodeIPs: { IPv4: nodeIP, IPv6: '' }, podCIDRs: [], now },
    )
  }

  /** iptables without its index: every rule is really tried. For measuring. */
  setLinear(linear: boolean): void {
    this.parts.linear = linear
  }

  /** Takes Services and slices in, and makes their rules. */
  take(services: Iterable<Service>, slices: Iterable<EndpointSlice>): void {
    const { state } = this.proxier
    for (const service of services) state.serviceChanged(service)
    for (const slice of slices) state.sliceChanged(slice)
    this.nowMs += 2000
    this.proxier.sync()
  }

  /** Sends the first packet of a new connection, from a pod. `log` null: nothing is noted, and `looked` is 0. */
  send(
    source: string,
    destination: string,
    destinationPort: number,
    protocol: Protocol = 'tcp',
    log: RuleLog | null = new RuleLog(),
  ): Sent {
    const sourcePort = FIRST_PORT + (this.connections++ % PORTS)
    const packet: Packet = {
      source,
      destination,
      protocol,
      sourcePort,
      destinationPort,
      ...(protocol === 'tcp' ? { flags: 'S' } : {}),
      ttl: DEFAULT_TTL,
      length: 60,
      mark: 0,
    }
    return this.walk(
      { packet, inInterface: 'cni0', outInterface: '', connection: null, direction: 'original', state: 'NEW', rerouted: false },
      log,
    )
  }

  /** The hooks in the order in which the kernel passes them; IPVS sends on from INPUT. */
  private walk(flight: Flight, log: RuleLog | null): Sent {
    const run = (hook: Hook): Verdict => this.netns.netfilter.run(hook, flight, this.environment, log)
    const end = (verdict: Verdict): Sent => ({ verdict, packet: flight.packet, looked: log?.looked ?? 0 })
    let verdict = run('PREROUTING')
    if (verdict !== 'accept') return end(verdict)
    if (this.netns.isLocal(flight.packet.destination)) {
      verdict = run('INPUT')
      if (verdict !== 'accept' || this.netns.isLocal(flight.packet.destination)) return end(verdict)
      flight.inInterface = ''
      flight.outInterface = 'eth0'
      verdict = run('OUTPUT')
    } else {
      flight.outInterface = 'eth0'
      verdict = run('FORWARD')
    }
    return end(verdict === 'accept' ? run('POSTROUTING') : verdict)
  }

  /** Rules, map elements, virtual and real servers that are kept for the cluster's Services. */
  kept(): number {
    if (this.mode === 'nftables') return this.keptByNftables()
    let kept = 0
    for (const table of this.parts.iptables.names())
      for (const chain of this.parts.iptables.existing(table)?.values() ?? []) kept += chain.rules.length
    if (this.mode === 'iptables') return kept
    for (const name of this.parts.sets.names()) kept += [...(this.parts.sets.members(name) ?? [])].length
    for (const server of ipvsOf(this.netns)?.servers.values() ?? []) kept += 1 + server.reals.length
    return kept
  }

  private keptByNftables(): number {
    let kept = 0
    for (const table of nftablesOf(this.netns).tables.values()) {
      for (const chain of table.chains.values()) kept += chain.rules.length
      for (const set of table.sets.values()) kept += set.elements.size
    }
    return kept
  }
}
