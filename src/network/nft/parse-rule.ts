/** Reads nftables rules: statements until the end of the line. */
import { noteSpan } from './command.ts'
import { NftError } from './errors.ts'
import {
  typesOf,
  type Comparison,
  type Expression,
  type NatStatement,
  type NftRule,
  type RejectWith,
  type Statement,
} from './expression.ts'
import { Cursor, tokenize } from './lexer.ts'
import { parseConstant, parseExpression, parseMapReference, parseOperand, parseTime, parseVerdict } from './parse-expression.ts'
import type { NftFamily } from './ruleset.ts'
import type { DataType } from './values.ts'

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '==': '==',
  eq: '==',
  '!=': '!=',
  ne: '!=',
  '<': '<',
  lt: '<',
  '>': '>',
  gt: '>',
  '<=': '<=',
  le: '<=',
  '>=': '>=',
  ge: '>=',
}

/** A rule from its text alone. */
export function ruleFromText(family: NftFamily, text: string): NftRule {
  return parseRule(new Cursor(tokenize(text)), family)
}

export function parseRule(cursor: Cursor, family: NftFamily): NftRule {
  const statements: Statement[] = []
  let comment: string | undefined
  const start = cursor.peek()
  while (!cursor.isEnd()) {
    if (cursor.accept('comment')) {
      comment = cursor.text()
      break
    }
    const last = statements.at(-1)
    if (last && isTerminal(last))
      throw new NftError('Statement after terminal statement has no effect', { from: start.from, to: cursor.peek().to })
    statements.push(parseStatement(cursor, family))
  }
  if (statements.length === 0) throw cursor.unexpected()
  return comment === undefined ? { statements: tidy(statements) } : { statements: tidy(statements), comment }
}

const isTerminal = (statement: Statement) =>
  statement.kind === 'verdict'
    ? statement.verdict.kind !== 'continue'
    : ['reject', 'dnat', 'snat', 'masquerade', 'redirect'].includes(statement.kind)

/** 'meta l4proto tcp' before 'tcp dport' says nothing more: nft leaves it out. */
function tidy(statements: readonly Statement[]): readonly Statement[] {
  return statements.filter((statement, i) => {
    const next = statements[i + 1]
    if (statement.kind !== 'match' || statement.comparison !== '==' || statement.right.kind !== 'value') return true
    const { left, right } = statement
    const isProtocol =
      (left.kind === 'meta' && left.key === 'l4proto') ||
      (left.kind === 'payload' && left.header === 'ip' && left.field === 'protocol')
    if (!isProtocol || next?.kind !== 'match' || next.left.kind !== 'payload') return true
    return next.left.header !== right.text
  })
}

function parseStatement(cursor: Cursor, family: NftFamily): Statement {
  const verdict = parseVerdict(cursor)
  if (verdict) return { kind: 'verdict', verdict }
  const { text } = cursor.peek()
  switch (text) {
    case 'counter':
      return parseCounter(cursor)
    case 'notrack':
      cursor.next()
      return { kind: 'notrack' }
    case 'reject':
      cursor.next()
      return parseReject(cursor, family)
    case 'log':
      return parseLog(cursor)
    case 'limit':
      return parseLimit(cursor)
    case 'dnat':
    case 'snat':
    case 'masquerade':
    case 'redirect':
      return parseNat(cursor, text, family)
    case 'add':
    case 'update':
    case 'delete':
      return parseUpdate(cursor, text)
    default:
      return parseExpressionStatement(cursor)
  }
}

function parseExpressionStatement(cursor: Cursor): Statement {
  const left = parseExpression(cursor)
  if (!left) throw cursor.unexpected()
  const types = typesOf(left)
  if (cursor.accept('vmap')) return { kind: 'vmap', key: left, map: parseMapReference(cursor, types, ['verdict']) }
  if (cursor.is('set') && (left.kind === 'meta' || left.kind === 'ct')) {
    cursor.next()
    return { kind: 'mangle', target: left, value: parseMangled(cursor, types) }
  }
  const comparison = cursor.peek().kind === 'mark' || cursor.peek().kind === 'word' ? COMPARISONS[cursor.peek().text] : undefined
  if (comparison) cursor.next()
  return { kind: 'match', left, comparison: comparison ?? '==', right: parseOperand(cursor, types) }
}

function parseMangled(cursor: Cursor, types: readonly DataType[]): Expression {
  const key = parseExpression(cursor)
  if (!key) return { kind: 'constant', value: parseConstant(cursor, types[0] ?? 'integer') }
  return cursor.accept('map') ? { kind: 'map', key, map: parseMapReference(cursor, typesOf(key), types) } : key
}

function parseCounter(cursor: Cursor): Statement {
  cursor.next()
  const packets = cursor.accept('packets') ? cursor.number() : 0
  const bytes = cursor.accept('bytes') ? cursor.number() : 0
  return { kind: 'counter', packets, bytes }
}

const LEVELS: readonly string[] = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug', 'audit']

function parseLog(cursor: Cursor): Statement {
  cursor.next()
  let prefix: string | undefined
  let level: string | undefined
  for (;;)
    if (cursor.accept('prefix')) prefix = cursor.text()
    else if (cursor.accept('level')) {
      if (!cursor.is(...LEVELS)) throw cursor.unexpected()
      level = cursor.next().text
    } else break
  return {
    kind: 'log',
    ...(prefix === undefined ? {} : { prefix }),
    ...(level === undefined || level === 'warn' ? {} : { level }),
  }
}

