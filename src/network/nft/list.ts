/** Carries out nft's list and get commands. */
import type { ListCommand } from './command.ts'
import { NftError } from './errors.ts'
import type { Element } from './expression.ts'
import { missingChain, missingSet, missingTable } from './missing.ts'
import type { Nftables } from './nftables.ts'
import { printChain, printChainHead, printInTable, printSet, printTable, type PrintOptions } from './print.ts'
import { printElement } from './print-rule.ts'
import { inOrder, keyText, type NftSet, type SetDefinition, type Table } from './ruleset.ts'
import { printDuration } from './values.ts'

/** The parts of -a, -s, -t. */
export interface ListOptions {
  readonly handles: boolean
  readonly stateless: boolean
  readonly terse: boolean
}

/** What `nft list` prints. */
export function listText(nftables: Nftables, command: ListCommand, options: ListOptions): string {
  const print: PrintOptions = {
    ...(options.handles ? { handles: nftables.handles } : {}),
    counters: options.stateless ? null : (rule) => nftables.countOf(rule),
    terse: options.terse,
    dynamic: (table, set) => dynamicElements(nftables, table, set, options.stateless),
  }
  const tables = [...nftables.tables.values()].filter(({ family }) => command.family === undefined || command.family === family)
  switch (command.object) {
    case 'ruleset':
      return tables.map((table) => printTable(table, print)).join('')
    case 'tables':
      return tables
        .map(
          (table) =>
            `table ${table.family} ${table.name}${options.handles ? ` # handle ${nftables.handles.table(table)}` : ''}\n`,
        )
        .join('')
    case 'chains':
    case 'sets':
    case 'maps':
    case 'counters':
    case 'rules': {
      const chosen = command.table ? [tableOf(nftables, command)] : tables
      return chosen.map((table) => listObjects(table, command.object, print)).join('')
    }
    default:
      return listOne(nftables, command, print)
  }
}

function listOne(nftables: Nftables, command: ListCommand, print: PrintOptions): string {
  const table = tableOf(nftables, command)
  if (command.object === 'table') return printTable(table, print)
  const { text = '', at } = command.name ?? { text: '', at: command.at }
  if (command.object === 'chain') {
    const chain = table.chains.get(text)
    if (!chain) throw missingChain(table, text, at, false)
    return printInTable(table, printChain(table, chain, print))
  }
  const set = table.sets.get(text)
  const isMap = set?.dataTypes !== undefined
  if (!set || (command.object !== 'element' && isMap !== (command.object === 'map'))) throw missingSet(table, text, at, false)
  if (command.object !== 'element') return printInTable(table, printSet(table, set, print))
  return getElements(nftables, table, set, command)
}

function tableOf(nftables: Nftables, { family = 'ip', table, at }: ListCommand): Table {
  const { text, at: place } = table ?? { text: '', at }
  const found = nftables.table(`${family} ${text}`)
  if (!found) throw missingTable(nftables.tables.values(), text, place, false)
  return found
}

function listObjects(table: Table, kind: ListCommand['object'], print: PrintOptions): string {
  const chains = kind === 'chains' ? inOrder(table.chains.values()).map((chain) => printChainHead(table, chain, print)) : []
  const wantsMaps = kind === 'maps'
  const sets =
    kind === 'sets' || kind === 'maps'
      ? inOrder(table.sets.values())
          .filter((set) => (set.dataTypes !== undefined) === wantsMaps)
          .map((set) => printSet(table, set, print))
      : []
  return `table ${table.family} ${table.name} {\n${[...chains, ...sets].join('')}}\n`
}

function getElements(nftables: Nftables, table: Table, set: NftSet, { elements, at: place }: ListCommand): string {
  const found: Element[] = []
  for (const { element, at } of elements?.(set) ?? []) {
    const key = keyText(element.key)
    const known = set.elements.get(key) ?? nftables.timedElement(table, set.name, key)?.element
    if (!known) throw new NftError('Could not process rule: No such file or directory', at ?? place)
    found.push(known)
  }
  const text = found.map((element) => printElement(element, set.keyTypes)).join(', ')
  const word = set.dataTypes ? 'map' : 'set'
  const types = set.keyTypes.join(' . ') + (set.dataTypes ? ` : ${set.dataTypes.join(' . ')}` : '')
  return printInTable(table, `\t${word} ${set.name} {\n\t\ttype ${types}\n\t\telements = { ${text} }\n\t}\n`)
}

function dynamicElements(nftables: Nftables, table: Table, set: SetDefinition, stateless: boolean) {
  return nftables.timedElements(table, set.name).map(({ element, timeoutMs, expiresMs }) => {
    const own = timeoutMs > 0 && timeoutMs !== set.timeoutMs ? ` timeout ${printDuration(timeoutMs)}` : ''
    const left = expiresMs === Infinity || stateless ? '' : ` expires ${printDuration(expiresMs - nftables.now())}`
    return { element, extra: own + left }
  })
}
