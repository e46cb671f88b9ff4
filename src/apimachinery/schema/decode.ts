/**
 * Decodes a JSON body into an object of a built-in kind, as the API server's decoder does.
 * Source: k8s 1.36 apimachinery runtime/serializer/json, sigs.k8s.io/json (strict errors, type errors).
 */
import type { JsonObject } from '../resource.ts'
import type { Field, Model, Type } from './schema.ts'
import { decodeScalar, jsonKind, mapMismatch, zeroOf } from './scalars.ts'
import { asModel } from './schema.ts'

/** A body that cannot be taken; the message is what the API server puts after 'cannot be handled as a ...: '. */
export class DecodeError extends Error {}

export interface DecodeOptions {
  /** Strict refuses unknown and double fields, Warn reports them, Ignore drops them. */
  readonly strictness: 'Strict' | 'Warn' | 'Ignore'
  /** What parseJson found. */
  readonly duplicates?: ReadonlyMap<object, readonly string[]>
  /** 'map' for the outcome of a strategic merge patch: other error texts, unknown fields in alphabetical order. */
  readonly source?: 'text' | 'map'
}

export interface Decoded {
  /** Without nulls, unknown fields and empty optional ones; quantities and times canonical; required zeros written. */
  readonly object: JsonObject
  /** With Warn: 'unknown field "spec.foo"', in the order of the text. */
  readonly warnings: readonly string[]
}

export type Path = readonly (string | number)[]

/** One thing that is wrong with a body. `type` problems make it unreadable; the others only count when strict. */
export interface Problem {
  readonly kind: 'unknown' | 'duplicate' | 'type'
  readonly path: Path
  readonly message: string
}

interface Walk {
  readonly problems: Problem[]
  readonly duplicates: ReadonlyMap<object, readonly string[]> | undefined
  /** As storage gives it back: an empty list is the same as none. */
  readonly stored: boolean
  readonly fromMap: boolean
  /** The first error that stops Go's decoder at once; it wins over type errors. */
  fatal: string | undefined
  /** Innermost struct, and the names of fields from the root: what Go's type errors tell. */
  struct: string
  readonly fields: string[]
  readonly path: (string | number)[]
}

/** 'spec.containers[0].image' */
export function formatPath(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')
}

function report(walk: Walk, kind: Problem['kind'], message: string, step?: string): void {
  const path = step === undefined ? [...walk.path] : [...walk.path, step]
  walk.problems.push({ kind, path, message: kind === 'type' ? message : `${message} ${JSON.stringify(formatPath(path))}` })
}

function mismatch(walk: Walk, met: string, goType: string, type: Type | undefined, value: unknown): undefined {
  if (walk.fromMap && type !== undefined && type.kind !== 'any') {
    report(walk, 'type', mapMismatch(type.kind === 'scalar' ? type.scalar : type.kind, goType, value))
    return undefined
  }
  const where = walk.struct === '' ? 'Go value' : `Go struct field ${walk.struct}.${walk.fields.join('.')}`
  report(walk, 'type', `json: cannot unmarshal ${met} into ${where} of type ${goType}`)
  return undefined
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The Go type of an element, from that of its list or map. */
const elementType = (goType: string) => goType.replace(/^(?:\[\]|map\[[^\]]*\])/, '')

function decodeValue(walk: Walk, type: Type, goType: string, value: unknown, base: unknown): unknown {
  if (value === base) return value
  switch (type.kind) {
    case 'any':
      return value
    case 'scalar': {
      const result = decodeScalar(type.scalar, value)
      if ('value' in result) return result.value
      if ('mismatch' in result) return mismatch(walk, result.mismatch, result.goType ?? goType, type, value)
      if ('fatal' in result) walk.fatal ??= result.fatal
      report(walk, 'type', 'fatal' in result ? result.fatal : `${walk.fromMap ? 'error decoding from json: ' : ''}${result.soft}`)
      return undefined
    }
    case 'list':
      return Array.isArray(value)
        ? decodeList(walk, type.items, elementType(goType), value, base)
        : mismatch(walk, jsonKind(value), goType, type, value)
    case 'map':
      return isObject(value)
        ? decodeMap(walk, type.values, elementType(goType), value, base)
        : mismatch(walk, jsonKind(value), goType, type, value)
    case 'struct':
      return isObject(value) ? decodeStruct(walk, type.model, value, base) : mismatch(walk, jsonKind(value), goType, type, value)
  }
}

