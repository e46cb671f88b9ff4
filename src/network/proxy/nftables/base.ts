/** What kube-proxy's nftables mode has however many Services there are. k8s 1.36: pkg/proxy/nftables setupNFTables. */
import type { Hook } from '../../netfilter/hooks.ts'
import type { Family } from '../changes/service-port.ts'
import type { LocalDetector } from '../local-detector.ts'

export const TABLE = 'kube-proxy'
export const TABLE_COMMENT = 'rules for kube-proxy'

/** What the rules depend on beside Services and endpoints. */
export interface NftablesSettings {
  readonly family: Family
  readonly nodeIP: string
  /** '0x4000'. */
  readonly masqueradeMark: string
  readonly masqueradeAll: boolean
  readonly detector: LocalDetector
  /** Of the family; traffic to addresses in them that nobody has is dropped. */
  readonly serviceCIDRs: readonly string[]
  /** Addresses that take node ports; null: all local ones. */
  readonly nodePortIPs: readonly string[] | null
}

export interface ChainSource {
  readonly name: string
  readonly base?: { readonly type: 'filter' | 'nat'; readonly hook: Hook; readonly priority: number }
  readonly comment?: string
  /** As kube-proxy writes them. */
  readonly rules: readonly string[]
}

export interface SetSource {
  readonly name: string
  readonly isMap: boolean
  /** 'ipv4_addr . inet_proto . inet_service : verdict'. */
  readonly type: string
  readonly comment?: string
  /** Clients of an endpoint with session affinity: flags dynamic,timeout. */
  readonly timeoutSeconds?: number
}

/** 'ip' and 'ip6' as nft's families, and as the word before saddr and daddr. */
export function familyWord(family: Family): 'ip' | 'ip6' {
  return family === 'IPv6' ? 'ip6' : 'ip'
}

/** Traffic from pods that are local by the detector, as the start of a rule; '' without a detector. */
export function ifLocal(detector: LocalDetector, family: Family, operator = ''): string {
  switch (detector.kind) {
    case 'none':
      return ''
    case 'cidr':
      return `${familyWord(family)} saddr ${operator}${detector.cidr} `
    case 'bridge':
      return `iifname ${operator}${detector.device} `
    case 'prefix':
      return `iifname ${operator}${detector.prefix}* `
  }
}

export function masqueradeRule({ masqueradeMark }: NftablesSettings): string {
  return `mark set mark or ${masqueradeMark}`
}

const NEW = 'ct state new'

const quoted = (text: string) => ` comment "${text}"`

/** The chains that always exist, with their rules. */
export function baseChains(settings: NftablesSettings): readonly ChainSource[] {
  const ip = familyWord(settings.family)
  const { masqueradeMark: mark, serviceCIDRs } = settings
  const triple = `${ip} daddr . meta l4proto . th dport`
  const filter = (name: string, hook: Hook, priority: number, ...jumps: readonly string[]): ChainSource => ({
    name,
    base: { type: 'filter', hook, priority },
    rules: jumps.map((chain) => `${NEW} jump ${chain}`),
  })
  const nat = (name: string, hook: Hook, priority: number, chain: string): ChainSource => ({
    name,
    base: { type: 'nat', hook, priority },
    rules: [`jump ${chain}`],
  })
  const unallocated =
    serviceCIDRs.length === 0
      ? []
      : [`${ip} daddr { ${serviceCIDRs.join(',')} } drop${quoted('Drop traffic to unallocated ClusterIPs')}`]
  return [
    filter('filter-prerouting-pre-dnat', 'PREROUTING', -110, 'firewall-check'),
    filter('filter-output-pre-dnat', 'OUTPUT', -110, 'firewall-check'),
    filter('filter-input', 'INPUT', 0, 'nodeport-endpoints-check', 'service-endpoints-check'),
    filter('filter-forward', 'FORWARD', 0, 'service-endpoints-check', 'cluster-ips-check'),
    filter('filter-output', 'OUTPUT', 0, 'service-endpoints-check', 'cluster-ips-check'),
    nat('nat-prerouting', 'PREROUTING', -100, 'services'),
    nat('nat-output', 'OUTPUT', -100, 'services'),
    nat('nat-postrouting', 'POSTROUTING', 100, 'masquerading'),
    { name: 'services', rules: serviceRules(settings, triple) },
    {
      name: 'masquerading',
      rules: [
        `mark and ${mark} != 0 mark set mark xor ${mark} masquerade fully-random`,
        `ct status dnat ${ip} saddr . ${triple} @hairpin-connections masquerade fully-random`,
      ],
    },
    {
      name: 'cluster-ips-check',
      rules: [`${ip} daddr @cluster-ips reject${quoted('Reject traffic to invalid ports of ClusterIPs')}`, ...unallocated],
    },
    { name: 'service-endpoints-check', rules: [`${triple} vmap @no-endpoint-services`] },
    { name: 'nodeport-endpoints-check', rules: [`${toNodePorts(settings, '')}vmap @no-endpoint-nodeports`] },
    { name: 'firewall-check', rules: [`${triple} vmap @firewall-ips`] },
    { name: 'reject-chain', comment: 'helper for @no-endpoint-services / @no-endpoint-nodeports', rules: ['reject'] },
  ]
}

