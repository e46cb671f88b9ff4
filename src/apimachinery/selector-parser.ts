/** The text form of label selectors. Source: k8s 1.36 apimachinery labels/selector.go, Lexer and Parser. */
import { printValue } from './field-errors.ts'
import { isQualifiedName } from './names.ts'

/** How the text form writes an operator. */
export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface Requirement {
  readonly key: string
  readonly operator: SelectorOperator
  /** Sorted and without doubles when it was parsed from text. */
  readonly values: readonly string[]
}

type TokenType = 'end' | 'error' | 'identifier' | 'word' | 'symbol'
interface Token {
  readonly type: TokenType
  readonly text: string
}

const SPACE = /[ \t\r\n]/
const SPECIAL = /[=!(),><]/
const SYMBOLS = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])
const BINARY: { readonly [text: string]: SelectorOperator } = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
}
const END: Token = { type: 'end', text: '' }

function scan(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at] ?? ''
    if (SPACE.test(char)) {
      at++
    } else if (SPECIAL.test(char)) {
      const two = text.slice(at, at + 2)
      const symbol = SYMBOLS.has(two) ? two : char
      tokens.push({ type: 'symbol', text: symbol })
      at += symbol.length
    } else {
      const start = at
      while (at < text.length && !SPACE.test(text[at] ?? '') && !SPECIAL.test(text[at] ?? '')) at++
      const word = text.slice(start, at)
      tokens.push({ type: word === 'in' || word === 'notin' ? 'word' : 'identifier', text: word })
    }
  }
  return tokens
}

// 'in' and 'notin' are names wherever no operator is expected.
const isIdentifier = (t: Token) => t.type === 'identifier' || t.type === 'word'
const isSymbol = (t: Token, symbol: string) => t.type === 'symbol' && t.text === symbol
const isStart = (t: Token) => isIdentifier(t) || isSymbol(t, '!')

type MakeError = (message: string) => Error

class Parser {
  private readonly tokens: readonly Token[]
  private readonly error: MakeError
  private at = 0

  constructor(text: string, error: MakeError) {
    this.tokens = scan(text)
    this.error = error
  }

  peek(): Token {
    return this.tokens[this.at] ?? END
  }

  next(): Token {
    return this.tokens[this.at++] ?? END
  }

  failure(message: string): Error {
    return this.error(`unable to parse requirement: ${message}`)
  }

  requirement(): Requirement {
    const absent = isSymbol(this.peek(), '!')
    if (absent) this.next()
    const name = this.next()
    if (!isIdentifier(name)) throw this.failure(`found '${name.text}', expected: identifier`)
    const wrong = isQualifiedName(name.text)
    if (wrong.length > 0) throw this.failure(`<nil>: Invalid value: ${printValue(name.text)}: ${wrong.join('; ')}`)
    if (absent) return { key: name.text, operator: '!', values: [] }
    const after = this.peek()
    if (after.type === 'end' || isSymbol(after, ',')) return { key: name.text, operator: 'exists', values: [] }
    this.next()
    const operator = after.type === 'identifier' ? undefined : BINARY[after.text]
    if (operator === undefined) throw this.failure(`found '${after.text}', expected: in, notin, =, ==, !=, gt, lt`)
    const values = operator === 'in' || operator === 'notin' ? this.set() : this.single()
    return { key: name.text, operator, values: values.toSorted() }
  }

  private single(): string[] {
    const first = this.peek()
    if (first.type === 'end' || isSymbol(first, ',')) return ['']
    this.next()
    if (!isIdentifier(first)) throw this.failure(`found '${first.text}', expected: identifier`)
    return [first.text]
  }

  private set(): string[] {
    const open = this.next()
    if (!isSymbol(open, '(')) throw this.failure(`found '${open.text}' expected: '('`)
    const first = this.peek()
    if (isSymbol(first, ')')) {
      this.next()
      return ['']
    }
    if (!isIdentifier(first) && !isSymbol(first, ','))
      throw this.failure(`found '${first.text}', expected: ',', ')' or identifier`)
    const values = this.list()
    if (!isSymbol(this.next(), ')')) throw this.failure(`found '${first.text}', expected: ')'`)
    return values
  }

  private list(): string[] {
    const values = new Set<string>()
    for (;;) {
      const token = this.next()
      const after = this.peek()
      if (isIdentifier(token)) {
        values.add(token.text)
        if (isSymbol(after, ')')) return [...values]
        if (!isSymbol(after, ',')) throw this.failure(`found '${after.text}', expected: ',' or ')'`)
      } else if (isSymbol(token, ',')) {
        if (values.size === 0) values.add('')
        if (isSymbol(after, ')')) return [...values.add('')]
        if (isSymbol(after, ',')) values.add('')
      } else {
        throw this.failure(`found '${token.text}', expected: ',', or identifier`)
      }
    }
  }
}

/** `checked` validates one requirement; `error` makes what is thrown. */
export function parseRequirements(
  text: string,
  checked: (r: Requirement) => Requirement,
  error: MakeError,
): readonly Requirement[] {
  const parser = new Parser(text, error)
  const requirements: Requirement[] = []
  for (;;) {
    const token = parser.peek()
    if (token.type === 'end') return requirements
    if (!isStart(token)) throw error(`found '${token.text}', expected: !, identifier, or 'end of string'`)
    const parsed = parser.requirement()
    try {
      requirements.push(checked(parsed))
    } catch (cause) {
      throw cause instanceof Error ? parser.failure(cause.message) : cause
    }
    const separator = parser.next()
    if (separator.type === 'end') return requirements
    if (!isSymbol(separator, ',')) throw error(`found '${separator.text}', expected: ',' or 'end of string'`)
    if (!isStart(parser.peek())) throw error(`found '${parser.peek().text}', expected: identifier after ','`)
  }
}
