import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid } from '../../apimachinery/field-errors.ts'
import type { Node, NodeStatus, Taint } from '../../apimachinery/generated/types.ts'
import { isValidLabelValue } from '../../apimachinery/names.ts'
import { defineStrategy } from './strategy.ts'
import { TAINT_EFFECTS } from './shared/affinity.ts'
import { checkPositive, checkRequiredOneOf, each } from './shared/checks.ts'
import { ageColumn, column, nameColumn, wideColumn } from './shared/columns.ts'
import { omitZero, patch } from './shared/compact.ts'
import { checkCidr, cidrFamily, cidrWarnings, isDualStack } from './shared/ip.ts'
import { checkLabelName } from './shared/labels.ts'
import { keepStatus, onlyStatus } from './shared/lifecycle.ts'
import { canonicalResources } from './shared/quantities.ts'
import { checkResourceQuantity } from './shared/resources.ts'
import type { StringMap } from './shared/checks.ts'

const EMPTY_INFO = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
}

function defaultStatus(given: NodeStatus | undefined): NodeStatus {
  const status = given ?? {}
  const capacity = status.capacity && canonicalResources(status.capacity)
  const allocatable = status.allocatable ? canonicalResources(status.allocatable) : capacity
  return {
    ...status,
    ...(capacity && { capacity }),
    ...(allocatable && { allocatable }),
    daemonEndpoints: { ...status.daemonEndpoints, kubeletEndpoint: status.daemonEndpoints?.kubeletEndpoint ?? { Port: 0 } },
    nodeInfo: { ...EMPTY_INFO, ...status.nodeInfo },
  }
}

/** podCIDR and the first of podCIDRs are one value. */
function podCidrs(spec: NonNullable<Node['spec']>): NonNullable<Node['spec']> {
  const { podCIDR, podCIDRs } = spec
  if (podCIDR && podCIDRs?.[0] !== podCIDR) return { ...spec, podCIDRs: [podCIDR] }
  return podCIDRs?.[0] && !podCIDR ? { ...spec, podCIDR: podCIDRs[0] } : spec
}

function defaults(node: Node): Node {
  const spec = podCidrs(omitZero(node.spec ?? {}, ['podCIDR', 'podCIDRs', 'providerID', 'taints', 'unschedulable']))
  return {
    ...node,
    spec: { ...spec, ...patch(spec, 'taints', (t) => t.map((x) => omitZero(x, ['value']))) },
    status: defaultStatus(node.status),
  }
}

function checkTaints(taints: readonly Taint[] | undefined): FieldError[] {
  const seen = new Set<string>()
  return each(taints, (taint, i) => {
    const path = `metadata.taints[${i}]`
    const { key = '', value = '', effect = '' } = taint
    const errors = checkLabelName(key, `${path}.key`)
    const messages = isValidLabelValue(value)
    if (messages.length > 0) errors.push(invalid(`${path}.value`, value, messages.join(';')))
    errors.push(...checkRequiredOneOf(effect, TAINT_EFFECTS, `${path}.effect`))
    const id = `${effect}/${key}`
    if (seen.has(id)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null }
      const error = duplicate(path, shown)
      errors.push({ ...error, message: `${error.message}: taints must be unique by key and effect pair` })
    }
    seen.add(id)
    return errors
  })
}

const checkAmounts = (list: StringMap | undefined, field: string) =>
  Object.entries(list ?? {}).flatMap(([name, text]) => checkResourceQuantity(name, text, `${field}.${name}`))

const FEATURE = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/

function checkDeclaredFeatures(features: readonly string[] | undefined): FieldError[] {
  const field = 'status.declaredFeatures'
  return each(features, (name, i) => {
    const errors: FieldError[] = []
    if (!FEATURE.test(name)) {
      const detail =
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
      errors.push(invalid(`${field}[${i}]`, name, `invalid feature name ${JSON.stringify(name)}: ${detail}`))
    }
    const next = features?.[i + 1]
    if (next === name) errors.push(duplicate(`${field}[${i + 1}]`, next))
    else if (next !== undefined && name > next)
      errors.push(invalid(`${field}[${i + 1}]`, next, 'list must be sorted alphabetically'))
    return errors
  })
}

const checkStatus = (status: NodeStatus | undefined) => [
  ...checkAmounts(status?.capacity, 'status.capacity'),
  ...checkAmounts(status?.allocatable, 'status.allocatable'),
]

