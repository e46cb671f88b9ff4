/** Reads nftables expressions and values. */
import { noteSpan } from './command.ts'
import { NftError } from './errors.ts'
import { fieldsOf, isHeader, isMetaKey, typesOf, type BinaryOperator, type Element, type Expression } from './expression.ts'
import type { MapReference, Value, Verdict } from './expression.ts'
import { canonicalElements } from './intervals.ts'
import type { Cursor } from './lexer.ts'
import { isBitField, parseDuration, parseValue, type DataType } from './values.ts'

const OPERATORS: Readonly<Record<string, BinaryOperator>> = { and: '&', '&': '&', or: '|', '|': '|', xor: '^', '^': '^' }

/** An expression read from packets, or undefined when none begins here. */
export function parseExpression(cursor: Cursor): Expression | undefined {
  const first = parseTerm(cursor)
  if (!first) return undefined
  if (!cursor.is('.')) return first
  const parts = [first]
  while (cursor.accept('.')) {
    const part = parseTerm(cursor)
    if (!part) throw cursor.unexpected()
    parts.push(part)
  }
  return { kind: 'concat', parts }
}

function parseTerm(cursor: Cursor): Expression | undefined {
  const plain = parsePlain(cursor)
  if (!plain) return undefined
  let expression = plain
  for (let operator = OPERATORS[cursor.peek().text]; operator; operator = OPERATORS[cursor.peek().text]) {
    cursor.next()
    const right = parseConstant(cursor, typesOf(expression)[0] ?? 'integer')
    if (right.kind !== 'value') throw cursor.unexpected('number')
    expression = { kind: 'binary', operator, left: expression, right: right.text }
  }
  return expression
}

function parsePlain(cursor: Cursor): Expression | undefined {
  const { kind, text } = cursor.peek()
  if (kind !== 'word') return undefined
  if (text === 'meta') {
    cursor.next()
    return parseMeta(cursor)
  }
  if (text === 'mark' || /^[io]if(name)?$/.test(text) || text === 'skuid') return parseMeta(cursor)
  if (text === 'ct') return parseCt(cursor)
  if (text === 'fib') return parseFib(cursor)
  if (text === 'numgen') return parseNumgen(cursor)
  if (!isHeader(text)) return undefined
  const after = cursor.peek(1)
  if (after.kind !== 'word' || !fieldsOf(text).includes(after.text)) {
    cursor.next()
    throw cursor.unexpected()
  }
  cursor.next()
  return { kind: 'payload', header: text, field: cursor.next().text }
}

function parseMeta(cursor: Cursor): Expression {
  const { text } = cursor.peek()
  if (!isMetaKey(text)) throw cursor.unexpected()
  cursor.next()
  return { kind: 'meta', key: text }
}

function parseCt(cursor: Cursor): Expression {
  cursor.next()
  const { text } = cursor.peek()
  if (text !== 'state' && text !== 'status' && text !== 'mark' && text !== 'direction') throw cursor.unexpected()
  cursor.next()
  return { kind: 'ct', key: text }
}

function parseFib(cursor: Cursor): Expression {
  cursor.next()
  const of: string[] = []
  do {
    if (!cursor.is('saddr', 'daddr', 'mark', 'iif', 'oif')) throw cursor.unexpected()
    of.push(cursor.next().text)
  } while (cursor.accept('.'))
  if (!cursor.is('type', 'oif', 'oifname')) throw cursor.unexpected()
  return { kind: 'fib', of, result: cursor.next().text as 'type' | 'oif' | 'oifname' }
}

function parseNumgen(cursor: Cursor): Expression {
  cursor.next()
  if (!cursor.is('random', 'inc')) throw cursor.unexpected()
  const mode = cursor.next().text as 'random' | 'inc'
  cursor.expect('mod')
  const modulus = cursor.number()
  const offset = cursor.accept('offset') ? cursor.number() : 0
  return { kind: 'numgen', mode, modulus, offset }
}

/** The right side of a match or a key: of one type, or of several joined by dots. */
export function parseOperand(cursor: Cursor, types: readonly DataType[], isElement = false): Value {
  if (cursor.is('{')) return parseSetLiteral(cursor, types)
  if (cursor.peek().kind === 'set') return parseSetReference(cursor)
  if (types.length === 1) return isElement ? parseRange(cursor, types[0] ?? 'integer') : parseList(cursor, types[0] ?? 'integer')
  const parts = types.map((type, i) => {
    if (i > 0) cursor.expect('.')
    return parseRange(cursor, type)
  })
  return { kind: 'concat', parts }
}

function parseList(cursor: Cursor, type: DataType): Value {
  const first = parseRange(cursor, type)
  if (!isBitField(type) || first.kind !== 'value' || !cursor.is(',')) return first
  const values = [first.text]
  while (cursor.accept(',')) {
    const next = parseConstant(cursor, type)
    if (next.kind === 'value') values.push(next.text)
  }
  return { kind: 'list', values }
}

