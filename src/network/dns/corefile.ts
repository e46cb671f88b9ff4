/** The Corefile: server blocks of directives. Errors as CoreDNS prints them. Source: CoreDNS 1.14 core/dnsserver, caddyfile. */
import { canonicalAddress } from '../address.ts'
import { PLUGIN_ORDER } from './plugins/order.ts'
import { fullName } from './message.ts'

export class CorefileError extends Error {
  override readonly name = 'CorefileError'
}

interface Token {
  readonly text: string
  readonly line: number
  /** In quotes: never a brace. */
  readonly quoted: boolean
}

/** One line inside a directive's braces. */
export interface CorefileLine {
  readonly words: readonly string[]
  readonly line: number
  readonly body: readonly CorefileLine[]
}

export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly line: number
  readonly body: readonly CorefileLine[]
}

export interface ServerKey {
  /** Full name; '.' for the root. */
  readonly zone: string
  readonly port: number
  readonly transport: 'dns' | 'tls' | 'grpc' | 'https'
}

export interface ServerBlock {
  readonly keys: readonly ServerKey[]
  readonly directives: readonly Directive[]
}

const PORTS = { dns: 53, tls: 853, grpc: 443, https: 443 } as const

function tokenize(text: string, env: { readonly [name: string]: string }): Token[] {
  const tokens: Token[] = []
  let line = 1
  const pattern = /(\n)|#[^\n]*|"((?:[^"\\]|\\.)*)"|([^\s"][^\s]*)|[^\S\n]+/g
  for (const [whole, newline, quoted, bare] of text.matchAll(pattern)) {
    if (newline !== undefined) line++
    else if (quoted !== undefined) {
      tokens.push({ text: quoted.replaceAll('\\"', '"'), line, quoted: true })
      line += whole.split('\n').length - 1
    } else if (bare !== undefined)
      tokens.push({ text: bare.replace(/\{\$(\w+)\}|\{%(\w+)%\}/g, (_, a, b) => env[a ?? b] ?? ''), line, quoted: false })
  }
  return tokens
}

/** Reads tokens one after another; knows where it is for errors. */
class Reader {
  private readonly file: string
  private readonly tokens: readonly Token[]
  private at = 0

  constructor(file: string, tokens: readonly Token[]) {
    this.file = file
    this.tokens = tokens
  }

  peek(): Token | undefined {
    return this.tokens[this.at]
  }

  next(): Token | undefined {
    return this.tokens[this.at++]
  }

  /** Throws, with the place of the last token read. */
  fail(message: string): never {
    const { line = 1 } = this.tokens[Math.min(this.at, this.tokens.length) - 1] ?? this.tokens[0] ?? {}
    throw new CorefileError(`${this.file}:${line} - Error during parsing: ${message}`)
  }
}

const opens = (token: Token | undefined) => token?.text === '{' && !token.quoted
const closes = (token: Token | undefined) => token?.text === '}' && !token.quoted

/** Words up to the end of the line, and what stands in braces after them. */
function readLine(reader: Reader, first: Token): CorefileLine {
  const words: string[] = [first.text]
  for (let token = reader.peek(); token?.line === first.line && !opens(token) && !closes(token); token = reader.peek()) {
    words.push(token.text)
    reader.next()
  }
  const brace = reader.peek()
  if (brace?.line !== first.line || !opens(brace)) return { words, line: first.line, body: [] }
  reader.next()
  const body: CorefileLine[] = []
  for (;;) {
    const token = reader.next()
    if (!token) reader.fail('Unexpected EOF')
    if (closes(token)) return { words, line: first.line, body }
    body.push(readLine(reader, token))
  }
}

function readKey(text: string, fail: (message: string) => never): ServerKey[] {
  const [, scheme = 'dns', rest = ''] = /^(?:(dns|tls|grpc|https):\/\/)?(.*)$/.exec(text) ?? []
  const transport = scheme as ServerKey['transport']
  const [, name = '', number] = /^(.*?)(?::(\d+))?$/.exec(rest) ?? []
  const port = number === undefined ? PORTS[transport] : Number(number)
  if (port > 65535) fail(`invalid port: ${number}`)
  const slash = name.indexOf('/')
  const address = slash === -1 ? undefined : canonicalAddress(name.slice(0, slash))
  if (slash === -1 || !address) return [{ zone: name === '.' || name === '' ? '.' : fullName(name), port, transport }]
  const octets = address.split('.').slice(0, Math.max(1, Math.ceil(Number(name.slice(slash + 1)) / 8)))
  return [{ zone: `${octets.toReversed().join('.')}.in-addr.arpa.`, port, transport }]
}

interface Parsed {
  readonly blocks: ServerBlock[]
  readonly snippets: Map<string, readonly CorefileLine[]>
}

function readBlock(reader: Reader, known: Parsed): void {
  const keys: string[] = []
  for (let token = reader.peek(); token && !opens(token); token = reader.peek()) {
    const { text, line } = token
    reader.next()
    if (closes(token)) reader.fail("Unexpected '}' because no matching opening brace")
    keys.push(...text.split(',').filter((part) => part !== ''))
    const following = reader.peek()
    if (!text.endsWith(',') && following && following.line !== line && !opens(following)) break
  }
  const braces = opens(reader.peek())
  if (braces) reader.next()
  const lines: CorefileLine[] = []
  for (;;) {
    const token = reader.next()
    if (!token && !braces) break
    if (!token) reader.fail('Unexpected EOF')
    if (braces && closes(token)) break
    if (closes(token)) reader.fail("Unexpected '}' because no matching opening brace")
    const isSnippet = keys.length === 1 && /^\(.+\)$/.test(keys[0] ?? '')
    if (!isSnippet && token.text !== 'import' && !PLUGIN_ORDER.includes(token.text))
      reader.fail(`Unknown directive '${token.text}'`)
    const line = readLine(reader, token)
    const [name = '', ...args] = line.words
    if (name !== 'import') lines.push(line)
    else {
      const snippet = known.snippets.get(args[0] ?? '')
      if (!snippet) reader.fail(`File to import not found: ${args[0] ?? ''}`)
      lines.push(...snippet)
    }
  }
  const snippet = /^\((.+)\)$/.exec(keys[0] ?? '')?.[1]
  if (snippet !== undefined) known.snippets.set(snippet, lines)
  else
    known.blocks.push({
      keys: keys.flatMap((key) => readKey(key, (message) => reader.fail(message))),
      directives: lines.map(({ words, line, body }) => ({ name: words[0] ?? '', args: words.slice(1), line, body })),
    })
}

/** Server blocks in the order of the file. Throws CorefileError. `file` is how messages call it. */
export function parseCorefile(
  text: string,
  file = 'Corefile',
  env: { readonly [name: string]: string } = {},
): readonly ServerBlock[] {
  const reader = new Reader(file, tokenize(text, env))
  const known: Parsed = { blocks: [], snippets: new Map() }
  while (reader.peek()) readBlock(reader, known)
  const seen = new Set<string>()
  for (const { zone, port, transport } of known.blocks.flatMap((block) => block.keys)) {
    const key = `${transport}://${zone}:${port}`
    if (seen.has(key)) throw new CorefileError(`cannot serve ${key} - it is already defined`)
    seen.add(key)
  }
  return known.blocks
}
