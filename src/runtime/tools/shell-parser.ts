/**
 * Reads scripts of the small shell. SIMPLIFIED: no functions, case, here-documents, arrays or process substitution;
 * a full interpreter can take this one's place as the Program named 'sh'.
 */

export type WordPart =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** $name, ${name}, ${name:-word}, $?, $$, $1 */
  | { readonly kind: 'variable'; readonly name: string; readonly fallback: string | undefined; readonly quoted: boolean }
  | { readonly kind: 'command'; readonly script: string; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly expression: string; readonly quoted: boolean }

export type Word = readonly WordPart[]

export interface Redirect {
  readonly from: 'stdin' | 'stdout' | 'stderr' | 'both'
  readonly mode: 'read' | 'write' | 'append' | 'join'
  readonly target: Word
}

export type Command =
  | {
      readonly kind: 'simple'
      readonly assignments: readonly { readonly name: string; readonly value: Word }[]
      readonly words: readonly Word[]
      readonly redirects: readonly Redirect[]
    }
  | {
      readonly kind: 'while'
      readonly until: boolean
      readonly test: Script
      readonly body: Script
      readonly redirects: readonly Redirect[]
    }
  | {
      readonly kind: 'for'
      readonly name: string
      readonly words: readonly Word[]
      readonly body: Script
      readonly redirects: readonly Redirect[]
    }
  | {
      readonly kind: 'if'
      readonly branches: readonly { readonly test: Script; readonly body: Script }[]
      readonly otherwise: Script | undefined
      readonly redirects: readonly Redirect[]
    }
  | { readonly kind: 'group'; readonly body: Script; readonly redirects: readonly Redirect[] }

export interface Pipeline {
  readonly negated: boolean
  readonly commands: readonly Command[]
}

/** One step: how it hangs on the one before, and whether it runs in the background. */
export interface Step {
  readonly joins: ';' | '&&' | '||'
  readonly pipeline: Pipeline
  readonly background: boolean
}

export type Script = readonly Step[]

/** A script that can't be read, worded as the shell does. */
export class ShellSyntaxError extends Error {}

type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly plain: string }
  | { readonly kind: 'operator'; readonly text: string }

const OPERATORS = [
  '&&',
  '||',
  ';;',
  '>>',
  '2>>',
  '2>&1',
  '>&2',
  '1>&2',
  '&>',
  '2>',
  '1>',
  ';',
  '&',
  '|',
  '>',
  '<',
  '(',
  ')',
  '\n',
]

class Lexer {
  private readonly text: string
  private at = 0
  private wordStart = true

  constructor(text: string) {
    this.text = text
  }

  tokens(): Token[] {
    const out: Token[] = []
    for (;;) {
      this.skipBlanks()
      if (this.at >= this.text.length) return out
      const operator = this.operator()
      if (operator) out.push({ kind: 'operator', text: operator })
      else out.push(this.word())
    }
  }

  private skipBlanks(): void {
    for (;;) {
      const char = this.text[this.at]
      if (char === ' ' || char === '\t' || char === '\r') this.at++
      else if (char === '\\' && this.text[this.at + 1] === '\n') this.at += 2
      else if (char === '#') while (this.at < this.text.length && this.text[this.at] !== '\n') this.at++
      else return
      this.wordStart = true
    }
  }

  private operator(): string | undefined {
    let found: string | undefined
    for (const op of OPERATORS) if (this.text.startsWith(op, this.at) && op.length > (found?.length ?? 0)) found = op
    if (found && /^[12]/.test(found) && !this.wordStart) found = undefined
    if (found) this.at += found.length
    this.wordStart = true
    return found
  }