function validate(node: Node): FieldError[] {
  const cidrs = node.spec?.podCIDRs ?? []
  const swap = node.status?.nodeInfo?.swap?.capacity
  const errors = [
    ...checkTaints(node.spec?.taints),
    ...checkStatus(node.status),
    ...(swap === undefined ? [] : checkPositive(swap, 'metadata.nodeSwapStatus.capacity')),
    ...checkDeclaredFeatures(node.status?.declaredFeatures),
    ...cidrs.flatMap((cidr, i) => checkCidr(cidr, `spec.podCIDRs[${i}]`)),
  ]
  if (cidrs.length > 1 && (!isDualStack(cidrs, cidrFamily) || cidrs.length > 2)) {
    errors.push(invalid('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'))
  }
  return errors
}

function checkAddresses(status: NodeStatus | undefined): FieldError[] {
  const seen = new Set<string>()
  return each(status?.addresses, ({ type, address }, i) => {
    const id = `${type}/${address}`
    if (seen.has(id)) return [duplicate(`status.addresses[${i}]`, { Type: type, Address: address })]
    seen.add(id)
    return []
  })
}

function validateUpdate(node: Node, old: Node): FieldError[] {
  const errors = [
    ...checkStatus(node.status),
    ...checkDeclaredFeatures(node.status?.declaredFeatures),
    ...checkAddresses(node.status),
  ]
  const cidrs = node.spec?.podCIDRs ?? []
  const oldCidrs = old.spec?.podCIDRs ?? []
  const fixed = (name: string) => `node updates may not change ${name} except from "" to valid`
  if (oldCidrs.length > 0) {
    const changed = oldCidrs.length === cidrs.length ? oldCidrs.filter((c, i) => c !== cidrs[i]) : ['']
    errors.push(...changed.map(() => forbidden('spec.podCIDRs', fixed('podCIDR'))))
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    errors.push(forbidden('spec.providerID', fixed('providerID')))
  }
  errors.push(...checkTaints(node.spec?.taints))
  if ((node.spec?.externalID ?? '') !== (old.spec?.externalID ?? ''))
    errors.push(forbidden('spec.externalID', 'may not be updated'))
  return errors
}

function warnings(node: Node): string[] {
  const removed = node.spec?.configSource === undefined ? [] : ['spec.configSource: the feature is removed']
  const external = node.spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []
  const cidrs = (node.spec?.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(cidr, `spec.podCIDRs[${i}]`))
  return [...removed, ...external, ...cidrs]
}

function statusCell(node: Node): string {
  const ready = (node.status?.conditions ?? []).findLast((c) => c.type === 'Ready')
  const status = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec?.unschedulable ? `${status},SchedulingDisabled` : status
}

const ROLE = 'node-role.kubernetes.io/'

function rolesCell(node: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(ROLE) && key !== ROLE) roles.add(key.slice(ROLE.length))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return [...roles].toSorted().join(',') || '<none>'
}

const address = (node: Node, type: string) => node.status?.addresses?.find((a) => a.type === type)?.address ?? '<none>'

function kernelCell(node: Node): string {
  const { kernelVersion, architecture } = node.status?.nodeInfo ?? {}
  return `${kernelVersion || '<unknown>'}${architecture ? ` (${architecture})` : ''}`
}

/** k8s 1.36: registry/core/node strategy.go. */
export const node = defineStrategy<Node>({
  group: '',
  resource: 'nodes',
  shortNames: ['no'],
  defaults,
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: (object, old) => onlyStatus(object, old),
  validate,
  validateUpdate: (object, old) => [...validate(object), ...validateUpdate(object, old)],
  validateStatusUpdate: validateUpdate,
  warnings,
  fields: { 'spec.unschedulable': (n) => String(n.spec?.unschedulable ?? false) },
  columns: [
    nameColumn,
    column('Status', 'The status of the node', statusCell),
    column('Roles', 'The roles of the node', rolesCell),
    ageColumn,
    column('Version', 'V1NodeSystemInfo.kubeletVersion', (n) => n.status?.nodeInfo?.kubeletVersion ?? ''),
    wideColumn('Internal-IP', 'V1NodeStatus.addresses', (n) => address(n, 'InternalIP')),
    wideColumn('External-IP', 'V1NodeStatus.addresses', (n) => address(n, 'ExternalIP')),
    wideColumn('OS-Image', 'V1NodeSystemInfo.osImage', (n) => n.status?.nodeInfo?.osImage || '<unknown>'),
    wideColumn('Kernel-Version', 'V1NodeSystemInfo.kernelVersion', kernelCell),
    wideColumn('Container-Runtime', 'V1NodeSystemInfo.containerRuntimeVersion', (n) => {
      return n.status?.nodeInfo?.containerRuntimeVersion || '<unknown>'
    }),
  ],
})
