import type { FieldError } from '../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, required } from '../../apimachinery/field-errors.ts'
import type { LimitRange, LimitRangeItem } from '../../apimachinery/generated/types.ts'
import { approximateFloat, compareQuantities } from '../../apimachinery/quantity.ts'
import { defineStrategy } from './strategy.ts'
import type { StringMap } from './shared/checks.ts'
import { checkQualifiedName, each } from './shared/checks.ts'
import { patch } from './shared/compact.ts'
import { canonicalResources, withMissing } from './shared/quantities.ts'
import { checkContainerResourceName, checkResourceName, isOvercommitAllowed } from './shared/resources.ts'

const LISTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']

/** A container's limits follow from its maxima, its requests from limits and minima. */
function defaultItem(given: LimitRangeItem): LimitRangeItem {
  let item = given
  for (const name of LISTS) item = { ...item, ...patch(item, name, canonicalResources) }
  if (item.type !== 'Container') return item
  const limits = withMissing(item.default, item.max)
  const requests = withMissing(withMissing(item.defaultRequest, limits), item.min)
  const filled = (list: StringMap | undefined) => list !== undefined && Object.keys(list).length > 0
  return { ...item, ...(filled(limits) && { default: limits }), ...(filled(requests) && { defaultRequest: requests }) }
}

function checkType(type: string, field: string): FieldError[] {
  const errors = checkQualifiedName(type, field)
  if (errors.length > 0 || type.includes('/') || TYPES.includes(type)) return errors
  return [invalid(field, type, 'must be a standard limit type or fully qualified')]
}

function checkNames(item: LimitRangeItem, field: string): FieldError[] {
  const rule = item.type === 'Pod' || item.type === 'Container' ? checkContainerResourceName : checkResourceName
  const ofList = (name: (typeof LISTS)[number]) => Object.keys(item[name] ?? {}).flatMap((r) => rule(r, `${field}.${name}[${r}]`))
  const errors = [...ofList('max'), ...ofList('min')]
  for (const name of ['default', 'defaultRequest'] as const) {
    if (item.type !== 'Pod') errors.push(...ofList(name))
    else if (Object.keys(item[name] ?? {}).length > 0) {
      errors.push(forbidden(`${field}.${name}`, "may not be specified when `type` is 'Pod'"))
    }
  }
  if (item.type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) {
    errors.push(required(`${field}.limits`, 'either minimum or maximum storage value is required, but neither was provided'))
  }
  return [...errors, ...ofList('maxLimitRequestRatio')]
}

function checkRatio(ratio: string | undefined, min: string | undefined, max: string | undefined, field: string): FieldError[] {
  if (ratio === undefined) return []
  const errors: FieldError[] = []
  if (compareQuantities(ratio, '1') < 0) errors.push(invalid(field, ratio, `ratio ${ratio} is less than 1`))
  if (min === undefined || max === undefined) return errors
  const limit = approximateFloat(max) / approximateFloat(min)
  if (approximateFloat(ratio) <= limit) return errors
  return [...errors, invalid(field, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`)]
}

/** The five amounts of one resource against one another. */
function checkAmounts(resource: string, item: LimitRangeItem, field: string): FieldError[] {
  const [max, min] = [item.max?.[resource], item.min?.[resource]]
  const isPod = item.type === 'Pod'
  const [limit, request] = isPod ? [] : [item.default?.[resource], item.defaultRequest?.[resource]]
  const errors: FieldError[] = []
  const above = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && compareQuantities(a, b) > 0
  const at = (list: string) => `${field}.${list}[${resource}]`
  if (above(min, max)) errors.push(invalid(at('min'), min, `min value ${min} is greater than max value ${max}`))
  const ofRequest = (detail: string) => errors.push(invalid(at('defaultRequest'), request, detail))
  if (above(min, request)) ofRequest(`min value ${min} is greater than default request value ${request}`)
  if (above(request, max)) ofRequest(`default request value ${request} is greater than max value ${max}`)
  if (above(request, limit)) ofRequest(`default request value ${request} is greater than default limit value ${limit}`)
  if (above(min, limit)) errors.push(invalid(at('default'), min, `min value ${min} is greater than default value ${limit}`))
  if (above(limit, max)) errors.push(invalid(at('default'), max, `default value ${limit} is greater than max value ${max}`))
  errors.push(...checkRatio(item.maxLimitRequestRatio?.[resource], min, max, at('maxLimitRequestRatio')))
  const differ = limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0
  if (differ && !isOvercommitAllowed(resource))
    ofRequest(`default value ${limit} must equal to defaultRequest value ${request} in ${resource}`)
  return errors
}

function validate(range: LimitRange): FieldError[] {
  const seen = new Set<string>()
  return each(range.spec?.limits, (item, i) => {
    const field = `spec.limits[${i}]`
    const errors = checkType(item.type ?? '', `${field}.type`)
    if (seen.has(item.type)) errors.push(duplicate(`${field}.type`, item.type))
    seen.add(item.type)
    const names = new Set(LISTS.flatMap((name) => Object.keys(item[name] ?? {})))
    return [...errors, ...checkNames(item, field), ...[...names].flatMap((name) => checkAmounts(name, item, field))]
  })
}

/** k8s 1.36: registry/core/limitrange strategy.go. */
export const limitRange = defineStrategy<LimitRange>({
  group: '',
  resource: 'limitranges',
  shortNames: ['limits'],
  defaults: (object) => ({
    ...object,
    ...patch(object, 'spec', (spec) => ({ ...spec, limits: (spec.limits ?? []).map(defaultItem) })),
  }),
  validate,
  validateUpdate: validate,
  allowCreateOnUpdate: true,
})
