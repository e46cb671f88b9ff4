/** Builds the JSON schema of all Kubernetes kinds for the editor, from the generated API description. Pure. */
import { FIELD_WORDS, QUANTITY_FIELDS } from './schema-words.ts'

/** The parts of the generated files that are read here. */
export interface ModelDefinition {
  readonly required: readonly string[]
  /** Field -> type code: 'string', '[]V1Container', '{}string'... */
  readonly fields: { readonly [field: string]: string }
}
export type Definitions = { readonly [model: string]: ModelDefinition }
/** Model -> field -> text; '' holds the model's own. */
export type Descriptions = { readonly [model: string]: { readonly [field: string]: string } }
export interface ResourceEntry {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly model: string
  readonly verbs: readonly string[]
}

export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: readonly string[]
  not?: Schema
  items?: Schema
  properties?: { [field: string]: Schema }
  additionalProperties?: boolean | Schema
  required?: string[]
  oneOf?: Schema[]
  definitions?: { [name: string]: Schema }
}

const SIMPLE: { readonly [code: string]: Schema } = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer' },
  int64: { type: 'integer' },
  double: { type: 'number' },
  byte: { type: 'string' },
  any: {},
  'date-time': { type: 'string' },
  'micro-time': { type: 'string' },
  'int-or-string': { type: ['integer', 'string'] },
}

/** One document of a manifest: any kind that can be created, a List, or a kind of a group not known here. */
export function buildSchema(definitions: Definitions, descriptions: Descriptions, resources: readonly ResourceEntry[]): Schema {
  const made: { [name: string]: Schema } = {}
  for (const [model, definition] of Object.entries(definitions)) made[model] = modelSchema(model, definition, descriptions[model])
  const kinds = resources.filter(({ verbs, model }) => verbs.includes('create') && definitions[model])
  const branches: Schema[] = []
  const known = new Set<string>()
  for (const resource of kinds) {
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
    known.add(apiVersion)
    const name = `${apiVersion}/${resource.kind}`
    made[name] = rootSchema(made[resource.model] ?? {}, apiVersion, resource.kind)
    branches.push({ $ref: refTo(name) })
  }
  branches.push({
    properties: {
      apiVersion: { enum: ['v1'] },
      kind: { enum: ['List'] },
      metadata: {},
      items: { type: 'array', items: { type: 'object' } },
    },
    required: ['apiVersion', 'kind', 'items'],
    additionalProperties: false,
  })
  // Custom resources: their groups are nobody's here.
  branches.push({
    properties: { apiVersion: { type: 'string', not: { enum: [...known] } }, kind: { type: 'string' } },
    required: ['apiVersion', 'kind'],
  })
  // An empty document is none.
  branches.push({ type: 'null' })
  return { oneOf: branches, definitions: made }
}

function refTo(name: string): string {
  // JSON pointer: '/' inside a name is '~1'.
  return `#/definitions/${name.replaceAll('/', '~1')}`
}

function rootSchema(model: Schema, apiVersion: string, kind: string): Schema {
  const properties = {
    ...model.properties,
    apiVersion: { ...model.properties?.['apiVersion'], enum: [apiVersion] },
    kind: { ...model.properties?.['kind'], enum: [kind] },
  }
  return {
    ...model,
    properties,
    required: ['apiVersion', 'kind', ...(model.required ?? []).filter((field) => field !== 'apiVersion' && field !== 'kind')],
  }
}

function modelSchema(
  model: string,
  { required, fields }: ModelDefinition,
  texts: { readonly [field: string]: string } = {},
): Schema {
  const properties: { [field: string]: Schema } = {}
  for (const [field, code] of Object.entries(fields)) {
    const key = `${model}.${field}`
    const schema = QUANTITY_FIELDS.has(key) ? quantitySchema(code) : typeSchema(code)
    const words = FIELD_WORDS[key]
    const description = texts[field]
    properties[field] = { ...schema, ...(words ? { enum: words } : {}), ...(description ? { description } : {}) }
  }
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(required.length > 0 ? { required: [...required] } : {}),
    ...(texts[''] ? { description: texts[''] } : {}),
  }
}

function typeSchema(code: string): Schema {
  if (code.startsWith('[]')) return { type: 'array', items: typeSchema(code.slice(2)) }
  if (code.startsWith('{}')) return { type: 'object', additionalProperties: typeSchema(code.slice(2)) }
  return SIMPLE[code] ?? { $ref: `#/definitions/${code}` }
}

function quantitySchema(code: string): Schema {
  const quantity: Schema = { type: ['string', 'number'] }
  return code.startsWith('{}') ? { type: 'object', additionalProperties: quantity } : quantity
}

/** Fetches the description (a chunk of its own) and builds the schema. */
export async function loadSchema(): Promise<Schema> {
  const [definitions, descriptions, resources] = await Promise.all([
    import('../../apimachinery/generated/definitions.json'),
    import('../../apimachinery/generated/descriptions.json'),
    import('../../apimachinery/generated/resources.json'),
  ])
  return buildSchema(definitions.default as Definitions, descriptions.default as Descriptions, resources.default)
}