/** What stands in a list or map where null was given. */
function zeroValue(type: Type): unknown {
  if (type.kind === 'scalar') return zeroOf(type.scalar)
  return type.kind === 'struct' ? emptyOf(type.model) : null
}

function decodeList(walk: Walk, type: Type, goType: string, list: readonly unknown[], base: unknown): readonly unknown[] {
  const before: readonly unknown[] = Array.isArray(base) ? base : []
  let same = true
  const result = list.map((item, i) => {
    walk.path.push(i)
    const decoded = item === null || item === undefined ? zeroValue(type) : decodeValue(walk, type, goType, item, before[i])
    walk.path.pop()
    if (decoded !== item) same = false
    return decoded
  })
  return same ? list : result
}

function reportDuplicates(walk: Walk, object: object, key: string): void {
  if (walk.duplicates?.get(object)?.includes(key)) report(walk, 'duplicate', 'duplicate field', key)
}

function decodeMap(walk: Walk, type: Type, goType: string, map: JsonObject, base: unknown): JsonObject {
  const before = isObject(base) ? base : undefined
  let same = true
  const entries = Object.entries(map).map(([key, item]): [string, unknown] => {
    walk.path.push(key)
    const decoded = item === null || item === undefined ? zeroValue(type) : decodeValue(walk, type, goType, item, before?.[key])
    walk.path.pop()
    reportDuplicates(walk, map, key)
    if (decoded !== item) same = false
    return [key, decoded]
  })
  return same ? map : Object.fromEntries(entries)
}

/** True for what Go leaves out of JSON: zero values of fields that do not tell zero from absent. */
function isOmitted(field: Field, value: unknown): boolean {
  if (field.always) return false
  switch (field.type.kind) {
    case 'scalar':
      return !field.pointer && (value === '' || value === 0 || value === false || value === null)
    case 'list':
      return Array.isArray(value) && value.length === 0
    case 'map':
      return isObject(value) && Object.keys(value).length === 0
    default:
      return false
  }
}

function decodeField(walk: Walk, field: Field, struct: string, value: unknown, base: unknown): unknown {
  if (value === null || value === undefined) return undefined
  const outer = walk.struct
  walk.struct = struct
  walk.fields.push(field.name)
  walk.path.push(field.name)
  const decoded = decodeValue(walk, field.type, field.goType, value, base)
  walk.struct = outer
  walk.fields.pop()
  walk.path.pop()
  if (decoded === undefined || isOmitted(field, decoded)) return undefined
  return decoded
}

/** Drops unknown fields of a custom resource, at any depth, and touches nothing else but metadata. */
function prune(walk: Walk, type: Type, value: unknown): unknown {
  if (type.kind === 'struct' && !type.model.lenient)
    return isObject(value) ? decodeStruct(walk, type.model, value, undefined) : value
  if (type.kind === 'list' && Array.isArray(value))
    return keepSame(
      value,
      value.map((item, i) => pruneAt(walk, i, type.items, item)),
    )
  if (type.kind === 'map' && isObject(value)) {
    const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
      reportDuplicates(walk, value, key)
      return [key, pruneAt(walk, key, type.values, item)]
    })
    return entries.every(([key, item]) => item === value[key]) ? value : Object.fromEntries(entries)
  }
  return type.kind === 'struct' && isObject(value) ? pruneStruct(walk, type.model, value) : value
}

const keepSame = (before: readonly unknown[], after: readonly unknown[]) =>
  after.every((item, i) => item === before[i]) ? before : after

function pruneAt(walk: Walk, step: string | number, type: Type, value: unknown): unknown {
  walk.path.push(step)
  const pruned = prune(walk, type, value)
  walk.path.pop()
  return pruned
}

function pruneStruct(walk: Walk, model: Model, value: JsonObject): JsonObject {
  const result: { [key: string]: unknown } = {}
  let same = true
  for (const key in value) {
    const field = model.fields.get(key)
    if (field === undefined && !model.open) report(walk, 'unknown', 'unknown field', key)
    else result[key] = field === undefined ? value[key] : pruneAt(walk, key, field.type, value[key])
    if (result[key] !== value[key] || !(key in result)) same = false
    reportDuplicates(walk, value, key)
  }
  return same ? value : result
}

