/** What one service port brings into kube-proxy's table. k8s 1.36: pkg/proxy/nftables syncProxyRules. */
import { isLocal, type EndpointInfo } from '../changes/endpoint.ts'
import { isExternallyAccessible, sourceRangesCover, usesClusterEndpoints, usesLocalEndpoints } from '../changes/service-port.ts'
import type { ServicePortInfo } from '../changes/service-port.ts'
import type { Categories } from '../changes/topology.ts'
import { familyWord, ifLocal, masqueradeRule, type ChainSource, type NftablesSettings, type SetSource } from './base.ts'
import { endpointName, serviceChain } from './names.ts'

/** An element of one of the table's sets or maps. */
export interface ElementSource {
  /** Who wants it; '' for kube-proxy itself. */
  readonly service: string
  readonly set: string
  /** '10.96.0.1 . tcp . 443'. */
  readonly key: string
  /** 'goto service-…', 'drop'; undefined in sets. */
  readonly verdict?: string
  readonly comment?: string
}

export interface Unit {
  readonly chains: readonly ChainSource[]
  /** Clients that stick to an endpoint. */
  readonly sets: readonly SetSource[]
  readonly elements: readonly ElementSource[]
}

/** Chains that a port's traffic goes to, and whether there is anybody behind them. */
interface Ways {
  readonly cluster: string
  readonly local: string
  readonly external: string
  readonly firewall: string
  readonly usesCluster: boolean
  readonly usesLocal: boolean
  readonly usesExternal: boolean
  readonly usesFirewall: boolean
  readonly hasInternal: boolean
  readonly hasExternal: boolean
  readonly hasAny: boolean
}

export function makeUnit(port: ServicePortInfo, categories: Categories, settings: NftablesSettings): Unit {
  const ways = waysOf(port, categories)
  const chains: ChainSource[] = []
  if (ways.usesExternal) chains.push({ name: ways.external, rules: externalRules(port, ways, settings) })
  if (ways.usesFirewall) chains.push({ name: ways.firewall, rules: firewallRules(port, settings) })
  const policy = (name: string, endpoints: readonly EndpointInfo[]): ChainSource => ({
    name,
    rules: port.stickySeconds > 0 ? stickyRules(port, endpoints, settings) : dnatRules(port, endpoints, settings),
  })
  if (ways.usesCluster) chains.push(policy(ways.cluster, categories.cluster))
  if (ways.usesLocal) chains.push(policy(ways.local, categories.local))
  const sticky = port.stickySeconds > 0 ? categories.reachable : []
  for (const endpoint of sticky) chains.push(endpointChain(port, endpoint, settings))
  const sets = sticky.map((endpoint) => affinitySet(port, endpoint, settings))
  return { chains, sets, elements: serviceElements(port, ways) }
}

/** Endpoints on this node: their packets to themselves are masqueraded. */
export function hairpinElements(port: ServicePortInfo, categories: Categories, nodeName: string): readonly ElementSource[] {
  return categories.reachable
    .filter((endpoint) => isLocal(endpoint, nodeName))
    .map(({ ip, port: number }) => ({
      service: port.service,
      set: 'hairpin-connections',
      key: `${ip} . ${ip} . ${port.protocol.toLowerCase()} . ${number}`,
    }))
}

function waysOf(port: ServicePortInfo, { cluster, local, hasAny }: Categories): Ways {
  return {
    cluster: serviceChain('service', port),
    local: serviceChain('local', port),
    external: serviceChain('external', port),
    firewall: serviceChain('firewall', port),
    usesCluster: cluster.length > 0 && usesClusterEndpoints(port),
    usesLocal: local.length > 0 && usesLocalEndpoints(port),
    usesExternal: hasAny && isExternallyAccessible(port),
    usesFirewall: port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges.length > 0,
    hasInternal: hasAny && !(port.internalPolicyLocal && local.length === 0),
    hasExternal: hasAny && !(port.externalPolicyLocal && local.length === 0),
    hasAny,
  }
}

