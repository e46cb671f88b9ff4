/**
 * The rules of one service port, as the lines that kube-proxy gives to iptables-restore. What all service ports write into
 * the same chains is kept apart from the chains that are their own. k8s 1.36: pkg/proxy/iptables syncProxyRules.
 */
import type { EndpointInfo } from '../changes/endpoint.ts'
import { sourceRangesCover, isExternallyAccessible, usesClusterEndpoints, usesLocalEndpoints } from '../changes/service-port.ts'
import type { Family, ServicePortInfo } from '../changes/service-port.ts'
import type { Categories } from '../changes/topology.ts'
import { ifLocal, ifNotLocal, type LocalDetector } from '../local-detector.ts'
import { endpointChain, serviceChain } from './names.ts'

/** What the rules depend on beside Services and endpoints. */
export interface IptablesSettings {
  readonly family: Family
  readonly nodeIP: string
  /** '0x4000'. */
  readonly masqueradeMark: string
  readonly masqueradeAll: boolean
  readonly detector: LocalDetector
  /** Node ports on 127.0.0.1; IPv4 only. */
  readonly localhostNodePorts: boolean
  /** The counters of nfacct exist. */
  readonly nfacct: boolean
  readonly randomFully: boolean
  /** nf_conntrack_tcp_be_liberal is set. */
  readonly conntrackLiberal: boolean
}

/** Chains that service ports share, by table. */
export const SHARED_CHAINS = [
  'nat KUBE-SERVICES',
  'nat KUBE-NODEPORTS',
  'filter KUBE-SERVICES',
  'filter KUBE-EXTERNAL-SERVICES',
  'filter KUBE-NODEPORTS',
  'filter KUBE-PROXY-FIREWALL',
] as const
export type SharedChain = (typeof SHARED_CHAINS)[number]

/** Lines without the leading '-A CHAIN '. */
export interface RuleUnit {
  readonly shared: ReadonlyMap<SharedChain, readonly string[]>
  /** Its own chains, all in nat. */
  readonly chains: ReadonlyMap<string, readonly string[]>
}

const MARK = '-j KUBE-MARK-MASQ'
const quote = (text: string) => `-m comment --comment ${text.includes(' ') ? `"${text}"` : text}`

/** Collects lines by chain. */
class Lines<Chain extends string> {
  readonly map = new Map<Chain, string[]>()

  add(chain: Chain, ...parts: readonly string[]): void {
    this.open(chain).push(parts.filter((part) => part !== '').join(' '))
  }

  open(chain: Chain): string[] {
    let lines = this.map.get(chain)
    if (!lines) this.map.set(chain, (lines = []))
    return lines
  }
}

/** Makes the rules of a service port. `comments`: off in clusters of more than 1,000 endpoints. */
export function makeUnit(port: ServicePortInfo, categories: Categories, settings: IptablesSettings, comments = true): RuleUnit {
  const builder = new UnitBuilder(port, categories, settings, comments)
  builder.clusterIP()
  builder.externalIPs()
  builder.loadBalancerIPs()
  builder.nodePort()
  builder.healthCheck()
  builder.internalTraffic()
  builder.externalTraffic()
  builder.firewall()
  builder.policyChains()
  builder.endpointChains()
  return { shared: builder.shared.map, chains: builder.chains.map }
}

class UnitBuilder {
  readonly shared = new Lines<SharedChain>()
  readonly chains = new Lines<string>()
  private readonly port: ServicePortInfo
  private readonly categories: Categories
  private readonly settings: IptablesSettings
  private readonly comments: boolean
  /** '-m tcp -p tcp'. */
  private readonly match: string
  private readonly svc: string
  private readonly svl: string
  private readonly ext: string
  private readonly fw: string
  private readonly hasInternal: boolean
  private readonly hasExternal: boolean
  private readonly usesExt: boolean
  private readonly usesFw: boolean

  constructor(port: ServicePortInfo, categories: Categories, settings: IptablesSettings, comments: boolean) {
    this.port = port
    this.categories = categories
    this.settings = settings
    this.comments = comments
    const protocol = port.protocol.toLowerCase()
    this.match = `-m ${protocol} -p ${protocol}`
    this.svc = serviceChain('SVC', port)
    this.svl = serviceChain('SVL', port)
    this.ext = serviceChain('EXT', port)
    this.fw = serviceChain('FW', port)
    const { hasAny, local } = categories
    this.hasInternal = port.internalPolicyLocal ? hasAny && local.length > 0 : hasAny
    this.hasExternal = port.externalPolicyLocal ? hasAny && local.length > 0 : hasAny
    this.usesExt = hasAny && isExternallyAccessible(port)
    this.usesFw = hasAny && port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges.length > 0
  }

  clusterIP(): void {
    const { clusterIP, label } = this.port
    if (this.hasInternal)
      this.shared.add('nat KUBE-SERVICES', quote(`${label} cluster IP`), this.to(clusterIP), `-j ${this.internalChain}`)
    else this.shared.add('filter KUBE-SERVICES', this.refusalComment, this.to(clusterIP), this.refusal)
  }

  externalIPs(): void {
    for (const address of this.port.externalIPs) {
      if (this.categories.hasAny)
        this.shared.add('nat KUBE-SERVICES', quote(`${this.port.label} external IP`), this.to(address), `-j ${this.ext}`)
      if (!this.hasExternal) this.refuse(this.to(address))
    }
  }

