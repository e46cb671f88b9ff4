/**
 * resource.Quantity: exact decimal amounts such as '500m', '1.5Gi', '12e6'.
 * Source: k8s 1.36 apimachinery api/resource (ParseQuantity, CanonicalizeBytes, ScaledValue, Add, Cmp).
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** An amount: mantissa * 10^exponent. Immutable. */
export interface Quantity {
  readonly format: QuantityFormat
  /** A safe integer as a number; anything larger as a bigint. */
  readonly mantissa: number | bigint
  readonly exponent: number
  /** True if Kubernetes would hold it as a big decimal and not as int64 and scale: they overflow differently. */
  readonly big: boolean
  /** The canonical text, if it is already known. */
  readonly text?: string
}

/** Thrown by parseQuantity; the message is Kubernetes' own. */
export class QuantityError extends Error {}

const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const SUFFIX_WRONG = "unable to parse quantity's suffix"
const NUMBER_WRONG = 'unable to parse numeric part of quantity'

const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
/** Largest count of decimal digits that always fits in an int64. */
const INT64_DIGITS = 18
const MAX_INT64 = 2n ** 63n - 1n
const NANO = -9
const CACHE_LIMIT = 20_000

const POW10 = Array.from({ length: 16 }, (_, n) => 10 ** n)
const cache = new Map<string, Quantity>()

/** A bigint as a number when that is exact. */
function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** value * 10^power (power >= 0), as a number when exact. */
function shiftLeft(value: number | bigint, power: number): number | bigint {
  if (power === 0) return value
  if (typeof value === 'number' && power < POW10.length) {
    const product = value * (POW10[power] ?? 1)
    if (Number.isSafeInteger(product)) return product
  }
  return narrow(BigInt(value) * 10n ** BigInt(power))
}

/** value / 10^power (power > 0), rounded away from zero. */
function shiftRight(value: number | bigint, power: number): number | bigint {
  if (typeof value === 'number' && power < POW10.length) {
    const quotient = value / (POW10[power] ?? 1)
    return value < 0 ? Math.floor(quotient) : Math.ceil(quotient)
  }
  const divisor = 10n ** BigInt(power)
  const dividend = BigInt(value)
  const quotient = dividend / divisor
  if (dividend % divisor === 0n) return narrow(quotient)
  return narrow(dividend < 0n ? quotient - 1n : quotient + 1n)
}

interface Parts {
  readonly negative: boolean
  /** Digits before the point without leading zeros ('0' if none are left). */
  readonly whole: string
  readonly fraction: string
  readonly suffix: string
}

const PATTERN = /^([+-]?)(0*)([0-9]*)(\.[0-9]*)?([eEinumkKMGTP]*[-+]?[0-9]*)$/

function split(text: string): Parts {
  const match = PATTERN.exec(text)
  if (match === null || text === '') throw new QuantityError(FORMAT_WRONG)
  const [, sign, zeros, whole = '', point, suffix = ''] = match
  // A text with no digit at all ('', '.', 'Ki') is not a number; a lone suffix is a wrong format for Kubernetes too.
  if (zeros === '' && whole === '' && (point === undefined || point === '.'))
    throw new QuantityError(point ? NUMBER_WRONG : FORMAT_WRONG)
  return { negative: sign === '-', whole: whole === '' ? '0' : whole, fraction: point?.slice(1) ?? '', suffix }
}

interface Suffix {
  readonly format: QuantityFormat
  /** A power of ten, or of two for BinarySI. */
  readonly exponent: number
}

function interpret(suffix: string): Suffix {
  const decimal = DECIMAL_SUFFIXES.indexOf(suffix)
  if (decimal >= 0) return { format: 'DecimalSI', exponent: decimal * 3 + NANO }
  const binary = BINARY_SUFFIXES.indexOf(suffix)
  if (binary > 0) return { format: 'BinarySI', exponent: binary * 10 }
  if (/^[eE][-+]?[0-9]+$/.test(suffix)) return { format: 'DecimalExponent', exponent: Number(suffix.slice(1)) }
  throw new QuantityError(SUFFIX_WRONG)
}

