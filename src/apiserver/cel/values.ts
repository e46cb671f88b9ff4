/** JSON as CEL sees it. Source: k8s 1.36 cel/common/values.go, UnstructuredToVal. */
import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import { looseEnvironment } from './environment.ts'
import { escapedName } from './identifiers.ts'

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON without a schema: whole numbers are integers. */
export function celOfJson(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(celOfJson)
  const map: { [key: string]: unknown } = {}
  for (const key in value) {
    const item = (value as { [key: string]: unknown })[key]
    if (item !== undefined) map[key] = celOfJson(item)
  }
  return map
}

let converters: { readonly [format: string]: (variables: object) => unknown } | undefined

/** Times and durations are made by the language itself. */
function converted(format: string, text: string): unknown {
  const env = looseEnvironment()
  converters ??= {
    'date-time': env.parse('timestamp(text)'),
    date: env.parse('timestamp(text + "T00:00:00Z")'),
    duration: env.parse('duration(text)'),
    byte: env.parse('bytes(text)'),
  }
  return converters[format]?.({ text }) ?? text
}

/**
 * JSON as its schema says: numbers by type, times as times, fields under the names that expressions use. SIMPLIFIED: sets
 * and lists with keys are compared and added up as plain lists, in their order.
 */
export function celOfSchema(value: unknown, schema: JSONSchemaProps, root = false): unknown {
  if (value === null || value === undefined) return value
  if (schema['x-kubernetes-int-or-string']) return celOfJson(value)
  if (Array.isArray(value)) {
    const { items } = schema
    return isSchema(items) ? value.map((item) => celOfSchema(item, items)) : celOfJson(value)
  }
  if (typeof value === 'object') return mapOf(value as { [key: string]: unknown }, schema, root)
  if (typeof value === 'number') return schema.type === 'integer' ? BigInt(Math.trunc(value)) : value
  return typeof value === 'string' && schema.format ? converted(schema.format, value) : value
}

function mapOf(value: { readonly [key: string]: unknown }, schema: JSONSchemaProps, root: boolean): unknown {
  const { additionalProperties, properties = {} } = schema
  const map: { [key: string]: unknown } = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const property = properties[key]
    const name = isSchema(additionalProperties) && !property ? key : escapedName(key)
    if (property && name !== undefined) map[name] = celOfSchema(item, property)
    else if (isSchema(additionalProperties)) map[key] = celOfSchema(item, additionalProperties)
    else if ((root || schema['x-kubernetes-embedded-resource']) && ['apiVersion', 'kind', 'metadata'].includes(key))
      map[key] = celOfJson(item)
  }
  return map
}

/** What an expression gave, as JSON; fields of optionals that are absent are left out. */
export function jsonOfCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(jsonOfCel)
  if (value instanceof Map) return jsonOfCel(Object.fromEntries(value))
  if (value.constructor !== Object && value.constructor !== undefined) return String(value)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOfCel(item)]))
}
