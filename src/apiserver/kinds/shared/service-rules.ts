/** Rules of Services. Source: k8s 1.36 core validation, validateService and its parts. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type { LoadBalancerStatus, Service, ServicePort, ServiceSpec } from '../../../apimachinery/generated/types.ts'
import {
  checkDnsLabel,
  checkOneOf,
  checkPort,
  checkPortNumber,
  checkQualifiedName,
  checkRequiredOneOf,
  checkSubdomain,
  each,
} from './checks.ts'
import { PROTOCOLS } from './containers.ts'
import { checkCidr, checkEndpointIp, checkIp, ipFamily, isDualStack, isIp } from './ip.ts'
import { checkLabels } from './labels.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'
export const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints'
export const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode'

export const specOf = (service: Service): ServiceSpec => service.spec ?? {}
const isHeadless = ({ clusterIPs }: ServiceSpec) => clusterIPs?.length === 1 && clusterIPs[0] === 'None'

/** Reachable from outside the cluster. */
export function isExternallyAccessible({ type, externalIPs }: ServiceSpec): boolean {
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs ?? []).length > 0)
}

/** A load balancer that has to ask each node whether it has endpoints of its own. */
export function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local'
}

function checkType(spec: ServiceSpec): FieldError[] {
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') {
    if (!isHeadless(spec)) return []
    return [invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`)]
  }
  if (spec.type !== 'ExternalName') return []
  const errors: FieldError[] = []
  const detail = 'may not be set for ExternalName services'
  if ((spec.clusterIPs ?? []).length > 0) errors.push(forbidden('spec.clusterIPs', detail))
  if ((spec.ipFamilies ?? []).length > 0) errors.push(forbidden('spec.ipFamilies', detail))
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden('spec.ipFamilyPolicy', detail))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  return [...errors, ...(name === '' ? [required('spec.externalName')] : checkSubdomain(name, 'spec.externalName'))]
}

function checkPorts(ports: readonly ServicePort[]): FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, i) => {
    const path = `spec.ports[${i}]`
    const name = port.name ?? ''
    const errors: FieldError[] = []
    if (name === '') errors.push(...(ports.length > 1 ? [required(`${path}.name`)] : []))
    else {
      errors.push(...checkDnsLabel(name, `${path}.name`))
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
      names.add(name)
    }
    errors.push(...checkPortNumber(port.port ?? 0, `${path}.port`))
    errors.push(...checkRequiredOneOf(port.protocol, PROTOCOLS, `${path}.protocol`))
    errors.push(...checkPort(port.targetPort, `${path}.targetPort`))
    return port.appProtocol === undefined ? errors : [...errors, ...checkQualifiedName(port.appProtocol, `${path}.appProtocol`)]
  })
}

/** No port twice, no node port twice, none on a ClusterIP Service. */
function checkPortsTogether(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? []
  const errors: FieldError[] = []
  if (spec.type === 'ClusterIP') {
    for (const [i, p] of ports.entries()) {
      if (p.nodePort) errors.push(forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"))
    }
  }
  const nodePorts = new Set<string>()
  for (const [i, { nodePort, protocol }] of ports.entries()) {
    if (!nodePort) continue
    const key = `${protocol}/${nodePort}`
    if (nodePorts.has(key)) errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort))
    nodePorts.add(key)
  }
  const seen = new Set<string>()
  for (const [i, { port, protocol = '' }] of ports.entries()) {
    const key = `${protocol}/${port}`
    const shown = {
      Name: '',
      Protocol: protocol,
      AppProtocol: null,
      Port: port,
      TargetPort: 0,
      NodePort: 0,
    }
    if (seen.has(key)) errors.push(duplicate(`spec.ports[${i}]`, shown))
    seen.add(key)
  }
  return errors
}

function checkAffinity(spec: ServiceSpec): FieldError[] {
  const errors = checkRequiredOneOf(spec.sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity')
  const field = 'spec.sessionAffinityConfig'
  const config = spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'None' && config !== undefined) {
    return [...errors, forbidden(field, 'must not be set when session affinity is None')]
  }
  if (spec.sessionAffinity !== 'ClientIP') return errors
  const why = 'when session affinity type is ClientIP'
  if (config === undefined) return [...errors, required(field, why)]
  if (config.clientIP === undefined) return [...errors, required(`${field}.clientIP`, why)]
  const seconds = config.clientIP.timeoutSeconds
  const path = `${field}.clientIP.timeoutSeconds`
  if (seconds === undefined) return [...errors, required(path, why)]
  return seconds > 0 && seconds <= 86400
    ? errors
    : [...errors, invalid(path, seconds, 'must be greater than 0 and less than 86400')]
}

function checkFamilies(spec: ServiceSpec): FieldError[] {
  const seen = new Set<string>()
  const errors = each(spec.ipFamilies, (family, i) => {
    const own = checkOneOf(family, ['IPv4', 'IPv6'], `spec.ipFamilies[${i}]`)
    if (seen.has(family)) own.push(duplicate(`spec.ipFamilies[${i}]`, family))
    seen.add(family)
    return own
  })
  if (spec.ipFamilyPolicy === undefined) return errors
  return [
    ...errors,
    ...checkOneOf(spec.ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'], 'spec.ipFamilyPolicy'),
  ]
}

/** The addresses against one another and against the families. */
function checkClusterIps(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  if (spec.type === 'ExternalName') return []
  const field = 'spec.clusterIPs'
  const ips = spec.clusterIPs ?? []
  const errors: FieldError[] = []
  if (spec.clusterIP) {
    if (ips.length === 0) errors.push(required(field))
    else if (ips[0] !== spec.clusterIP) errors.push(invalid(field, ips, 'first value must match `clusterIP`'))
  } else if (ips.length > 0) errors.push(invalid(field, ips, 'must be empty when `clusterIP` is not specified'))
  errors.push(...checkFamilies(spec))
  let anyBad = false
  for (const [i, ip] of ips.entries()) {
    const own =
      i === 0 && ip === 'None'
        ? ips.length > 1
          ? [invalid(field, ips, "'None' must be the first and only value")]
          : []
        : checkIp(ip, `${field}[${i}]`, old?.clusterIPs ?? [])
    anyBad ||= own.length > 0
    errors.push(...own)
  }
  if (ips.length > 2) errors.push(invalid(field, ips, 'may only hold up to 2 values'))
  if (anyBad) return errors
  if (ips.length > 1 && !isDualStack(ips, ipFamily)) {
    errors.push(invalid(field, ips, 'may specify no more than one IP for each IP family'))
  }
  if (isHeadless(spec)) return errors
  const families = spec.ipFamilies ?? []
  const wrong = ips.flatMap((ip, i) => {
    const family = families[i]
    if (family === undefined || family === `IPv${ipFamily(ip) ?? 0}`) return []
    return [invalid(`${field}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``)]
  })
  return [...errors, ...wrong]
}