/** `base` is an object of the model that is known to be decoded: parts that are shared with it are taken as they are. */
function decodeStruct(walk: Walk, model: Model, value: JsonObject, base: unknown): JsonObject {
  if (value === base) return value
  if (model.lenient) return pruneStruct(walk, model, value)
  const before = isObject(base) ? base : undefined
  const result: { [key: string]: unknown } = {}
  let same = true
  for (const key in value) {
    const field = model.fields.get(key)
    let decoded: unknown
    if (field !== undefined) decoded = decodeField(walk, field, model.goName, value[key], before?.[key])
    else if (model.open) decoded = value[key]
    else report(walk, 'unknown', 'unknown field', key)
    reportDuplicates(walk, value, key)
    // What is always written is settled below.
    if (decoded === undefined ? !field?.always : decoded !== value[key]) same = false
    if (decoded !== undefined) result[key] = decoded
  }
  for (const [key, zero] of alwaysOf(model)) {
    const empty = result[key] === undefined || (walk.stored && zero === null && isEmpty(result[key]))
    if (!empty) continue
    result[key] = zero
    if (value[key] !== zero) same = false
  }
  return same ? value : result
}

const isEmpty = (value: unknown) =>
  Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0

const always = new WeakMap<Model, readonly (readonly [string, unknown])[]>()

/** The fields that are always written, with their zero values. */
function alwaysOf(model: Model): readonly (readonly [string, unknown])[] {
  const known = always.get(model)
  if (known !== undefined) return known
  const list: (readonly [string, unknown])[] = []
  for (const field of model.fields.values()) {
    if (field.always) list.push([field.name, field.pointer ? null : zeroValue(field.type)])
  }
  always.set(model, list)
  return list
}

const empties = new WeakMap<Model, JsonObject>()

/** A struct of which nothing is set, as it is written: mostly {}. */
function emptyOf(model: Model): JsonObject {
  const known = empties.get(model)
  if (known !== undefined) return known
  const empty = Object.fromEntries(alwaysOf(model))
  empties.set(model, empty)
  return empty
}

function walkOf({ duplicates, source }: Partial<DecodeOptions>, stored = false): Walk {
  return { problems: [], duplicates, stored, fromMap: source === 'map', fatal: undefined, struct: '', fields: [], path: [] }
}

/**
 * Decodes and checks a body. Throws DecodeError. What is unchanged is shared with the input, and an input that is
 * already as it should be comes back itself.
 */
export function decode(model: Model | string, value: unknown, options: DecodeOptions): Decoded {
  const target = asModel(model)
  const walk = walkOf(options)
  const object = isObject(value)
    ? decodeStruct(walk, target, value, undefined)
    : mismatch(walk, jsonKind(value), `v1.${target.goName}`, undefined, value)
  const typeError = walk.problems.find((p) => p.kind === 'type')?.message
  const typeProblem = walk.fromMap ? typeError : (walk.fatal ?? typeError)
  if (typeProblem !== undefined || object === undefined) throw new DecodeError(typeProblem)
  const found = walk.problems.map((p) => p.message)
  const strict = options.strictness === 'Ignore' ? [] : walk.fromMap ? found.toSorted() : found
  if (options.strictness === 'Strict' && strict.length > 0) throw new DecodeError(`strict decoding error: ${strict.join(', ')}`)
  return { object, warnings: strict }
}

/**
 * The object as the API server stores and shows it: required zeros written, empty optional fields left out, quantities
 * and times canonical. Anything of a wrong type is dropped. `previous` is an earlier version in that form: what the two
 * share is not looked at again, so that a write costs what it changes.
 */
export function normalize(model: Model | string, object: JsonObject, previous?: JsonObject): JsonObject {
  return decodeStruct(walkOf({}, true), asModel(model), object, previous)
}

/** Everything that is wrong with a body, for an editor; paths lead to the places. */
export function findProblems(
  model: Model | string,
  value: unknown,
  duplicates?: DecodeOptions['duplicates'],
): readonly Problem[] {
  const walk = walkOf({ duplicates })
  if (isObject(value)) decodeStruct(walk, asModel(model), value, undefined)
  else mismatch(walk, jsonKind(value), `v1.${asModel(model).goName}`, undefined, value)
  return walk.problems
}
