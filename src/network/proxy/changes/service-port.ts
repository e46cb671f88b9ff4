/** What kube-proxy knows of one port of one Service, for one address family. */
import type { Service, ServicePort as ApiServicePort } from '../../../apimachinery/generated/types.ts'
import { canonicalAddress, inCidr } from '../../address.ts'
import { networkOf } from './addresses.ts'
import { isIPv6 } from '../../packet.ts'

export type Family = 'IPv4' | 'IPv6'
export type ServiceProtocol = 'TCP' | 'UDP' | 'SCTP'

/** One port of a Service as the proxy sees it. Equal Services give the same object on every node. */
export interface ServicePortInfo {
  /** 'namespace/name' of the Service. */
  readonly service: string
  /** 'namespace/name' or 'namespace/name:port', as rules' comments call it. */
  readonly label: string
  /** Unique: label and protocol. */
  readonly key: string
  readonly protocol: ServiceProtocol
  readonly clusterIP: string
  readonly port: number
  /** 0: none. */
  readonly nodePort: number
  readonly externalIPs: readonly string[]
  /** Load balancer addresses that packets carry as destination (ipMode VIP). */
  readonly loadBalancerVIPs: readonly string[]
  /** Empty: everybody. */
  readonly loadBalancerSourceRanges: readonly string[]
  /** Seconds; 0: no session affinity. */
  readonly stickySeconds: number
  /** 0: none. */
  readonly healthCheckNodePort: number
  readonly externalPolicyLocal: boolean
  readonly internalPolicyLocal: boolean
}

/** Whether it is reached by anything but its cluster IP. */
export function isExternallyAccessible(info: ServicePortInfo): boolean {
  return info.nodePort !== 0 || info.loadBalancerVIPs.length > 0 || info.externalIPs.length > 0
}

/** Whether any traffic goes by policy Cluster: external traffic from inside the cluster always does. */
export function usesClusterEndpoints(info: ServicePortInfo): boolean {
  return !info.internalPolicyLocal || isExternallyAccessible(info)
}

export function usesLocalEndpoints(info: ServicePortInfo): boolean {
  return info.internalPolicyLocal || (info.externalPolicyLocal && isExternallyAccessible(info))
}

/** Whether one of the source ranges covers an address of the node itself. */
export function sourceRangesCover(info: ServicePortInfo, nodeIP: string): boolean {
  return info.loadBalancerSourceRanges.some((cidr) => inCidr(nodeIP, cidr))
}

/** The key under which the endpoints of a service port are kept. */
export function portKey(service: string, portName: string, protocol: string): string {
  return `${portName === '' ? service : `${service}:${portName}`}/${protocol}`
}

const known: Readonly<Record<Family, WeakMap<Service, readonly ServicePortInfo[]>>> = {
  IPv4: new WeakMap(),
  IPv6: new WeakMap(),
}

/**
 * The ports of a Service that are proxied in a family: none for headless and ExternalName Services and those without an
 * address of the family. Remembered per object. k8s 1.36: serviceToServiceMap, newBaseServiceInfo.
 */
export function servicePorts(service: Service, family: Family): readonly ServicePortInfo[] {
  let ports = known[family].get(service)
  if (!ports) known[family].set(service, (ports = makeServicePorts(service, family)))
  return ports
}

function makeServicePorts(service: Service, family: Family): readonly ServicePortInfo[] {
  const spec = service.spec ?? {}
  if (!spec.clusterIP || spec.clusterIP === 'None' || spec.type === 'ExternalName') return []
  const clusterIP = clusterAddress(service, family)
  if (clusterIP === undefined) return []
  const name = `${service.metadata.namespace ?? 'default'}/${service.metadata.name ?? ''}`
  const ofFamily = (address: string) => isIPv6(address) === (family === 'IPv6')
  const canonical = (addresses: readonly string[]) =>
    addresses.map((each) => canonicalAddress(each.trim())).filter((each) => each !== undefined && ofFamily(each)) as string[]
  const externalIPs = canonical(spec.externalIPs ?? [])
  const vips = (service.status?.loadBalancer?.ingress ?? []).filter(({ ip, ipMode }) => ip && (ipMode ?? 'VIP') === 'VIP')
  const hasExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs ?? []).length > 0
  const externalPolicyLocal = hasExternal && spec.externalTrafficPolicy === 'Local'
  const common = {
    service: name,
    clusterIP,
    externalIPs,
    loadBalancerVIPs: canonical(vips.map(({ ip }) => ip ?? '')),
    loadBalancerSourceRanges: sourceRanges(spec.loadBalancerSourceRanges ?? [], ofFamily),
    stickySeconds: spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    healthCheckNodePort: spec.type === 'LoadBalancer' && externalPolicyLocal ? (spec.healthCheckNodePort ?? 0) : 0,
    externalPolicyLocal,
    internalPolicyLocal: spec.internalTrafficPolicy === 'Local',
  }
  return (spec.ports ?? []).map((port) => ({ ...common, ...portFields(name, port) }))
}

function portFields(service: string, port: ApiServicePort) {
  const protocol = (port.protocol ?? 'TCP') as ServiceProtocol
  const portName = port.name ?? ''
  const label = portName === '' ? service : `${service}:${portName}`
  return { label, key: portKey(service, portName, protocol), protocol, port: port.port, nodePort: port.nodePort ?? 0 }
}

function clusterAddress({ spec }: Service, family: Family): string | undefined {
  if (!spec?.ipFamilies?.length)
    return spec?.clusterIP && isIPv6(spec.clusterIP) === (family === 'IPv6') ? canonicalAddress(spec.clusterIP) : undefined
  const address = spec.clusterIPs?.[spec.ipFamilies.indexOf(family)]
  return address === undefined ? undefined : canonicalAddress(address)
}

/** A range that holds every address of the family is the same as no ranges. Texts lose their host bits. */
function sourceRanges(ranges: readonly string[], ofFamily: (address: string) => boolean): readonly string[] {
  const own = ranges.map((range) => networkOf(range.trim())).filter((range) => range !== undefined && ofFamily(range)) as string[]
  return own.some((range) => range.endsWith('/0')) ? [] : own
}
