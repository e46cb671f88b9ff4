/** Splits nft's input into tokens. */
import { NftError, type Span } from './errors.ts'

export interface Token extends Span {
  readonly kind: 'word' | 'number' | 'duration' | 'address' | 'text' | 'set' | 'mark' | 'newline' | 'end'
  /** Without quotes or '@'. */
  readonly text: string
}

const RULES: readonly (readonly [kind: Token['kind'] | 'space', pattern: RegExp])[] = [
  ['space', /(?:[ \t\r]|\\\n|#[^\n]*)+/y],
  ['newline', /\n/y],
  ['text', /"[^"\n]*"/y],
  ['address', /\d+\.\d+\.\d+\.\d+(?![\w.])/y],
  ['address', /(?=[0-9a-fA-F:]*:[0-9a-fA-F:]*:)[0-9a-fA-F:]+(?:\d+\.\d+\.\d+\.\d+)?(?!\w)/y],
  ['duration', /(?:\d+(?:ms|[dhms]))+(?!\w)/y],
  ['number', /0x[0-9a-fA-F]+|\d+(?![A-Za-z_])/y],
  ['set', /@[A-Za-z_][\w/.-]*/y],
  ['word', /\\?[A-Za-z_][\w/.-]*\*?|\d\w*/y],
  ['mark', /==|!=|<=|>=|<<|>>|[{}()[\],;:.=<>&|^+\-/!*$~]/y],
]

export function tokenize(input: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < input.length) {
    const next = tokenAt(input, at)
    if (next.token) tokens.push(next.token)
    at = next.to
  }
  tokens.push({ kind: 'end', text: '', from: input.length, to: input.length + 1 })
  return tokens
}

function tokenAt(input: string, at: number): { readonly to: number; readonly token?: Token } {
  for (const [kind, pattern] of RULES) {
    pattern.lastIndex = at
    const found = pattern.exec(input)?.[0]
    if (found === undefined) continue
    const to = at + found.length
    if (kind === 'space') return { to }
    const text = kind === 'text' ? found.slice(1, -1) : kind === 'set' ? found.slice(1) : found
    return { to, token: { kind, text, from: at, to } }
  }
  throw new NftError('syntax error, unexpected junk', { from: at, to: at + 1 })
}

/** What the grammar calls a token in its messages. */
function nameOf(token: Token): string {
  switch (token.kind) {
    case 'word':
      return KEYWORDS.has(token.text) ? token.text : 'string'
    case 'number':
      return 'number'
    case 'newline':
      return 'newline'
    case 'end':
      return 'end of file'
    case 'text':
      return 'quoted string'
    case 'set':
      return '@'
    case 'mark':
      return { ':': 'colon', ',': 'comma', '.': '.', ';': 'semicolon' }[token.text] ?? `'${token.text}'`
    default:
      return 'string'
  }
}

/** A place in a list of tokens. */
export class Cursor {
  private at = 0
  private readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    if (this.at < this.tokens.length - 1) this.at++
    return token
  }

  /** The end of the token before this one. */
  get last(): number {
    return this.tokens[this.at - 1]?.to ?? 0
  }

  is(...texts: readonly string[]): boolean {
    const token = this.peek()
    return (token.kind === 'word' || token.kind === 'mark') && texts.includes(token.text)
  }

  /** Takes the next token if it is this word or mark. */
  accept(text: string): boolean {
    if (!this.is(text)) return false
    this.next()
    return true
  }

  expect(text: string): Token {
    if (!this.is(text)) throw this.unexpected(/^\w/.test(text) ? text : `'${text}'`)
    return this.next()
  }

  /** A name of a table, chain, set… */
  name(): Token {
    const token = this.peek()
    if (token.kind !== 'word') throw this.unexpected('string')
    return this.next()
  }

  number(): number {
    const token = this.peek()
    if (token.kind !== 'number') throw this.unexpected('number')
    return Number(this.next().text)
  }

  /** Quoted or one word. */
  text(): string {
    const token = this.peek()
    if (token.kind !== 'text' && token.kind !== 'word') throw this.unexpected('string')
    return this.next().text
  }

  isEnd(): boolean {
    const token = this.peek()
    return (
      token.kind === 'end' || token.kind === 'newline' || (token.kind === 'mark' && (token.text === ';' || token.text === '}'))
    )
  }

  skip(...kinds: readonly string[]): void {
    while (kinds.includes(this.peek().kind) || (kinds.includes(this.peek().text) && this.peek().kind === 'mark')) this.next()
  }

  unexpected(expecting?: string): NftError {
    const token = this.peek()
    // What is typed as arguments ends with a line end, as nft adds one.
    const name = token.kind === 'end' ? 'newline' : nameOf(token)
    return new NftError(`syntax error, unexpected ${name}${expecting === undefined ? '' : `, expecting ${expecting}`}`, token)
  }
}

const KEYWORDS = new Set(
  (
    'table tables chain chains rule rules set sets element map maps flowtable ruleset add create insert replace delete destroy ' +
    'get list reset flush rename monitor describe export import accept drop continue jump goto return comment position index ' +
    'handle type typeof hook priority policy flags timeout size elements counter packets bytes log prefix limit rate burst ' +
    'over reject with icmp icmpv6 icmpx tcp udp sctp th ip ip6 inet arp bridge netdev meta mark l4proto nfproto iif iifname ' +
    'oif oifname ct state status fib saddr daddr sport dport numgen random mod inc vmap dnat snat masquerade redirect to ' +
    'update notrack fully-random persistent performance memory dynamic interval constant device'
  ).split(' '),
)
