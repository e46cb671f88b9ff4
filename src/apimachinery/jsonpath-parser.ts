/** Reads JSONPath templates into steps. Source: k8s 1.36 client-go util/jsonpath, parser. */

/** A template that cannot be read or carried out; the message is kubectl's own. */
export class JsonPathError extends Error {}

export type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'value'; readonly value: string | number | boolean }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'recursive' }
  | {
      readonly kind: 'slice'
      readonly start: number | undefined
      readonly end: number | undefined
      readonly step: number | undefined
      readonly single: boolean
    }
  | { readonly kind: 'union'; readonly parts: readonly Steps[] }
  | { readonly kind: 'filter'; readonly left: Steps; readonly operator: string; readonly right: Steps }
  | { readonly kind: 'word'; readonly word: string }
export type Steps = readonly Step[]

export type TemplateNode =
  | { readonly text: string }
  | { readonly steps: Steps }
  | { readonly range: Steps; readonly body: readonly TemplateNode[] }

const TERMINATORS = new Set([' ', '\t', '\r', '\n', '.', ',', '[', ']', '$', '@', '{', '}', ''])
const DICT_KEY = /^'([^']*)'$/
const SLICE = /^(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?$/
const COMPARISON = /^([^!<>=]+)([!<>=]+)(.+?)$/
const ESCAPES: { readonly [char: string]: string } = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** The text inside quotes, with Go's escapes. */
function unquote(text: string, quoted: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/gs, (_, hex?: string, unicode?: string, char?: string) => {
    const code = hex ?? unicode
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    if (char === '\\' || char === '"' || char === "'") return char
    const escaped = ESCAPES[char ?? '']
    if (escaped === undefined) throw new JsonPathError(`unquote string ${quoted} error invalid syntax`)
    return escaped
  })
}

class Parser {
  at = 0
  readonly input: string
  constructor(input: string) {
    this.input = input
  }

  /** One action: everything up to its '}'. */
  action(): Steps {
    const steps: Step[] = []
    for (;;) {
      const rest = this.input.slice(this.at)
      const char = rest[0] ?? ''
      if (char === '' || char === '\n' || char === '\r') throw new JsonPathError('unclosed action')
      if (char === '}') {
        this.at++
        return steps
      }
      if (char === ' ' || char === '@' || char === '$') this.at++
      else if (rest.startsWith('[?(')) steps.push(this.filter())
      else if (rest.startsWith('..')) steps.push(...this.recursive(steps))
      else if (char === '[') steps.push(...this.array())
      else if (char === '"' || char === "'") steps.push({ kind: 'value', value: this.quote(char) })
      else if (char === '.') steps.push(this.field(1))
      else if (/[-+0-9]/.test(char)) steps.push(this.number())
      else if (/[\p{L}\p{Nd}_]/u.test(char)) steps.push(this.word())
      else {
        const point = (rest.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
        throw new JsonPathError(
          `unrecognized character in action: U+${point} '${String.fromCodePoint(rest.codePointAt(0) ?? 0)}'`,
        )
      }
    }
  }

  private field(skip: number): Step {
    this.at += skip
    const start = this.at
    while (!TERMINATORS.has(this.input[this.at] ?? '')) this.at += this.input[this.at] === '\\' ? 2 : 1
    const name = this.input.slice(start, this.at)
    return name === '*' ? { kind: 'wildcard' } : { kind: 'field', name: name.replaceAll('\\', '') }
  }

  private recursive(before: Steps): Step[] {
    if (before.at(-1)?.kind === 'recursive') throw new JsonPathError('invalid multiple recursive descent')
    this.at += 2
    const isName = /[\p{L}\p{Nd}_]/u.test(this.input[this.at] ?? '')
    return isName ? [{ kind: 'recursive' }, this.field(0)] : [{ kind: 'recursive' }]
  }

  private number(): Step {
    const text = /^[-+]?[0-9.]*/.exec(this.input.slice(this.at))?.[0] ?? ''
    this.at += text.length
    if (!/^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text)) throw new JsonPathError(`cannot parse number ${text}`)
    return { kind: 'value', value: Number(text) }
  }

