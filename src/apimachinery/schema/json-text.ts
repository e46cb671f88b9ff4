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

/** Parses a whole text. Throws JsonSyntaxError. */
export function parseJson(text: string): JsonText {
  const duplicates = new Map<object, string[]>()
  let at = 0

  const fail = (context: string): never => {
    if (at >= text.length) throw new JsonSyntaxError(END)
    throw new JsonSyntaxError(`invalid character ${quoteChar(String.fromCodePoint(text.codePointAt(at) ?? 0))} ${context}`)
  }
  const skip = () => {
    while (SPACE.has(text[at] ?? '')) at++
    return text[at] ?? ''
  }

  function string(): string {
    let out = ''
    for (at++; ;) {
      const char = text[at]
      if (char === undefined) throw new JsonSyntaxError(END)
      if (char === '"') break
      if (char < ' ') return fail('in string literal')
      at++
      if (char !== '\\') {
        out += char
      } else if (text[at] === 'u') {
        at++
        const start = at
        for (; at < start + 4; at++) if (!/[0-9a-fA-F]/.test(text[at] ?? '')) return fail('in \\u hexadecimal character escape')
        out += String.fromCharCode(Number.parseInt(text.slice(start, at), 16))
      } else {
        const escaped = ESCAPES[text[at] ?? '']
        if (escaped === undefined) return fail('in string escape code')
        out += escaped
        at++
      }
    }
    at++
    return out
  }

  function number(): number {
    NUMBER.lastIndex = at
    const match = NUMBER.exec(text)
    if (match === null) {
      at++
      return fail('in numeric literal')
    }
    at += match[0].length
    if (/[.eE]/.test(text[at] ?? '')) {
      at++
      return fail(text[at - 1] === '.' ? 'after decimal point in numeric literal' : 'in exponent of numeric literal')
    }
    return Number(match[0])
  }

  function literal<T>(word: string, result: T): T {
    for (let i = 1; i < word.length; i++) {
      at++
      if (text[at] !== word[i]) return fail(`in literal ${word} (expecting ${quoteChar(word[i] ?? '')})`)
    }
    at++
    return result
  }

  function object(): object {
    const result: { [key: string]: unknown } = {}
    at++
    if (skip() === '}') {
      at++
      return result
    }
    for (;;) {
      if (skip() !== '"') return fail('looking for beginning of object key string')
      const key = string()
      if (skip() !== ':') return fail('after object key')
      at++
      if (Object.hasOwn(result, key)) {
        const names = duplicates.get(result) ?? []
        duplicates.set(result, names.includes(key) ? names : [...names, key])
      }
      const member = value()
      // A plain assignment of this one name would set the prototype.
      if (key === '__proto__')
        Object.defineProperty(result, key, { value: member, enumerable: true, configurable: true, writable: true })
      else result[key] = member
      const next = skip()
      if (next !== ',' && next !== '}') return fail('after object key:value pair')
      at++
      if (next === '}') return result
    }
  }

  function array(): unknown[] {
    const result: unknown[] = []
    at++
    if (skip() === ']') {
      at++
      return result
    }
    for (;;) {
      result.push(value())
      const next = skip()
      if (next !== ',' && next !== ']') return fail('after array element')
      at++
      if (next === ']') return result
    }
  }

  function value(): unknown {
    const char = skip()
    if (char === '{') return object()
    if (char === '[') return array()
    if (char === '"') return string()
    if (char === '-' || (char >= '0' && char <= '9')) return number()
    if (char === 't') return literal('true', true)
    if (char === 'f') return literal('false', false)
    if (char === 'n') return literal('null', null)
    return fail('looking for beginning of value')
  }

  const parsed = value()
  if (skip() !== '') fail('after top-level value')
  return { value: parsed, duplicates }
}
