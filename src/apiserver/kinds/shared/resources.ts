/** Resource names and requirements. Source: k8s 1.36 core helper and validation (validateResourceRequirements). */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, required } from '../../../apimachinery/field-errors.ts'
import type { CoreV1ResourceClaim, ResourceRequirements } from '../../../apimachinery/generated/types.ts'
import { isQualifiedName as qualifiedNameErrors } from '../../../apimachinery/names.ts'
import { compareQuantities, milliValue, parseQuantity, value as wholeValue } from '../../../apimachinery/quantity.ts'
import type { StringMap } from './checks.ts'
import { checkDnsLabel, checkQualifiedName, each, mustNotBeNegative } from './checks.ts'

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']
const INTEGER = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]
const QUOTA = [
  ...COMPUTE,
  ...COMPUTE.map((r) => `requests.${r}`),
  ...COMPUTE.map((r) => `limits.${r}`),
  'requests.storage',
  ...INTEGER,
]
const STANDARD = [...QUOTA, 'storage']

export const isHugePages = (name: string) => name.startsWith('hugepages-')
const isQuotaHugePages = (name: string) => isHugePages(name) || name.startsWith('requests.hugepages-')
/** A resource of Kubernetes itself: no domain, or kubernetes.io. */
export const isNativeResource = (name: string) => !name.includes('/') || name.includes('kubernetes.io/')
export const isOvercommitAllowed = (name: string) => isNativeResource(name) && !isHugePages(name)
/** What requests and limits of a whole pod may name. */
export const isPodLevelResource = (name: string) => name === 'cpu' || name === 'memory' || isHugePages(name)
export const isStandardQuotaResource = (name: string) => QUOTA.includes(name) || isQuotaHugePages(name)

function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false
  return qualifiedNameErrors(`requests.${name}`).length === 0
}

const isIntegerResource = (name: string) => INTEGER.includes(name) || isExtendedResource(name)

type ResourceNameRule = (name: string, field: string) => FieldError[]

export const checkResourceName: ResourceNameRule = (name, field) => {
  const errors = checkQualifiedName(name, field)
  if (errors.length > 0 || name.includes('/') || STANDARD.includes(name) || isQuotaHugePages(name)) return errors
  return [invalid(field, name, 'must be a standard resource type or fully qualified')]
}

export const checkContainerResourceName: ResourceNameRule = (name, field) => {
  const errors = checkResourceName(name, field)
  if (!name.includes('/')) {
    if (COMPUTE.includes(name) || isHugePages(name)) return errors
    return [...errors, invalid(field, name, 'must be a standard resource for containers')]
  }
  if (isNativeResource(name) || isExtendedResource(name)) return errors
  return [...errors, invalid(field, name, "doesn't follow extended resource name standard")]
}

export const checkQuotaResourceName: ResourceNameRule = (name, field) => {
  const errors = checkResourceName(name, field)
  if (name.includes('/') || isStandardQuotaResource(name)) return errors
  return [...errors, invalid(field, name, 'must be a standard resource for quota')]
}

const checkPodResourceName: ResourceNameRule = (name, field) => {
  const errors = checkResourceName(name, field)
  if (errors.length > 0 || isPodLevelResource(name)) return errors
  return [{ type: 'NotSupported', field, message: `Unsupported value: ${JSON.stringify(name)}${POD_LEVEL_TEXT}` }]
}
const POD_LEVEL_TEXT = ': supported values: "cpu", "hugepages-", "memory"'

export function checkQuantityNotNegative(text: string, field: string): FieldError[] {
  return compareQuantities(text, '0') < 0 ? [invalid(field, text, mustNotBeNegative)] : []
}

export function checkResourceQuantity(name: string, text: string, field: string): FieldError[] {
  const errors = checkQuantityNotNegative(text, field)
  if (isIntegerResource(name) && milliValue(text) % 1000 !== 0) errors.push(invalid(field, text, 'must be an integer'))
  return errors
}