function checkSourceRanges(service: Service, old: Service | undefined): FieldError[] {
  const spec = specOf(service)
  const ranges = spec.loadBalancerSourceRanges ?? []
  const only = "may only be used when `type` is 'LoadBalancer'"
  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges'
    const kept = (old?.spec?.loadBalancerSourceRanges ?? []).map((r) => r.trim())
    return [
      ...(spec.type === 'LoadBalancer' ? [] : [forbidden(field, only)]),
      ...ranges.flatMap((range, i) => checkCidr(range.trim(), `${field}[${i}]`, kept)),
    ]
  }
  const text = service.metadata.annotations?.[SOURCE_RANGES]
  const field = `metadata.annotations[${SOURCE_RANGES}]`
  if (text === undefined) return []
  const errors = spec.type === 'LoadBalancer' ? [] : [forbidden(field, only)]
  if (old?.metadata.annotations?.[SOURCE_RANGES] === text || text.trim() === '') return errors
  return [...errors, ...text.split(',').flatMap((range) => checkCidr(range.trim(), field))]
}

/** The class of the load balancer, which stays while the Service is one. */
export function checkLoadBalancerClass(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  const field = 'spec.loadBalancerClass'
  const name = spec.loadBalancerClass
  const errors: FieldError[] = []
  if (old?.type === 'LoadBalancer' && spec.type === 'LoadBalancer' && old.loadBalancerClass !== name) {
    errors.push(invalid(field, name ?? null, 'may not change once set'))
  }
  if (name === undefined) return errors
  if (spec.type === 'LoadBalancer') return [...errors, ...checkQualifiedName(name, field)]
  return [...errors, forbidden(field, "may only be used when `type` is 'LoadBalancer'")]
}

