/** Rules of a job's spec, in a Job or in a CronJob. Source: k8s 1.36 batch validation, validateJobSpec. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, invalid, notSupported, required, tooLong, tooMany } from '../../../apimachinery/field-errors.ts'
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  PodTemplateSpec,
  SuccessPolicyRule,
} from '../../../apimachinery/generated/types.ts'
import { checkNotNegative, checkOneOf, checkQualifiedName, each } from './checks.ts'
import { checkDomainPrefixedPath } from './domain-paths.ts'
import { checkPodTemplate } from './pod-template.ts'

const quoted = (list: readonly string[]) => `[${list.map((s) => JSON.stringify(s)).join(' ')}]`

class IndexError extends Error {}

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?\d+$/.test(text)) throw new IndexError(`cannot convert string to integer for index: ${JSON.stringify(text)}`)
  const index = Number(text)
  if (index >= completions) throw new IndexError(`too large index: ${JSON.stringify(text)}`)
  return index
}

function parseInterval(text: string, completions: number): readonly [number, number] {
  const parts = text.split('-')
  if (parts.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'"
    throw new IndexError(`the fragment ${JSON.stringify(text)} ${rule}`)
  }
  const first = parseIndex(parts[0] ?? '', completions)
  if (parts[1] === undefined) return [first, first]
  const last = parseIndex(parts[1], completions)
  if (first >= last) throw new IndexError(`non-increasing order, previous: ${first}, current: ${last}`)
  return [first, last]
}

/** How many indexes '1,3-5' names, or why it can't be read. */
export function countIndexes(text: string, completions: number): { readonly total: number; readonly problem: string } {
  if (text === '') return { total: 0, problem: '' }
  try {
    let total = 0
    let previous: number | undefined
    for (const interval of text.split(',')) {
      const [first, last] = parseInterval(interval, completions)
      if (previous !== undefined && previous >= first) {
        throw new IndexError(`non-increasing order, previous: ${previous}, current: ${first}`)
      }
      total += last - first + 1
      previous = last
    }
    return { total, problem: '' }
  } catch (error) {
    if (error instanceof IndexError) return { total: 0, problem: error.message }
    throw error
  }
}

