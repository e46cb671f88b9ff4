import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid } from '../../apimachinery/field-errors.ts'
import type { Service, ServicePort, ServiceSpec } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { defineStrategy } from './strategy.ts'
import { nameIsLabel } from './shared/checks.ts'
import { ageColumn, column, nameColumn, wideColumn } from './shared/columns.ts'
import { omit, omitZero, orDefault, patch } from './shared/compact.ts'
import { cidrWarnings, ipWarnings } from './shared/ip.ts'
import { formatLabels } from './shared/labels.ts'
import { onlyStatus } from './shared/lifecycle.ts'
import {
  checkLoadBalancerClass,
  checkLoadBalancerStatus,
  checkService,
  isExternallyAccessible,
  needsHealthCheck,
  specOf,
  TOPOLOGY_HINTS,
  TOPOLOGY_MODE,
} from './shared/service-rules.ts'

const defaultPort = (port: ServicePort): ServicePort => ({
  ...omitZero(port, ['name', 'nodePort']),
  protocol: orDefault(port.protocol, 'TCP'),
  targetPort: port.targetPort || port.port,
})

function affinityDefaults(spec: ServiceSpec): ServiceSpec {
  const sessionAffinity = orDefault(spec.sessionAffinity, 'None')
  const rest = omit(spec, ['sessionAffinityConfig'])
  if (sessionAffinity === 'None') return { ...rest, sessionAffinity }
  if (sessionAffinity !== 'ClientIP' || spec.sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) {
    return { ...spec, sessionAffinity }
  }
  return { ...rest, sessionAffinity, sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } }
}

const OMITEMPTY = [
  'clusterIP',
  'clusterIPs',
  'externalIPs',
  'externalName',
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'ipFamilies',
  'loadBalancerIP',
  'loadBalancerSourceRanges',
  'ports',
  'publishNotReadyAddresses',
  'selector',
] as const

function defaults(service: Service): Service {
  const typed = { ...omitZero<ServiceSpec>(service.spec ?? {}, OMITEMPTY), type: orDefault(service.spec?.type, 'ClusterIP') }
  const spec = affinityDefaults(typed)
  const ingress = service.status?.loadBalancer?.ingress
  const withMode = ingress?.map((i) => (i.ip && i.ipMode === undefined ? { ...i, ipMode: 'VIP' } : i))
  const loadBalancer = ingress && spec.type === 'LoadBalancer' ? { ingress: withMode } : (service.status?.loadBalancer ?? {})
  return {
    ...service,
    spec: {
      ...spec,
      ...patch(spec, 'ports', (ports) => ports.map(defaultPort)),
      ...(isExternallyAccessible(spec) && { externalTrafficPolicy: orDefault(spec.externalTrafficPolicy, 'Cluster') }),
      ...(['NodePort', 'LoadBalancer', 'ClusterIP'].includes(spec.type ?? '') && {
        internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
      }),
      ...(spec.type === 'LoadBalancer' && { allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true }),
    },
    status: { ...service.status, loadBalancer },
  }
}

const hasNodePorts = ({ type }: ServiceSpec) => type === 'NodePort' || type === 'LoadBalancer'
const nodePorts = (spec: ServiceSpec) => (spec.ports ?? []).flatMap((p) => (p.nodePort ? [p.nodePort] : []))

/** Fields that went with the old type and that nobody changed go with it. */
function dropTypeDependent(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const gone: (keyof ServiceSpec)[] = []
  if (old.type !== 'ExternalName' && spec.type === 'ExternalName') {
    if (spec.clusterIP === old.clusterIP && jsonEqual(spec.clusterIPs, old.clusterIPs)) gone.push('clusterIP', 'clusterIPs')
    if (jsonEqual(spec.ipFamilies, old.ipFamilies)) gone.push('ipFamilies')
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) gone.push('ipFamilyPolicy')
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec) && spec.healthCheckNodePort === old.healthCheckNodePort) {
    gone.push('healthCheckNodePort')
  }
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) gone.push('allocateLoadBalancerNodePorts')
    if (spec.loadBalancerClass === old.loadBalancerClass) gone.push('loadBalancerClass')
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec) && spec.externalTrafficPolicy === old.externalTrafficPolicy) {
    gone.push('externalTrafficPolicy')
  }
  const kept = omit(spec, gone)
  const dropPorts = hasNodePorts(old) && !hasNodePorts(spec) && nodePorts(spec).every((p) => nodePorts(old).includes(p))
  return dropPorts ? { ...kept, ...patch(kept, 'ports', (ports) => ports.map((p) => omit(p, ['nodePort']))) } : kept
}

function prepareForUpdate(service: Service, old: Service): Service {
  const spec = dropTypeDependent(specOf(service), specOf(old))
  return { ...service, spec, status: spec.type === 'LoadBalancer' ? old.status : { ...old.status, loadBalancer: {} } }
}

/** Addresses stay once given; a second one may come and go. k8s 1.36: validateUpgradeDowngradeClusterIPs. */
function checkClusterIpChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const [now, before] = [spec.clusterIPs ?? [], old.clusterIPs ?? []]
  const first = (detail: string) => invalid('spec.clusterIPs[0]', now, detail)
  if (before.length === now.length) {
    return before.flatMap((ip, i) => (ip === now[i] ? [] : [invalid(`spec.clusterIPs[${i}]`, now, 'may not change once set')]))
  }
  const errors: FieldError[] = []
  if (now.length === 0) errors.push(first('primary clusterIP can not be unset'))
  else if (before.length > 0 && now[0] !== before[0]) errors.push(first('may not change once set'))
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP"
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, detail))
  }
  return errors
}

