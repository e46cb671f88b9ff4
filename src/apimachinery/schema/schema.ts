/** The built-in kinds' schemas: the generated API description joined with our tables of what it leaves out. */
import definitions from '../generated/definitions.json' with { type: 'json' }
import resources from '../generated/resources.json' with { type: 'json' }
import type { MergeRule } from './merge-rules.ts'
import { ATOMIC_MODELS, KEY_DEFAULTS, MERGE_RULES } from './merge-rules.ts'
import { SHAPE } from './shape.ts'

export type ScalarName =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'byte'
  | 'date-time'
  | 'micro-time'
  | 'int-or-string'
  | 'quantity'

export interface ScalarType {
  readonly kind: 'scalar'
  readonly scalar: ScalarName
}
/** Free JSON: kept as it is; owned key by key. */
export interface AnyType {
  readonly kind: 'any'
}
export interface ListType {
  readonly kind: 'list'
  readonly items: Type
  readonly listType: 'atomic' | 'set' | 'map'
  readonly keys: readonly string[]
}
export interface MapType {
  readonly kind: 'map'
  readonly values: Type
  readonly atomic: boolean
}
export interface StructType {
  readonly kind: 'struct'
  readonly model: Model
  readonly atomic: boolean
}
export type Type = ScalarType | AnyType | ListType | MapType | StructType

export interface Field {
  readonly name: string
  readonly type: Type
  /** As Go names it in errors: 'int32', '[]v1.Container'. */
  readonly goType: string
  /** An explicit zero differs from absence. */
  readonly pointer: boolean
  /** Written even when zero. */
  readonly always: boolean
  readonly required: boolean
  readonly rule: MergeRule | undefined
  /** The value that a list key has when an element leaves it out. */
  readonly keyDefault: string | number | boolean | undefined
}

/** One struct. Custom resources make their own; built-in ones come from modelOf and modelByName. */
export interface Model {
  /** 'V1Deployment': unique. */
  readonly name: string
  /** 'Deployment', as in Go's error texts. */
  readonly goName: string
  readonly fields: ReadonlyMap<string, Field>
  /** Fields that are not in `fields` are kept as they are (x-kubernetes-preserve-unknown-fields). */
  readonly open: boolean
  /** Values of a wrong type are left for validation to find, and zeros and nulls stay: custom resources. */
  readonly lenient: boolean
}

interface Definition {
  readonly required: readonly string[]
  readonly fields: { readonly [name: string]: string }
}
const DEFINITIONS: { readonly [model: string]: Definition } = definitions
const SCALARS = new Set([
  'string',
  'bool',
  'int32',
  'int64',
  'double',
  'byte',
  'date-time',
  'micro-time',
  'int-or-string',
  'quantity',
])
const MODEL_NAME = /^(?:[A-Z][a-z]+)?(V\d+(?:(?:alpha|beta)\d+)?)(?=[A-Z])(.+)$/
const GO_SCALARS: { readonly [code: string]: string } = {
  'date-time': 'v1.Time',
  'micro-time': 'v1.MicroTime',
  'int-or-string': 'intstr.IntOrString',
  quantity: 'resource.Quantity',
  byte: '[]uint8',
  double: 'float64',
  any: 'runtime.RawExtension',
}
/** Words of SHAPE that stand for a type code and the Go type. */
const SHAPE_TYPES: { readonly [word: string]: readonly [code: string, goType: string] } = {
  quantity: ['quantity', 'resource.Quantity'],
  quantities: ['[]quantity', '[]resource.Quantity'],
  resources: ['{}quantity', 'v1.ResourceList'],
  capacities: ['{}quantity', 'map[v1.QualifiedName]resource.Quantity'],
}

const isScalar = (code: string): code is ScalarName => SCALARS.has(code)

function goTypeOf(code: string): string {
  if (code.startsWith('[]')) return `[]${goTypeOf(code.slice(2))}`
  if (code.startsWith('{}')) return `map[string]${goTypeOf(code.slice(2))}`
  const match = MODEL_NAME.exec(code)
  return match ? `${match[1]?.toLowerCase()}.${match[2]}` : (GO_SCALARS[code] ?? code)
}

function typeOf(code: string, rule: MergeRule | undefined): Type {
  if (code.startsWith('[]')) {
    return { kind: 'list', items: typeOf(code.slice(2), undefined), listType: rule?.listType ?? 'atomic', keys: rule?.keys ?? [] }
  }
  if (code.startsWith('{}')) return { kind: 'map', values: typeOf(code.slice(2), undefined), atomic: rule?.atomic ?? false }
  if (isScalar(code)) return { kind: 'scalar', scalar: code }
  if (code === 'any') return { kind: 'any' }
  return { kind: 'struct', model: modelByName(code), atomic: rule?.atomic ?? ATOMIC_MODELS.has(code) }
}

