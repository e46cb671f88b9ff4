/** Reads nft's input: commands, one a line, and the block form that `nft list ruleset` prints. */
import type { ChangeCommand, ChangeVerb, Command, ElementsRead, ListObject, Name, Position } from './command.ts'
import { NftError } from './errors.ts'
import { Cursor, tokenize, type Token } from './lexer.ts'
import { parseBlock, parseChainBody, parseSetBody } from './parse-block.ts'
import { parseElement } from './parse-expression.ts'
import { parseRule } from './parse-rule.ts'
import { FAMILIES, type NftFamily, type SetDefinition } from './ruleset.ts'

const CHANGE_VERBS: readonly string[] = ['add', 'create', 'insert', 'replace', 'delete', 'destroy', 'flush', 'rename', 'reset']
const LIST_OBJECTS: readonly string[] = [
  'ruleset',
  'tables',
  'table',
  'chains',
  'chain',
  'sets',
  'set',
  'maps',
  'map',
  'counters',
]

export function parseCommands(input: string): readonly Command[] {
  const cursor = new Cursor(tokenize(input))
  const commands: Command[] = []
  for (;;) {
    cursor.skip('newline', ';')
    if (cursor.peek().kind === 'end') return commands
    commands.push(...parseCommand(cursor))
    if (!cursor.isEnd() || cursor.is('}')) throw cursor.unexpected()
  }
}

function parseCommand(cursor: Cursor): readonly Command[] {
  const start = cursor.peek()
  if (cursor.is('list', 'get')) return [parseList(cursor, start)]
  let verb: ChangeVerb = 'add'
  if (start.kind === 'word' && CHANGE_VERBS.includes(start.text)) verb = cursor.next().text as ChangeVerb
  const commands = parseChange(cursor, verb, start)
  return commands.map((command) => ({ ...command, at: { from: start.from, to: cursor.last } }))
}

function parseChange(cursor: Cursor, verb: ChangeVerb, start: Token): readonly ChangeCommand[] {
  const object = cursor.peek()
  if (object.kind !== 'word') throw cursor.unexpected()
  const at = { from: start.from, to: start.to }
  switch (object.text) {
    case 'table':
      cursor.next()
      return parseTable(cursor, verb, at)
    case 'chain':
      cursor.next()
      return [parseChain(cursor, verb, at)]
    case 'rule':
      cursor.next()
      return [parseRuleCommand(cursor, verb, at)]
    case 'set':
    case 'map':
      cursor.next()
      return [parseSet(cursor, verb, at, object.text)]
    case 'element':
      cursor.next()
      return [parseElements(cursor, verb, at)]
    case 'ruleset':
      if (verb !== 'flush') throw cursor.unexpected()
      cursor.next()
      return [{ verb, object: 'ruleset', at, ...parseOptionalFamily(cursor) }]
    default:
      // 'add' and 'insert' alone mean a rule: 'nft add filter input accept'.
      if (!['add', 'insert', 'replace'].includes(verb) || start === object) throw cursor.unexpected()
      return [parseRuleCommand(cursor, verb, at)]
  }
}

function parseOptionalFamily(cursor: Cursor): { readonly family?: NftFamily } {
  if (cursor.is('arp', 'bridge', 'netdev')) throw new NftError('Could not process rule: Operation not supported', cursor.peek())
  return cursor.is(...FAMILIES) ? { family: cursor.next().text as NftFamily } : {}
}

interface InTable {
  readonly family: NftFamily
  readonly table: Name
}

function parseInTable(cursor: Cursor): InTable {
  const { family = 'ip' } = parseOptionalFamily(cursor)
  return { family, table: nameOf(cursor.name()) }
}

function nameOf({ text, from, to }: Token): Name {
  return { text, at: { from, to } }
}

function parseHandle(cursor: Cursor): Position | undefined {
  if (!cursor.is('handle', 'index', 'position')) return undefined
  const word = cursor.next()
  const value = cursor.number()
  return { kind: word.text as Position['kind'], value, at: { from: word.from, to: cursor.last } }
}

function parseTable(cursor: Cursor, verb: ChangeVerb, at: Token | { from: number; to: number }): readonly ChangeCommand[] {
  const { family, table } = parseInTable(cursor)
  const command = { verb, object: 'table', at, family, table } as const
  if (!cursor.is('{')) return [command]
  if (verb !== 'add' && verb !== 'create') throw cursor.unexpected()
  const { comment, dormant, commands } = parseBlock(cursor, family, table)
  return [{ ...command, ...(comment === undefined ? {} : { comment }), ...(dormant ? { dormant } : {}) }, ...commands]
}

