import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const isSchema = (value: unknown): value is JSONSchemaProps => isObject(value)

/**
 * Fills the defaults of a structural schema; a null where null is not allowed counts as absent. What needs no default
 * is shared. k8s 1.36: apiextensions structural/defaulting.
 */
export function withSchemaDefaults(value: unknown, schema: JSONSchemaProps): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    if (!isSchema(items)) return value
    const filled = value.map((item) => withSchemaDefaults(item, items))
    return filled.some((item, i) => item !== value[i]) ? filled : value
  }
  return isObject(value) ? objectWithDefaults(value, schema) : value
}

function objectWithDefaults(value: JsonObject, schema: JSONSchemaProps): JsonObject {
  const changed: { [key: string]: unknown } = {}
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const given = value[key]
    const absent = given === undefined || (given === null && !property.nullable)
    const start = absent && property.default !== undefined ? property.default : given
    const filled = start === undefined ? start : withSchemaDefaults(start, property)
    if (filled !== given) changed[key] = filled
  }
  const { additionalProperties } = schema
  if (isSchema(additionalProperties)) {
    for (const [key, item] of Object.entries(value)) {
      if (schema.properties?.[key]) continue
      const filled = withSchemaDefaults(item, additionalProperties)
      if (filled !== item) changed[key] = filled
    }
  }
  return Object.keys(changed).length > 0 ? { ...value, ...changed } : value
}
