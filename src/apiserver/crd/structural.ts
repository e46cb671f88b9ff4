import { forbidden, notSupported, required, type FieldError } from '../../apimachinery/field-errors.ts'
import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import { ruleFormErrors } from './rules.ts'
import { schemaErrors } from './validate.ts'

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a schema is within: it decides what a missing type is called. */
type Level = 'root' | 'field' | 'item'

const MISSING: { readonly [level in Level]: string } = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
}

/**
 * The rules that make a schema structural, and its defaults valid.
 * k8s 1.36: apiextensions structural ValidateStructural, ValidateDefaults. SIMPLIFIED: value validations inside
 * allOf, anyOf, oneOf and not are not looked into.
 */
export function structuralErrors(schema: JSONSchemaProps, path: string, level: Level = 'root'): FieldError[] {
  const errors: FieldError[] = []
  const free = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  if (!schema.type && !(free && level !== 'root')) errors.push(required(`${path}.type`, MISSING[level]))
  if (level === 'root' && schema.type && schema.type !== 'object')
    errors.push({
      type: 'Invalid',
      field: `${path}.type`,
      message: `Invalid value: ${JSON.stringify(schema.type)}: must be object at the root`,
    })
  if (schema.properties && schema.additionalProperties !== undefined)
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  if (schema.type === 'array' && !isSchema(schema.items)) errors.push(required(`${path}.items`, 'must be specified'))
  for (const name of Object.keys(schema.properties ?? {}).sort()) {
    const property = schema.properties?.[name]
    if (property) errors.push(...structuralErrors(property, `${path}.properties[${name}]`, 'field'))
  }
  if (isSchema(schema.additionalProperties))
    errors.push(...structuralErrors(schema.additionalProperties, `${path}.additionalProperties`, 'field'))
  if (isSchema(schema.items)) errors.push(...structuralErrors(schema.items, `${path}.items`, 'item'))
  errors.push(...listTypeRules(schema, path), ...ruleFormErrors(schema, path))
  if (schema.default !== undefined) errors.push(...schemaErrors(schema.default, schema, `${path}.default`))
  return errors
}

function listTypeRules(schema: JSONSchemaProps, path: string): FieldError[] {
  const kind = schema['x-kubernetes-list-type']
  if (kind === undefined) return []
  if (!['atomic', 'set', 'map'].includes(kind))
    return [notSupported(`${path}.x-kubernetes-list-type`, kind, ['atomic', 'map', 'set'])]
  if (schema.type !== 'array') return [forbidden(`${path}.type`, 'must be array if x-kubernetes-list-type is specified')]
  if (kind === 'map' && !schema['x-kubernetes-list-map-keys']?.length)
    return [required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')]
  return []
}