function serviceRules(settings: NftablesSettings, triple: string): readonly string[] {
  const { family, masqueradeAll, detector } = settings
  const toCluster = `${familyWord(family)} daddr @cluster-ips `
  const rules: string[] = []
  if (masqueradeAll) rules.push(`${toCluster}${masqueradeRule(settings)}${quoted('masquerade all clusterIP traffic')}`)
  else if (detector.kind !== 'none')
    rules.push(
      `${toCluster}${ifLocal(detector, family, '!= ')}${masqueradeRule(settings)}` +
        quoted('masquerade clusterIP traffic from outside cluster'),
    )
  rules.push(`${triple} vmap @service-ips`, `${toNodePorts(settings, 'fib daddr type local ')}vmap @service-nodeports`)
  return rules
}

function toNodePorts({ family, nodePortIPs }: NftablesSettings, isLocal: string): string {
  const ip = familyWord(family)
  const key = 'meta l4proto . th dport '
  if (nodePortIPs) return `${ip} daddr @nodeport-ips ${key}`
  return `${isLocal}${family === 'IPv6' ? 'ip6 daddr != ::1' : 'ip daddr != 127.0.0.0/8'} ${key}`
}

/** The sets and maps that always exist; nodeport-ips only when node ports are bound to addresses. */
export function baseSets({ family, nodePortIPs }: NftablesSettings): readonly SetSource[] {
  const address = family === 'IPv6' ? 'ipv6_addr' : 'ipv4_addr'
  const set = (name: string, type: string, comment: string): SetSource => ({ name, isMap: false, type, comment })
  const map = (name: string, type: string, comment: string): SetSource => ({
    name,
    isMap: true,
    type: `${type} : verdict`,
    comment,
  })
  const service = `${address} . inet_proto . inet_service`
  return [
    set('hairpin-connections', `${address} . ${service}`, 'service hairpin connections'),
    set('cluster-ips', address, 'Active ClusterIPs'),
    ...(nodePortIPs ? [set('nodeport-ips', address, 'IPs that accept NodePort traffic')] : []),
    map('no-endpoint-services', service, 'vmap to drop or reject packets to services with no endpoints'),
    map(
      'no-endpoint-nodeports',
      'inet_proto . inet_service',
      'vmap to drop or reject packets to service nodeports with no endpoints',
    ),
    map('firewall-ips', service, 'destinations that are subject to LoadBalancerSourceRanges'),
    map('service-ips', service, 'ClusterIP, ExternalIP and LoadBalancer IP traffic'),
    map('service-nodeports', 'inet_proto . inet_service', 'NodePort traffic'),
  ]
}