  private word(): Step {
    const start = this.at
    while (!TERMINATORS.has(this.input[this.at] ?? '')) this.at++
    const word = this.input.slice(start, this.at)
    return word === 'true' || word === 'false' ? { kind: 'value', value: word === 'true' } : { kind: 'word', word }
  }

  private quote(mark: string): string {
    const start = this.at
    for (this.at++; this.input[this.at] !== mark || this.input[this.at - 1] === '\\'; this.at++) {
      const char = this.input[this.at]
      if (char === undefined || char === '\n') throw new JsonPathError('unterminated quoted string')
    }
    this.at++
    const quoted = this.input.slice(start, this.at)
    return unquote(quoted.slice(1, -1), quoted)
  }

  private array(): Steps {
    const end = this.input.slice(this.at).search(/[\]\n]/)
    if (end < 0 || this.input[this.at + end] !== ']') throw new JsonPathError('unterminated array')
    const text = this.input.slice(this.at + 1, this.at + end)
    this.at += end + 1
    return subscript(text)
  }

  private filter(): Step {
    const start = (this.at += 3)
    let mark = ''
    let closed = false
    for (; ; this.at++) {
      const char = this.input[this.at]
      if (char === undefined || char === '\n') throw new JsonPathError('unterminated filter')
      if (char === '"' || char === "'") {
        if (mark === '') mark = char
        else if (char === mark && this.input[this.at - 1] !== '\\') closed = true
      } else if (char === ')' && (mark === '') === !closed) {
        break
      }
    }
    if (this.input[this.at + 1] !== ']') throw new JsonPathError('unclosed array expect ]')
    const text = this.input.slice(start, this.at)
    this.at += 2
    const [, left, operator, right] = COMPARISON.exec(text) ?? []
    if (left === undefined || operator === undefined || right === undefined) {
      return { kind: 'filter', left: parseAction(text), operator: 'exists', right: [] }
    }
    return { kind: 'filter', left: parseAction(left), operator, right: parseAction(right) }
  }
}

const parseAction = (text: string) => new Parser(`${text}}`).action()

function subscript(text: string): Steps {
  if (text.includes(',')) return [{ kind: 'union', parts: text.split(',').map((part) => parseAction(`[${part.trim()}]`)) }]
  const key = DICT_KEY.exec(text)?.[1]
  if (key !== undefined) return parseAction(`.${key}`)
  const match = SLICE.exec(text === '*' ? ':' : text)
  if (match === null) throw new JsonPathError(`invalid array index ${text}`)
  const numbers = match.slice(1).map((part: string | undefined) => {
    const digits = part?.replace(':', '') ?? ''
    if (digits === '-') throw new JsonPathError(`array index ${digits} is not a number`)
    return digits === '' ? undefined : Number(digits)
  })
  return [{ kind: 'slice', start: numbers[0], end: numbers[1], step: numbers[2], single: match[2] === undefined }]
}

const isWord = (steps: Steps, word: string) => steps[0]?.kind === 'word' && steps[0].word === word

/** Reads '{range .items[*]}{.metadata.name}{"\n"}{end}'. Throws JsonPathError. */
export function parseTemplate(template: string): readonly TemplateNode[] {
  const open: TemplateNode[][] = [[]]
  const parser = new Parser(template)
  while (parser.at < template.length) {
    const brace = template.indexOf('{', parser.at)
    const textEnd = brace < 0 ? template.length : brace
    if (textEnd > parser.at) open.at(-1)?.push({ text: template.slice(parser.at, textEnd) })
    parser.at = textEnd
    if (brace < 0) break
    parser.at++
    const steps = parser.action()
    if (isWord(steps, 'range')) {
      const body: TemplateNode[] = []
      open.at(-1)?.push({ range: steps.slice(1), body })
      open.push(body)
    } else if (isWord(steps, 'end')) {
      if (open.length === 1) throw new JsonPathError('not in range, nothing to end')
      open.pop()
    } else {
      open.at(-1)?.push({ steps })
    }
  }
  return open[0] ?? []
}