  private word(): Token {
    const parts: WordPart[] = []
    const start = this.at
    let text = ''
    const flush = (quoted: boolean) => {
      if (text !== '' || quoted) parts.push({ kind: 'text', text, quoted })
      text = ''
    }
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? ''
      if (' \t\r\n;&|<>()'.includes(char)) break
      if (char === "'") {
        flush(false)
        const end = this.find("'", this.at + 1)
        parts.push({ kind: 'text', text: this.text.slice(this.at + 1, end), quoted: true })
        this.at = end + 1
      } else if (char === '"') {
        flush(false)
        this.at++
        this.doubleQuoted(parts)
      } else if (char === '\\') {
        text += this.text[this.at + 1] ?? ''
        this.at += 2
      } else if (char === '$' || char === '`') {
        flush(false)
        parts.push(this.expansion(false))
      } else {
        text += char
        this.at++
      }
    }
    flush(false)
    this.wordStart = false
    return { kind: 'word', word: parts, plain: this.text.slice(start, this.at) }
  }

  private doubleQuoted(parts: WordPart[]): void {
    let text = ''
    const began = parts.length
    while (this.text[this.at] !== '"') {
      const char = this.text[this.at]
      if (char === undefined) throw new ShellSyntaxError('syntax error: unterminated quoted string')
      if (char === '\\' && '"\\$`\n'.includes(this.text[this.at + 1] ?? '')) {
        text += this.text[this.at + 1]
        this.at += 2
      } else if (char === '$' || char === '`') {
        if (text !== '') parts.push({ kind: 'text', text, quoted: true })
        text = ''
        parts.push(this.expansion(true))
      } else {
        text += char
        this.at++
      }
    }
    this.at++
    if (text !== '' || parts.length === began) parts.push({ kind: 'text', text, quoted: true })
  }

  private expansion(quoted: boolean): WordPart {
    const rest = this.text.slice(this.at)
    if (rest.startsWith('`')) {
      const end = this.find('`', this.at + 1)
      const script = this.text.slice(this.at + 1, end)
      this.at = end + 1
      return { kind: 'command', script, quoted }
    }
    if (rest.startsWith('$((')) {
      const end = this.find('))', this.at + 3)
      const expression = this.text.slice(this.at + 3, end)
      this.at = end + 2
      return { kind: 'arithmetic', expression, quoted }
    }
    if (rest.startsWith('$(')) {
      const end = this.closing(this.at + 2)
      const script = this.text.slice(this.at + 2, end)
      this.at = end + 1
      return { kind: 'command', script, quoted }
    }
    const braced = /^\$\{([A-Za-z_][A-Za-z0-9_]*|[0-9?@#*])(?::?[-=]([^}]*))?\}/.exec(rest)
    const plain = /^\$([A-Za-z_][A-Za-z0-9_]*|[0-9?$@#!*])/.exec(rest)
    const match = braced ?? plain
    if (!match) {
      this.at++
      return { kind: 'text', text: '$', quoted }
    }
    this.at += match[0].length
    return { kind: 'variable', name: match[1] ?? '', fallback: braced?.[2], quoted }
  }

  private find(what: string, from: number): number {
    const at = this.text.indexOf(what, from)
    if (at < 0) throw new ShellSyntaxError('syntax error: unterminated quoted string')
    return at
  }

  /** Where a $( that begins before `from` is closed. */
  private closing(from: number): number {
    let depth = 1
    for (let i = from; i < this.text.length; i++) {
      if (this.text[i] === "'") i = this.find("'", i + 1)
      else if (this.text[i] === '(') depth++
      else if (this.text[i] === ')' && --depth === 0) return i
    }
    throw new ShellSyntaxError('syntax error: unexpected end of file (expecting ")")')
  }
}

class Parser {
  private readonly tokens: readonly Token[]
  private at = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  script(...ends: readonly string[]): Script {
    const steps: Step[] = []
    let joins: Step['joins'] = ';'
    for (;;) {
      this.skip(';', '\n')
      if (this.at >= this.tokens.length || this.isWord(...ends) || (ends.includes(')') && this.isOperator(')'))) break
      const pipeline = this.pipeline()
      const background = this.isOperator('&')
      steps.push({ joins, pipeline, background })
      joins = ';'
      if (this.isOperator('&&', '||')) joins = this.operator() as '&&' | '||'
      else if (this.isOperator('&', ';', '\n')) this.at++
      else if (this.at < this.tokens.length && !this.isWord(...ends) && !this.isOperator(')')) this.fail()
      if (joins !== ';') this.skip('\n')
    }
    return steps
  }

  end(): void {
    if (this.at < this.tokens.length) this.fail()
  }

  private pipeline(): Pipeline {
    const negated = this.isWord('!')
    if (negated) this.at++
    const commands = [this.command()]
    while (this.isOperator('|')) {
      this.at++
      this.skip('\n')
      commands.push(this.command())
    }
    return { negated, commands }
  }

  private command(): Command {
    if (this.isWord('while', 'until')) {
      const until = this.next() === 'until'
      const test = this.script('do')
      return { kind: 'while', until, test, body: this.body(), redirects: this.redirects() }
    }
    if (this.isWord('for')) return this.forLoop()
    if (this.isWord('if')) return this.condition()
    if (this.isWord('{')) {
      this.at++
      const body = this.script('}')
      this.expect('}')
      return { kind: 'group', body, redirects: this.redirects() }
    }
    if (this.isOperator('(')) {
      this.at++
      const body = this.script(')')
      if (!this.isOperator(')')) this.fail()
      this.at++
      return { kind: 'group', body, redirects: this.redirects() }
    }
    return this.simple()
  }

  private body(): Script {
    this.expect('do')
    const body = this.script('done')
    this.expect('done')
    return body
  }

  private forLoop(): Command {
    this.at++
    const name = this.next()
    const words: Word[] = []
    if (this.isWord('in')) {
      this.at++
      for (let token = this.tokens[this.at]; token?.kind === 'word'; token = this.tokens[++this.at]) words.push(token.word)
    }
    this.skip(';', '\n')
    return { kind: 'for', name, words, body: this.body(), redirects: this.redirects() }
  }

  private condition(): Command {
    const branches: { test: Script; body: Script }[] = []
    let otherwise: Script | undefined
    do {
      this.at++
      const test = this.script('then')
      this.expect('then')
      branches.push({ test, body: this.script('elif', 'else', 'fi') })
    } while (this.isWord('elif'))
    if (this.isWord('else')) {
      this.at++
      otherwise = this.script('fi')
    }
    this.expect('fi')
    return { kind: 'if', branches, otherwise, redirects: this.redirects() }
  }

  private simple(): Command {
    const assignments: { name: string; value: Word }[] = []
    const words: Word[] = []
    const redirects: Redirect[] = []
    for (;;) {
      const token = this.tokens[this.at]
      const redirect = this.redirect()
      if (redirect) redirects.push(redirect)
      else if (token?.kind === 'word') {
        const assignment = words.length === 0 ? assignmentOf(token.word) : undefined
        if (assignment) assignments.push(assignment)
        else words.push(token.word)
        this.at++
      } else break
    }
    if (assignments.length + words.length + redirects.length === 0) this.fail()
    return { kind: 'simple', assignments, words, redirects }
  }

  private redirects(): Redirect[] {
    const out: Redirect[] = []
    for (let next = this.redirect(); next; next = this.redirect()) out.push(next)
    return out
  }

  private redirect(): Redirect | undefined {
    const token = this.tokens[this.at]
    if (token?.kind !== 'operator') return undefined
    if (token.text === '2>&1' || token.text === '>&2' || token.text === '1>&2') {
      this.at++
      return { from: token.text === '2>&1' ? 'stderr' : 'stdout', mode: 'join', target: [] }
    }
    const from = ({ '<': 'stdin', '&>': 'both', '2>': 'stderr', '2>>': 'stderr' } as const)[token.text as '<'] ?? 'stdout'
    const mode = (
      { '<': 'read', '>': 'write', '1>': 'write', '2>': 'write', '&>': 'write', '>>': 'append', '2>>': 'append' } as const
    )[token.text as '<']
    if (!mode) return undefined
    this.at++
    const target = this.tokens[this.at++]
    if (target?.kind !== 'word') this.fail()
    return { from, mode, target: target?.kind === 'word' ? target.word : [] }
  }

  private isWord(...texts: readonly string[]): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'word' && texts.includes(token.plain)
  }

  private isOperator(...texts: readonly string[]): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'operator' && texts.includes(token.text)
  }

  private operator(): string {
    const token = this.tokens[this.at++]
    return token?.kind === 'operator' ? token.text : ''
  }

  private next(): string {
    const token = this.tokens[this.at++]
    return token?.kind === 'word' ? token.plain : ''
  }

  private skip(...operators: readonly string[]): void {
    while (this.isOperator(...operators)) this.at++
  }

  private expect(word: string): void {
    if (!this.isWord(word)) this.fail(word)
    this.at++
  }

  private fail(expected?: string): void {
    const token = this.tokens[this.at]
    const found = token
      ? `unexpected "${token.kind === 'word' ? token.plain : token.text.replace('\n', 'newline')}"`
      : 'unexpected end of file'
    throw new ShellSyntaxError(`syntax error: ${found}${expected ? ` (expecting "${expected}")` : ''}`)
  }
}

function assignmentOf(word: Word): { name: string; value: Word } | undefined {
  const first = word[0]
  if (first?.kind !== 'text' || first.quoted) return undefined
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(first.text)
  if (!match) return undefined
  return { name: match[1] ?? '', value: [{ ...first, text: match[2] ?? '' }, ...word.slice(1)] }
}

const cache = new Map<string, Script>()

/** Parses a script; the result is kept, since a thousand pods run the same one. Throws ShellSyntaxError. */
export function parseScript(text: string): Script {
  let script = cache.get(text)
  if (!script) {
    const parser = new Parser(new Lexer(text).tokens())
    script = parser.script()
    parser.end()
    if (cache.size > 1000) cache.clear()
    cache.set(text, script)
  }
  return script
}
