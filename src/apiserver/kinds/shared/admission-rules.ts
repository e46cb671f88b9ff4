/** What webhooks and admission policies match. Source: k8s 1.36 admissionregistration/validation and v1/defaults.go. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, invalid, required, tooMany } from '../../../apimachinery/field-errors.ts'
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../../apimachinery/generated/types.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { checkOneOf, checkQualifiedName, checkRequiredOneOf, checkUnique, each, invalids } from './checks.ts'
import { patch } from './compact.ts'
import { checkLabelSelector } from './labels.ts'

export const FAILURE_POLICIES = ['Fail', 'Ignore']
export const MATCH_POLICIES = ['Equivalent', 'Exact']
export const REINVOCATION_POLICIES = ['IfNeeded', 'Never']
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const MAX_CONDITIONS = 64

export const defaultRule = <T extends RuleWithOperations>(rule: T): T => ({ ...rule, scope: rule.scope ?? '*' })

export function defaultMatch(match: MatchResources): MatchResources {
  return {
    ...match,
    namespaceSelector: match.namespaceSelector ?? {},
    objectSelector: match.objectSelector ?? {},
    ...patch(match, 'resourceRules', (rules) => rules.map(defaultRule)),
    ...patch(match, 'excludeResourceRules', (rules) => rules.map(defaultRule)),
    matchPolicy: match.matchPolicy ?? 'Equivalent',
  }
}

function checkResources(resources: readonly string[], field: string): FieldError[] {
  const errors: FieldError[] = resources.length === 0 ? [required(field)] : []
  const allOf = new Set<string>()
  const everywhere = new Set<string>()
  // As in the original, only the last resource without a subresource counts.
  let plain = false
  for (const [i, text] of resources.entries()) {
    const at = `${field}[${i}]`
    const slash = text.indexOf('/')
    if (text === '') errors.push(required(at))
    else if (slash < 0) plain = text !== '*'
    else {
      const [resource, sub] = [text.slice(0, slash), text.slice(slash + 1)]
      if (allOf.has(resource)) errors.push(invalid(at, text, `if '${resource}/*' is present, must not specify ${text}`))
      if (everywhere.has(sub)) errors.push(invalid(at, text, `if '*/${sub}' is present, must not specify ${text}`))
      if (sub === '*') allOf.add(resource)
      if (resource === '*') everywhere.add(sub)
    }
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"))
  }
  if (resources.includes('*') && plain) {
    errors.push(invalid(field, resources, "if '*' is present, must not specify other resources without subresources"))
  }
  return errors
}

/** A list that has to have something, and nothing beside '*'. */
function checkWildcard(list: readonly string[], field: string, what: string): FieldError[] {
  if (list.length === 0) return [required(field)]
  if (list.length === 1 || !list.includes('*')) return []
  return [invalid(field, list, `if '*' is present, must not specify other ${what}`)]
}

export function checkRule(rule: RuleWithOperations, field: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  return [
    ...checkWildcard(operations, `${field}.operations`, 'operations'),
    ...operations.flatMap((o, i) => checkOneOf(o, OPERATIONS, `${field}.operations[${i}]`)),
    ...checkWildcard(apiGroups, `${field}.apiGroups`, 'API groups'),
    ...checkWildcard(apiVersions, `${field}.apiVersions`, 'API versions'),
    ...apiVersions.flatMap((v, i) => (v === '' ? [required(`${field}.apiVersions[${i}]`)] : [])),
    ...checkResources(resources, `${field}.resources`),
    ...(scope === undefined ? [] : checkOneOf(scope, ['*', 'Cluster', 'Namespaced'], `${field}.scope`)),
  ]
}

function checkNamedRule(rule: NamedRuleWithOperations, field: string): FieldError[] {
  const seen = new Set<string>()
  const ofNames = each(rule.resourceNames, (name, i) => {
    const at = `${field}.resourceNames[${i}]`
    const errors = invalids(at, name, isPathSegmentName(name))
    if (seen.has(name)) errors.push(duplicate(at, name))
    seen.add(name)
    return errors
  })
  return [...ofNames, ...checkRule(rule, field)]
}

export function checkMatch(match: MatchResources | undefined, field: string): FieldError[] {
  if (match === undefined) return []
  return [
    ...checkRequiredOneOf(match.matchPolicy, MATCH_POLICIES, `${field}.matchPolicy`),
    ...checkLabelSelector(match.namespaceSelector, `${field}.namespaceSelector`),
    ...checkLabelSelector(match.objectSelector, `${field}.objectSelector`),
    ...each(match.resourceRules, (r, i) => checkNamedRule(r, `${field}.resourceRules[${i}]`)),
    ...each(match.excludeResourceRules, (r, i) => checkNamedRule(r, `${field}.excludeResourceRules[${i}]`)),
  ]
}

/** The form of match conditions; whether they compile is checked beside. */
export function checkMatchConditions(conditions: readonly MatchCondition[] | undefined, field: string): FieldError[] {
  const list = conditions ?? []
  const errors: FieldError[] = list.length > MAX_CONDITIONS ? [tooMany(field, list.length, MAX_CONDITIONS)] : []
  for (const [i, { name = '', expression = '' }] of list.entries()) {
    if (expression.trim() === '') errors.push(required(`${field}[${i}].expression`))
    errors.push(...(name === '' ? [required(`${field}[${i}].name`)] : checkQualifiedName(name, `${field}[${i}].name`)))
  }
  return [
    ...errors,
    ...checkUnique(
      list,
      (c) => c.name ?? '',
      (i) => `${field}[${i}].name`,
    ),
  ]
}
