/** Types of CEL from schemas. Source: k8s 1.36 cel/common/schemas.go, SchemaDeclType. */
import type { Environment } from '@marcbachmann/cel-js'
import type { JSONSchemaProps } from '../../apimachinery/generated/types.ts'
import type { Model, Type } from '../../apimachinery/schema/schema.ts'
import { escapedName } from './identifiers.ts'

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TIMESTAMP = 'google.protobuf.Timestamp'
const FORMATS: { readonly [format: string]: string } = {
  byte: 'bytes',
  duration: 'google.protobuf.Duration',
  date: TIMESTAMP,
  'date-time': TIMESTAMP,
}
const SCALARS: { readonly [type: string]: string } = { boolean: 'bool', number: 'double', integer: 'int' }

/** What every object has at its root, whatever its schema says. */
const IDENTITY: { readonly [name: string]: JSONSchemaProps } = {
  kind: { type: 'string' },
  apiVersion: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
}

/**
 * Registers what a schema describes under `name` and gives the type's name; undefined for what expressions cannot
 * look at.
 */
export function registerSchema(env: Environment, name: string, schema: JSONSchemaProps, root = false): string | undefined {
  if (schema['x-kubernetes-int-or-string']) return 'dyn'
  const { items, additionalProperties, type } = schema
  if (type === 'array') {
    const of = isSchema(items) ? registerSchema(env, `${name}.@idx`, items) : undefined
    return of && `list<${of}>`
  }
  if (type === 'string') return FORMATS[schema.format ?? ''] ?? 'string'
  if (type !== 'object') return SCALARS[type ?? '']
  if (isSchema(additionalProperties)) {
    const of = registerSchema(env, `${name}.@elem`, additionalProperties)
    return of && `map<string, ${of}>`
  }
  const fields: { [field: string]: string } = {}
  const properties =
    root || schema['x-kubernetes-embedded-resource'] ? { ...schema.properties, ...IDENTITY } : (schema.properties ?? {})
  for (const [key, property] of Object.entries(properties)) {
    const field = escapedName(key)
    const of = field === undefined ? undefined : registerSchema(env, `${name}.${field}`, property)
    if (field !== undefined && of !== undefined) fields[field] = of
  }
  env.registerType(name, { fields })
  return name
}

const MODEL_SCALARS: { readonly [scalar: string]: string } = {
  bool: 'bool',
  int32: 'int',
  int64: 'int',
  double: 'double',
  byte: 'bytes',
  'date-time': TIMESTAMP,
  'micro-time': TIMESTAMP,
  'int-or-string': 'dyn',
}

/** The same for a built-in kind. Models may refer to one another in circles: each is registered once. */
export function registerModel(env: Environment, model: Model, known = new Set<string>()): string {
  if (known.has(model.name)) return model.name
  known.add(model.name)
  const nameOf = (type: Type): string => {
    if (type.kind === 'any') return 'dyn'
    if (type.kind === 'scalar') return MODEL_SCALARS[type.scalar] ?? 'string'
    if (type.kind === 'list') return `list<${nameOf(type.items)}>`
    if (type.kind === 'map') return `map<string, ${nameOf(type.values)}>`
    return type.model.open ? 'dyn' : registerModel(env, type.model, known)
  }
  const fields: { [field: string]: string } = {}
  for (const { name, type } of model.fields.values()) {
    const field = escapedName(name)
    if (field !== undefined) fields[field] = nameOf(type)
  }
  env.registerType(model.name, { fields })
  return model.name
}
