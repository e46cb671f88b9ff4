import type { Pod, ResourceQuota } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import {
  addQuantities,
  canonical,
  compareQuantities,
  formatQuantity,
  isZero,
  parseQuantity,
  subtractQuantities,
} from '../../apimachinery/quantity.ts'
import type { UserInfo } from '../api.ts'
import { computeUsage, concernedNames, quotaMatches, usageOf, type Usage } from '../quota/usage.ts'
import { isDryRun } from '../rest/write.ts'
import { deny } from './forbid.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './plugin.ts'

const SERVER: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] }
/** If a quota tracks these, every container must set them. */
const COMPUTE = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])

/** What of this write counts. k8s 1.36: the evaluators' Handles. */
function handles({ scope, operation, object, old }: AdmissionAttributes): boolean {
  const { info, request } = scope
  if (!info.namespaced || info.verbs.length === 1 || operation === 'DELETE' || operation === 'CONNECT') return false
  const { subresource = '' } = request
  if (info.bucket === 'pods') {
    if (subresource === 'resize') return operation === 'UPDATE'
    if (subresource !== '') return false
    const terminating = (o: KubeObject | undefined) => (o as Pod | undefined)?.spec?.activeDeadlineSeconds !== undefined
    return operation === 'CREATE' || terminating(object) !== terminating(old)
  }
  if (subresource !== '') return false
  return operation === 'CREATE' || info.bucket === 'services' || info.bucket === 'persistentvolumeclaims'
}

function validate(attributes: AdmissionAttributes): void {
  const { scope, object, old, operation } = attributes
  const { registry, request, info } = scope
  if (registry.etcd.count('resourcequotas') === 0 || !object || !handles(attributes)) return
  const quotas = registry.etcd.range('resourcequotas', `${request.namespace ?? ''}/`).map(({ value }) => value as ResourceQuota)
  const { group, resource } = info
  const matching = quotas.filter((quota) => quotaMatches(quota, group, resource, object))
  for (const quota of matching) checkKnown(attributes, quota)
  const { now } = registry.sim
  const usage = usageOf(group, resource, object, now)
  const before = operation === 'UPDATE' && old ? usageOf(group, resource, old, now) : undefined
  const changed = matching.flatMap((quota) => {
    const counted = before && old && quotaMatches(quota, group, resource, old) ? increase(usage, before) : usage
    const updated = charge(attributes, quota, withoutZeros(counted))
    return updated ? [updated] : []
  })
  if (!isDryRun(scope)) for (const quota of changed) writeStatus(attributes, quota)
}

/** The quota's own books must be open, and a pod must say what the quota tracks. */
function checkKnown(attributes: AdmissionAttributes, quota: ResourceQuota): void {
  const { group, resource } = attributes.scope.info
  const hard = Object.keys(quota.status?.hard ?? {})
  const names = concernedNames(group, resource, hard)
  if (group === '' && resource === 'pods') checkPodSays(attributes, quota, names)
  const used = quota.status?.used ?? {}
  const unknown = names.filter((name) => used[name] === undefined)
  if (unknown.length > 0 || hard.length === 0)
    throw deny(attributes, `status unknown for quota: ${quota.metadata.name ?? ''}, resources: ${names.sort().join(',')}`)
}

/** k8s 1.36: podEvaluator.Constraints. */
function checkPodSays(attributes: AdmissionAttributes, quota: ResourceQuota, names: readonly string[]): void {
  const { spec } = attributes.object as Pod
  if (spec?.resources && Object.keys({ ...spec.resources.requests, ...spec.resources.limits }).length > 0) return
  const required = names.filter((name) => COMPUTE.has(name)).sort()
  const missing = required.flatMap((name) => {
    const lacking = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      .filter(({ resources }) => computeUsage(resources?.requests ?? {}, resources?.limits ?? {})[name] === undefined)
      .map((c) => c.name)
    return lacking.length > 0 ? [`${name} for: ${[...new Set(lacking)].sort().join(',')}`] : []
  })
  if (missing.length > 0) throw deny(attributes, `failed quota: ${quota.metadata.name ?? ''}: must specify ${missing.join('; ')}`)
}

function increase(usage: Usage, before: Usage): Usage {
  const more = Object.entries(usage).map(([name, amount]): [string, string] => {
    const was = before[name]
    if (was === undefined) return [name, amount]
    if (compareQuantities(amount, was) <= 0) return [name, '0']
    return [name, formatQuantity(subtractQuantities(parseQuantity(amount), parseQuantity(was)))]
  })
  return Object.fromEntries(more)
}

function withoutZeros(usage: Usage): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, amount]) => !isZero(parseQuantity(amount))))
}

const print = (usage: Usage) =>
  Object.keys(usage)
    .sort()
    .map((name) => `${name}=${canonical(usage[name] ?? '0')}`)
    .join(',')

/** The quota with this usage added, or the refusal. Undefined when nothing of it is concerned. */
function charge(attributes: AdmissionAttributes, quota: ResourceQuota, delta: Usage): ResourceQuota | undefined {
  const { hard = {}, used = {} } = quota.status ?? {}
  const names = Object.keys(delta).filter((name) => hard[name] !== undefined)
  if (names.length === 0) return undefined
  const after: Record<string, string> = { ...used }
  for (const name of names)
    after[name] = formatQuantity(addQuantities(parseQuantity(used[name] ?? '0'), parseQuantity(delta[name] ?? '0')))
  const exceeded = names.filter((name) => compareQuantities(after[name] ?? '0', hard[name] ?? '0') > 0)
  if (exceeded.length > 0) {
    const pick = (usage: Usage) => print(Object.fromEntries(exceeded.map((name) => [name, usage[name] ?? '0'])))
    throw deny(
      attributes,
      `exceeded quota: ${quota.metadata.name ?? ''}, requested: ${pick(delta)}, used: ${pick(used)}, limited: ${pick(hard)}`,
    )
  }
  return { ...quota, status: { ...quota.status, used: after } }
}

/** The books are kept in the quota's status, at once. */
function writeStatus({ scope }: AdmissionAttributes, quota: ResourceQuota): void {
  scope.registry.handle({
    verb: 'update',
    user: SERVER,
    userAgent: 'kube-apiserver',
    group: '',
    version: 'v1',
    resource: 'resourcequotas',
    subresource: 'status',
    namespace: quota.metadata.namespace,
    name: quota.metadata.name,
    body: quota,
  })
}

/** Keeps a namespace within its quotas. k8s 1.36: ResourceQuota. */
export const resourceQuotaAdmission: AdmissionPlugin = { name: 'ResourceQuota', validate }
