/** kube-proxy on one node: watches Services and EndpointSlices, and keeps the node's rules. k8s 1.36: cmd/kube-proxy/app. */
import { endpointslices, nodes, servicecidrs, services } from '../../apimachinery/generated/resources.ts'
import type { EndpointSlice, Node, Service, ServiceCIDR } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { EventRecorder } from '../../client/recorder.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Netns } from '../link/netns.ts'
import { installNetfilter, type NetfilterParts } from '../netfilter/install.ts'
import { nftablesOf } from '../nft/nftables.ts'
import { isIPv6 } from '../packet.ts'
import type { Family } from './changes/service-port.ts'
import type { NodePlace } from './changes/topology.ts'
import type { ProxyConfig } from './config.ts'
import { FamilyProxy } from './family-proxy.ts'
import { ProxyHealth, serviceHealthAnswer, type Answer } from './health/proxy-health.ts'
import type { ServiceHealth } from './health/service-health.ts'
import { klogLine, type LogValue, type Severity } from './klog.ts'
import { cleanUpIptables, cleanUpIpvs } from './leftovers.ts'
import { makeProxier } from './make-proxier.ts'
import { proxyMetrics } from './metrics.ts'
import { NftablesProxier, cleanUpNftables } from './nftables/proxier.ts'
import { startLines, syncedLines, DEPRECATED } from './start-log.ts'

export interface KubeProxyOptions {
  readonly sim: Simulation
  readonly client: Client
  readonly nodeName: string
  readonly netns: Netns
  readonly config: ProxyConfig
  readonly cpus: number
  readonly version: string
  /** Takes a line of the log. */
  readonly log: (line: string) => void
  /** It ends itself, to be started anew: the node's pod CIDR, by which it tells local traffic, is another one. */
  readonly onExit?: () => void
  /** The ports on which load balancers ask for Services' health have changed. */
  readonly onHealthPorts?: (ports: ReadonlyMap<number, string>) => void
}

const FAMILIES: readonly Family[] = ['IPv4', 'IPv6']
const ZONE = 'topology.kubernetes.io/zone'

export class KubeProxy {
  readonly config: ProxyConfig
  readonly nodeName: string
  private readonly options: KubeProxyOptions
  private readonly parts: NetfilterParts
  private readonly health: ProxyHealth
  private readonly node: Informer<Node>
  private readonly services: Informer<Service>
  private readonly slices: Informer<EndpointSlice>
  private readonly cidrs: Informer<ServiceCIDR>
  private families: readonly FamilyProxy[] = []
  private place: NodePlace
  private nodeIPs: readonly string[] = []
  private podCIDRs: readonly string[] = []
  private isRunning = false
  private readonly startedMs: number

  constructor(options: KubeProxyOptions) {
    this.options = options
    const { sim, client, nodeName, netns, config } = options
    this.config = config
    this.nodeName = nodeName
    this.startedMs = sim.now
    this.place = { nodeName, zone: '' }
    this.parts = installNetfilter(netns, { now: () => sim.now })
    this.health = new ProxyHealth(() => sim.now, 2 * config.syncPeriodMs)
    this.node = new Informer(client, nodes, { fieldSelector: `metadata.name=${nodeName}` })
    this.services = new Informer(client, services, { labelSelector: '!service.kubernetes.io/service-proxy-name' })
    this.slices = new Informer(client, endpointslices, { labelSelector: '!service.kubernetes.io/headless' })
    this.cidrs = new Informer(client, servicecidrs)
  }

