/** The text form of label selectors. Source: k8s 1.36 apimachinery labels/selector.go, Lexer and Parser. */
import type { Requirement, SelectorOperator } from './selectors.ts'
import { printValue } from './field-errors.ts'
import { isQualifiedName } from './names.ts'

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

/** `checked` validates one requirement; `error` makes what is thrown. */
export function parseRequirements(
  text: string,
  checked: (r: Requirement) => Requirement,
  error: (message: string) => Error,
): readonly Requirement[] {
  const tokens = scan(text)
  let at = 0
  const peek = () => tokens[at] ?? END
  const next = () => tokens[at++] ?? END
  // 'in' and 'notin' are names wherever no operator is expected.
  const isIdentifier = (t: Token) => t.type === 'identifier' || t.type === 'word'
  const isSymbol = (t: Token, symbol: string) => t.type === 'symbol' && t.text === symbol
  const isStart = (t: Token) => isIdentifier(t) || isSymbol(t, '!')
  const failure = (message: string) => error(`unable to parse requirement: ${message}`)

  function list(): string[] {
    const values = new Set<string>()
    for (;;) {
      const token = next()
      if (isIdentifier(token)) {
        values.add(token.text)
        const after = peek()
        if (isSymbol(after, ')')) return [...values]
        if (!isSymbol(after, ',')) throw failure(`found '${after.text}', expected: ',' or ')'`)
      } else if (isSymbol(token, ',')) {
        if (values.size === 0) values.add('')
        const after = peek()
        if (isSymbol(after, ')')) return [...values.add('')]
        if (isSymbol(after, ',')) values.add('')
      } else {
        throw failure(`found '${token.text}', expected: ',', or identifier`)
      }
    }
  }

  function set(): string[] {
    const open = next()
    if (!isSymbol(open, '(')) throw failure(`found '${open.text}' expected: '('`)
    const first = peek()
    if (isSymbol(first, ')')) {
      next()
      return ['']
    }
    if (!isIdentifier(first) && !isSymbol(first, ',')) throw failure(`found '${first.text}', expected: ',', ')' or identifier`)
    const values = list()
    if (!isSymbol(next(), ')')) throw failure(`found '${first.text}', expected: ')'`)
    return values
  }

  function single(): string[] {
    const first = peek()
    if (first.type === 'end' || isSymbol(first, ',')) return ['']
    next()
    if (!isIdentifier(first)) throw failure(`found '${first.text}', expected: identifier`)
    return [first.text]
  }

  function requirement(): Requirement {
    const absent = isSymbol(peek(), '!')
    if (absent) next()
    const name = next()
    if (!isIdentifier(name)) throw failure(`found '${name.text}', expected: identifier`)
    const wrong = isQualifiedName(name.text)
    if (wrong.length > 0) throw failure(`<nil>: Invalid value: ${printValue(name.text)}: ${wrong.join('; ')}`)
    if (absent) return { key: name.text, operator: '!', values: [] }
    const after = peek()
    if (after.type === 'end' || isSymbol(after, ',')) return { key: name.text, operator: 'exists', values: [] }
    next()
    const operator = after.type === 'identifier' ? undefined : BINARY[after.text]
    if (operator === undefined) throw failure(`found '${after.text}', expected: in, notin, =, ==, !=, gt, lt`)
    const values = operator === 'in' || operator === 'notin' ? set() : single()
    return { key: name.text, operator, values: values.toSorted() }
  }

  const requirements: Requirement[] = []
  for (;;) {
    const token = peek()
    if (token.type === 'end') return requirements
    if (!isStart(token)) throw error(`found '${token.text}', expected: !, identifier, or 'end of string'`)
    const parsed = requirement()
    try {
      requirements.push(checked(parsed))
    } catch (cause) {
      throw cause instanceof Error ? failure(cause.message) : cause
    }
    const separator = next()
    if (separator.type === 'end') return requirements
    if (!isSymbol(separator, ',')) throw error(`found '${separator.text}', expected: ',' or 'end of string'`)
    if (!isStart(peek())) throw error(`found '${peek().text}', expected: identifier after ','`)
  }
}