function serviceElements(port: ServicePortInfo, ways: Ways): readonly ElementSource[] {
  const { service, clusterIP, label, nodePort } = port
  const protocol = port.protocol.toLowerCase()
  const at = (address: string) => `${address} . ${protocol} . ${port.port}`
  const nobody = ways.hasAny ? 'drop' : 'goto reject-chain'
  const elements: ElementSource[] = [{ service, set: 'cluster-ips', key: clusterIP }]
  const toNobody = (set: string, key: string): ElementSource => ({ service, set, key, verdict: nobody, comment: label })
  if (ways.hasInternal)
    elements.push({
      service,
      set: 'service-ips',
      key: at(clusterIP),
      verdict: `goto ${port.internalPolicyLocal ? ways.local : ways.cluster}`,
    })
  else elements.push(toNobody('no-endpoint-services', at(clusterIP)))
  const toExternal = `goto ${ways.external}`
  for (const address of [...port.externalIPs, ...port.loadBalancerVIPs]) {
    if (ways.hasAny) elements.push({ service, set: 'service-ips', key: at(address), verdict: toExternal })
    if (!ways.hasExternal) elements.push(toNobody('no-endpoint-services', at(address)))
  }
  if (ways.usesFirewall)
    for (const address of port.loadBalancerVIPs)
      elements.push({ service, set: 'firewall-ips', key: at(address), verdict: `goto ${ways.firewall}` })
  if (nodePort === 0) return elements
  const key = `${protocol} . ${nodePort}`
  if (ways.hasAny) elements.push({ service, set: 'service-nodeports', key, verdict: toExternal })
  if (!ways.hasExternal) elements.push(toNobody('no-endpoint-nodeports', key))
  return elements
}

function externalRules(port: ServicePortInfo, ways: Ways, settings: NftablesSettings): readonly string[] {
  const rules: string[] = []
  const masquerade = masqueradeRule(settings)
  if (port.externalPolicyLocal) {
    const fromPods = ifLocal(settings.detector, settings.family)
    if (fromPods) rules.push(`${fromPods}goto ${ways.cluster} comment "short-circuit pod traffic"`)
    rules.push(
      `fib saddr type local ${masquerade} comment "masquerade local traffic"`,
      `fib saddr type local goto ${ways.cluster} comment "short-circuit local traffic"`,
    )
  } else rules.push(`${masquerade} comment "masquerade"`)
  if (ways.hasExternal) rules.push(`goto ${port.externalPolicyLocal ? ways.local : ways.cluster}`)
  return rules
}

/** With the node's own address allowed, so is the load balancer's: from here it would be the source. */
function firewallRules(port: ServicePortInfo, settings: NftablesSettings): readonly string[] {
  const allowed = [...port.loadBalancerSourceRanges, ...(sourceRangesCover(port, settings.nodeIP) ? port.loadBalancerVIPs : [])]
  return [`${familyWord(settings.family)} saddr != { ${allowed.join(' , ')} } drop`]
}

function dnatRules(port: ServicePortInfo, endpoints: readonly EndpointInfo[], { family }: NftablesSettings): readonly string[] {
  const targets = endpoints.map(({ ip, port: number }, i) => `${i} : ${ip} . ${number}`).join(' , ')
  return [
    `meta l4proto ${port.protocol.toLowerCase()} dnat ${familyWord(family)} addr . port to ` +
      `numgen random mod ${endpoints.length} map { ${targets} }`,
  ]
}

function stickyRules(port: ServicePortInfo, endpoints: readonly EndpointInfo[], { family }: NftablesSettings): readonly string[] {
  const chains = endpoints.map((endpoint) => endpointName('endpoint', port, endpoint))
  const known = endpoints.map(
    (endpoint, i) => `${familyWord(family)} saddr @${endpointName('affinity', port, endpoint)} goto ${chains[i] ?? ''}`,
  )
  const chosen = chains.map((chain, i) => `${i} : goto ${chain}`).join(' , ')
  return [...known, `numgen random mod ${endpoints.length} vmap { ${chosen} }`]
}

function endpointChain(port: ServicePortInfo, endpoint: EndpointInfo, { family }: NftablesSettings): ChainSource {
  return {
    name: endpointName('endpoint', port, endpoint),
    rules: [
      `update @${endpointName('affinity', port, endpoint)} { ${familyWord(family)} saddr }`,
      `meta l4proto ${port.protocol.toLowerCase()} dnat to ${endpoint.text}`,
    ],
  }
}

function affinitySet(port: ServicePortInfo, endpoint: EndpointInfo, { family }: NftablesSettings): SetSource {
  return {
    name: endpointName('affinity', port, endpoint),
    isMap: false,
    type: family === 'IPv6' ? 'ipv6_addr' : 'ipv4_addr',
    timeoutSeconds: port.stickySeconds,
  }
}
