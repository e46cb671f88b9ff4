import { modelByName, modelOf, type Field, type Model, type ScalarName, type Type } from '../../apimachinery/schema/schema.ts'
import { formatMicroTime, formatTime } from '../../sim/time.ts'
import numbers from './field-numbers.json' with { type: 'json' }
import { readFields, WireError, type WireField } from './wire.ts'

/** What every protobuf body begins with. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00]

/** The number of each field, as the published .proto files give it; '2.19': inside the message that is field 2. */
const NUMBERS: { readonly [model: string]: { readonly [field: string]: number | string } } = numbers

/** What a field number means in a message: a field of the model, or a message whose fields belong to the model. */
type Meaning = { readonly field: Field } | { readonly inline: Map<number, Meaning> }

const meanings = new Map<string, Map<number, Meaning>>()
const text = new TextDecoder()

/**
 * A Kubernetes protobuf body as the JSON object it stands for. Throws WireError when it is none, or of a kind without
 * schema. k8s 1.36: runtime/serializer/protobuf.
 */
export function decodeProtobuf(body: Uint8Array): object {
  if (!MAGIC.every((byte, i) => body[i] === byte)) throw new WireError('the body does not start with the protobuf prefix')
  const envelope = readFields(body.subarray(MAGIC.length))
  const meta = readFields(bytesOf(envelope, 1))
  const apiVersion = text.decode(bytesOf(meta, 1))
  const kind = text.decode(bytesOf(meta, 2))
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const model = kind === 'DeleteOptions' ? modelByName('V1DeleteOptions') : modelOf(group, version, kind)
  if (!model) throw new WireError(`no schema for ${kind} in ${apiVersion}`)
  return { apiVersion, kind, ...readMessage(readFields(bytesOf(envelope, 2)), meaningsOf(model)) }
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array {
  const value = fields.findLast((field) => field.number === number)?.value
  return value instanceof Uint8Array ? value : new Uint8Array()
}

function meaningsOf(model: Model): Map<number, Meaning> {
  let known = meanings.get(model.name)
  if (known) return known
  meanings.set(model.name, (known = new Map()))
  for (const [name, where] of Object.entries(NUMBERS[model.name] ?? {})) {
    const field = model.fields.get(name)
    if (!field) continue
    const path = String(where).split('.').map(Number)
    let level = known
    for (const number of path.slice(0, -1)) {
      const present = level.get(number)
      const inline = present && 'inline' in present ? present.inline : new Map<number, Meaning>()
      level.set(number, { inline })
      level = inline
    }
    level.set(path.at(-1) ?? 0, { field })
  }
  return known
}

function readMessage(fields: readonly WireField[], known: Map<number, Meaning>): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const wire of fields) {
    const meaning = known.get(wire.number)
    if (!meaning) continue
    if ('inline' in meaning) {
      if (wire.value instanceof Uint8Array) Object.assign(out, readMessage(readFields(wire.value), meaning.inline))
      continue
    }
    const { name, type } = meaning.field
    if (type.kind === 'list') out[name] = [...((out[name] as unknown[] | undefined) ?? []), ...readItems(type.items, wire)]
    else if (type.kind === 'map') out[name] = { ...(out[name] as object | undefined), ...readEntry(type.values, wire) }
    else {
      const value = readValue(type, wire)
      // Go leaves zeros out of JSON unless the field is a pointer or always written.
      if (meaning.field.pointer || meaning.field.always || !isZero(value)) out[name] = value
    }
  }
  return out
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || value === null
}

/** One element, or all of a packed list of numbers. */
function readItems(items: Type, wire: WireField): unknown[] {
  if (items.kind === 'map') return [readEntries(items.values, wire)]
  return [readValue(items, wire)]
}

/** A map whose message holds repeated entries of its own (lists of maps). */
function readEntries(values: Type, wire: WireField): Record<string, unknown> {
  if (!(wire.value instanceof Uint8Array)) return {}
  return Object.assign({}, ...readFields(wire.value).map((entry) => readEntry(values, entry)))
}

function readEntry(values: Type, wire: WireField): Record<string, unknown> {
  if (!(wire.value instanceof Uint8Array)) throw new WireError('a map entry is no message')
  const entry = readFields(wire.value)
  const value = entry.findLast((field) => field.number === 2)
  return { [text.decode(bytesOf(entry, 1))]: value ? readMapValue(values, value) : emptyOf(values) }
}

/** A list as a map's value (map[string][]string) is a message with the items in field 1. */
function readMapValue(type: Type, wire: WireField): unknown {
  if (type.kind !== 'list') return readValue(type, wire)
  return wire.value instanceof Uint8Array ? readFields(wire.value).flatMap((item) => readItems(type.items, item)) : []
}

function emptyOf(type: Type): unknown {
  if (type.kind === 'struct' || type.kind === 'map') return {}
  if (type.kind === 'list') return []
  return type.kind === 'scalar' && type.scalar !== 'string' && type.scalar !== 'byte' ? 0 : ''
}

function readValue(type: Type, wire: WireField): unknown {
  switch (type.kind) {
    case 'scalar':
      return readScalar(type.scalar, wire)
    case 'struct':
      if (!(wire.value instanceof Uint8Array)) throw new WireError('a struct is no message')
      return readMessage(readFields(wire.value), meaningsOf(type.model))
    case 'map':
      return readEntry(type.values, wire)
    case 'list':
      return readItems(type.items, wire)
    case 'any':
      // RawExtension, JSON, FieldsV1: JSON text in field 1.
      return wire.value instanceof Uint8Array
        ? (JSON.parse(text.decode(bytesOf(readFields(wire.value), 1)) || 'null') as unknown)
        : null
  }
}

function readScalar(scalar: ScalarName, { value, fixed64 }: WireField): unknown {
  if (!(value instanceof Uint8Array)) {
    if (scalar === 'bool') return value !== 0n
    if (fixed64) return doubleOf(value)
    return Number(value)
  }
  switch (scalar) {
    case 'byte':
      return Buffer.from(value).toString('base64')
    case 'quantity':
      return text.decode(bytesOf(readFields(value), 1))
    case 'int-or-string':
      return readIntOrString(readFields(value))
    case 'date-time':
    case 'micro-time':
      return readTime(scalar, readFields(value))
    default:
      return text.decode(value)
  }
}

function readIntOrString(fields: readonly WireField[]): number | string {
  const type = fields.find((field) => field.number === 1)?.value
  if (type === 1n) return text.decode(bytesOf(fields, 3))
  const number = fields.find((field) => field.number === 2)?.value
  return typeof number === 'bigint' ? Number(BigInt.asIntN(32, number)) : 0
}

/** Seconds and nanoseconds; the zero time is null. */
function readTime(scalar: 'date-time' | 'micro-time', fields: readonly WireField[]): string | null {
  const part = (number: number) => {
    const value = fields.find((field) => field.number === number)?.value
    return typeof value === 'bigint' ? value : undefined
  }
  const seconds = part(1)
  if (seconds === undefined || seconds < -62_135_596_800n + 1n) return null
  const ms = Number(seconds) * 1000 + Math.floor(Number(part(2) ?? 0n) / 1e6)
  return scalar === 'date-time' ? formatTime(ms) : formatMicroTime(ms)
}

function doubleOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}
