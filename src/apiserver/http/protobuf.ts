import numbers from './proto-numbers.json' with { type: 'json' }
import { badRequest } from '../../apimachinery/errors.ts'
import type { JsonObject } from '../../apimachinery/resource.ts'
import { modelByName, modelOf, type Field, type Model, type Type } from '../../apimachinery/schema/schema.ts'
import { formatMicroTime, formatTime } from '../../sim/time.ts'

/**
 * Reads Kubernetes' protobuf envelope, which typed clients (kubectl create, kubectl auth) send, into plain JSON.
 * Bytes come as the chars of a string. Answers are always JSON; such clients accept it. k8s 1.36: serializer/protobuf.
 *
 * The table gives each message's fields in the order of their numbers: a word without a number has the one after its
 * neighbour; '~Name' is a message whose fields belong to the outer object.
 */
const TABLE: { readonly [message: string]: string } = numbers
const MAGIC = 'k8s\0'

interface Entry {
  readonly name: string
  readonly inline: boolean
}

const layouts = new Map<string, ReadonlyMap<number, Entry>>()

function layoutOf(message: string): ReadonlyMap<number, Entry> {
  const known = layouts.get(message)
  if (known) return known
  const layout = new Map<number, Entry>()
  let next = 1
  for (const word of (TABLE[message] ?? '').split(' ')) {
    const [name = '', number] = word.split('=')
    const at = number === undefined ? next : Number(number)
    layout.set(at, { name: name.replace('~', ''), inline: name.startsWith('~') })
    next = at + 1
  }
  layouts.set(message, layout)
  return layout
}

/** One field on the wire: its number, and its bytes or its number value. */
interface Part {
  readonly number: number
  readonly bytes: string
  readonly value: bigint
}

function* partsOf(bytes: string): Generator<Part> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      if (at >= bytes.length) throw badRequest('proto: unexpected EOF')
      const byte = bytes.charCodeAt(at++)
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = tag >> 3
    if ((tag & 7) === 0) yield { number, bytes: '', value: varint() }
    else {
      const length = (tag & 7) === 2 ? Number(varint()) : (tag & 7) === 1 ? 8 : 4
      yield { number, bytes: bytes.slice(at, at + length), value: 0n }
      at += length
    }
  }
}

/** The object in a protobuf body. */
export function decodeProtobuf(body: string): JsonObject {
  if (!body.startsWith(MAGIC))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  let apiVersion = ''
  let kind = ''
  let raw = ''
  for (const part of partsOf(body.slice(MAGIC.length))) {
    if (part.number === 2) raw = part.bytes
    if (part.number !== 1) continue
    for (const inner of partsOf(part.bytes)) {
      if (inner.number === 1) apiVersion = utf8(inner.bytes)
      if (inner.number === 2) kind = utf8(inner.bytes)
    }
  }
  const slash = apiVersion.indexOf('/')
  const model =
    kind === 'DeleteOptions'
      ? modelByName('V1DeleteOptions')
      : modelOf(slash < 0 ? '' : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), kind)
  if (!model) throw badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`)
  return { ...message(model, model.name, raw), apiVersion, kind }
}

function message(model: Model, name: string, bytes: string): JsonObject {
  const object: { [field: string]: unknown } = {}
  const layout = layoutOf(name)
  for (const part of partsOf(bytes)) {
    const entry = layout.get(part.number)
    if (!entry) continue
    if (entry.inline) Object.assign(object, message(model, `~${entry.name}`, part.bytes))
    const field = model.fields.get(entry.name)
    if (field) put(object, field, part)
  }
  return object
}

function put(object: { [field: string]: unknown }, { name, type }: Field, part: Part): void {
  if (type.kind === 'list') object[name] = [...((object[name] ?? []) as unknown[]), valueOf(type.items, part)]
  else if (type.kind === 'map')
    object[name] = { ...(object[name] as JsonObject | undefined), ...mapEntry(type.values, part.bytes) }
  else {
    const value = valueOf(type, part)
    // Go writes strings that are empty; JSON leaves them out.
    if (value !== '') object[name] = value
  }
}

function mapEntry(values: Type, bytes: string): JsonObject {
  let key = ''
  let value: unknown = ''
  for (const part of partsOf(bytes)) {
    if (part.number === 1) key = utf8(part.bytes)
    if (part.number === 2)
      value = values.kind === 'list' ? [...partsOf(part.bytes)].map((p) => valueOf(values.items, p)) : valueOf(values, part)
  }
  return { [key]: value }
}

function valueOf(type: Type, part: Part): unknown {
  if (type.kind === 'struct') return message(type.model, type.model.name, part.bytes)
  if (type.kind === 'any') return freeJson(part.bytes)
  if (type.kind !== 'scalar') return undefined
  switch (type.scalar) {
    case 'bool':
      return part.value !== 0n
    case 'int32':
    case 'int64':
      return Number(BigInt.asIntN(64, part.value))
    case 'double':
      return Number(part.value)
    case 'byte':
      return base64(part.bytes)
    case 'date-time':
      return formatTime(timeMs(part.bytes))
    case 'micro-time':
      return formatMicroTime(timeMs(part.bytes))
    case 'int-or-string':
      return intOrString(part.bytes)
    case 'quantity':
      return utf8([...partsOf(part.bytes)].find((p) => p.number === 1)?.bytes ?? '0')
    default:
      return utf8(part.bytes)
  }
}

/** A RawExtension, or FieldsV1: JSON inside. */
function freeJson(bytes: string): unknown {
  const raw = [...partsOf(bytes)].find((p) => p.number === 1)?.bytes ?? ''
  return raw === '' ? {} : (JSON.parse(utf8(raw)) as unknown)
}

function timeMs(bytes: string): number {
  let ms = 0
  for (const { number, value } of partsOf(bytes))
    ms += number === 1 ? Number(BigInt.asIntN(64, value)) * 1000 : Number(value) / 1e6
  return Math.floor(ms)
}

function intOrString(bytes: string): unknown {
  const parts = new Map([...partsOf(bytes)].map((part) => [part.number, part]))
  return parts.get(1)?.value === 1n ? utf8(parts.get(3)?.bytes ?? '') : Number(BigInt.asIntN(64, parts.get(2)?.value ?? 0n))
}

function utf8(bytes: string): string {
  if (!/[\u0080-\u00ff]/.test(bytes)) return bytes
  return decodeURIComponent(Array.from(bytes, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''))
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function base64(bytes: string): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const at = (k: number) => (k < left ? bytes.charCodeAt(i + k) : 0)
    const bits = (at(0) << 16) | (at(1) << 8) | at(2)
    for (let k = 0; k < 4; k++) out += k <= left ? (ALPHABET[(bits >> (18 - 6 * k)) & 63] ?? '') : '='
  }
  return out
}