function isDivisibleHugePages(name: string, text: string): boolean {
  const page = parseQuantity(name.slice('hugepages-'.length))
  if (compareQuantities(page, '0') <= 0 || milliValue(page) % 1000 !== 0) return false
  return wholeValue(text) % wholeValue(page) === 0
}

function checkEntry(name: string, text: string, field: string, rule: ResourceNameRule, anyHugePages: boolean): FieldError[] {
  const errors = [...rule(name, field), ...checkResourceQuantity(name, text, field)]
  return errors.concat(anyHugePages ? [] : checkHugePages(name, text, field))
}

function checkHugePages(name: string, text: string, field: string): FieldError[] {
  if (!isHugePages(name) || isDivisibleHugePages(name, text)) return []
  return [invalid(field, text, `${text} is not positive integer multiple of ${name}`)]
}

function checkAgainstLimit(name: string, request: string, limits: StringMap, field: string): FieldError[] {
  const limit = limits[name]
  if (limit === undefined) {
    return isOvercommitAllowed(name) ? [] : [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')]
  }
  const difference = compareQuantities(request, limit)
  if (difference !== 0 && !isOvercommitAllowed(name)) {
    return [invalid(`${field}.requests`, request, `must be equal to ${name} limit of ${limit}`)]
  }
  return difference > 0 ? [invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)] : []
}

export interface RequirementOptions {
  /** The names of spec.resourceClaims, for the claims of a container. */
  readonly claimNames?: readonly string[]
  readonly anyHugePages?: boolean
}

function checkRequirements(
  r: ResourceRequirements,
  rule: ResourceNameRule,
  field: string,
  options: RequirementOptions,
): FieldError[] {
  const { limits = {}, requests = {} } = r
  const any = options.anyHugePages === true
  const errors: FieldError[] = []
  for (const [name, text] of Object.entries(limits)) errors.push(...checkEntry(name, text, `${field}.limits[${name}]`, rule, any))
  for (const [name, text] of Object.entries(requests)) {
    const path = `${field}.requests[${name}]`
    errors.push(...checkEntry(name, text, path, rule, true), ...checkAgainstLimit(name, text, limits, field))
    if (!any) errors.push(...checkHugePages(name, text, path))
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(field, 'HugePages require cpu or memory'))
  }
  return [...errors, ...checkClaims(r.claims ?? [], options.claimNames ?? [], `${field}.claims`)]
}

/** Requests, limits and claims of one container. */
export function checkContainerResources(r: ResourceRequirements, field: string, options: RequirementOptions = {}): FieldError[] {
  return checkRequirements(r, checkContainerResourceName, field, options)
}

/** Requests and limits of a whole pod. */
export function checkPodResources(r: ResourceRequirements, field: string, options: RequirementOptions): FieldError[] {
  return checkRequirements(r, checkPodResourceName, field, options)
}

function checkClaims(claims: readonly CoreV1ResourceClaim[], known: readonly string[], field: string): FieldError[] {
  const seen = new Set<string>()
  return each(claims, ({ name = '', request = '' }, i) => {
    const path = `${field}[${i}]`
    if (name === '') return [required(path)]
    const errors: FieldError[] = []
    if (seen.has(name)) errors.push(duplicate(path, name))
    else {
      if (request !== '') errors.push(...checkDnsLabel(request, `${path}.request`))
      const key = request === '' ? name : `${name}/${request}`
      if (seen.has(key)) errors.push(duplicate(path, key))
      else if (request === '') {
        for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(path, name))
      }
      seen.add(key)
    }
    if (!known.includes(name)) errors.push(unknownClaim(path, name, known))
    return errors
  })
}

function unknownClaim(field: string, name: string, known: readonly string[]): FieldError {
  const rest = known.length === 0 ? ' which is empty' : `: ${known.toSorted().join(', ')}`
  const message = `Not found: ${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${rest}`
  return { type: 'NotFound', field, message }
}
