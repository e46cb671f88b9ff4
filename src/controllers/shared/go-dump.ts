import { GO_STRUCTS } from './go-structs.ts'

/**
 * Prints a PodTemplateSpec as Go's spew does with types and sorted keys, the text that pod-template-hash sums up.
 * k8s 1.36: utils/dump ForHash (spew ConfigState with SortKeys, DisableMethods, SpewKeys; verb %#v).
 */
interface Field {
  readonly name: string
  /** '' for an embedded struct, whose fields are the parent's in JSON. */
  readonly json: string
  readonly type: string
}

const structs = new Map<string, readonly Field[]>()

function fieldsOf(type: string): readonly Field[] | undefined {
  if (structs.size === 0) {
    for (const line of GO_STRUCTS.trim().split('\n')) {
      const [name = '', ...fields] = line.split(' ')
      structs.set(`v1.${name}`, fields.map(parseField))
    }
  }
  return structs.get(type)
}

function parseField(text: string): Field {
  const colon = text.indexOf(':')
  const [name = '', json] = text.slice(0, colon).split('@')
  const type = text.slice(colon + 1).replaceAll('~', 'v1.')
  if (json === '-') return { name, json: '', type }
  return { name, json: json ?? name.charAt(0).toLowerCase() + name.slice(1), type }
}

/** Types whose values are maps under a name of their own. */
const NAMED_MAPS: { readonly [type: string]: string } = { 'v1.ResourceList': 'resource.Quantity' }
const ZERO_NUMBER = new Set(['int32', 'int64'])

/** The value with its type in front, as a struct field is printed. */
function typed(type: string, value: unknown): string {
  return `(${type})${bare(type, value)}`
}

function bare(type: string, value: unknown): string {
  if (type.startsWith('*')) return value === undefined || value === null ? '<nil>' : bare(type.slice(1), value)
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) return '<nil>'
    const element = type.slice(2)
    return `[${value.map((item) => (element.startsWith('*') ? '<*>' : bare(element, item))).join(' ')}]`
  }
  const mapValue = type.startsWith('map[') ? type.slice(type.indexOf(']') + 1) : NAMED_MAPS[type]
  if (mapValue !== undefined) return mapText(mapValue, value)
  if (type === 'v1.Time') return timeText
  if (type === 'intstr.IntOrString') return intOrStringText(value)
  if (type === 'resource.Quantity') return quantityText(String(value ?? '0'))
  const fields = fieldsOf(type)
  if (fields) return structText(fields, value)
  if (ZERO_NUMBER.has(type)) return String(value ?? 0)
  if (type === 'bool') return String(value ?? false)
  return String(value ?? '')
}

function structText(fields: readonly Field[], value: unknown): string {
  const object = (value ?? {}) as { readonly [key: string]: unknown }
  return `{${fields.map((f) => `${f.name}:${typed(f.type, f.json === '' ? object : object[f.json])}`).join(' ')}}`
}

function mapText(type: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return '<nil>'
  const map = value as { readonly [key: string]: unknown }
  const keys = Object.keys(map).toSorted()
  return `map[${keys.map((key) => `${key}:${bare(type, map[key])}`).join(' ')}]`
}

/** Templates carry no times; the zero time. */
const timeText = '{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}'

function intOrStringText(value: unknown): string {
  const isText = typeof value === 'string'
  return `{Type:(intstr.Type)${isText ? 1 : 0} IntVal:(int32)${isText ? 0 : String(value ?? 0)} StrVal:(string)${isText ? value : ''}}`
}

const BINARY: { readonly [suffix: string]: number } = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }
const DECIMAL: { readonly [suffix: string]: number } = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const INT64_DIGITS = 18

/**
 * A quantity's private fields as ParseQuantity leaves them: small ones as value and scale, others as a big decimal;
 * the text is kept when it is in canonical form. k8s 1.36: apimachinery resource.ParseQuantity.
 */
function quantityText(text: string): string {
  const [, sign = '', num = '', denom = '', suffix = ''] = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([a-zA-Z].*)?$/.exec(text) ?? []
  if (text === '0') return quantityFields('0', 0, null, '0', 'DecimalSI')
  const digits = (num === '' ? '0' : num) + denom
  const bits = BINARY[suffix]
  if (bits !== undefined) {
    const precision = 15 - (num || '0').length - Math.trunc((bits * 3) / 10) - 1
    const raw = BigInt(digits)
    const value = (sign === '-' ? -raw : raw) << BigInt(bits)
    if (denom !== '' || precision < 0) return quantityFields('0', 0, value / 10n ** BigInt(denom.length), '', 'BinarySI')
    return quantityFields(String(value), 0, null, (raw & 7n) !== 0n ? text : '', 'BinarySI')
  }
  const exponential = /^[eE][+-]?[0-9]+$/.test(suffix)
  const exponent = exponential ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0)
  const scale = exponent - denom.length
  const format = exponential ? 'DecimalExponent' : 'DecimalSI'
  const value = String(BigInt(sign === '-' ? `-${digits}` : digits))
  if (digits.length > INT64_DIGITS) return quantityFields('0', 0, BigInt(value), '', format)
  const canonical = scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0'
  return quantityFields(value, scale, null, canonical ? text : '', format)
}

function quantityFields(value: string, scale: number, big: bigint | null, text: string, format: string): string {
  const dec =
    big === null
      ? '<nil>'
      : `{unscaled:(big.Int){neg:(bool)${big < 0n} abs:(big.nat)[${big < 0n ? -big : big}]} scale:(inf.Scale)0}`
  const amount = `(resource.int64Amount){value:(int64)${value} scale:(resource.Scale)${scale}}`
  return `{i:${amount} d:(resource.infDecAmount){Dec:(*inf.Dec)${dec}} s:(string)${text} Format:(resource.Format)${format}}`
}

/** The text of a defaulted pod template, e.g. '(v1.PodTemplateSpec){ObjectMeta:(v1.ObjectMeta){...'. */
export function dumpPodTemplate(template: unknown): string {
  const { metadata, spec } = template as { metadata?: unknown; spec?: unknown }
  return `(v1.PodTemplateSpec){ObjectMeta:${typed('v1.ObjectMeta', metadata)} Spec:${typed('v1.PodSpec', spec)}}`
}
