/**
 * Label selectors: text form, object form, matching, printing.
 * Source: k8s 1.36 apimachinery labels/selector.go, meta/v1 LabelSelectorAsSelector.
 */
import type { FieldError } from './field-errors.ts'
import { aggregate, invalid, notSupported } from './field-errors.ts'
import { isValidLabelValue, isQualifiedName } from './names.ts'
import type { Requirement, SelectorOperator } from './selector-parser.ts'
import { parseRequirements } from './selector-parser.ts'

export type Labels = { readonly [key: string]: string }

export type { Requirement } from './selector-parser.ts'

/** metav1.LabelSelector, NodeSelectorTerm's expressions and their like. */
export interface SelectorRequirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}
export interface LabelSelectorLike {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly SelectorRequirement[]
}

export type LabelMatcher = (labels: Labels | undefined) => boolean

/** A selector that cannot be understood; the message is Kubernetes' own. */
export class SelectorError extends Error {}

const OPERATORS: { readonly [name: string]: SelectorOperator } = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
}
const LABEL_OPERATORS = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist'])
const NO_LABELS: Labels = {}
const INTEGER = /^[-+]?[0-9]+$/

const isInt64 = (text: string) => INTEGER.test(text) && BigInt.asIntN(64, toBigInt(text)) === toBigInt(text)
const toBigInt = (text: string) => BigInt(text.startsWith('+') ? text.slice(1) : text)

/** What is wrong with a requirement, in Kubernetes' words. */
function checkRequirement({ key, operator, values }: Requirement): FieldError[] {
  const errors: FieldError[] = []
  const keyErrors = isQualifiedName(key)
  if (keyErrors.length > 0) errors.push(invalid('key', key, keyErrors.join('; ')))
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) errors.push(invalid('values', values, "for 'in', 'notin' operators, values set can't be empty"))
      break
    case '=':
    case '==':
    case '!=':
      if (values.length !== 1) errors.push(invalid('values', values, 'exact-match compatibility requires one single value'))
      break
    case 'exists':
    case '!':
      if (values.length > 0) errors.push(invalid('values', values, 'values set must be empty for exists and does not exist'))
      break
    case 'gt':
    case 'lt':
      if (values.length !== 1) errors.push(invalid('values', values, "for 'Gt', 'Lt' operators, exactly one value is required"))
      values.forEach((v, i) => {
        if (!isInt64(v)) errors.push(invalid(`values[${i}]`, v, "for 'Gt', 'Lt' operators, the value must be an integer"))
      })
      break
    default:
      errors.push(notSupported('operator', operator, ['!', '!=', '=', '==', 'exists', 'gt', 'in', 'lt', 'notin']))
  }
  values.forEach((v, i) => {
    const wrong = isValidLabelValue(v)
    if (wrong.length > 0) errors.push(invalid(`values[${i}][${key}]`, v, wrong.join('; ')))
  })
  return errors
}

function checked(requirement: Requirement): Requirement {
  const errors = checkRequirement(requirement)
  if (errors.length > 0) throw new SelectorError(aggregate(errors))
  return requirement
}

const byKey = (a: Requirement, b: Requirement) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** Reads 'a=b,c in (x,y),!d'. Throws SelectorError with the API server's text. */
export function parseSelector(text: string): readonly Requirement[] {
  return parseRequirements(text, checked, (message) => new SelectorError(message)).toSorted(byKey)
}

/** True if the labels satisfy one requirement. */
export function requirementMatches({ key, operator, values }: Requirement, labels: Labels): boolean {
  const actual = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return actual !== undefined && values.includes(actual)
    case '!=':
    case 'notin':
      return actual === undefined || !values.includes(actual)
    case 'exists':
      return actual !== undefined
    case '!':
      return actual === undefined
    default: {
      const bound = values[0]
      if (actual === undefined || values.length !== 1 || bound === undefined || !isInt64(actual) || !isInt64(bound)) return false
      return operator === 'gt' ? toBigInt(actual) > toBigInt(bound) : toBigInt(actual) < toBigInt(bound)
    }
  }
}