const DEFAULT_CODES = { icmp: 'port-unreachable', icmpv6: 'port-unreachable', icmpx: 'port-unreachable' } as const
const CODES: Readonly<Record<'icmp' | 'icmpv6' | 'icmpx', readonly string[]>> = {
  icmp: [
    'net-unreachable',
    'host-unreachable',
    'prot-unreachable',
    'port-unreachable',
    'net-prohibited',
    'host-prohibited',
    'admin-prohibited',
  ],
  icmpv6: ['no-route', 'admin-prohibited', 'addr-unreachable', 'port-unreachable', 'policy-fail', 'reject-route'],
  icmpx: ['no-route', 'port-unreachable', 'host-unreachable', 'admin-prohibited'],
}

function parseReject(cursor: Cursor, family: NftFamily): Statement {
  if (!cursor.accept('with')) return { kind: 'reject' }
  if (cursor.accept('tcp')) {
    cursor.expect('reset')
    return { kind: 'reject', with: { kind: 'tcp reset' } }
  }
  if (!cursor.is('icmp', 'icmpv6', 'icmpx')) throw cursor.unexpected()
  const kind = cursor.next().text as 'icmp' | 'icmpv6' | 'icmpx'
  cursor.accept('type')
  const code = cursor.peek()
  if (!CODES[kind].includes(code.text)) throw cursor.unexpected()
  cursor.next()
  const reject: RejectWith = { kind, code: code.text }
  const usual = family === 'inet' ? 'icmpx' : family === 'ip' ? 'icmp' : 'icmpv6'
  return kind === usual && code.text === DEFAULT_CODES[kind] ? { kind: 'reject' } : { kind: 'reject', with: reject }
}

function parseLimit(cursor: Cursor): Statement {
  cursor.next()
  cursor.expect('rate')
  const over = cursor.accept('over')
  const rate = cursor.number()
  cursor.expect('/')
  if (!cursor.is('second', 'minute', 'hour', 'day', 'week')) throw cursor.unexpected()
  const unit = cursor.next().text
  let burst = 5
  if (cursor.accept('burst')) {
    burst = cursor.number()
    cursor.expect('packets')
  }
  return { kind: 'limit', rate, unit, burst, over }
}

function parseUpdate(cursor: Cursor, operation: 'add' | 'update' | 'delete'): Statement {
  cursor.next()
  const set = cursor.peek()
  if (set.kind !== 'set') throw cursor.unexpected('@')
  cursor.next()
  cursor.expect('{')
  const key = parseExpression(cursor)
  if (!key) throw cursor.unexpected()
  const timeoutMs = cursor.accept('timeout') ? parseTime(cursor) : undefined
  cursor.expect('}')
  return noteSpan({ kind: 'update', operation, set: set.text, key, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, set)
}

/** In the order in which they are printed. */
const NAT_FLAGS: readonly string[] = ['random', 'fully-random', 'persistent']

function parseNat(cursor: Cursor, kind: NatStatement['kind'], family: NftFamily): NatStatement {
  const { from } = cursor.next()
  let said: 'ip' | 'ip6' | undefined
  if (cursor.is('ip', 'ip6') && kind.endsWith('nat')) said = cursor.next().text as 'ip' | 'ip6'
  // 'dnat ip addr . port to': both come from the map.
  const isPair = cursor.is('addr')
  if (isPair) {
    cursor.next()
    cursor.expect('.')
    cursor.expect('port')
  }
  const isSix = (said ?? family) === 'ip6' || (family === 'inet' && said === undefined && /:.*:/.test(cursor.peek(1).text))
  const addressType: DataType = isSix ? 'ipv6_addr' : 'ipv4_addr'
  let target: Pick<NatStatement, 'address' | 'port'> = {}
  if (cursor.accept('to')) target = parseNatTarget(cursor, addressType, isPair)
  else if (kind.endsWith('nat')) throw cursor.unexpected(isPair ? 'to' : undefined)
  // In tables of both families nft says which one is meant.
  if (family === 'inet' && target.address) said ??= isSix ? 'ip6' : 'ip'
  const flags: NatStatement['flags'][number][] = []
  while (cursor.is(...NAT_FLAGS)) {
    flags.push(cursor.next().text as NatStatement['flags'][number])
    cursor.accept(',')
  }
  flags.sort((a, b) => NAT_FLAGS.indexOf(a) - NAT_FLAGS.indexOf(b))
  return noteSpan({ kind, ...(said === undefined ? {} : { family: said }), ...target, flags }, { from, to: cursor.last })
}

/** Whether a map written here leads to addresses with ports. */
function hasPair(cursor: Cursor): boolean {
  for (let ahead = 0; ; ahead++) {
    const { kind, text } = cursor.peek(ahead)
    if (kind === 'end' || text === '}') return false
    if (text === ':') return cursor.peek(ahead + 2).text === '.'
  }
}

function parseNatTarget(cursor: Cursor, type: DataType, isPair: boolean): Pick<NatStatement, 'address' | 'port'> {
  const key = parseExpression(cursor)
  if (key) {
    cursor.expect('map')
    const map = parseMapReference(cursor, typesOf(key), isPair || hasPair(cursor) ? [type, 'inet_service'] : [type])
    return { address: { kind: 'map', key, map } }
  }
  let address: Expression | undefined
  if (!cursor.is(':')) {
    const bracketed = cursor.accept('[')
    address = { kind: 'constant', value: parseOperand(cursor, [type]) }
    if (bracketed) cursor.expect(']')
  }
  if (!cursor.accept(':')) return address ? { address } : {}
  const port: Expression = { kind: 'constant', value: parseOperand(cursor, ['inet_service']) }
  return address ? { address, port } : { port }
}
