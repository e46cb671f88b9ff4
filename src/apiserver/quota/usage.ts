import type {
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
  Service,
} from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { canonical, formatQuantity, quantityOf, value } from '../../apimachinery/quantity.ts'
import { parseTime } from '../../sim/time.ts'
import { computeQos } from '../kinds/shared/qos.ts'
import { podResources } from './pod-resources.ts'

/** Amounts by resource name, canonical quantities. */
export type Usage = { readonly [name: string]: string }

/** The name under which every object of a resource is counted. */
export const countName = (group: string, resource: string) => `count/${group === '' ? resource : `${resource}.${group}`}`

/** Core resources that are also counted under their plain name. k8s 1.36: legacyObjectCountAliases. */
const PLAIN_COUNTS = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'])

/** What one object uses of a quota. k8s 1.36: quota evaluators' Usage. */
export function usageOf(group: string, resource: string, object: KubeObject, nowMs: number): Usage {
  const counted = { [countName(group, resource)]: '1' }
  if (group !== '') return counted
  if (resource === 'pods') return { ...counted, ...podUsage(object as Pod, nowMs) }
  if (resource === 'services') return { ...counted, ...serviceUsage(object as Service) }
  if (resource === 'persistentvolumeclaims') return { ...counted, ...claimUsage(object as PersistentVolumeClaim) }
  return PLAIN_COUNTS.has(resource) ? { ...counted, [resource]: '1' } : counted
}

/** Pods that have ended, or should have, count no more. k8s 1.36: QuotaV1Pod. */
function podUsage(pod: Pod, nowMs: number): Usage {
  const { phase } = pod.status ?? {}
  const { deletionTimestamp } = pod.metadata
  if (phase === 'Succeeded' || phase === 'Failed') return {}
  if (
    deletionTimestamp !== undefined &&
    pod.metadata.deletionGracePeriodSeconds !== undefined &&
    nowMs > parseTime(deletionTimestamp)
  )
    return {}
  const { requests, limits } = podResources(pod)
  return { pods: '1', ...computeUsage(requests, limits) }
}

/** Compute resources under the names that quotas use. k8s 1.36: podComputeUsageHelper. */
export function computeUsage(requests: Usage, limits: Usage): Usage {
  const usage: Record<string, string> = {}
  for (const [name, amount] of Object.entries(requests)) {
    const basic = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')
    if (basic) usage[name] = amount
    if (basic || name.includes('/')) usage[`requests.${name}`] = amount
  }
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const amount = limits[name]
    if (amount !== undefined) usage[`limits.${name}`] = amount
  }
  return usage
}

function serviceUsage({ spec }: Service): Usage {
  const ports = spec?.ports ?? []
  const balanced = spec?.type === 'LoadBalancer'
  const allocated =
    balanced && spec.allocateLoadBalancerNodePorts === false ? ports.filter((p) => p.nodePort).length : ports.length
  const nodePorts = balanced || spec?.type === 'NodePort' ? allocated : 0
  return { services: '1', 'services.loadbalancers': balanced ? '1' : '0', 'services.nodeports': String(nodePorts) }
}

const CLASS = '.storageclass.storage.k8s.io/'

function claimUsage(claim: PersistentVolumeClaim): Usage {
  const className = claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? ''
  const asked = claim.spec?.resources?.requests?.['storage']
  const usage: Record<string, string> = { persistentvolumeclaims: '1' }
  if (className !== '') usage[`${className}${CLASS}persistentvolumeclaims`] = '1'
  if (asked === undefined) return usage
  const whole = asked.endsWith('m') ? formatQuantity(quantityOf(value(asked))) : canonical(asked)
  usage['requests.storage'] = whole
  if (className !== '') usage[`${className}${CLASS}requests.storage`] = whole
  return usage
}

/** Names of a quota that a resource's objects can use. k8s 1.36: MatchingResources. */
export function concernedNames(group: string, resource: string, hard: readonly string[]): string[] {
  return hard.filter((name) => {
    if (name === countName(group, resource)) return true
    if (group !== '') return false
    if (resource === 'pods') return isPodName(name)
    if (resource === 'services') return name === 'services' || name === 'services.loadbalancers' || name === 'services.nodeports'
    if (resource === 'persistentvolumeclaims')
      return ['persistentvolumeclaims', 'requests.storage'].some((plain) => name === plain || name.endsWith(`${CLASS}${plain}`))
    return PLAIN_COUNTS.has(resource) && name === resource
  })
}

const POD_NAMES = new Set([
  'pods',
  'cpu',
  'memory',
  'ephemeral-storage',
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [`requests.${name}`, `limits.${name}`]),
])

function isPodName(name: string): boolean {
  if (POD_NAMES.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')) return true
  return name.startsWith('requests.') && name.includes('/')
}

/** The scopes of a quota as one list of requirements. */
function requirementsOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }))
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])]
}

/** Whether the object counts toward this quota: names and scopes. k8s 1.36: generic.Matches. */
export function quotaMatches(quota: ResourceQuota, group: string, resource: string, object: KubeObject): boolean {
  if (concernedNames(group, resource, Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {})).length === 0) return false
  const requirements = requirementsOf(quota)
  if (requirements.length === 0) return true
  if (group === '' && resource === 'persistentvolumeclaims')
    return requirements.every((r) => claimInScope(object as PersistentVolumeClaim, r))
  return group === '' && resource === 'pods' && requirements.every((r) => podInScope(object as Pod, r))
}

function claimInScope(claim: PersistentVolumeClaim, requirement: ScopedResourceSelectorRequirement): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false
  return selects(requirement, claim.spec?.volumeAttributesClassName)
}

function podInScope(pod: Pod, requirement: ScopedResourceSelectorRequirement): boolean {
  const spec = pod.spec ?? { containers: [] }
  const terminating = spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
  switch (requirement.scopeName) {
    case 'Terminating':
      return terminating
    case 'NotTerminating':
      return !terminating
    case 'BestEffort':
      return computeQos(spec) === 'BestEffort'
    case 'NotBestEffort':
      return computeQos(spec) !== 'BestEffort'
    case 'PriorityClass':
      return selects(requirement, spec.priorityClassName)
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod)
    default:
      return false
  }
}

function selects({ operator, values = [] }: ScopedResourceSelectorRequirement, actual: string | undefined): boolean {
  const present = actual !== undefined && actual !== ''
  if (operator === 'Exists') return present
  if (operator === 'DoesNotExist') return !present
  return operator === 'In' ? present && values.includes(actual) : !present || !values.includes(actual)
}

function crossesNamespaces({ spec }: Pod): boolean {
  const kinds = [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity]
  const terms = kinds.flatMap((kind) => [
    ...(kind?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(kind?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) => weighted.podAffinityTerm),
  ])
  return terms.some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined)
}
