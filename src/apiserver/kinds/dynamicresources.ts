/**
 * DeviceClass, ResourceClaim, ResourceClaimTemplate and ResourceSlice. Source: k8s 1.36 resource/validation and
 * v1/defaults.go. SIMPLIFIED: selectors aren't compiled, and devices of slices and results of allocations are taken
 * as their drivers and the scheduler write them.
 */
import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, notSupported, required, tooLong, tooMany } from '../../apimachinery/field-errors.ts'
import type {
  DeviceClaim,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  OpaqueDeviceConfiguration,
  ResourceClaimSpec,
  ResourceClaimTemplate,
  ResourceSlice,
  ResourceV1ResourceClaim as ResourceClaim,
} from '../../apimachinery/generated/types.ts'
import { isValidLabelValue } from '../../apimachinery/names.ts'
import { defineStrategy } from './strategy.ts'
import {
  checkDnsLabel,
  checkImmutable,
  checkOneOf,
  checkRequiredOneOf,
  checkSubdomain,
  checkUnique,
  each,
  invalids,
} from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { checkLabels, checkLabelName } from './shared/labels.ts'
import { generationOfSpec, specAndStatus } from './shared/lifecycle.ts'
import { checkCsiDriverName } from './shared/volume-sources.ts'

const GROUP = 'resource.k8s.io'
const MANY = 32
const MAX_ALTERNATIVES = 8
const MAX_LENGTH = 10 * 1024

type Counted = Omit<DeviceSubRequest, 'name'>

function defaultCount<T extends Counted>(request: T): T {
  const allocationMode = request.allocationMode || 'ExactCount'
  return { ...request, allocationMode, ...(allocationMode === 'ExactCount' && !request.count && { count: 1 }) }
}

function defaultSpec(spec: ResourceClaimSpec | undefined): ResourceClaimSpec {
  const request = (r: DeviceRequest): DeviceRequest => ({
    ...r,
    ...patch(r, 'exactly', defaultCount),
    ...patch(r, 'firstAvailable', (list) => list.map(defaultCount)),
  })
  const devices = (d: DeviceClaim): DeviceClaim => ({ ...d, ...patch(d, 'requests', (list) => list.map(request)) })
  return spec === undefined ? { devices: {} } : { ...spec, devices: devices(spec.devices ?? {}) }
}

function checkSize(list: readonly unknown[] | undefined, max: number, field: string): FieldError[] {
  return list !== undefined && list.length > max ? [tooMany(field, list.length, max)] : []
}

function checkSelectors(selectors: readonly DeviceSelector[] | undefined, field: string): FieldError[] {
  const each_ = each(selectors, ({ cel }, i) => {
    if (cel === undefined) return [required(`${field}[${i}].cel`)]
    return (cel.expression ?? '').length > MAX_LENGTH ? [tooLong(`${field}[${i}].cel.expression`, MAX_LENGTH)] : []
  })
  return [...checkSize(selectors, MANY, field), ...each_]
}

function checkToleration({ key = '', operator, value = '', effect = '' }: DeviceToleration, field: string): FieldError[] {
  const errors = key === '' ? [] : checkLabelName(key, `${field}.key`)
  if (operator === 'Equal') errors.push(...invalids(`${field}.value`, value, isValidLabelValue(value)))
  else if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(`${field}.value`, value, 'must be empty for operator `Exists`'))
  } else errors.push(...checkRequiredOneOf(operator, ['Equal', 'Exists'], `${field}.operator`))
  return effect === '' ? errors : [...errors, ...checkOneOf(effect, ['NoExecute', 'NoSchedule', 'None'], `${field}.effect`)]
}

function checkCounted(request: Counted, field: string): FieldError[] {
  const { deviceClassName = '', allocationMode = '', count = 0 } = request
  const at = `${field}.deviceClassName`
  const errors = deviceClassName === '' ? [required(at)] : checkSubdomain(deviceClassName, at)
  errors.push(...checkSelectors(request.selectors, `${field}.selectors`))
  if (allocationMode === 'All') {
    if (count !== 0) errors.push(invalid(`${field}.count`, count, "must not be specified when allocationMode is 'All'"))
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(`${field}.count`, count, 'must be greater than zero'))
  } else errors.push(notSupported(`${field}.allocationMode`, allocationMode, ['All', 'ExactCount']))
  return [...errors, ...each(request.tolerations, (t, i) => checkToleration(t, `${field}.tolerations[${i}]`))]
}