function parseChain(cursor: Cursor, verb: ChangeVerb, at: { from: number; to: number }): ChangeCommand {
  const place = parseInTable(cursor)
  const command = { verb, object: 'chain', at, ...place, chain: nameOf(cursor.name()) } as const
  if (verb === 'rename') return { ...command, to: nameOf(cursor.name()) }
  if (!cursor.is('{')) return command
  if (verb !== 'add' && verb !== 'create') throw cursor.unexpected()
  const { rules, ...body } = parseChainBody(cursor, place.family)
  if (rules.length > 0) throw cursor.unexpected()
  return { ...command, ...body }
}

function parseRuleCommand(cursor: Cursor, verb: ChangeVerb, at: { from: number; to: number }): ChangeCommand {
  const place = parseInTable(cursor)
  const chain = nameOf(cursor.name())
  const position = parseHandle(cursor)
  const command = { verb, object: 'rule', at, ...place, chain, ...(position ? { position } : {}) } as const
  if (verb === 'delete' || verb === 'destroy') {
    if (!position) throw cursor.unexpected('handle')
    return command
  }
  if (verb === 'replace' && position?.kind !== 'handle') throw cursor.unexpected('handle')
  return { ...command, rule: parseRule(cursor, place.family) }
}

function parseSet(cursor: Cursor, verb: ChangeVerb, at: { from: number; to: number }, word: 'set' | 'map'): ChangeCommand {
  const place = parseInTable(cursor)
  const set = nameOf(cursor.name())
  const command = { verb, object: 'set', word, at, ...place, set } as const
  if (verb !== 'add' && verb !== 'create') return command
  if (!cursor.is('{')) throw cursor.unexpected("'{'")
  return { ...command, ...parseSetBody(cursor, set, word) }
}

function parseElements(cursor: Cursor, verb: ChangeVerb, at: { from: number; to: number }): ChangeCommand {
  const place = parseInTable(cursor)
  const set = nameOf(cursor.name())
  return { verb, object: 'element', at, ...place, set, elements: deferElements(cursor, verb === 'delete' || verb === 'destroy') }
}

/** Steps over '{ … }'; gives what reads it once the types are known. Of deletions, maps' values may be left out. */
function deferElements(cursor: Cursor, isDelete: boolean): (definition: SetDefinition) => ElementsRead {
  if (!cursor.is('{')) throw cursor.unexpected("'{'")
  const tokens: Token[] = []
  while (!cursor.is('}')) {
    if (cursor.peek().kind === 'end') throw cursor.unexpected()
    tokens.push(cursor.next())
  }
  tokens.push(cursor.next())
  return (definition) => {
    const own = new Cursor([...tokens, { kind: 'end', text: '', from: cursor.last, to: cursor.last + 1 }])
    own.expect('{')
    const read: { element: ElementsRead[number]['element']; at: { from: number; to: number } }[] = []
    do {
      own.skip('newline')
      if (own.is('}')) break
      const { from } = own.peek()
      const hasData = definition.dataTypes !== undefined && !(isDelete && !hasColon(own))
      const element = parseElement(own, definition.keyTypes, hasData ? (definition.dataTypes ?? false) : false)
      read.push({ element, at: { from, to: own.last } })
      own.skip('newline')
    } while (own.accept(','))
    own.expect('}')
    return read
  }
}

function hasColon(cursor: Cursor): boolean {
  for (let ahead = 0; ; ahead++) {
    const { kind, text } = cursor.peek(ahead)
    if (kind === 'end' || text === ',' || text === '}') return false
    if (text === ':') return true
  }
}

function parseList(cursor: Cursor, start: Token): Command {
  const verb = cursor.next().text as 'list' | 'get'
  const object = cursor.peek()
  if (verb === 'get') {
    cursor.expect('element')
    const place = parseInTable(cursor)
    const name = nameOf(cursor.name())
    return { verb, object: 'element', at: start, ...place, name, elements: deferElements(cursor, true) }
  }
  if (object.kind !== 'word' || !LIST_OBJECTS.includes(object.text)) throw cursor.unexpected()
  cursor.next()
  const command = { verb, object: object.text as ListObject, at: start }
  switch (object.text) {
    case 'table':
      return { ...command, ...parseInTable(cursor) }
    case 'chain':
    case 'set':
    case 'map':
      return { ...command, ...parseInTable(cursor), name: nameOf(cursor.name()) }
    default: {
      const family = parseOptionalFamily(cursor)
      if (!cursor.accept('table')) return { ...command, ...family }
      return { ...command, ...parseInTable(cursor) }
    }
  }
}