  loadBalancerIPs(): void {
    const { label, loadBalancerVIPs } = this.port
    for (const address of loadBalancerVIPs) {
      if (this.categories.hasAny) {
        const chain = this.usesFw ? this.fw : this.ext
        this.shared.add('nat KUBE-SERVICES', quote(`${label} loadbalancer IP`), this.to(address), `-j ${chain}`)
      }
      if (this.usesFw) {
        const comment = quote(`${label} traffic not accepted by ${this.fw}`)
        this.shared.add('filter KUBE-PROXY-FIREWALL', comment, this.to(address), '-j DROP')
      }
    }
    if (!this.hasExternal) for (const address of loadBalancerVIPs) this.refuse(this.to(address))
  }

  nodePort(): void {
    const { nodePort, label } = this.port
    if (nodePort === 0) return
    const { family, localhostNodePorts, nfacct } = this.settings
    if (this.categories.hasAny) {
      if (localhostNodePorts && family === 'IPv4' && nfacct)
        this.shared.add(
          'nat KUBE-NODEPORTS',
          `${quote(label)} ${this.match} -d 127.0.0.0/8 --dport ${nodePort}`,
          `-m nfacct --nfacct-name localhost_nps_accepted_pkts -j ${this.ext}`,
        )
      this.shared.add('nat KUBE-NODEPORTS', `${quote(label)} ${this.match} --dport ${nodePort} -j ${this.ext}`)
    }
    if (!this.hasExternal) this.refuse(`-m addrtype --dst-type LOCAL ${this.match} --dport ${nodePort}`)
  }

  healthCheck(): void {
    const { healthCheckNodePort, label } = this.port
    if (healthCheckNodePort === 0) return
    const comment = quote(`${label} health check node port`)
    this.shared.add('filter KUBE-NODEPORTS', comment, `-m tcp -p tcp --dport ${healthCheckNodePort} -j ACCEPT`)
  }

  internalTraffic(): void {
    if (!this.hasInternal) return
    const { masqueradeAll, detector } = this.settings
    if (!masqueradeAll && detector.kind === 'none') return
    const condition = masqueradeAll ? '' : ifNotLocal(detector)
    const comment = quote(`${this.port.label} cluster IP`)
    this.chains.add(this.internalChain, comment, this.to(this.port.clusterIP), condition, MARK)
  }

  externalTraffic(): void {
    if (!this.usesExt) return
    const { label, externalPolicyLocal } = this.port
    const { detector } = this.settings
    if (!externalPolicyLocal) this.chains.add(this.ext, quote(`masquerade traffic for ${label} external destinations`), MARK)
    else {
      if (detector.kind !== 'none') {
        const comment = quote(`pod traffic for ${label} external destinations`)
        this.chains.add(this.ext, comment, ifLocal(detector), `-j ${this.svc}`)
      }
      const fromNode = '-m addrtype --src-type LOCAL'
      this.chains.add(this.ext, quote(`masquerade LOCAL traffic for ${label} external destinations`), fromNode, MARK)
      this.chains.add(this.ext, quote(`route LOCAL traffic for ${label} external destinations`), fromNode, `-j ${this.svc}`)
    }
    if (this.hasExternal) this.chains.add(this.ext, `-j ${externalPolicyLocal ? this.svl : this.svc}`)
  }

  firewall(): void {
    if (!this.usesFw) return
    const { label, loadBalancerSourceRanges, loadBalancerVIPs } = this.port
    const comment = quote(`${label} loadbalancer IP`)
    const sources = sourceRangesCover(this.port, this.settings.nodeIP)
      ? [...loadBalancerSourceRanges, ...loadBalancerVIPs]
      : loadBalancerSourceRanges
    for (const source of sources) this.chains.add(this.fw, comment, `-s ${source} -j ${this.ext}`)
    this.chains.add(this.fw, quote(`other traffic to ${label} will be dropped by KUBE-PROXY-FIREWALL`))
  }

  policyChains(): void {
    const { cluster, local } = this.categories
    if (cluster.length > 0 && usesClusterEndpoints(this.port)) this.balance(this.svc, cluster)
    if (local.length > 0 && usesLocalEndpoints(this.port)) this.balance(this.svl, local)
  }

  endpointChains(): void {
    const { label, stickySeconds } = this.port
    const comment = this.comments ? quote(label) : ''
    for (const { text, ip } of this.categories.reachable) {
      const chain = endpointChain(this.port, text)
      this.chains.add(chain, comment, `-s ${ip}`, MARK)
      const remember = stickySeconds > 0 ? `-m recent --name ${chain} --set` : ''
      this.chains.add(chain, comment, remember, `${this.match} -j DNAT --to-destination ${text}`)
    }
  }

  private balance(chain: string, endpoints: readonly EndpointInfo[]): void {
    const { label, stickySeconds } = this.port
    const steps = endpoints.map(({ text }) => ({
      comment: this.comments ? quote(`${label} -> ${text}`) : '',
      to: endpointChain(this.port, text),
    }))
    if (stickySeconds > 0)
      for (const { comment, to } of steps)
        this.chains.add(chain, comment, `-m recent --name ${to} --rcheck --seconds ${stickySeconds} --reap -j ${to}`)
    for (const [i, { comment, to }] of steps.entries()) {
      const left = steps.length - i
      const dice = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)}` : ''
      this.chains.add(chain, comment, dice, `-j ${to}`)
    }
  }

  private get internalChain(): string {
    return this.port.internalPolicyLocal ? this.svl : this.svc
  }

  private to(address: string): string {
    return `${this.match} -d ${address} --dport ${this.port.port}`
  }

  /** No endpoint anywhere: an error comes back. None here, but elsewhere: silence. */
  private get refusal(): string {
    return this.categories.hasAny ? '-j DROP' : '-j REJECT'
  }

  private get refusalComment(): string {
    return quote(`${this.port.label} has no ${this.categories.hasAny ? 'local ' : ''}endpoints`)
  }

  private refuse(match: string): void {
    this.shared.add('filter KUBE-EXTERNAL-SERVICES', this.refusalComment, match, this.refusal)
  }
}
