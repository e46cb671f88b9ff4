/** Reads '{ … }' of tables, chains, sets and maps. */
import { HOOKS, type Hook } from '../netfilter/hooks.ts'
import type { ChangeCommand, Name } from './command.ts'
import { NftError, type Span } from './errors.ts'
import type { Element, NftRule } from './expression.ts'
import type { Cursor, Token } from './lexer.ts'
import { parseAnonymous, parseTime } from './parse-expression.ts'
import { parseRule } from './parse-rule.ts'
import { namedPriority, type BaseHook, type NftFamily, type SetDefinition, type SetFlag } from './ruleset.ts'
import { DATA_TYPES, type DataType } from './values.ts'

interface TableBody {
  readonly comment: string | undefined
  readonly dormant: boolean
  readonly commands: readonly ChangeCommand[]
}

/** Chains first, then sets and their elements, then rules: they may name what comes later. */
export function parseBlock(cursor: Cursor, family: NftFamily, table: Name): TableBody {
  cursor.expect('{')
  const chains: ChangeCommand[] = []
  const sets: ChangeCommand[] = []
  const rules: ChangeCommand[] = []
  let comment: string | undefined
  let dormant = false
  for (;;) {
    cursor.skip('newline', ';')
    if (cursor.accept('}')) break
    const start = cursor.peek()
    const place = { verb: 'add', at: table.at, family, table } as const
    if (cursor.accept('comment')) comment = cursor.text()
    else if (cursor.accept('flags')) dormant = cursor.next().text === 'dormant'
    else if (cursor.accept('chain')) {
      const chain = nameOf(cursor.name())
      const { rules: own, ...body } = parseChainBody(cursor, family)
      chains.push({ ...place, object: 'chain', chain, ...body })
      for (const { rule, at } of own) rules.push({ ...place, object: 'rule', chain, rule, at })
    } else if (start.text === 'set' || start.text === 'map') {
      cursor.next()
      const set = nameOf(cursor.name())
      sets.push({ ...place, object: 'set', word: start.text, set, ...parseSetBody(cursor, set, start.text) })
    } else throw cursor.unexpected()
  }
  return { comment, dormant, commands: [...chains, ...sets, ...rules] }
}

function nameOf({ text, from, to }: Token): Name {
  return { text, at: { from, to } }
}

interface ChainBody {
  readonly base?: BaseHook & { readonly at: Span }
  readonly policy?: 'accept' | 'drop'
  readonly comment?: string
  readonly rules: readonly { readonly rule: NftRule; readonly at: Span }[]
}

export function parseChainBody(cursor: Cursor, family: NftFamily): ChainBody {
  cursor.expect('{')
  let body: Omit<ChainBody, 'rules'> = {}
  const rules: { rule: NftRule; at: Span }[] = []
  for (;;) {
    cursor.skip('newline', ';')
    if (cursor.accept('}')) return { ...body, rules }
    const { from } = cursor.peek()
    if (cursor.is('type')) body = { ...body, base: parseBase(cursor) }
    else if (cursor.accept('policy')) {
      if (!cursor.is('accept', 'drop')) throw cursor.unexpected()
      body = { ...body, policy: cursor.next().text as 'accept' | 'drop' }
    } else if (cursor.is('comment') && rules.length === 0) {
      cursor.next()
      body = { ...body, comment: cursor.text() }
    } else {
      const rule = parseRule(cursor, family)
      rules.push({ rule, at: { from, to: cursor.last } })
    }
  }
}

function parseBase(cursor: Cursor): BaseHook & { readonly at: Span } {
  const { from } = cursor.next()
  const type = cursor.name()
  if (!['filter', 'nat', 'route'].includes(type.text)) throw new NftError(`unknown chain type`, type)
  cursor.expect('hook')
  const word = cursor.name()
  const hook = HOOKS.find((each) => each.toLowerCase() === word.text)
  if (!hook) throw new NftError(`unknown chain hook`, word)
  cursor.expect('priority')
  const priority = parsePriority(cursor, hook)
  return { type: type.text as BaseHook['type'], hook, priority, at: { from, to: cursor.last } }
}