function checkRequest(request: DeviceRequest, field: string): FieldError[] {
  const { name = '', exactly, firstAvailable = [] } = request
  const errors = checkDnsLabel(name, `${field}.name`)
  const one = 'exactly one of `exactly` or `firstAvailable` is required'
  if (exactly && firstAvailable.length > 0) return [...errors, invalid(field, null, `${one}, but multiple fields are set`)]
  if (exactly) return [...errors, ...checkCounted(exactly, `${field}.exactly`)]
  if (firstAvailable.length === 0) return [...errors, required(field, one)]
  const list = `${field}.firstAvailable`
  return [
    ...errors,
    ...checkSize(firstAvailable, MAX_ALTERNATIVES, list),
    ...firstAvailable.flatMap((r, i) => [
      ...checkDnsLabel(r.name ?? '', `${list}[${i}].name`),
      ...checkCounted(r, `${list}[${i}]`),
    ]),
    ...checkUnique(
      firstAvailable,
      (r) => r.name,
      (i) => `${list}[${i}]`,
    ),
  ]
}

/** The names that constraints and configurations may refer to: 'request' or 'request/alternative'. */
function namesOf(devices: DeviceClaim): ReadonlySet<string> {
  const requests = devices.requests ?? []
  return new Set(requests.flatMap((r) => [r.name, ...(r.firstAvailable ?? []).map((sub) => `${r.name}/${sub.name}`)]))
}

function checkReferences(refs: readonly string[] | undefined, known: ReadonlySet<string>, field: string): FieldError[] {
  const detail = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
  const list = refs ?? []
  const checked = list.flatMap((name, i) => {
    const at = `${field}[${i}]`
    const parts = name.split('/')
    if (parts.length > 2) return [invalid(at, name, detail)]
    const errors = parts.flatMap((part) => checkDnsLabel(part, at))
    return known.has(name) ? errors : [...errors, invalid(at, name, detail)]
  })
  return [
    ...checkSize(refs, MANY, field),
    ...checked,
    ...checkUnique(
      list,
      (name) => name,
      (i) => `${field}[${i}]`,
    ),
  ]
}

function checkConstraint(constraint: DeviceConstraint, known: ReadonlySet<string>, field: string): FieldError[] {
  const errors = checkReferences(constraint.requests, known, `${field}.requests`)
  const attribute = constraint.matchAttribute === undefined ? 'distinctAttribute' : 'matchAttribute'
  const name = constraint[attribute]
  if (name === undefined) {
    const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    return [...errors, required(field, detail)]
  }
  if (name.includes('/')) return errors
  const detail = 'a fully qualified name must be a domain and a name separated by a slash'
  return [...errors, invalid(`${field}.${attribute}`, name, detail)]
}

function checkOpaque(opaque: OpaqueDeviceConfiguration | undefined, field: string): FieldError[] {
  const at = `${field}.opaque`
  if (opaque === undefined) return [required(at)]
  const { parameters } = opaque
  const errors = checkCsiDriverName(opaque.driver ?? '', `${at}.driver`)
  const path = `${at}.parameters`
  if (parameters === undefined || parameters === null) return [...errors, required(path)]
  if (JSON.stringify(parameters).length > MAX_LENGTH) return [...errors, tooLong(path, MAX_LENGTH)]
  if (typeof parameters === 'object' && !Array.isArray(parameters)) return errors
  return [...errors, invalid(path, '<value omitted>', 'must be a valid JSON object')]
}

function checkSpec(spec: ResourceClaimSpec | undefined, field: string): FieldError[] {
  const devices = spec?.devices ?? {}
  const { requests = [], constraints, config } = devices
  const known = namesOf(devices)
  const path = `${field}.devices`
  return [
    ...checkSize(requests, MANY, `${path}.requests`),
    ...requests.flatMap((r, i) => checkRequest(r, `${path}.requests[${i}]`)),
    ...checkUnique(
      requests,
      (r) => r.name,
      (i) => `${path}.requests[${i}]`,
    ),
    ...checkSize(constraints, MANY, `${path}.constraints`),
    ...each(constraints, (c, i) => checkConstraint(c, known, `${path}.constraints[${i}]`)),
    ...checkSize(config, MANY, `${path}.config`),
    ...each(config, (c, i) => [
      ...checkReferences(c.requests, known, `${path}.config[${i}].requests`),
      ...checkOpaque(c.opaque, `${path}.config[${i}]`),
    ]),
  ]
}

function stateCell(claim: ResourceClaim): string {
  const states: string[] = []
  const deleted = claim.metadata.deletionTimestamp !== undefined
  if (deleted) states.push('deleted')
  if (claim.status?.allocation) {
    states.push('allocated')
    if (claim.status.reservedFor?.length) states.push('reserved')
  } else if (!deleted) states.push('pending')
  return states.join(',')
}

