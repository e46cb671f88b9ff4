/** Models of custom resources, from the structural schemas of their definitions. Source: k8s 1.36 apiextensions structural schema. */
import type { JSONSchemaProps } from '../generated/types.ts'
import { modelByName } from './schema.ts'
import type { Field, Model, Type } from './schema.ts'

const SCALARS: { readonly [type: string]: Type } = {
  string: { kind: 'scalar', scalar: 'string' },
  integer: { kind: 'scalar', scalar: 'int64' },
  number: { kind: 'scalar', scalar: 'double' },
  boolean: { kind: 'scalar', scalar: 'bool' },
}
const STRING: JSONSchemaProps = { type: 'string' }
const ANY: Type = { kind: 'any' }

const isSchema = (value: unknown): value is JSONSchemaProps =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function field(name: string, schema: JSONSchemaProps, type: Type, required: boolean): Field {
  const { default: value } = schema
  const keyDefault = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
  return { name, type, goType: schema.type ?? '', pointer: true, always: false, required, rule: undefined, keyDefault }
}

function structModel(name: string, schema: JSONSchemaProps): Model {
  const fields = new Map<string, Field>()
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    fields.set(key, field(key, property, typeOf(`${name}.${key}`, property), schema.required?.includes(key) ?? false))
  }
  if (schema['x-kubernetes-embedded-resource']) addIdentity(fields)
  return { name, goName: name, fields, open: schema['x-kubernetes-preserve-unknown-fields'] ?? false, lenient: true }
}

/** apiVersion, kind and metadata, which every object has whatever its schema says. */
function addIdentity(fields: Map<string, Field>): void {
  for (const key of ['apiVersion', 'kind']) fields.set(key, field(key, STRING, typeOf(key, STRING), false))
  const metadata: Type = { kind: 'struct', model: modelByName('V1ObjectMeta'), atomic: false }
  fields.set('metadata', field('metadata', { type: 'object' }, metadata, false))
}

function typeOf(name: string, schema: JSONSchemaProps): Type {
  if (schema['x-kubernetes-int-or-string']) return { kind: 'scalar', scalar: 'int-or-string' }
  if (schema.type === 'array') {
    const listType = schema['x-kubernetes-list-type']
    return {
      kind: 'list',
      items: isSchema(schema.items) ? typeOf(name, schema.items) : ANY,
      listType: listType === 'map' || listType === 'set' ? listType : 'atomic',
      keys: schema['x-kubernetes-list-map-keys'] ?? [],
    }
  }
  if (schema.type !== 'object') return SCALARS[schema.type ?? ''] ?? ANY
  const atomic = schema['x-kubernetes-map-type'] === 'atomic'
  const { additionalProperties, properties } = schema
  if (isSchema(additionalProperties)) return { kind: 'map', values: typeOf(name, additionalProperties), atomic }
  if (additionalProperties === true) return { kind: 'map', values: ANY, atomic }
  const bare = properties === undefined && !schema['x-kubernetes-embedded-resource']
  if (bare && schema['x-kubernetes-preserve-unknown-fields']) return atomic ? { kind: 'map', values: ANY, atomic } : ANY
  return { kind: 'struct', model: structModel(name, schema), atomic }
}

/** The model of a custom resource's objects in one version: for decode, managed fields, explain. Without a schema all is kept. */
export function customModel(kind: string, schema: JSONSchemaProps | undefined): Model {
  const { fields, open } = structModel(kind, schema ?? { 'x-kubernetes-preserve-unknown-fields': true })
  const all = new Map(fields)
  addIdentity(all)
  return { name: kind, goName: kind, fields: all, open, lenient: true }
}