  /** Sets up its mode and makes the first rules. Throws UnusableModeError. */
  start(): void {
    const { config } = this
    this.cleanUp()
    this.node.start()
    const node = this.node.get('', this.nodeName)
    this.nodeIPs = addressesOf(node)
    this.podCIDRs = podCIDRsOf(node)
    this.place = { nodeName: this.nodeName, zone: node?.metadata.labels?.[ZONE] ?? '' }
    this.setConntrackMax()
    this.say(startLines(config, { nodeIPs: this.nodeIPs, conntrackMax: this.conntrackMax(), cpus: this.options.cpus }))
    this.families = FAMILIES.map((family) => this.makeFamily(family))
    this.isRunning = true
    const recorder = new EventRecorder(this.options.client, 'kube-proxy', this.nodeName)
    const about = { apiVersion: 'v1', kind: 'Node', name: this.nodeName, uid: this.nodeName }
    if (config.mode === 'ipvs') recorder.record(about, 'Warning', 'IPVSDeprecation', DEPRECATED)
    recorder.record(about, 'Normal', 'Starting', '')
    this.say(syncedLines(config, this.options.version))
    this.watch()
    this.options.netns.onLook(() => this.look())
    for (const family of this.families) family.begin()
  }

  /** Ends. The rules stay. */
  stop(): void {
    this.isRunning = false
    for (const family of this.families) family.stop()
    for (const informer of [this.node, this.services, this.slices, this.cidrs]) informer.stop()
  }

  /** What it answers on its healthz port, its metrics port, and Services' health check ports. */
  answer(port: number, path: string): Answer {
    const isMetrics = port === this.config.metricsPort
    if (port === this.config.healthzPort && !isMetrics) {
      if (path === '/healthz') return this.health.healthz(this.node.get('', this.nodeName))
      return path === '/livez' ? this.health.livez() : NOT_FOUND
    }
    if (!isMetrics) return this.answerHealth(port)
    if (path === '/proxyMode') return plain(this.config.mode)
    if (path === '/healthz') return plain('ok')
    return path === '/metrics' ? plain(proxyMetrics(this.families)) : NOT_FOUND
  }

  /** Rules of a family's proxier are made as soon as may be. For tests and the view. */
  get proxies(): readonly FamilyProxy[] {
    return this.families
  }

  /** Somebody reads the node's network: has anybody else changed the rules? */
  private look(): void {
    if (this.isRunning) for (const family of this.families) family.look()
  }

  private cleanUp(): void {
    const { netns } = this.options
    if (this.config.mode !== 'nftables') cleanUpNftables(nftablesOf(netns))
    else {
      for (const tables of [this.parts.iptables, this.parts.ip6tables]) cleanUpIptables(tables)
      cleanUpIpvs(netns, this.parts)
    }
  }

  private makeFamily(family: Family): FamilyProxy {
    const { sim, netns } = this.options
    const ipOf = (wanted: Family) => this.nodeIPs.find((ip) => isIPv6(ip) === (wanted === 'IPv6')) ?? ''
    const proxier = makeProxier(this.config, family, {
      netns,
      parts: this.parts,
      place: this.place,
      nodeIPs: { IPv4: ipOf('IPv4'), IPv6: ipOf('IPv6') },
      podCIDRs: this.podCIDRs,
      now: () => sim.now,
    })
    return new FamilyProxy({
      sim,
      family,
      proxier,
      config: this.config,
      nodeName: this.nodeName,
      startedMs: this.startedMs,
      conntrack: this.parts.conntrack,
      health: this.health,
      say: (severity, place, message, values) => this.log(severity, place, message, { ...values, ipFamily: family }),
      onHealth: () => this.healthChanged(),
    })
  }

  private watch(): void {
    this.services.addHandler({
      onAdd: (service) => this.each((family) => family.serviceChanged(service)),
      onUpdate: (service) => this.each((family) => family.serviceChanged(service)),
      onDelete: (service) => this.each((family) => family.serviceDeleted(service)),
    })
    this.slices.addHandler({
      onAdd: (slice) => this.each((family) => family.sliceChanged(slice)),
      onUpdate: (slice) => this.each((family) => family.sliceChanged(slice)),
      onDelete: (slice) => this.each((family) => family.sliceDeleted(slice)),
    })
    this.node.addHandler({ onUpdate: (node) => this.nodeChanged(node) })
    if (this.config.mode === 'nftables') {
      const changed = () => this.serviceCIDRsChanged()
      this.cidrs.addHandler({ onAdd: changed, onUpdate: changed, onDelete: changed })
      this.cidrs.start()
    }
    this.services.start()
    this.slices.start()
  }

