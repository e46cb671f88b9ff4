/** What one service port needs of IPVS: virtual servers, members of sets, addresses. k8s 1.36: pkg/proxy/ipvs syncProxyRules. */
import { isLocal, type EndpointInfo } from '../changes/endpoint.ts'
import { sourceRangesCover, type ServicePortInfo, type ServiceProtocol } from '../changes/service-port.ts'
import { categorize, type NodePlace } from '../changes/topology.ts'
import type { SetName } from './sets.ts'

/** A virtual server as kube-proxy wants it. */
export interface WantedServer {
  readonly address: string
  readonly port: number
  readonly protocol: ServiceProtocol
  /** Seconds; 0: not persistent. */
  readonly persistentSeconds: number
  readonly endpoints: readonly EndpointInfo[]
  /** The address goes on kube-ipvs0, unless it is on another device. */
  readonly bind: boolean
}

/** A load balancer address that the node itself may not use, as a rule in KUBE-IPVS-OUT-FILTER. */
export interface BlockedAddress {
  readonly address: string
  readonly protocol: string
  readonly port: number
}

export interface IpvsUnit {
  readonly servers: readonly WantedServer[]
  readonly entries: ReadonlyMap<SetName, readonly string[]>
  readonly blocked: readonly BlockedAddress[]
}

export interface IpvsContext {
  readonly place: NodePlace
  readonly nodeIP: string
  /** Addresses that node ports are served on. */
  readonly nodePortIPs: readonly string[]
  /** Addresses of the node outside kube-ipvs0. */
  readonly nodeAddresses: ReadonlySet<string>
}

const NODE_PORT_SETS: Readonly<Record<ServiceProtocol, readonly [SetName, SetName]>> = {
  TCP: ['KUBE-NODE-PORT-TCP', 'KUBE-NODE-PORT-LOCAL-TCP'],
  UDP: ['KUBE-NODE-PORT-UDP', 'KUBE-NODE-PORT-LOCAL-UDP'],
  SCTP: ['KUBE-NODE-PORT-SCTP-HASH', 'KUBE-NODE-PORT-LOCAL-SCTP-HASH'],
}

export function makeIpvsUnit(port: ServicePortInfo, endpoints: readonly EndpointInfo[], context: IpvsContext): IpvsUnit {
  return new UnitBuilder(port, endpoints, context).build()
}

class UnitBuilder {
  private readonly port: ServicePortInfo
  private readonly all: readonly EndpointInfo[]
  private readonly context: IpvsContext
  private readonly protocol: string
  private readonly servers: WantedServer[] = []
  private readonly entries = new Map<SetName, string[]>()
  private readonly blocked: BlockedAddress[] = []
  private readonly cluster: readonly EndpointInfo[]
  /** Of policy Local: without a local endpoint, all of them, so that pods of this node still get through. */
  private readonly local: readonly EndpointInfo[]

  constructor(port: ServicePortInfo, endpoints: readonly EndpointInfo[], context: IpvsContext) {
    this.port = port
    this.all = endpoints
    this.context = context
    this.protocol = port.protocol.toLowerCase()
    const { cluster, local } = categorize(endpoints, port, context.place)
    this.cluster = cluster
    this.local = local.length > 0 ? local : cluster
  }

  build(): IpvsUnit {
    const { port, local, cluster } = this
    const external = port.externalPolicyLocal ? local : cluster
    for (const endpoint of this.all)
      if (isLocal(endpoint, this.context.place.nodeName))
        this.enter('KUBE-LOOP-BACK', `${this.entry(endpoint.ip, endpoint.port)},${endpoint.ip}`)
    this.enter('KUBE-CLUSTER-IP', this.entry(port.clusterIP))
    this.serve(port.clusterIP, port.port, port.internalPolicyLocal ? local : cluster, true)
    for (const address of port.externalIPs) {
      this.enter(port.externalPolicyLocal ? 'KUBE-EXTERNAL-IP-LOCAL' : 'KUBE-EXTERNAL-IP', this.entry(address))
      this.serve(address, port.port, external, !this.context.nodeAddresses.has(address))
    }
    for (const address of port.loadBalancerVIPs) {
      this.loadBalancer(address)
      this.serve(address, port.port, external, !this.context.nodeAddresses.has(address))
    }
    this.nodePort(external)
    return { servers: this.servers, entries: this.entries, blocked: this.blocked }
  }

  private loadBalancer(address: string): void {
    const { port } = this
    const entry = this.entry(address)
    this.enter('KUBE-LOAD-BALANCER', entry)
    if (port.externalPolicyLocal) this.enter('KUBE-LOAD-BALANCER-LOCAL', entry)
    if (port.loadBalancerSourceRanges.length === 0) return
    this.enter('KUBE-LOAD-BALANCER-FW', entry)
    for (const range of port.loadBalancerSourceRanges) this.enter('KUBE-LOAD-BALANCER-SOURCE-CIDR', `${entry},${range}`)
    if (sourceRangesCover(port, this.context.nodeIP)) this.enter('KUBE-LOAD-BALANCER-SOURCE-IP', `${entry},${address}`)
    else this.blocked.push({ address, protocol: this.protocol, port: port.port })
  }

  private nodePort(endpoints: readonly EndpointInfo[]): void {
    const { nodePort, healthCheckNodePort, externalPolicyLocal, protocol } = this.port
    const { nodePortIPs } = this.context
    // As in Kubernetes, a node without addresses for node ports has no health check ports either.
    if (nodePort !== 0 && nodePortIPs.length === 0) return
    if (nodePort !== 0) {
      const [all, local] = NODE_PORT_SETS[protocol]
      const members = protocol === 'SCTP' ? nodePortIPs.map((ip) => this.entry(ip, nodePort)) : [String(nodePort)]
      for (const member of members) this.enter(all, member)
      if (externalPolicyLocal) for (const member of members) this.enter(local, member)
      for (const ip of nodePortIPs) this.serve(ip, nodePort, endpoints, false)
    }
    if (healthCheckNodePort !== 0) this.enter('KUBE-HEALTH-CHECK-NODE-PORT', String(healthCheckNodePort))
  }

  private entry(address: string, port = this.port.port): string {
    return `${address},${this.protocol}:${port}`
  }

  private enter(set: SetName, member: string): void {
    const members = this.entries.get(set)
    if (members) members.push(member)
    else this.entries.set(set, [member])
  }

  private serve(address: string, port: number, endpoints: readonly EndpointInfo[], bind: boolean): void {
    const { protocol, stickySeconds } = this.port
    this.servers.push({ address, port, protocol, persistentSeconds: stickySeconds, endpoints, bind })
  }
}
