/**
 * Reads JSON text as Go does: the same syntax errors, and a note of fields that occur twice.
 * Source: Go encoding/json scanner; k8s 1.36 sigs.k8s.io/json.
 */

/** A text that is not JSON; the message is Go's. */
export class JsonSyntaxError extends Error {}

export interface JsonText {
  readonly value: unknown
  /** For each object in which fields occur twice: their names, in order of the second occurrence. */
  readonly duplicates: ReadonlyMap<object, readonly string[]>
}

const END = 'unexpected end of JSON input'
const SPACE = new Set([' ', '\t', '\r', '\n'])
const ESCAPES: { readonly [char: string]: string } = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y

function quoteChar(char: string): string {
  if (char === "'") return "'\\''"
  if (char === '"') return "'\"'"
  return `'${JSON.stringify(char).slice(1, -1)}'`
}

class Reader {
  readonly duplicates = new Map<object, string[]>()
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  fail(context: string): never {
    if (this.at >= this.text.length) throw new JsonSyntaxError(END)
    throw new JsonSyntaxError(
      `invalid character ${quoteChar(String.fromCodePoint(this.text.codePointAt(this.at) ?? 0))} ${context}`,
    )
  }

  /** The next character that is no white space; '' at the end. */
  skip(): string {
    while (SPACE.has(this.text[this.at] ?? '')) this.at++
    return this.text[this.at] ?? ''
  }

  value(): unknown {
    const char = this.skip()
    if (char === '{') return this.object()
    if (char === '[') return this.array()
    if (char === '"') return this.string()
    if (char === '-' || (char >= '0' && char <= '9')) return this.number()
    if (char === 't') return this.literal('true', true)
    if (char === 'f') return this.literal('false', false)
    if (char === 'n') return this.literal('null', null)
    return this.fail('looking for beginning of value')
  }

  private string(): string {
    let out = ''
    for (this.at++; ;) {
      const char = this.text[this.at]
      if (char === undefined) throw new JsonSyntaxError(END)
      if (char === '"') break
      if (char < ' ') return this.fail('in string literal')
      this.at++
      out += char === '\\' ? this.escape() : char
    }
    this.at++
    return out
  }

  private escape(): string {
    const char = this.text[this.at] ?? ''
    const escaped = ESCAPES[char]
    if (escaped === undefined && char !== 'u') return this.fail('in string escape code')
    this.at++
    if (escaped !== undefined) return escaped
    const start = this.at
    for (; this.at < start + 4; this.at++) {
      if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) return this.fail('in \\u hexadecimal character escape')
    }
    return String.fromCharCode(Number.parseInt(this.text.slice(start, this.at), 16))
  }

  private number(): number {
    NUMBER.lastIndex = this.at
    const match = NUMBER.exec(this.text)
    if (match === null) {
      this.at++
      return this.fail('in numeric literal')
    }
    this.at += match[0].length
    const next = this.text[this.at] ?? ''
    if (/[.eE]/.test(next)) {
      this.at++
      return this.fail(next === '.' ? 'after decimal point in numeric literal' : 'in exponent of numeric literal')
    }
    return Number(match[0])
  }

  private literal<T>(word: string, result: T): T {
    for (let i = 1; i < word.length; i++) {
      this.at++
      if (this.text[this.at] !== word[i]) return this.fail(`in literal ${word} (expecting ${quoteChar(word[i] ?? '')})`)
    }
    this.at++
    return result
  }

  private object(): object {
    const result: { [key: string]: unknown } = {}
    this.at++
    if (this.skip() === '}') {
      this.at++
      return result
    }
    for (;;) {
      if (this.skip() !== '"') return this.fail('looking for beginning of object key string')
      const key = this.string()
      if (this.skip() !== ':') return this.fail('after object key')
      this.at++
      this.set(result, key, this.value())
      const next = this.skip()
      if (next !== ',' && next !== '}') return this.fail('after object key:value pair')
      this.at++
      if (next === '}') return result
    }
  }

  private set(object: { [key: string]: unknown }, key: string, value: unknown): void {
    if (Object.hasOwn(object, key)) {
      const names = this.duplicates.get(object) ?? []
      if (!names.includes(key)) this.duplicates.set(object, [...names, key])
    }
    // A plain assignment of this one name would set the prototype.
    if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
    else object[key] = value
  }

  private array(): unknown[] {
    const result: unknown[] = []
    this.at++
    if (this.skip() === ']') {
      this.at++
      return result
    }
    for (;;) {
      result.push(this.value())
      const next = this.skip()
      if (next !== ',' && next !== ']') return this.fail('after array element')
      this.at++
      if (next === ']') return result
    }
  }
}

/** Parses a whole text. Throws JsonSyntaxError. */
export function parseJson(text: string): JsonText {
  const reader = new Reader(text)
  const value = reader.value()
  if (reader.skip() !== '') reader.fail('after top-level value')
  return { value, duplicates: reader.duplicates }
}