function checkSuccessRule(rule: SuccessPolicyRule, completions: number, field: string): FieldError[] {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  const errors: FieldError[] = []
  if (count === undefined && indexes === undefined) {
    errors.push(required(field, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  const parsed = countIndexes(indexes ?? '', completions)
  const path = `${field}.succeededIndexes`
  if ((indexes ?? '').length > 64 * 1024) errors.push(tooLong(path, 64 * 1024))
  if (parsed.problem !== '') errors.push(invalid(path, indexes, `error parsing succeededIndexes: ${parsed.problem}`))
  if (count === undefined) return errors
  errors.push(...checkNotNegative(count, `${field}.succeededCount`))
  const above = (limit: number, what: string) => {
    if (count > limit)
      errors.push(invalid(`${field}.succeededCount`, count, `must be less than or equal to ${limit} (the number of ${what})`))
  }
  above(completions, 'specified completions')
  if (indexes !== undefined) above(parsed.total, 'indexes in the specified succeededIndexes field')
  return errors
}

function checkSuccessPolicy(spec: JobSpec, field: string): FieldError[] {
  const policy = spec.successPolicy
  if (policy === undefined) return []
  const rules = policy.rules ?? []
  if (spec.completionMode !== 'Indexed') {
    const shown = rules.map((r) => ({ SucceededIndexes: r.succeededIndexes ?? null, SucceededCount: r.succeededCount ?? null }))
    return [invalid(field, { Rules: shown }, 'requires indexed completion mode')]
  }
  const errors: FieldError[] = []
  const path = `${field}.rules`
  if (rules.length === 0) errors.push(required(path, 'at least one rules must be specified when the successPolicy is specified'))
  if (rules.length > 20) errors.push(tooMany(path, rules.length, 20))
  return [...errors, ...rules.flatMap((rule, i) => checkSuccessRule(rule, spec.completions ?? 0, `${path}[${i}]`))]
}

const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']

/** Required, with the choices in the text, or one of the choices. */
function checkChoice(value: string | undefined, choices: readonly string[], field: string): FieldError[] {
  return value ? checkOneOf(value, choices, field) : [required(field, `valid values: ${quoted(choices)}`)]
}

function checkExitCodes(r: PodFailurePolicyOnExitCodesRequirement, names: readonly string[], field: string): FieldError[] {
  const errors = checkChoice(r.operator, OPERATORS, `${field}.operator`)
  if (r.containerName !== undefined && !names.includes(r.containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(`${field}.containerName`, r.containerName, detail))
  }
  const values = r.values ?? []
  const path = `${field}.values`
  if (values.length === 0) errors.push(invalid(path, values, 'at least one value is required'))
  else if (values.length > 255) errors.push(tooMany(path, values.length, 255))
  const seen = new Set<number>()
  for (const [i, value] of values.entries()) {
    if (r.operator === 'In' && value === 0) errors.push(invalid(`${path}[${i}]`, value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(duplicate(`${path}[${i}]`, value))
    seen.add(value)
  }
  const isOrdered = values.every((value, i) => i === 0 || (values[i - 1] ?? 0) <= value)
  return isOrdered ? errors : [...errors, invalid(path, values, 'must be ordered')]
}

function checkConditions(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], field: string): FieldError[] {
  return [
    ...(patterns.length > 20 ? [tooMany(field, patterns.length, 20)] : []),
    ...patterns.flatMap((p, i) => [
      ...checkQualifiedName(p.type ?? '', `${field}[${i}].type`),
      ...checkChoice(p.status, STATUSES, `${field}[${i}].status`),
    ]),
  ]
}

function checkFailureRule(rule: PodFailurePolicyRule, spec: JobSpec, names: readonly string[], field: string): FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule
  const errors: FieldError[] = []
  if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined) {
      errors.push(invalid(`${field}.action`, action, 'requires the backoffLimitPerIndex to be set'))
    }
  } else errors.push(...checkChoice(action, ACTIONS, `${field}.action`))
  if (onExitCodes) errors.push(...checkExitCodes(onExitCodes, names, `${field}.onExitCodes`))
  if (onPodConditions.length > 0) errors.push(...checkConditions(onPodConditions, `${field}.onPodConditions`))
  const valueless = (detail: string): FieldError => ({ type: 'Invalid', field, message: `Invalid value: ${detail}` })
  if (onExitCodes && onPodConditions.length > 0) {
    errors.push(valueless('specifying both OnExitCodes and OnPodConditions is not supported'))
  }
  if (!onExitCodes && onPodConditions.length === 0) {
    errors.push(valueless('specifying one of OnExitCodes and OnPodConditions is required'))
  }
  return errors
}

function checkFailurePolicy(spec: JobSpec, field: string): FieldError[] {
  if (spec.podFailurePolicy === undefined) return []
  const pod = spec.template?.spec
  const names = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map((c) => c.name)
  const rules = spec.podFailurePolicy.rules ?? []
  return [
    ...(rules.length > 20 ? [tooMany(`${field}.rules`, rules.length, 20)] : []),
    ...each(rules, (rule, i) => checkFailureRule(rule, spec, names, `${field}.rules[${i}]`)),
  ]
}

const INDEXED = 'when completion mode is Indexed'
const MANY = 'when completions are above 100000 and used with backoff limit per index'

function checkIndexed(spec: JobSpec, field: string): FieldError[] {
  const { completions, parallelism, maxFailedIndexes: failed } = spec
  const errors: FieldError[] = []
  const atMost = (name: string, value: number, limit: number, rest = '') =>
    errors.push(invalid(`${field}.${name}`, value, `must be less than or equal to ${limit}${rest}`))
  if (completions === undefined) errors.push(required(`${field}.completions`, INDEXED))
  if (parallelism !== undefined && parallelism > 100_000) atMost('parallelism', parallelism, 100_000, ` ${INDEXED}`)
  if (completions !== undefined && failed !== undefined && failed > completions) {
    errors.push(invalid(`${field}.maxFailedIndexes`, failed, 'must be less than or equal to completions'))
  }
  if (failed !== undefined && failed > 100_000) atMost('maxFailedIndexes', failed, 100_000)
  if (completions === undefined || completions <= 100_000 || spec.backoffLimitPerIndex === undefined) return errors
  if (failed === undefined)
    errors.push(required(`${field}.maxFailedIndexes`, 'must be specified when completions is above 100000'))
  if (parallelism !== undefined && parallelism > 10_000) atMost('parallelism', parallelism, 10_000, ` ${MANY}`)
  if (failed !== undefined && failed > 10_000) atMost('maxFailedIndexes', failed, 10_000, ` ${MANY}`)
  return errors
}

function checkMode(spec: JobSpec, field: string): FieldError[] {
  const mode = spec.completionMode
  const errors = mode === undefined ? [] : checkOneOf(mode, ['NonIndexed', 'Indexed'], `${field}.completionMode`)
  if (mode === 'Indexed') return checkIndexed(spec, field)
  if (mode !== undefined && mode !== 'NonIndexed') return errors
  const needs = (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).filter((name) => spec[name] !== undefined)
  return needs.map((name) => invalid(`${field}.${name}`, spec[name], 'requires indexed completion mode'))
}

function checkRestartPolicy(spec: JobSpec, field: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy ?? ''
  const path = `${field}.template.spec.restartPolicy`
  if (policy === 'Always' || policy === '') return [required(path, 'valid values: "OnFailure", "Never"')]
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])]
  if (policy === 'Never' || spec.podFailurePolicy === undefined) return []
  return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
}

const COUNTS = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'] as const

export function checkJobSpec(spec: JobSpec, field: string, old?: PodTemplateSpec): FieldError[] {
  const errors: FieldError[] = COUNTS.flatMap((name) => checkNotNegative(spec[name], `${field}.${name}`))
  errors.push(...checkNotNegative(spec.backoffLimitPerIndex, `${field}.backoffLimitPerIndex`))
  if (spec.maxFailedIndexes !== undefined) {
    errors.push(...checkNotNegative(spec.maxFailedIndexes, `${field}.maxFailedIndexes`))
    if (spec.backoffLimitPerIndex === undefined) {
      errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
    }
  }
  if (spec.managedBy !== undefined) {
    errors.push(...checkDomainPrefixedPath(spec.managedBy, `${field}.managedBy`))
    if (spec.managedBy.length > 63) errors.push(tooLong(`${field}.managedBy`, 63))
  }
  errors.push(
    ...checkMode(spec, field),
    ...checkFailurePolicy(spec, `${field}.podFailurePolicy`),
    ...checkSuccessPolicy(spec, `${field}.successPolicy`),
  )
  const replacement = spec.podReplacementPolicy
  const choices = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  if (replacement !== undefined) errors.push(...checkOneOf(replacement, choices, `${field}.podReplacementPolicy`))
  return [...errors, ...checkPodTemplate(spec.template ?? {}, `${field}.template`, old), ...checkRestartPolicy(spec, field)]
}
