/** Single values as Go's decoder takes them: canonical text, or the error it gives. */
import { formatMicroTime, formatTime, parseTime } from '../../sim/time.ts'
import { QuantityError, canonical } from '../quantity.ts'
import type { ScalarName } from './schema.ts'

/** `mismatch` is what JSON value was met where another type was wanted; `fatal` is a whole error text. */
export type ScalarResult =
  | { readonly value: string | number | boolean }
  | { readonly mismatch: string; readonly goType?: string }
  | { readonly fatal: string }
  | { readonly soft: string }

/** 'string', 'number 1.5', 'object': how Go names a JSON value. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}

const ZERO: { readonly [name in ScalarName]: string | number | boolean | null } = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  byte: null,
  'date-time': null,
  'micro-time': null,
  'int-or-string': 0,
  quantity: '0',
}

/** The value of a scalar that was never set, as it is written. */
export function zeroOf(name: ScalarName): string | number | boolean | null {
  return ZERO[name]
}

function integer(value: unknown, bits: 32 | 64): ScalarResult {
  if (typeof value !== 'number') return { mismatch: jsonKind(value) }
  const limit = bits === 32 ? 2 ** 31 : 2 ** 63
  return Number.isInteger(value) && value >= -limit && value < limit ? { value } : { mismatch: `number ${formatNumber(value)}` }
}

function formatNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value)
}

function quantity(value: unknown): ScalarResult {
  const text = typeof value === 'string' ? value.trim() : JSON.stringify(value)
  try {
    return { value: canonical(text) }
  } catch (error) {
    if (error instanceof QuantityError) return { fatal: error.message }
    throw error
  }
}

/** Where Go's decoder of standard base64 stops, or -1. */
function base64Error(text: string): number {
  const padding = text.indexOf('=')
  const body = padding < 0 ? text : text.slice(0, padding)
  const wrong = body.search(/[^A-Za-z0-9+/\r\n]/)
  if (wrong >= 0) return wrong
  const digits = body.replace(/[\r\n]/g, '').length % 4
  if (padding < 0) return digits === 0 ? -1 : text.length - digits
  if (digits < 2) return padding
  const rest = text.slice(padding).replace(/[\r\n]/g, '')
  const wanted = 4 - digits
  if (wanted === 2 && rest.length < 2) return text.length
  if (wanted === 2 && rest[1] !== '=') return padding
  return rest.length === wanted ? -1 : padding + wanted
}

function bytes(value: unknown): ScalarResult {
  if (typeof value !== 'string') return { mismatch: jsonKind(value) }
  const at = base64Error(value)
  return at < 0 ? { value: value.replace(/[\r\n]/g, '') } : { soft: `illegal base64 data at input byte ${at}` }
}

const TIME_PARTS: readonly (readonly [element: string, pattern: RegExp, low: number, high: number, name: string])[] = [
  ['2006', /^[0-9]{4}/, 0, 9999, 'year'],
  ['-', /^-/, 0, 0, ''],
  ['01', /^[0-9]{2}/, 1, 12, 'month'],
  ['-', /^-/, 0, 0, ''],
  ['02', /^[0-9]{2}/, 1, 31, 'day'],
  ['T', /^T/, 0, 0, ''],
  ['15', /^[0-9]{2}/, 0, 23, 'hour'],
  [':', /^:/, 0, 0, ''],
  ['04', /^[0-9]{2}/, 0, 59, 'minute'],
  [':', /^:/, 0, 0, ''],
  ['05', /^[0-9]{2}/, 0, 59, 'second'],
]

/** What Go's time.Parse says against an RFC 3339 text, or ''. */
function timeError(text: string, micro: boolean): string {
  const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00'
  const quoted = JSON.stringify(text)
  let rest = text
  const cannot = (element: string) =>
    `parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`
  for (const [element, pattern, low, high, name] of TIME_PARTS) {
    const match = pattern.exec(rest)
    if (match === null) return cannot(element)
    const n = Number(match[0])
    if (name !== '' && (n < low || n > high)) return `parsing time ${quoted}: ${name} out of range`
    rest = rest.slice(match[0].length)
  }
  const fraction = (micro ? /^[.,][0-9]{6}(?![0-9])/ : /^(?:[.,][0-9]+)?/).exec(rest)
  if (fraction === null) return cannot('.000000')
  rest = rest.slice(fraction[0].length)
  const zone = /^(?:Z|[-+][0-9]{2}:[0-9]{2})/.exec(rest)
  if (zone === null) return cannot('Z07:00')
  rest = rest.slice(zone[0].length)
  if (rest !== '') return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`
  const day = new RegExp('^[0-9]{4}-([0-9]{2})-([0-9]{2})').exec(text)
  return formatTime(parseTime(`${text.slice(0, 10)}T00:00:00Z`)).slice(5, 10) === `${day?.[1]}-${day?.[2]}`
    ? ''
    : `parsing time ${quoted}: day out of range`
}

function time(value: unknown, micro: boolean): ScalarResult {
  if (typeof value !== 'string') {
    const kind = jsonKind(value)
    return { mismatch: kind, goType: 'string' }
  }
  const error = timeError(value, micro)
  if (error !== '') return { fatal: error }
  const ms = parseTime(value.replace(',', '.'))
  return { value: micro ? formatMicroTime(ms) : formatTime(ms) }
}

/** Decodes one value that is not null. */
export function decodeScalar(name: ScalarName, value: unknown): ScalarResult {
  switch (name) {
    case 'string':
      return typeof value === 'string' ? { value } : { mismatch: jsonKind(value) }
    case 'bool':
      return typeof value === 'boolean' ? { value } : { mismatch: jsonKind(value) }
    case 'int32':
      return integer(value, 32)
    case 'int64':
      return integer(value, 64)
    case 'double':
      return typeof value === 'number' ? { value } : { mismatch: jsonKind(value) }
    case 'int-or-string': {
      if (typeof value === 'string') return { value }
      const result = integer(value, 32)
      return 'mismatch' in result ? { ...result, goType: 'int32' } : result
    }
    case 'quantity':
      return quantity(value)
    case 'byte':
      return bytes(value)
    case 'date-time':
      return time(value, false)
    case 'micro-time':
      return time(value, true)
  }
}

const GO_KINDS: { readonly [name in ScalarName]?: string } = {
  double: 'float64',
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
}

function mapKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'object') return 'map'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** The type error of an object that comes from a map and not from text: strategic merge patches. k8s 1.36: runtime converter. */
export function mapMismatch(wanted: ScalarName | 'list' | 'map' | 'struct', goType: string, value: unknown): string {
  const kind = mapKind(value)
  if (wanted === 'struct') return `cannot restore struct from: ${kind}`
  if (wanted === 'map') return `cannot restore map from ${kind}`
  if (wanted === 'list' || wanted === 'byte') return `cannot restore slice from ${kind}`
  const target = GO_KINDS[wanted]
  if (target === undefined) {
    const met = wanted === 'int-or-string' && kind === 'float64' ? `number ${String(value)}` : jsonKind(value)
    return `json: cannot unmarshal ${met} into Go value of type ${wanted === 'int-or-string' ? 'int32' : 'string'}`
  }
  const convertible = (kind === 'int64' && target !== 'bool') || (kind === 'float64' && target.startsWith('int'))
  return convertible ? `cannot convert ${kind} to ${goType}` : `unrecognized type: ${target}`
}