interface Shape {
  readonly marks: string
  readonly goType: string
}

function shapesOf(model: string): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const word of (SHAPE[model] ?? '').split(' ')) {
    const match = /^([^*&!?:]+)([*&!?]*)(?::(.+))?$/.exec(word)
    if (match) shapes.set(match[1] ?? '', { marks: match[2] ?? '', goType: match[3] ?? '' })
  }
  return shapes
}

function zeroKey(code: string): string | number | boolean | undefined {
  if (code === 'string') return ''
  if (code === 'bool') return false
  return code.startsWith('int') || code === 'double' ? 0 : undefined
}

function fieldsOfDefinition(model: string, definition: Definition): ReadonlyMap<string, Field> {
  const shapes = shapesOf(model)
  const fields = new Map<string, Field>()
  for (const [name, described] of Object.entries(definition.fields)) {
    const { marks = '', goType = '' } = shapes.get(name) ?? {}
    const [code, goName] = SHAPE_TYPES[goType] ?? [described, goType]
    const rule = MERGE_RULES[model]?.[name]
    const type = typeOf(code, rule)
    const required = definition.required.includes(name)
    const isTime = code === 'date-time' || code === 'micro-time'
    // metadata is a value in every kind, and Go cannot leave out an empty struct, a time or a quantity.
    const written = marks.includes('!') || marks.includes('&') || (required && !marks.includes('?') && !marks.includes('*'))
    const always =
      written || (required && marks === '*') || (name === 'metadata' && code.endsWith('ObjectMeta')) || (isTime && marks === '')
    fields.set(name, {
      name,
      type,
      goType: goName === '' ? goTypeOf(code) : goName,
      pointer: marks.includes('*') || (type.kind === 'struct' && !always),
      always,
      required,
      rule,
      keyDefault: KEY_DEFAULTS[model]?.[name] ?? (always ? zeroKey(code) : undefined),
    })
  }
  return fields
}

const models = new Map<string, Model>()

/** A built-in model by name ('V1PodSpec'). Throws for a name that does not exist. */
export function modelByName(name: string): Model {
  const known = models.get(name)
  if (known !== undefined) return known
  const definition = DEFINITIONS[name]
  if (definition === undefined) throw new Error(`no model ${name}`)
  let fields: ReadonlyMap<string, Field> | undefined
  const model: Model = {
    name,
    goName: MODEL_NAME.exec(name)?.[2] ?? name,
    open: false,
    lenient: false,
    // Worked out when first looked at: models refer to one another in circles, and most are never used.
    get fields() {
      fields ??= fieldsOfDefinition(name, definition)
      return fields
    },
  }
  models.set(name, model)
  return model
}

/** Kinds that are only bodies of subresources. */
const SUBRESOURCE_KINDS: { readonly [kind: string]: string } = {
  'autoscaling/v1/Scale': 'V1Scale',
  'policy/v1/Eviction': 'V1Eviction',
  'authentication.k8s.io/v1/TokenRequest': 'AuthenticationV1TokenRequest',
}
const modelsByKind = new Map(Object.entries(SUBRESOURCE_KINDS))
for (const { group, version, kind, model } of resources) modelsByKind.set(`${group}/${version}/${kind}`, model)

/** The model of a built-in kind's objects, or undefined if there is no such kind. */
export function modelOf(group: string, version: string, kind: string): Model | undefined {
  const name = modelsByKind.get(`${group}/${version}/${kind}`)
  return name === undefined ? undefined : modelByName(name)
}

/** A model, or the built-in one of that name. */
export function asModel(model: Model | string): Model {
  return typeof model === 'string' ? modelByName(model) : model
}

/** The fields of a model, in alphabetical order. */
export function fieldsOf(model: Model | string): readonly Field[] {
  return [...asModel(model).fields.values()]
}

/** The type at a path of field names; list indexes and map keys are any text. Undefined where the path leads nowhere. */
export function typeAt(model: Model | string, path: readonly (string | number)[]): Type | undefined {
  let type: Type | undefined = { kind: 'struct', model: asModel(model), atomic: false }
  for (const step of path) {
    if (type === undefined) return undefined
    if (type.kind === 'struct') type = type.model.fields.get(String(step))?.type
    else if (type.kind === 'list') type = type.items
    else if (type.kind === 'map') type = type.values
    else return type.kind === 'any' ? type : undefined
  }
  return type
}