  private each(action: (family: FamilyProxy) => void): void {
    for (const family of this.families) action(family)
  }

  private serviceCIDRsChanged(): void {
    const all = [...this.cidrs.list()].flatMap(({ spec }) => spec?.cidrs ?? [])
    this.each(({ family, proxier, request }) => {
      const own = all.filter((cidr) => isIPv6(cidr) === (family === 'IPv6'))
      if (proxier instanceof NftablesProxier) proxier.setServiceCIDRs(own)
      request()
    })
  }

  private nodeChanged(node: Node): void {
    const zone = node.metadata.labels?.[ZONE] ?? ''
    if (zone !== this.place.zone) {
      this.place = { nodeName: this.nodeName, zone }
      this.each((family) => family.setPlace(this.place))
    }
    this.podCIDRsChanged(node)
    const now = addressesOf(node)
    if (String(now) === String(this.nodeIPs)) return
    // As in Kubernetes, it only says so: the addresses that it began with stay in use.
    const values = { node: this.nodeName, newNodeIPs: now, oldNodeIPs: this.nodeIPs }
    this.log('I', 'node.go:197', 'NodeIPs changed for the node', values)
  }

  // SIMPLIFIED: it does not wait for the first pod CIDR; it starts without one, and anew when it is there.
  private podCIDRsChanged(node: Node): void {
    const now = podCIDRsOf(node)
    if (this.config.detectLocalMode !== 'NodeCIDR' || String(now) === String(this.podCIDRs)) return
    const values = { node: this.nodeName, newPodCIDRs: now, oldPodCIDRs: this.podCIDRs }
    this.log('I', 'node.go:185', 'PodCIDRs changed for the node', values)
    this.podCIDRs = now
    this.options.onExit?.()
  }

  private healthChanged(): void {
    const ports = new Map<number, string>()
    this.each(({ health }) => {
      for (const [service, { port }] of health) ports.set(port, service)
    })
    this.options.onHealthPorts?.(ports)
  }

  private answerHealth(port: number): Answer {
    for (const { health } of this.families)
      for (const [service, state] of health)
        if (state.port === port) return serviceHealthAnswer(service, state as ServiceHealth, this.health.isHealthy())
    return NOT_FOUND
  }

  private conntrackMax(): number {
    return Math.max(this.config.conntrackMin, Math.min(this.config.conntrackMaxPerCore * this.options.cpus, 1_048_576))
  }

  private setConntrackMax(): void {
    if (this.config.conntrackMaxPerCore > 0)
      this.options.netns.sysctls.set('net.netfilter.nf_conntrack_max', String(this.conntrackMax()))
  }

  private say(lines: readonly (readonly [Severity, string, string, { readonly [name: string]: LogValue }?])[]): void {
    for (const [severity, place, message, values] of lines) this.log(severity, place, message, values)
  }

  private log(severity: Severity, place: string, message: string, values?: { readonly [name: string]: LogValue }): void {
    this.options.log(klogLine(severity, this.options.sim.now, place, message, values))
  }
}

const plain = (body: string): Answer => ({ status: 200, body, headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
const NOT_FOUND: Answer = { ...plain('404 page not found\n'), status: 404 }

function podCIDRsOf(node: Node | undefined): readonly string[] {
  return node?.spec?.podCIDRs ?? (node?.spec?.podCIDR ? [node.spec.podCIDR] : [])
}

/** InternalIPs first, of each family one. k8s 1.36: GetNodeHostIPs. */
function addressesOf(node: Node | undefined): readonly string[] {
  const all = node?.status?.addresses ?? []
  const ordered = [...all.filter(({ type }) => type === 'InternalIP'), ...all.filter(({ type }) => type === 'ExternalIP')]
  const [first] = ordered
  if (!first) return []
  const second = ordered.find(({ address }) => isIPv6(address) !== isIPv6(first.address))
  return second ? [first.address, second.address] : [first.address]
}
