/** Objects as Kubernetes' messages show its internal types: Go's names of the fields, none left out. */
import { INTERNAL_TYPES } from './internal-types.ts'
import { unifiedDiff } from './unified-diff.ts'

interface Field {
  /** As it is printed; '' for a type whose fields are taken in. */
  readonly name: string
  readonly key: string
  readonly kind: '' | '?' | '[]' | '{}'
  readonly type: string
  readonly zero: unknown
  readonly omitEmpty: boolean
}

type Plain = { readonly [key: string]: unknown }

const PATTERN = /^(>?)(\w+)(?:=(\w+))?(\?|\[\]|\{\})?(?::(\w+))?([!#%]?)(~?)$/
const ZERO: { readonly [mark: string]: unknown } = { '': '', '!': false, '#': 0, '%': '0' }
const parsed = new Map<string, readonly Field[]>()

function parseField(text: string): Field {
  const [, embedded, name = '', key, kind = '', type = '', mark = '', omit] = PATTERN.exec(text) ?? []
  if (embedded) return { name: '', key: key ?? '', kind: '', type: name, zero: undefined, omitEmpty: false }
  return {
    name,
    key: key ?? `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
    kind: kind as Field['kind'],
    type,
    zero: ZERO[mark],
    omitEmpty: omit === '~',
  }
}

function fieldsOf(type: string): readonly Field[] {
  let fields = parsed.get(type)
  if (fields === undefined) {
    fields = (INTERNAL_TYPES[type] ?? '').split(' ').map(parseField)
    parsed.set(type, fields)
  }
  return fields
}

function mapOf(value: Plain, print: (item: unknown) => unknown): Plain {
  const keys = Object.keys(value).toSorted()
  return Object.fromEntries(keys.map((key) => [key, print(value[key])]))
}

function printField({ kind, type, zero }: Field, value: unknown): unknown {
  const print = (item: unknown) => (type === '' ? item : printType(type, item as Plain))
  const absent = value === undefined || value === null
  if (kind === '[]') return absent ? null : (value as readonly unknown[]).map(print)
  if (kind === '{}') return absent ? null : mapOf(value as Plain, print)
  if (kind === '?') return absent ? null : print(value)
  if (type !== '') return printType(type, (value ?? {}) as Plain)
  return absent ? zero : value
}

const isEmpty = (value: unknown) =>
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

function printType(type: string, object: Plain): Plain {
  const out: { [name: string]: unknown } = {}
  const source = type === 'PodSpec' ? withHostFields(object) : object
  for (const field of fieldsOf(type)) {
    if (field.name === '') {
      Object.assign(out, printType(field.type, field.key === '' ? source : ((source[field.key] ?? {}) as Plain)))
      continue
    }
    const value = printField(field, source[field.key])
    if (!field.omitEmpty || !isEmpty(value)) out[field.name] = value
  }
  return out
}

const HOST_FIELDS = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers']

/** What the API has in the spec, and the internal type in the security context. */
function withHostFields(spec: Plain): Plain {
  const host = Object.fromEntries(HOST_FIELDS.filter((name) => name in spec).map((name) => [name, spec[name]]))
  return { ...spec, securityContext: { ...(spec['securityContext'] as Plain | undefined), ...host } }
}

/** The object with the names, order and zero values of the internal type, for errors that print it. */
export function internalForm(type: string, object: unknown): unknown {
  return object === undefined || object === null ? null : printType(type, object as Plain)
}

const escape = (text: string) =>
  text.replaceAll(/[<>&\u2028\u2029]/g, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)

const pretty = (type: string, object: unknown) => escape(JSON.stringify(internalForm(type, object), null, 1))

/** The difference that Kubernetes prints when something changes that may not: of the internal types as indented JSON. */
export function internalDiff(type: string, old: unknown, now: unknown): string {
  return unifiedDiff(pretty(type, old), pretty(type, now))
}