function checkTraffic(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const external = spec.externalTrafficPolicy ?? ''
  const path = 'spec.externalTrafficPolicy'
  if (isExternallyAccessible(spec)) errors.push(...checkRequiredOneOf(external, ['Cluster', 'Local'], path))
  else if (external !== '') errors.push(invalid(path, external, 'may only be set for externally-accessible services'))
  const port = spec.healthCheckNodePort ?? 0
  const portPath = 'spec.healthCheckNodePort'
  if (!needsHealthCheck(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    if (port !== 0) errors.push(invalid(portPath, port, detail))
  } else errors.push(...(port === 0 ? [required(portPath)] : checkPortNumber(port, portPath)))
  const internal = spec.internalTrafficPolicy
  if (internal === undefined) {
    if (spec.type !== 'ExternalName' && TYPES.includes(spec.type ?? '')) errors.push(required('spec.internalTrafficPolicy'))
  } else errors.push(...checkOneOf(internal, ['Cluster', 'Local'], 'spec.internalTrafficPolicy'))
  const distribution = spec.trafficDistribution
  if (distribution === undefined) return errors
  return [...errors, ...checkOneOf(distribution, ['PreferClose', 'PreferSameZone', 'PreferSameNode'], 'spec.trafficDistribution')]
}

function checkExternalIps(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  return each(spec.externalIPs, (ip, i) => {
    const errors = checkIp(ip, `spec.externalIPs[${i}]`, old?.externalIPs ?? [])
    return errors.length > 0 ? errors : checkEndpointIp(ip, `spec.externalIPs[${i}]`)
  })
}

/** A Service with everything allocated. */
export function checkService(service: Service, old?: Service): FieldError[] {
  const spec = specOf(service)
  const errors: FieldError[] = []
  const hints = service.metadata.annotations?.[TOPOLOGY_HINTS]
  const mode = service.metadata.annotations?.[TOPOLOGY_MODE]
  if (hints !== undefined && mode !== undefined && hints !== mode) {
    const detail = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`
    errors.push(invalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, detail))
  }
  if ((spec.ports ?? []).length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') errors.push(required('spec.ports'))
  errors.push(
    ...checkType(spec),
    ...checkPorts(spec.ports ?? []),
    ...checkLabels(spec.selector, 'spec.selector'),
    ...checkAffinity(spec),
    ...checkClusterIps(spec, old?.spec),
    ...checkExternalIps(spec, old?.spec),
    ...checkRequiredOneOf(spec.type, TYPES, 'spec.type'),
    ...checkPortsTogether(spec),
    ...checkSourceRanges(service, old),
  )
  const allocate = spec.allocateLoadBalancerNodePorts
  if (allocate !== undefined && spec.type !== 'LoadBalancer') {
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"))
  }
  if (allocate === undefined && spec.type === 'LoadBalancer') errors.push(required('allocateLoadBalancerNodePorts'))
  return [...errors, ...checkLoadBalancerClass(spec, undefined), ...checkTraffic(spec)]
}

/** What a load balancer may report. */
export function checkLoadBalancerStatus(status: LoadBalancerStatus, old: LoadBalancerStatus, spec: ServiceSpec): FieldError[] {
  const field = 'status.loadBalancer.ingress'
  const ingress = status.ingress ?? []
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) {
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")]
  }
  const kept = (old.ingress ?? []).map((i) => i.ip ?? '').filter((ip) => ip !== '')
  return ingress.flatMap(({ ip = '', ipMode, hostname = '' }, i) => {
    const path = `${field}[${i}]`
    const errors = ip === '' ? [] : checkIp(ip, `${path}.ip`, kept)
    if (ipMode === undefined)
      errors.push(...(ip === '' ? [] : [required(`${path}.ipMode`, 'must be specified when `ip` is set')]))
    else if (ip === '') errors.push(forbidden(`${path}.ipMode`, 'may not be specified when `ip` is not set'))
    else if (!['Proxy', 'VIP'].includes(ipMode)) errors.push(notSupported(`${path}.ipMode`, ipMode, ['Proxy', 'VIP']))
    if (hostname === '') return errors
    errors.push(...checkSubdomain(hostname, `${path}.hostname`))
    if (isIp(hostname)) errors.push(invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'))
    return errors
  })
}
