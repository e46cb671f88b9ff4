import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, required } from '../../apimachinery/field-errors.ts'
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../apimachinery/generated/types.ts'
import { compareQuantities } from '../../apimachinery/quantity.ts'
import { defineStrategy } from './strategy.ts'
import type { StringMap } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { canonicalResources } from './shared/quantities.ts'
import { checkQuotaResourceName, checkResourceQuantity, isStandardQuotaResource } from './shared/resources.ts'

const POD_COMPUTE = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']
const VOLUMES = ['persistentvolumeclaims', 'requests.storage']
/** The resources that a scope can count; a scope that isn't here is unknown. */
const SCOPES: { readonly [scope: string]: readonly string[] } = {
  Terminating: ['pods', ...POD_COMPUTE],
  NotTerminating: ['pods', ...POD_COMPUTE],
  BestEffort: ['pods'],
  NotBestEffort: ['pods', ...POD_COMPUTE],
  PriorityClass: ['pods', ...POD_COMPUTE],
  VolumeAttributesClass: VOLUMES,
  CrossNamespacePodAffinity: ['pods', ...POD_COMPUTE],
}
const EXCLUSIVE = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

const checkList = (list: StringMap | undefined, field: string) =>
  Object.entries(list ?? {}).flatMap(([name, text]) => {
    const path = `${field}[${name}]`
    return [...checkQuotaResourceName(name, path), ...checkResourceQuantity(name, text, path)]
  })

const misfits = (scope: string, spec: ResourceQuotaSpec) =>
  Object.keys(spec.hard ?? {}).filter(
    (r) => isStandardQuotaResource(r) && SCOPES[scope] !== undefined && !SCOPES[scope].includes(r),
  )

const conflicts = (scopes: readonly string[]) => EXCLUSIVE.filter((pair) => pair.every((s) => scopes.includes(s)))

function checkScopes(spec: ResourceQuotaSpec): FieldError[] {
  const scopes = spec.scopes ?? []
  const bad = (detail: string) => invalid('spec.scopes', scopes, detail)
  return [
    ...scopes.flatMap((scope) => [
      ...(SCOPES[scope] ? [] : [bad('unsupported scope')]),
      ...misfits(scope, spec).map(() => bad('unsupported scope applied to resource')),
    ]),
    ...conflicts(scopes).map(() => bad('conflicting scopes')),
  ]
}

const ONLY_EXISTS = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']
const EXISTS_TEXT =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

function checkRequirement(r: ScopedResourceSelectorRequirement, spec: ResourceQuotaSpec): FieldError[] {
  const field = 'spec.scopeSelector.matchExpressions'
  const { scopeName = '', operator = '', values = [] } = r
  const errors: FieldError[] = []
  if (!SCOPES[scopeName]) errors.push(invalid(`${field}.scopeName`, scopeName, 'unsupported scope'))
  const shown = {
    MatchExpressions: (spec.scopeSelector?.matchExpressions ?? []).map((e) => ({
      ScopeName: e.scopeName,
      Operator: e.operator,
      Values: e.values ?? null,
    })),
  }
  errors.push(...misfits(scopeName, spec).map(() => invalid(field, shown, 'unsupported scope applied to resource')))
  if (ONLY_EXISTS.includes(scopeName) && operator !== 'Exists') errors.push(invalid(`${field}.operator`, operator, EXISTS_TEXT))
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    if (values.length === 0) errors.push(required(`${field}.values`, detail))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    if (values.length > 0) errors.push(invalid(`${field}.values`, values, detail))
  } else errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'))
  return errors
}

function checkSpec(spec: ResourceQuotaSpec): FieldError[] {
  const expressions = spec.scopeSelector?.matchExpressions ?? []
  return [
    ...checkList(spec.hard, 'spec.hard'),
    ...checkScopes(spec),
    ...expressions.flatMap((r) => checkRequirement(r, spec)),
    ...conflicts(expressions.map((e) => e.scopeName)).map(() =>
      invalid('spec.scopeSelector.matchExpressions', spec.scopes ?? null, 'conflicting scopes'),
    ),
  ]
}

const checkStatus = (quota: ResourceQuota) => [
  ...checkList(quota.status?.hard, 'status.hard'),
  ...checkList(quota.status?.used, 'status.used'),
]

function validateUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const [scopes, before] = [new Set(quota.spec?.scopes), new Set(old.spec?.scopes)]
  const same = scopes.size === before.size && [...scopes].every((s) => before.has(s))
  return [
    ...checkSpec(quota.spec ?? {}),
    ...(same ? [] : [invalid('spec.scopes', quota.spec?.scopes ?? null, 'field is immutable')]),
  ]
}

function warnings(quota: ResourceQuota, old: ResourceQuota | undefined): string[] {
  const hard = quota.spec?.hard ?? {}
  if (old !== undefined) return []
  return ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => {
    const full = `requests.${name}`
    const requestName = hard[full] === undefined && name !== 'ephemeral-storage' ? name : full
    const [request, limit] = [hard[requestName], hard[`limits.${name}`]]
    if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) return []
    return [`ResourceQuota ${requestName} (${request}) should be less than limits.${name} (${limit})`]
  })
}

/** 'pods: 1/10, ...' for the limits, or for all others. */
function usage(quota: ResourceQuota, ofLimits: boolean): string {
  const { hard = {}, used = {} } = quota.status ?? {}
  const names = Object.keys(hard).filter((name) => name.startsWith('limits.') === ofLimits)
  return names
    .toSorted()
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
    .join(', ')
}

/** k8s 1.36: registry/core/resourcequota strategy.go. */
export const resourceQuota = defineStrategy<ResourceQuota>({
  group: '',
  resource: 'resourcequotas',
  shortNames: ['quota'],
  defaults: (object) => ({
    ...object,
    spec: { ...object.spec, ...patch(object.spec ?? {}, 'hard', canonicalResources) },
    status: {
      ...object.status,
      ...patch(object.status ?? {}, 'hard', canonicalResources),
      ...patch(object.status ?? {}, 'used', canonicalResources),
    },
  }),
  ...specAndStatus({}, { generation: false }),
  validate: (object) => [...checkSpec(object.spec ?? {}), ...checkStatus(object)],
  validateUpdate,
  validateStatusUpdate: checkStatus,
  warnings,
  columns: [
    nameColumn,
    column('Request', 'Request represents a minimum amount of cpu/memory that a container may consume.', (q) => usage(q, false)),
    column(
      'Limit',
      'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
      (q) => usage(q, true),
    ),
    ageColumn,
  ],
})