/** k8s 1.36: registry/resource/resourceclaim strategy.go. */
export const resourceClaim = defineStrategy<ResourceClaim>({
  group: GROUP,
  resource: 'resourceclaims',
  defaults: (claim) => ({ ...claim, spec: defaultSpec(claim.spec), status: claim.status ?? {} }),
  ...specAndStatus({}, { generation: false }),
  validate: (claim) => checkSpec(claim.spec, 'spec'),
  validateUpdate: (claim, old) => checkImmutable(claim.spec, old.spec, 'spec'),
  columns: [
    nameColumn,
    column('State', 'A summary of the current state (allocated, pending, reserved, etc.).', stateCell),
    ageColumn,
  ],
})

/** k8s 1.36: registry/resource/resourceclaimtemplate strategy.go. */
export const resourceClaimTemplate = defineStrategy<ResourceClaimTemplate>({
  group: GROUP,
  resource: 'resourceclaimtemplates',
  defaults: (template) => ({
    ...template,
    spec: { ...template.spec, metadata: template.spec?.metadata ?? {}, spec: defaultSpec(template.spec?.spec) },
  }),
  validate: (template) => [
    ...checkLabels(template.spec?.metadata?.labels, 'spec.metadata.labels'),
    ...checkSpec(template.spec?.spec, 'spec.spec'),
  ],
  validateUpdate: (template, old) => checkImmutable(template.spec, old.spec, 'spec'),
  columns: [nameColumn, ageColumn],
})

const validateClass = ({ spec }: DeviceClass) => [
  ...checkSelectors(spec?.selectors, 'spec.selectors'),
  ...checkSize(spec?.config, MANY, 'spec.config'),
  ...each(spec?.config, (c, i) => checkOpaque(c.opaque, `spec.config[${i}]`)),
]

/** k8s 1.36: registry/resource/deviceclass strategy.go. */
export const deviceClass = defineStrategy<DeviceClass>({
  group: GROUP,
  resource: 'deviceclasses',
  ...generationOfSpec,
  validate: validateClass,
  validateUpdate: validateClass,
  columns: [nameColumn, ageColumn],
})

function validateSlice({ spec }: ResourceSlice): FieldError[] {
  const { driver = '', pool, nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec ?? {}
  const errors = checkCsiDriverName(driver, 'spec.driver')
  if (!pool?.name) errors.push(required('spec.pool.name'))
  else errors.push(...pool.name.split('/').flatMap((part) => checkSubdomain(part, 'spec.pool.name')))
  const count = pool?.resourceSliceCount ?? 0
  if (count <= 0) errors.push(invalid('spec.pool.resourceSliceCount', count, 'must be greater than zero'))
  if (nodeName) errors.push(...checkSubdomain(nodeName, 'spec.nodeName'))
  const set = [
    nodeName && '`nodeName`',
    nodeSelector && '`nodeSelector`',
    allNodes && '`allNodes`',
    perDeviceNodeSelection && '`perDeviceNodeSelection`',
  ].filter((text) => text)
  const one = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (set.length === 0) errors.push(required('spec', one))
  else if (set.length > 1) errors.push(invalid('spec', `{${set.join(', ')}}`, `${one}, but multiple fields are set`))
  return [...errors, ...each(spec?.devices, (d, i) => checkDnsLabel(d.name ?? '', `spec.devices[${i}].name`))]
}

/** k8s 1.36: registry/resource/resourceslice strategy.go. */
export const resourceSlice = defineStrategy<ResourceSlice>({
  group: GROUP,
  resource: 'resourceslices',
  ...generationOfSpec,
  validate: validateSlice,
  validateUpdate: (slice, old) => [
    ...validateSlice(slice),
    ...checkImmutable(slice.spec?.pool?.name, old.spec?.pool?.name, 'spec.pool.name'),
    ...checkImmutable(slice.spec?.driver, old.spec?.driver, 'spec.driver'),
    ...checkImmutable(slice.spec?.nodeName, old.spec?.nodeName, 'spec.nodeName'),
  ],
  fields: { 'spec.driver': (s) => s.spec?.driver ?? '', 'spec.nodeName': (s) => s.spec?.nodeName ?? '' },
  columns: [
    nameColumn,
    column('Node', 'V1ResourceSliceSpec.nodeName', (s) => s.spec?.nodeName ?? ''),
    column('Driver', 'V1ResourceSliceSpec.driver', (s) => s.spec?.driver ?? ''),
    column('Pool', 'V1ResourcePool.name', (s) => s.spec?.pool?.name ?? ''),
    ageColumn,
  ],
})
