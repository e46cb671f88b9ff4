/** Validation rules of schemas (x-kubernetes-validations): whether they compile, and what they say of objects. */
import { Optional, type Environment } from '@marcbachmann/cel-js'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { forbidden, invalid, required, type FieldError } from '../../apimachinery/field-errors.ts'
import type { JSONSchemaProps, ValidationRule } from '../../apimachinery/generated/types.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'
import { checkExpression, programOf, type Program, type Variables } from '../cel/compile.ts'
import { costProblem, factorOf, mostInRequest, ruleCost } from '../cel/cost.ts'
import { baseEnvironment } from '../cel/environment.ts'
import { registerSchema } from '../cel/schema-types.ts'
import { celOfSchema } from '../cel/values.ts'
import { validFieldPath } from './field-path.ts'

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isSchema = (value: unknown): value is JSONSchemaProps => isObject(value)

/** Whether there are rules in a schema or in what it describes. */
export function hasRules(schema: JSONSchemaProps | undefined): boolean {
  if (!schema) return false
  if (schema['x-kubernetes-validations']?.length) return true
  const parts: unknown[] = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.allOf ?? []),
    schema.items,
    schema.additionalProperties,
  ]
  return parts.some((part) => isSchema(part) && hasRules(part))
}

/** A rule as Go prints it in JSON. */
function goRule(rule: ValidationRule): string {
  const fields = {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
  return JSON.stringify(fields).replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)
}

/** The environment of the rules at one place of a schema; undefined for what expressions cannot look at. */
function environmentFor(schema: JSONSchemaProps, root: boolean, optional: boolean): Environment | undefined {
  const env = baseEnvironment().clone({ enableOptionalTypes: true })
  const type = registerSchema(env, 'selfType', schema, root)
  if (type === undefined) return undefined
  env.registerVariable('self', type)
  env.registerVariable('oldSelf', optional ? `optional<${type}>` : type)
  return env
}

/** Most that one rule, and all of a version together, may cost. k8s 1.36: StaticEstimatedCostLimit. */
const RULE_LIMIT = 10_000_000
const TOTAL_LIMIT = 100_000_000

/** A place in a schema, on the way down. */
interface Place {
  readonly path: string
  readonly root: boolean
  /** The part of the schema whose old values are not known. */
  readonly uncorrelated?: string | undefined
  /** How many values there may be here; undefined: nothing limits it. */
  readonly count: number | undefined
  /** What the rules cost, by their place. */
  readonly costs: Map<string, number>
}

/**
 * Rules that do not compile, or cost too much.
 * k8s 1.36: apiextensions validation ValidateCustomResourceDefinitionOpenAPISchema, schema/cel Compile.
 */
export function ruleErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  if (!hasRules(schema)) return []
  const costs = new Map<string, number>()
  const errors = errorsAt(schema, { path, root: true, count: 1, costs })
  const total = [...costs.values()].reduce((sum, cost) => sum + cost, 0)
  if (total <= TOTAL_LIMIT) return errors
  const expensive = [...costs].filter(([, cost]) => cost >= TOTAL_LIMIT / 100).sort(([, a], [, b]) => b - a)
  const why = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
  const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
  return [
    ...errors,
    ...expensive.slice(0, 4).map(([at]) => forbidden(at, why)),
    forbidden(path, costProblem(what, total, TOTAL_LIMIT)),
  ]
}