/** The int64-and-scale form, or null where Kubernetes falls back to big decimals. */
function parseSmall(text: string, parts: Parts, suffix: Suffix): Quantity | null {
  const { whole, fraction, negative } = parts
  const binary = suffix.format === 'BinarySI'
  const precision = binary
    ? fraction.length === 0
      ? 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1
      : -1
    : INT64_DIGITS - whole.length - fraction.length
  const exponent = (binary ? 0 : suffix.exponent) - fraction.length
  if (precision < 0 || exponent < NANO) return null
  const digits = whole + fraction
  const plain = narrow(BigInt(digits))
  const scaled = binary ? Number(plain) * 2 ** suffix.exponent : plain
  const mantissa = negative ? -scaled : scaled
  const canonical = binary ? BigInt(plain) % 8n !== 0n : exponent % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0')
  return { format: suffix.format, mantissa, exponent, big: false, ...(canonical ? { text } : {}) }
}

function parseBig(parts: Parts, suffix: Suffix): Quantity {
  let { format } = suffix
  let mantissa = BigInt(parts.whole + parts.fraction)
  let exponent = -parts.fraction.length
  if (format === 'BinarySI') mantissa *= 2n ** BigInt(suffix.exponent)
  else exponent += suffix.exponent
  if (mantissa !== 0n) {
    // Up to a whole number of nanos: who asks for a little gets a little.
    mantissa = BigInt(exponent >= NANO ? shiftLeft(mantissa, exponent - NANO) : shiftRight(mantissa, NANO - exponent))
    exponent = NANO
  }
  if (format === 'BinarySI' && mantissa > MAX_INT64 * 10n ** 9n) mantissa = MAX_INT64 * 10n ** 9n
  if (format === 'BinarySI' && mantissa > 0n && mantissa < 10n ** 9n) format = 'DecimalSI'
  return { format, mantissa: narrow(parts.negative ? -mantissa : mantissa), exponent, big: true }
}

/** Reads a quantity; throws QuantityError with Kubernetes' text. Results are cached by text. */
export function parseQuantity(text: string): Quantity {
  const known = cache.get(text)
  if (known !== undefined) return known
  const parts = split(text)
  const suffix = interpret(parts.suffix)
  const parsed = parseSmall(text, parts, suffix) ?? parseBig(parts, suffix)
  const quantity = parsed.text === undefined ? { ...parsed, text: formatQuantity(parsed) } : parsed
  if (cache.size >= CACHE_LIMIT) cache.clear()
  cache.set(text, quantity)
  return quantity
}

function isBelow1024(q: Quantity): boolean {
  return Math.abs(Number(q.mantissa)) * Number(`1e${q.exponent}`) < 1024
}

function formatBinary(value: number | bigint): string {
  let rest = BigInt(value)
  let power = 0
  while (rest % 1024n === 0n) {
    rest /= 1024n
    power++
  }
  return `${rest}${BINARY_SUFFIXES[power] ?? ''}`
}