function parseRange(cursor: Cursor, type: DataType): Value {
  const first = parseConstant(cursor, type)
  if (first.kind !== 'value' || !cursor.is('-')) return first
  const { from } = cursor.peek(-1)
  cursor.next()
  const last = parseConstant(cursor, type)
  if (last.kind !== 'value') throw cursor.unexpected()
  if (Number.isFinite(Number(first.text)) && Number(first.text) > Number(last.text))
    throw new NftError('Range has zero or negative size', { from, to: cursor.last })
  return { kind: 'range', from: first.text, to: last.text }
}

/** One value, or an address with a prefix length. */
export function parseConstant(cursor: Cursor, type: DataType): Value {
  const token = cursor.peek()
  if (token.kind === 'mark' || token.kind === 'newline' || token.kind === 'end' || token.kind === 'set') throw cursor.unexpected()
  cursor.next()
  const parsed = parseValue(type, token.text)
  if ('error' in parsed) throw new NftError(parsed.error, token)
  if (!type.endsWith('_addr') || !cursor.is('/')) return { kind: 'value', text: parsed.value }
  cursor.next()
  const bits = cursor.number()
  const full = type === 'ipv6_addr' ? 128 : 32
  if (bits > full)
    throw new NftError(`Prefix length ${bits} is invalid for type of ${full} bits width`, { from: token.from, to: cursor.last })
  return bits === full ? { kind: 'value', text: parsed.value } : { kind: 'prefix', cidr: `${parsed.value}/${bits}` }
}

/** nft turns a set of one written in a rule into a plain comparison. */
function parseSetLiteral(cursor: Cursor, types: readonly DataType[]): Value {
  const written = parseElements(cursor, types, false)
  const [only] = written
  if (only && written.length === 1 && only.comment === undefined) return only.key
  return { kind: 'anonymous', elements: canonicalElements(written) }
}

/** '{ key : value, … }'. Of maps, `data` tells how values are read: verdicts, or constants of these types. */
export function parseAnonymous(
  cursor: Cursor,
  types: readonly DataType[],
  data: readonly DataType[] | false,
): readonly Element[] {
  return canonicalElements(parseElements(cursor, types, data))
}

function parseElements(cursor: Cursor, types: readonly DataType[], data: readonly DataType[] | false): readonly Element[] {
  const open = cursor.expect('{')
  const elements: Element[] = []
  cursor.skip('newline')
  while (!cursor.is('}')) {
    elements.push(parseElement(cursor, types, data))
    cursor.skip('newline')
    if (!cursor.accept(',')) break
    cursor.skip('newline')
  }
  cursor.expect('}')
  if (elements.length === 0) throw new NftError('Set is empty', { from: open.from, to: cursor.last })
  return elements
}

/** One element: key, options, and for maps what it leads to. */
export function parseElement(cursor: Cursor, types: readonly DataType[], data: readonly DataType[] | false): Element {
  const key = parseOperand(cursor, types, true)
  let timeoutMs: number | undefined
  let comment: string | undefined
  for (;;)
    if (cursor.accept('timeout')) timeoutMs = parseTime(cursor)
    else if (cursor.accept('expires')) parseTime(cursor)
    else if (cursor.accept('comment')) comment = cursor.text()
    else break
  const options = { ...(comment === undefined ? {} : { comment }), ...(timeoutMs === undefined ? {} : { timeoutMs }) }
  if (data === false) return { key, ...options }
  cursor.expect(':')
  if (data[0] === 'verdict') {
    const verdict = parseVerdict(cursor)
    if (!verdict) throw cursor.unexpected()
    return { key, data: { verdict }, ...options }
  }
  return { key, data: { value: parseOperand(cursor, data) }, ...options }
}

export function parseTime(cursor: Cursor): number {
  const { kind, text } = cursor.peek()
  const duration = kind === 'duration' || kind === 'number' || kind === 'text' ? parseDuration(text) : undefined
  if (duration === undefined) throw cursor.unexpected()
  cursor.next()
  return duration
}

export function parseVerdict(cursor: Cursor): Verdict | undefined {
  const { text } = cursor.peek()
  if (cursor.is('accept', 'drop', 'return', 'continue')) {
    cursor.next()
    return { kind: text as 'accept' | 'drop' | 'return' | 'continue' }
  }
  if (!cursor.is('jump', 'goto')) return undefined
  const { from } = cursor.next()
  const chain = cursor.name().text
  return noteSpan({ kind: text as 'jump' | 'goto', chain }, { from, to: cursor.last })
}

/** After 'map' or 'vmap'. */
export function parseMapReference(cursor: Cursor, types: readonly DataType[], data: readonly DataType[]): MapReference {
  if (cursor.peek().kind === 'set') return parseSetReference(cursor)
  return { kind: 'anonymous', elements: parseAnonymous(cursor, types, data) }
}

function parseSetReference(cursor: Cursor): { readonly kind: 'set'; readonly name: string } {
  const token = cursor.next()
  return noteSpan({ kind: 'set', name: token.text }, token)
}