function errorsAt(schema: JSONSchemaProps, place: Place): FieldError[] {
  if (!hasRules(schema)) return []
  const { path, uncorrelated, costs, root } = place
  const { items, additionalProperties, properties = {} } = schema
  const factor = factorOf(schema)
  const count = factor === undefined || place.count === undefined ? undefined : factor * place.count
  const below = (part: JSONSchemaProps, at: string, lost = uncorrelated) =>
    errorsAt(part, { path: at, root: false, uncorrelated: lost, count, costs })
  const errors: FieldError[] = []
  if (isSchema(additionalProperties)) errors.push(...below(additionalProperties, `${path}.additionalProperties`))
  for (const name of Object.keys(properties).sort()) {
    const property = properties[name]
    if (property) errors.push(...below(property, `${path}.properties[${name}]`))
  }
  const isKeyed = schema['x-kubernetes-list-type'] === 'map'
  if (isSchema(items)) errors.push(...below(items, `${path}.items`, isKeyed ? uncorrelated : (uncorrelated ?? path)))
  const environments = new Map<boolean, Environment | undefined>()
  for (const [i, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const optional = rule.optionalOldSelf === true
    if (!environments.has(optional)) environments.set(optional, environmentFor(schema, root, optional))
    const env = environments.get(optional)
    const at = `${path}.x-kubernetes-validations[${i}]`
    if (env) errors.push(...costErrors(rule, schema, at, place), ...compileErrors(env, rule, at, uncorrelated))
  }
  return errors
}

function costErrors({ rule }: ValidationRule, schema: JSONSchemaProps, path: string, { count, costs }: Place): FieldError[] {
  const once = ruleCost(rule, schema)
  if (once === undefined) return []
  const cost = once * (count ?? mostInRequest(schema))
  costs.set(`${path}.rule`, cost)
  return cost > RULE_LIMIT ? [forbidden(`${path}.rule`, costProblem('estimated rule cost', cost, RULE_LIMIT))] : []
}

function compileErrors(env: Environment, rule: ValidationRule, path: string, uncorrelated: string | undefined): FieldError[] {
  const refuse = (field: string, detail: string): FieldError => ({
    type: 'Invalid',
    field: `${path}.${field}`,
    message: `Invalid value: ${goRule(rule)}: ${detail}`,
  })
  const checked = checkExpression(env, rule.rule)
  if ('issues' in checked) return [refuse('rule', `compilation failed: ${checked.issues}`)]
  if (checked.type !== 'bool') return [refuse('rule', 'cel expression must evaluate to a bool')]
  const errors: FieldError[] = []
  if (rule.messageExpression) {
    const message = checkExpression(env, rule.messageExpression)
    if ('issues' in message) errors.push(refuse('messageExpression', `messageExpression compilation failed: ${message.issues}`))
    else if (message.type !== 'string') errors.push(refuse('messageExpression', 'messageExpression must evaluate to a string'))
  }
  const usesOld = programOf(rule.rule).mentions('oldSelf')
  if (usesOld && uncorrelated !== undefined)
    errors.push(
      invalid(
        `${path}.rule`,
        rule.rule,
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`,
      ),
    )
  if (!usesOld && rule.optionalOldSelf !== undefined)
    errors.push(invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'))
  return errors
}

/** The element of an old list that has the same keys. k8s 1.36: schema/cel makeMapList. */
export function correlatedItem(schema: JSONSchemaProps, old: unknown, item: unknown): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isObject(item)) return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return old.find((other: unknown) => isObject(other) && keys.every((key) => jsonEqual(other[key], item[key])))
}

/** The value that a part of an object had before. */
export const correlatedField = (old: unknown, key: string): unknown => (isObject(old) ? old[key] : undefined)

const child = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

/**
 * What the rules of a schema say of a value; `old` is the value before an update. Rules that look at oldSelf are
 * skipped where there is none; what has not changed is not held against an update.
 * k8s 1.36: schema/cel Validator.validate. SIMPLIFIED: without a cost budget while rules run.
 */
export function brokenRules(value: unknown, schema: JSONSchemaProps, path: string, old: unknown, root = true): FieldError[] {
  if (value === undefined || value === null || !hasRules(schema)) return []
  const errors = ownRules(value, schema, path, old, root)
  for (const part of schema.allOf ?? []) errors.push(...brokenRules(value, part, path, undefined, false))
  if (Array.isArray(value)) {
    const { items } = schema
    if (!isSchema(items)) return errors
    for (const [i, item] of value.entries())
      errors.push(...brokenRules(item, items, `${path}[${i}]`, correlatedItem(schema, old, item), false))
    return errors
  }
  if (!isObject(value)) return errors
  for (const key of Object.keys(value).sort()) {
    const property = schema.properties?.[key]
    const other = schema.additionalProperties
    const before = correlatedField(old, key)
    if (property) errors.push(...brokenRules(value[key], property, child(path, key), before, false))
    else if (isSchema(other)) errors.push(...brokenRules(value[key], other, `${path}[${key}]`, before, false))
  }
  return errors
}

function ownRules(value: unknown, schema: JSONSchemaProps, path: string, old: unknown, root: boolean): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? []
  if (rules.length === 0) return []
  const hasOld = old !== undefined && old !== null
  const unchanged = hasOld && jsonEqual(value, old)
  const self = celOfSchema(value, schema, root)
  const oldSelf = hasOld ? celOfSchema(old, schema, root) : undefined
  return rules.flatMap((rule) => {
    const program = programOf(rule.rule)
    const usesOld = program.mentions('oldSelf')
    if (usesOld && !hasOld && !rule.optionalOldSelf) return []
    // k8s 1.36: CRDValidationRatcheting. SIMPLIFIED: what is let through gives no warning.
    if (!usesOld && unchanged) return []
    const variables = { self, oldSelf: rule.optionalOldSelf ? Optional.of(oldSelf) : oldSelf }
    return verdict(rule, program, variables, value, schema, path)
  })
}

const sourceOf = (rule: ValidationRule) => (rule.message || rule.rule).trim()

function verdict(
  rule: ValidationRule,
  program: Program,
  variables: Variables,
  value: unknown,
  schema: JSONSchemaProps,
  path: string,
): FieldError[] {
  const at = path === '' ? '<nil>' : path
  const outcome = program.run(variables)
  if ('error' in outcome) {
    const why = outcome.error.startsWith('no such overload')
      ? `'${outcome.error}': call arguments did not match a supported operator, function or macro signature for rule: ${sourceOf(rule)}`
      : `${outcome.error} evaluating rule: ${sourceOf(rule)}`
    return [invalid(at, schema.type ?? '', why)]
  }
  if (outcome.value === true) return []
  const field = rule.fieldPath ? child(path, validFieldPath(rule.fieldPath, schema) ?? '') : at
  const omitted = schema.type === 'object' || schema.type === 'array'
  return [refusal(rule, field, omitted ? undefined : value, messageOf(rule, variables))]
}

function refusal({ reason }: ValidationRule, field: string, value: unknown, detail: string): FieldError {
  if (reason === 'FieldValueForbidden') return forbidden(field, detail)
  if (reason === 'FieldValueRequired') return required(field, detail)
  const shown = value === undefined ? '' : `: ${JSON.stringify(value)}`
  if (reason === 'FieldValueDuplicate') return { type: 'Duplicate', field, message: `Duplicate value${shown}` }
  return { type: 'Invalid', field, message: `Invalid value${shown}: ${detail}` }
}

const MAX_MESSAGE_BYTES = 5 * 1024

function messageOf(rule: ValidationRule, variables: Variables): string {
  if (rule.messageExpression) {
    const outcome = programOf(rule.messageExpression).run(variables)
    const text = 'value' in outcome && typeof outcome.value === 'string' ? outcome.value.trim() : ''
    if (text !== '' && text.length <= MAX_MESSAGE_BYTES && !text.includes('\n')) return text
  }
  return rule.message ? rule.message.trim() : `failed rule: ${sourceOf(rule)}`
}

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

/** What is wrong with a rule before it is compiled. */
export function ruleFormErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) => {
    const at = `${path}.x-kubernetes-validations[${i}]`
    const { message = '', messageExpression = '', fieldPath = '', reason } = rule
    const errors: FieldError[] = []
    const empty = 'must be non-empty if specified'
    const broken = (text: string) => /[\n\r]/.test(text.trim())
    if (!rule.rule?.trim()) errors.push(required(`${at}.rule`, 'rule is not specified'))
    else if (message !== '' && message.trim() === '') errors.push(invalid(`${at}.message`, message, empty))
    else if (broken(message)) errors.push(invalid(`${at}.message`, message, 'must not contain line breaks'))
    else if (broken(rule.rule) && message.trim() === '')
      errors.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'))
    if (messageExpression !== '' && messageExpression.trim() === '')
      errors.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'))
    if (reason !== undefined && !REASONS.includes(reason))
      errors.push({
        type: 'NotSupported',
        field: `${at}.reason`,
        message: `Unsupported value: ${JSON.stringify(reason)}: supported values: ${REASONS.map((r) => JSON.stringify(r)).join(', ')}`,
      })
    if (fieldPath !== '' && fieldPath.trim() === '') errors.push(invalid(`${at}.fieldPath`, fieldPath, empty))
    if (broken(fieldPath)) errors.push(invalid(`${at}.fieldPath`, fieldPath, 'must not contain line breaks'))
    if (fieldPath !== '' && validFieldPath(fieldPath, schema) === undefined)
      errors.push(invalid(`${at}.fieldPath`, fieldPath, 'must be a valid path'))
    return errors
  })
}