/** True if the labels satisfy every requirement. */
export function requirementsMatch(requirements: readonly Requirement[], labels: Labels = NO_LABELS): boolean {
  return requirements.every((r) => requirementMatches(r, labels))
}

/** Matches labels (or, for matchFields, a node's fields) against one node selector requirement, Gt and Lt included. */
export function nodeRequirementMatches(requirement: SelectorRequirement, labels: Labels = NO_LABELS): boolean {
  const operator = OPERATORS[requirement.operator]
  return (
    operator !== undefined && requirementMatches({ key: requirement.key, operator, values: requirement.values ?? [] }, labels)
  )
}

/** The requirements of a LabelSelector object, sorted by key. Throws SelectorError. */
export function requirementsOf(selector: LabelSelectorLike): readonly Requirement[] {
  const requirements: Requirement[] = []
  for (const [key, value] of Object.entries(selector.matchLabels ?? NO_LABELS)) {
    requirements.push(checked({ key, operator: '=', values: [value] }))
  }
  for (const { key, operator: name, values = [] } of selector.matchExpressions ?? []) {
    const operator = LABEL_OPERATORS.has(name) ? OPERATORS[name] : undefined
    if (operator === undefined) throw new SelectorError(`${JSON.stringify(name)} is not a valid label selector operator`)
    requirements.push(checked({ key, operator, values }))
  }
  return requirements.toSorted(byKey)
}

const compiled = new WeakMap<object, LabelMatcher>()
const nothing: LabelMatcher = () => false

/**
 * A matcher for a LabelSelector: absent selects nothing, empty selects everything. The result is kept for as long as
 * the selector object lives, so compiling again is one look-up. Throws SelectorError for one that is not valid.
 */
export function compileSelector(selector: LabelSelectorLike | undefined): LabelMatcher {
  if (selector === undefined) return nothing
  const known = compiled.get(selector)
  if (known !== undefined) return known
  const requirements = requirementsOf(selector)
  const pairs = Object.entries(selector.matchLabels ?? NO_LABELS)
  const plain = requirements.length === pairs.length
  const matcher: LabelMatcher = plain
    ? (labels = NO_LABELS) => pairs.every(([key, value]) => labels[key] === value)
    : (labels) => requirementsMatch(requirements, labels)
  compiled.set(selector, matcher)
  return matcher
}

/** True if the labels are selected: absent selects nothing, empty selects everything. Throws SelectorError. */
export function selectorMatches(selector: LabelSelectorLike | undefined, labels: Labels | undefined): boolean {
  return compileSelector(selector)(labels)
}

/** Selectors that are a plain map (Service, ReplicationController): every pair must be there. Empty selects everything. */
export function mapSelects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  for (const key in selector) if (labels?.[key] !== selector[key]) return false
  return true
}

function formatRequirement({ key, operator, values }: Requirement): string {
  const list = values.toSorted().join(',')
  switch (operator) {
    case '!':
      return `!${key}`
    case 'exists':
      return key
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`
    case 'gt':
      return `${key}>${list}`
    case 'lt':
      return `${key}<${list}`
    default:
      return `${key}${operator}${list}`
  }
}

/** The text form: 'a=b,c in (x,y)'. */
export function formatRequirements(requirements: readonly Requirement[]): string {
  return requirements.map(formatRequirement).join(',')
}

/** As metav1.FormatLabelSelector prints it: '<none>' when nothing is said, '<error>' when it is not valid. */
export function formatSelector(selector: LabelSelectorLike | undefined): string {
  if (selector === undefined) return '<none>'
  try {
    return formatRequirements(requirementsOf(selector)) || '<none>'
  } catch (error) {
    if (error instanceof SelectorError) return '<error>'
    throw error
  }
}

/** A plain map as text, sorted: 'a=b,c=d' (as labels.Set prints; '' when empty). */
export function formatLabels(labels: Labels | undefined): string {
  return Object.keys(labels ?? NO_LABELS)
    .toSorted()
    .map((key) => `${key}=${labels?.[key] ?? ''}`)
    .join(',')
}
