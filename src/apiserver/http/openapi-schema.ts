import type { JsonObject } from '../../apimachinery/resource.ts'
import type { Field, Model, Type } from '../../apimachinery/schema/schema.ts'
import { listKindOf, type ResourceInfo, type ResourceTable } from '../resources.ts'
import { fieldText, modelText } from './descriptions.ts'
import { customSchemaName, reachable, schemaName } from './openapi-names.ts'

/** Where references point: v3 and v2 differ only in that. */
export interface SchemaStyle {
  readonly version: 'v2' | 'v3'
  readonly resources: ResourceTable
}

const SCALARS: { readonly [scalar: string]: JsonObject } = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  byte: { type: 'string', format: 'byte' },
}
const SHARED: { readonly [scalar: string]: string } = {
  'date-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'micro-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
}

/** Schemas that are no models of their own. */
export function sharedSchemas({ version }: SchemaStyle): JsonObject {
  const quantity =
    'Quantity is a fixed-point representation of a number. It provides convenient marshaling/unmarshaling in JSON and YAML, in addition to String() and AsInt64() accessors.'
  const either = version === 'v3' ? { oneOf: [{ type: 'integer' }, { type: 'string' }] } : { type: 'string' }
  return {
    'io.k8s.apimachinery.pkg.apis.meta.v1.Time': {
      description:
        'Time is a wrapper around time.Time which supports correct marshaling to YAML and JSON.  Wrappers are provided for many of the factory methods that the time package offers.',
      type: 'string',
      format: 'date-time',
    },
    'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': {
      description: 'MicroTime is version of Time with microsecond level precision.',
      type: 'string',
      format: 'date-time',
    },
    'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
      description: 'IntOrString is a type that can hold an int32 or a string.',
      format: 'int-or-string',
      ...either,
    },
    'io.k8s.apimachinery.pkg.api.resource.Quantity': {
      description: quantity,
      ...(version === 'v3' ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { type: 'string' }),
    },
  }
}

function reference({ version }: SchemaStyle, name: string): string {
  return version === 'v3' ? `#/components/schemas/${name}` : `#/definitions/${name}`
}

function typeSchema(style: SchemaStyle, type: Type): JsonObject {
  if (type.kind === 'scalar') {
    const shared = SHARED[type.scalar]
    return shared ? { $ref: reference(style, shared) } : (SCALARS[type.scalar] ?? {})
  }
  if (type.kind === 'list') return { type: 'array', items: typeSchema(style, type.items) }
  if (type.kind === 'map') return { type: 'object', additionalProperties: typeSchema(style, type.values) }
  return type.kind === 'struct' ? { $ref: reference(style, schemaName(style.resources, type.model.name)) } : { type: 'object' }
}

function fieldSchema(style: SchemaStyle, model: string, field: Field): JsonObject {
  const plain = typeSchema(style, field.type)
  const description = fieldText(model, field.name)
  const { rule } = field
  const strategies = [...(rule?.retainKeys ? ['retainKeys'] : []), ...(rule?.patch === 'merge' ? ['merge'] : [])]
  const list = field.type.kind === 'list' ? field.type : undefined
  return {
    ...(description ? { description } : {}),
    ...('$ref' in plain && style.version === 'v3' ? { allOf: [plain] } : plain),
    ...(list ? { 'x-kubernetes-list-type': list.listType } : {}),
    ...(list && list.keys.length > 0 ? { 'x-kubernetes-list-map-keys': list.keys } : {}),
    ...(rule?.patchKey ? { 'x-kubernetes-patch-merge-key': rule.patchKey } : {}),
    ...(strategies.length > 0 ? { 'x-kubernetes-patch-strategy': strategies.join(',') } : {}),
  }
}

function modelSchema(style: SchemaStyle, model: Model): JsonObject {
  const properties: { [name: string]: JsonObject } = {}
  const required: string[] = []
  for (const field of model.fields.values()) {
    properties[field.name] = fieldSchema(style, model.name, field)
    if (field.required) required.push(field.name)
  }
  const description = modelText(model.name)
  return {
    ...(description ? { description } : {}),
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  }
}

const kindMark = ({ group, version }: { group: string; version: string }, kind: string) => ({
  'x-kubernetes-group-version-kind': [{ group, kind, version }],
})

const API_VERSION =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources'
const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'
const KIND = `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: ${CONVENTIONS}#types-kinds`
const apiVersionAndKind = {
  apiVersion: { description: API_VERSION, type: 'string' },
  kind: { description: KIND, type: 'string' },
}

function metaReference(style: SchemaStyle, name: string, description: string): JsonObject {
  const ref = { $ref: reference(style, `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`) }
  return style.version === 'v3' ? { description, allOf: [ref] } : { description, ...ref }
}

function listSchema(style: SchemaStyle, info: ResourceInfo, item: string): JsonObject {
  const kind = listKindOf(info)
  return {
    description: `${kind} is a list of ${info.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: apiVersionAndKind.apiVersion,
      items: {
        description: `List of ${info.resource}. More info: ${CONVENTIONS}`,
        type: 'array',
        items: { $ref: reference(style, item) },
      },
      kind: apiVersionAndKind.kind,
      metadata: metaReference(style, 'ListMeta', `Standard list metadata. More info: ${CONVENTIONS}#types-kinds`),
    },
    ...kindMark(info, kind),
  }
}

/** The schema of a custom resource as its definition has it, with what every object has. */
function customSchema(style: SchemaStyle, info: ResourceInfo): JsonObject {
  const schema = info.custom?.openApi ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const metadata = metaReference(style, 'ObjectMeta', `Standard object's metadata. More info: ${CONVENTIONS}#metadata`)
  const fields = Object.keys(info.strategy.fields ?? {}).map((fieldPath) => ({ fieldPath }))
  return {
    ...schema,
    properties: { ...apiVersionAndKind, ...schema.properties, metadata },
    ...kindMark(info, info.kind),
    ...(fields.length > 0 ? { 'x-kubernetes-selectable-fields': fields } : {}),
  }
}

/** All schemas of these resources and of what they refer to. */
export function schemasOf(style: SchemaStyle, infos: readonly ResourceInfo[], roots: readonly Model[]): JsonObject {
  const schemas: { [name: string]: unknown } = { ...sharedSchemas(style) }
  for (const [name, model] of reachable(roots)) schemas[schemaName(style.resources, name)] = modelSchema(style, model)
  for (const info of infos) {
    const name = info.custom ? customSchemaName(info) : schemaName(style.resources, info.model)
    schemas[name] = info.custom ? customSchema(style, info) : { ...(schemas[name] as JsonObject), ...kindMark(info, info.kind) }
    if (info.verbs.includes('list')) schemas[name.replace(/[^.]+$/, listKindOf(info))] = listSchema(style, info, name)
  }
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
}