/** A number, or a name with an offset: '-110', 'dstnat - 10', 'filter+5'. */
function parsePriority(cursor: Cursor, hook: Hook): number {
  const sign = cursor.is('-', '+') ? (cursor.next().text === '-' ? -1 : 1) : 1
  if (cursor.peek().kind === 'number') return sign * cursor.number()
  const token = cursor.name()
  const [, name = '', glued = ''] = /^([a-z]+)(-\d+)?$/.exec(token.text) ?? []
  const value = namedPriority(name, hook)
  if (value === undefined) throw new NftError(`'${token.text}' is invalid priority in this context.`, token)
  if (glued !== '') return value + Number(glued)
  if (!cursor.is('-', '+')) return value
  const minus = cursor.next().text === '-'
  return value + (minus ? -cursor.number() : cursor.number())
}

const FLAGS: readonly string[] = ['constant', 'dynamic', 'interval', 'timeout']

interface SetBody {
  readonly definition: Omit<SetDefinition, 'order'>
  readonly elements?: readonly Element[]
}

export function parseSetBody(cursor: Cursor, set: Name, word: 'set' | 'map'): SetBody {
  cursor.expect('{')
  let definition: Omit<SetDefinition, 'order'> = { name: set.text, keyTypes: [], flags: [] }
  let elements: readonly Element[] | undefined
  for (;;) {
    cursor.skip('newline', ';')
    if (cursor.accept('}')) break
    if (cursor.accept('type')) definition = { ...definition, ...parseTypes(cursor) }
    else if (cursor.accept('flags')) definition = { ...definition, flags: parseFlags(cursor) }
    else if (cursor.accept('timeout')) definition = { ...definition, timeoutMs: parseTime(cursor) }
    else if (cursor.accept('gc-interval')) definition = { ...definition, gcIntervalMs: parseTime(cursor) }
    else if (cursor.accept('size')) definition = { ...definition, size: cursor.number() }
    else if (cursor.accept('auto-merge')) definition = { ...definition, autoMerge: true }
    else if (cursor.accept('policy')) cursor.next()
    else if (cursor.accept('comment')) definition = { ...definition, comment: cursor.text() }
    else if (cursor.accept('elements')) {
      cursor.expect('=')
      elements = parseAnonymous(cursor, definition.keyTypes, definition.dataTypes ?? false)
    } else throw cursor.unexpected()
  }
  if (definition.keyTypes.length === 0) throw new NftError(`${word} definition does not specify key`, set.at)
  if (word === 'map' && !definition.dataTypes) throw new NftError('map definition does not specify mapping data type', set.at)
  // The kernel turns a timeout into the flag.
  const { flags } = definition
  if (definition.timeoutMs !== undefined && !flags.includes('timeout'))
    definition = { ...definition, flags: [...flags, 'timeout'] }
  return { definition, ...(elements ? { elements } : {}) }
}

function parseTypes(cursor: Cursor): { readonly keyTypes: readonly DataType[]; readonly dataTypes?: readonly DataType[] } {
  const keyTypes = parseTypeList(cursor)
  return cursor.accept(':') ? { keyTypes, dataTypes: parseTypeList(cursor) } : { keyTypes }
}

function parseTypeList(cursor: Cursor): readonly DataType[] {
  const types: DataType[] = []
  do {
    const token = cursor.name()
    const type = DATA_TYPES.find((each) => each === token.text)
    if (!type) throw new NftError(`unknown datatype ${token.text}`, token)
    types.push(type)
  } while (cursor.accept('.'))
  return types
}

function parseFlags(cursor: Cursor): readonly SetFlag[] {
  const flags: SetFlag[] = []
  do {
    if (!cursor.is(...FLAGS)) throw cursor.unexpected()
    flags.push(cursor.next().text as SetFlag)
  } while (cursor.accept(','))
  return FLAGS.filter((flag) => flags.includes(flag as SetFlag)) as SetFlag[]
}