/** The same for families. The values shown are those that Kubernetes shows. */
function checkFamilyChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const [now, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []]
  const field = 'spec.ipFamilies[0]'
  if (before.length === now.length) {
    return before.flatMap((family, i) => (family === now[i] ? [] : [invalid(field, now, 'may not change once set')]))
  }
  const errors: FieldError[] = []
  const fewer = before.length > now.length
  if (fewer && (spec.clusterIPs ?? []).length === 0) errors.push(invalid(field, now, 'primary ipFamily can not be unset'))
  if (now.length > 0 && before.length > 0 && now[0] !== before[0]) {
    errors.push(invalid(field, spec.clusterIPs ?? null, 'may not change once set'))
  }
  if (fewer && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = "must be set to 'SingleStack' when releasing the secondary ipFamily"
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, detail))
  }
  return errors
}

function validateUpdate(service: Service, oldService: Service): FieldError[] {
  const [spec, old] = [specOf(service), specOf(oldService)]
  const errors: FieldError[] = []
  const headless = spec.clusterIPs?.[0] === 'None'
  const wasHeadless = old.clusterIPs?.[0] === 'None'
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (!(headless && wasHeadless)) errors.push(...checkClusterIpChange(spec, old))
    if (!headless && !wasHeadless) errors.push(...checkFamilyChange(spec, old))
  }
  errors.push(...checkLoadBalancerClass(spec, old))
  if (needsHealthCheck(old) && needsHealthCheck(spec) && spec.healthCheckNodePort !== old.healthCheckNodePort) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'))
  }
  return [...errors, ...checkService(service, oldService)]
}

function headlessWarnings(spec: ServiceSpec): string[] {
  const ignored = (name: string) => `spec.${name} is ignored for headless services`
  return [
    ...(spec.loadBalancerIP ? [ignored('loadBalancerIP')] : []),
    ...(spec.externalIPs?.length ? [ignored('externalIPs')] : []),
    ...(spec.sessionAffinity === 'None' ? [] : [ignored('SessionAffinity')]),
  ]
}

/** k8s 1.36: pkg/api/service/warnings.go. */
function warnings(service: Service): string[] {
  const spec = specOf(service)
  const headless = spec.type === 'ClusterIP' && spec.clusterIP === 'None'
  const external = spec.externalIPs ?? []
  const isName = spec.type === 'ExternalName'
  const list: string[] = []
  if (service.metadata.annotations?.[TOPOLOGY_HINTS] !== undefined) {
    list.push(`annotation ${TOPOLOGY_HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`)
  }
  if (spec.clusterIP && spec.clusterIP !== 'None') {
    list.push(...(spec.clusterIPs ?? []).flatMap((ip, i) => ipWarnings(ip, `spec.clusterIPs[${i}]`)))
  }
  if (headless) list.push(...headlessWarnings(spec))
  list.push(...external.flatMap((ip, i) => ipWarnings(ip, `spec.externalIPs[${i}]`)))
  if (external.length > 0 && !headless && !isName) {
    list.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  }
  if (spec.loadBalancerIP) list.push(...ipWarnings(spec.loadBalancerIP, 'spec.loadBalancerIP'))
  for (const [i, cidr] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    list.push(...cidrWarnings(cidr, `spec.loadBalancerSourceRanges[${i}]`))
  }
  if (isName && external.length > 0) list.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (!isName && spec.externalName) list.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec.trafficDistribution === 'PreferClose') {
    list.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  }
  return list
}

function externalIpCell(service: Service): string {
  const spec = specOf(service)
  const external = spec.externalIPs ?? []
  if (spec.type === 'ExternalName') return spec.externalName ?? ''
  if (spec.type === 'ClusterIP' || spec.type === 'NodePort') return external.join(',') || '<none>'
  if (spec.type !== 'LoadBalancer') return '<unknown>'
  const points = (service.status?.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter((p) => p !== '')
  return [...[...new Set(points)].toSorted(), ...external].join(',') || '<pending>'
}

function portsCell(service: Service): string {
  const text = (p: ServicePort) => `${p.port}${p.nodePort ? `:${p.nodePort}` : ''}/${p.protocol ?? ''}`
  return (specOf(service).ports ?? []).map(text).join(',') || '<none>'
}

/**
 * k8s 1.36: registry/core/service strategy.go. Before validate the allocator has filled clusterIP, clusterIPs,
 * ipFamilies, ipFamilyPolicy, node ports and the health check's node port.
 */
export const service = defineStrategy<Service>({
  group: '',
  resource: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  defaults,
  prepareForCreate: (object) => ({ ...object, status: { loadBalancer: {} } }),
  prepareForUpdate,
  prepareForStatusUpdate: (object, old) => onlyStatus(object, old),
  validateName: nameIsLabel,
  validate: (object) => checkService(object),
  validateUpdate,
  validateStatusUpdate: (object, old) =>
    checkLoadBalancerStatus(object.status?.loadBalancer ?? {}, old.status?.loadBalancer ?? {}, specOf(object)),
  warnings,
  allowCreateOnUpdate: true,
  fields: { 'spec.clusterIP': (s) => s.spec?.clusterIP ?? '', 'spec.type': (s) => s.spec?.type ?? '' },
  columns: [
    nameColumn,
    column('Type', 'V1ServiceSpec.type', (s) => s.spec?.type ?? ''),
    column('Cluster-IP', 'V1ServiceSpec.clusterIP', (s) => s.spec?.clusterIPs?.[0] ?? '<none>'),
    column('External-IP', 'V1ServiceSpec.externalIPs', externalIpCell),
    column('Port(s)', 'V1ServiceSpec.ports', portsCell),
    ageColumn,
    wideColumn('Selector', 'V1ServiceSpec.selector', (s) => formatLabels(s.spec?.selector)),
  ],
})
