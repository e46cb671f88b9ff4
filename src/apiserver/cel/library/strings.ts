/** Texts beyond what the language has. Source: k8s 1.36 cel/environment (cel-go ext.Strings version 2). */
import type { Environment } from '@marcbachmann/cel-js'
import { define, defineNamespace, failure } from './define.ts'

function charAt(text: string, index: bigint): string {
  const at = Number(index)
  if (at < 0 || at > text.length) throw failure(`index out of range: ${at}`)
  return text.charAt(at)
}

function replace(text: string, from: string, to: string, limit = -1n): string {
  if (limit < 0n) return text.replaceAll(from, () => to)
  const parts = text.split(from)
  const count = Math.min(Number(limit), parts.length - 1)
  return [...parts.slice(0, count).map((part) => part + to), parts.slice(count).join(from)].join('')
}

/** A value as %s and string conversions in format() show it. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value === 'number') return doubleText(value)
  if (typeof value === 'object' && value.constructor === Object) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${key}: ${shown(item)}`).join(', ')}}`
  }
  if (isTimestamp(value)) return value.toISOString().replace('.000Z', 'Z')
  return String(value)
}

const isTimestamp = (value: unknown): value is { toISOString(): string } =>
  typeof value === 'object' && value !== null && 'toISOString' in value

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  return String(value)
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

function inBase(value: unknown, base: 2 | 8 | 16): string {
  if (typeof value === 'bigint') return value.toString(base)
  if (typeof value === 'boolean' && base === 2) return value ? '1' : '0'
  if (typeof value === 'string' && base === 16)
    return [...value].map((c) => (c.codePointAt(0) ?? 0).toString(16).padStart(2, '0')).join('')
  throw failure(`error during formatting: only integers, bools, strings and bytes can be formatted in base ${base}`)
}

const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** 3.140000×10⁰⁰ */
function scientific(value: number, precision: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential(precision).split('e')
  const digits = String(Math.abs(Number(exponent))).padStart(2, '0')
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${[...digits].map((d) => RAISED[Number(d)]).join('')}`
}

function clause(verb: string, value: unknown, precision: number): string {
  switch (verb) {
    case 's':
      return shown(value)
    case 'd':
      if (isNumber(value)) return String(value)
      throw failure('error during formatting: decimal clause can only be used on integers')
    case 'f':
      return Number(value).toFixed(precision)
    case 'e':
      return scientific(Number(value), precision)
    case 'b':
      return inBase(value, 2)
    case 'o':
      return inBase(value, 8)
    case 'x':
      return inBase(value, 16)
    case 'X':
      return inBase(value, 16).toUpperCase()
    default:
      throw failure(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
  }
}

function format(template: string, args: readonly unknown[]): string {
  let used = 0
  const text = template.replace(/%(?:\.(\d+))?(.?)/g, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (used >= args.length) throw failure(`index ${used} out of range`)
    return clause(verb, args[used++], precision === undefined ? 6 : Number(precision))
  })
  return text
}

const ESCAPES: { readonly [char: string]: string } = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}
const quote = (text: string) => `"${[...text].map((char) => ESCAPES[char] ?? char).join('')}"`

export function stringLibrary(env: Environment): void {
  define(env, {
    'string.charAt(int): string': charAt,
    'string.replace(string, string): string': (text: string, from: string, to: string) => replace(text, from, to),
    'string.replace(string, string, int): string': replace,
    'string.format(list): string': format,
    'string.reverse(): string': (text: string) => [...text].reverse().join(''),
  })
  defineNamespace(env, 'strings', { 'quote(string): string': quote })
}
