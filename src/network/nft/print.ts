/** Tables, chains, sets and maps as `nft list` prints them (nft 1.0.6). */
import type { Element, NftRule } from './expression.ts'
import { printCountedRule, printElement } from './print-rule.ts'
import { inOrder, printPriority, type Chain, type NftSet, type SetDefinition, type Table } from './ruleset.ts'
import { printDuration, type DataType } from './values.ts'
import { sortElements } from './intervals.ts'

/** What of a namespace's own knowledge is printed, and how much. */
export interface PrintOptions {
  /** Numbers of objects (-a); undefined: not asked for. */
  readonly handles?: HandleSource
  /** Counters of a rule; null: they are left out (-s). */
  readonly counters?: ((rule: NftRule) => { readonly packets: number; readonly bytes: number }) | null
  /** Elements of sets are left out (-t). */
  readonly terse?: boolean
  /** Elements that packets have put into a set, with what is said of their time. */
  readonly dynamic?: (table: Table, set: SetDefinition) => readonly { readonly element: Element; readonly extra: string }[]
  /** Of elements. Default: by value, as nft does. */
  readonly compare?: (a: Element, b: Element) => number
}

export interface HandleSource {
  table(table: Table): number
  chain(table: Table, chain: Chain): number
  set(table: Table, set: SetDefinition): number
  rule(table: Table, rule: NftRule): number
}

const NO_COUNT = { packets: 0, bytes: 0 }

export function printTable(table: Table, options: PrintOptions = {}): string {
  const comment = table.comment === undefined ? '' : `\tcomment "${table.comment}"\n`
  const sets = inOrder(table.sets.values())
  const objects = [...sets.filter((set) => !set.dataTypes), ...sets.filter((set) => set.dataTypes)].map((set) =>
    printSet(table, set, options),
  )
  const chains = inOrder(table.chains.values()).map((chain) => printChain(table, chain, options))
  return `${tableHead(table, options)}\n${comment}${[...objects, ...chains].join('\n')}}\n`
}

function tableHead(table: Table, { handles }: PrintOptions): string {
  return `table ${table.family} ${table.name} {${handles ? ` # handle ${handles.table(table)}` : ''}`
}

/** One object in the shell of its table, as `list chain` and `list set` print it. */
export function printInTable(table: Table, object: string): string {
  return `${tableHead(table, {})}\n${object}}\n`
}

export function printChain(table: Table, chain: Chain, options: PrintOptions = {}): string {
  const { handles } = options
  let text = `\tchain ${chain.name} {${handles ? ` # handle ${handles.chain(table, chain)}` : ''}\n`
  if (chain.comment !== undefined) text += `\t\tcomment "${chain.comment}"\n`
  text += printBase(chain)
  for (const rule of chain.rules) text += `\t\t${ruleText(table, rule, options)}\n`
  return `${text}\t}\n`
}

function ruleText(table: Table, rule: NftRule, { handles, counters }: PrintOptions): string {
  const text = printCountedRule(rule, counters === null ? null : (counters?.(rule) ?? NO_COUNT))
  return handles ? `${text} # handle ${handles.rule(table, rule)}` : text
}

function printBase({ base, policy }: Chain): string {
  if (!base) return ''
  const hook = base.hook.toLowerCase()
  return `\t\ttype ${base.type} hook ${hook} priority ${printPriority(base.hook, base.priority)}; policy ${policy};\n`
}

/** A chain without its rules (`list chains`). */
export function printChainHead(table: Table, chain: Chain, { handles }: PrintOptions = {}): string {
  return `\tchain ${chain.name} {${handles ? ` # handle ${handles.chain(table, chain)}` : ''}\n${printBase(chain)}\t}\n`
}

export function printSet(table: Table, set: NftSet, options: PrintOptions = {}): string {
  const { handles } = options
  const isMap = set.dataTypes !== undefined
  const types = set.keyTypes.join(' . ') + (set.dataTypes ? ` : ${set.dataTypes.join(' . ')}` : '')
  let text = `\t${isMap ? 'map' : 'set'} ${set.name} {${handles ? ` # handle ${handles.set(table, set)}` : ''}\n\t\ttype ${types}\n`
  const size = set.size ?? (set.flags.includes('dynamic') ? DYNAMIC_SIZE : undefined)
  if (size !== undefined) text += `\t\tsize ${size}\n`
  if (set.flags.length > 0) text += `\t\tflags ${set.flags.join(',')}\n`
  if (set.autoMerge === true) text += '\t\tauto-merge\n'
  if (set.timeoutMs !== undefined) text += `\t\ttimeout ${printDuration(set.timeoutMs)}\n`
  if (set.gcIntervalMs !== undefined) text += `\t\tgc-interval ${printDuration(set.gcIntervalMs)}\n`
  if (set.comment !== undefined) text += `\t\tcomment "${set.comment}"\n`
  return `${text}${options.terse === true ? '' : printElements(table, set, options)}\t}\n`
}

/** What the kernel takes for dynamic sets without a size. */
const DYNAMIC_SIZE = 65_535

function printElements(table: Table, set: NftSet, options: PrintOptions): string {
  const own = [...set.elements.values()].map((element) => ({ element, extra: '' }))
  const unsorted = [...own, ...(options.dynamic?.(table, set) ?? [])]
  if (unsorted.length === 0) return ''
  const { compare } = options
  const all = compare ? unsorted.toSorted((a, b) => compare(a.element, b.element)) : sortElements(unsorted)
  const limit = set.keyTypes.length === 1 && !set.dataTypes ? (PER_LINE[set.keyTypes[0] ?? 'integer'] ?? 1) : 1
  let text = ''
  all.forEach(({ element, extra }, i) => {
    if (i > 0) text += i % limit === 0 ? ',\n\t\t\t     ' : ', '
    text += printElement(element, set.keyTypes, extra)
  })
  return `\t\telements = { ${text} }\n`
}

/** How many elements stand on a line; others: one. Source: nft 1.0.6, what it prints. */
const PER_LINE: Partial<Readonly<Record<DataType, number>>> = {
  inet_proto: 5,
  inet_service: 5,
  mark: 5,
  integer: 5,
  nf_proto: 5,
  tcp_flag: 5,
  ct_dir: 5,
  ipv4_addr: 2,
  ct_state: 2,
  ct_status: 2,
}