/** The canonical text: the largest suffix that leaves no fraction. */
export function formatQuantity(q: Quantity): string {
  if (q.text !== undefined) return q.text
  if (Number(q.mantissa) === 0) return '0'
  let format = q.format
  if (format === 'BinarySI') {
    if (!isBelow1024(q)) {
      const whole = q.exponent >= 0 ? shiftLeft(q.mantissa, q.exponent) : shiftRight(q.mantissa, -q.exponent)
      const exact = q.exponent >= 0 || BigInt(shiftLeft(whole, -q.exponent)) === BigInt(q.mantissa)
      if (exact) return formatBinary(whole)
    }
    format = 'DecimalSI'
  }
  let { mantissa, exponent } = q
  if (typeof mantissa === 'number') {
    for (; mantissa % 10 === 0; exponent++) mantissa /= 10
  } else {
    for (; mantissa % 10n === 0n; exponent++) mantissa /= 10n
  }
  const extra = ((exponent % 3) + 3) % 3
  mantissa = shiftLeft(mantissa, extra)
  exponent -= extra
  if (format === 'DecimalSI') return `${mantissa}${DECIMAL_SUFFIXES[(exponent - NANO) / 3] ?? ''}`
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`
}

/** What the API server prints for this text: '1.5Gi' gives '1536Mi'. Throws QuantityError. */
export function canonical(text: string): string {
  return formatQuantity(parseQuantity(text))
}

/** q / 10^scale rounded away from zero, as a number (inexact beyond 2^53). */
function scaled(q: Quantity, scale: number): number {
  const shift = q.exponent - scale
  return Number(shift >= 0 ? shiftLeft(q.mantissa, shift) : shiftRight(q.mantissa, -shift))
}

const asQuantity = (q: Quantity | string) => (typeof q === 'string' ? parseQuantity(q) : q)

/** Thousandths, rounded up (away from zero): CPU cores to millicores. Takes a text or a parsed quantity. */
export function milliValue(q: Quantity | string): number {
  return scaled(asQuantity(q), -3)
}

/** Whole units, rounded up (away from zero): bytes, pods, devices. */
export function value(q: Quantity | string): number {
  return scaled(asQuantity(q), 0)
}

/** The nearest double: metrics and ratios. */
export function approximateFloat(q: Quantity | string): number {
  const { mantissa, exponent } = asQuantity(q)
  return exponent === 0 ? Number(mantissa) : Number(mantissa) * Number(`1e${exponent}`)
}

/** Value (scale 0) or milli value (scale -3) with the int64 overflow of the real one: only for what must equal it bit by bit. */
export function scaledInt64(q: Quantity, scale: number): bigint {
  const shift = q.exponent - scale
  if (shift < 0) return BigInt.asIntN(64, BigInt(shiftRight(q.mantissa, -shift)))
  const exact = BigInt(q.mantissa) * 10n ** BigInt(shift)
  const wrapped = BigInt.asIntN(64, exact)
  const keepsWrapped = q.big || [0, 1, 2, 3, 6, 9].includes(shift)
  return wrapped === exact || keepsWrapped ? wrapped : 0n
}

export function isZero(q: Quantity): boolean {
  return Number(q.mantissa) === 0
}

function combine(a: Quantity, b: Quantity, sign: 1 | -1): Quantity {
  const format = isZero(a) ? b.format : a.format
  const exponent = Math.min(a.exponent, b.exponent)
  const left = shiftLeft(a.mantissa, a.exponent - exponent)
  const right = shiftLeft(b.mantissa, b.exponent - exponent)
  const big = a.big || b.big
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + sign * right
    if (Number.isSafeInteger(sum)) return { format, mantissa: sum, exponent, big }
  }
  return { format, mantissa: narrow(BigInt(left) + BigInt(sign) * BigInt(right)), exponent, big }
}

/** a + b in a's format (b's, if a is zero). */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return combine(a, b, 1)
}

/** a - b in a's format (b's, if a is zero). */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return combine(a, b, -1)
}

/** Negative, zero or positive, as a is less than, equal to or greater than b. */
export function compareQuantities(a: Quantity | string, b: Quantity | string): number {
  const [left, right] = [asQuantity(a), asQuantity(b)]
  if (left.exponent === right.exponent) return left.mantissa < right.mantissa ? -1 : left.mantissa > right.mantissa ? 1 : 0
  const difference = combine(left, right, -1).mantissa
  return difference < 0 ? -1 : difference > 0 ? 1 : 0
}

/** n whole units. n is a safe integer. */
export function quantityOf(n: number, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { format, mantissa: n, exponent: 0, big: false }
}

/** n thousandths. n is a safe integer. */
export function milliQuantityOf(n: number, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { format, mantissa: n, exponent: -3, big: false }
}
