/** The tables of iptables in one network namespace, of one family: chains, rules, counters. */
import type { Hook } from './hooks.ts'
import { TABLES, type Rule, type TableName } from './rule.ts'

/** The hooks of each table, in the order in which their chains are listed. */
export const CHAINS_OF: { readonly [table in TableName]: readonly Hook[] } = {
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
  raw: ['PREROUTING', 'OUTPUT'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
}

/** One chain. Its list of rules is shared between nodes where it is equal; the counters are its own. */
export class Chain {
  readonly name: string
  /** Built-in chains only. */
  policy: 'ACCEPT' | 'DROP' | undefined
  /** Packets and bytes that reached the policy. */
  packets = 0
  bytes = 0
  private list: readonly Rule[]
  /** Packets and bytes of each rule in turn; undefined: all zero. */
  private counts: Float64Array | undefined

  constructor(name: string, policy?: 'ACCEPT' | 'DROP', rules: readonly Rule[] = []) {
    this.name = name
    this.policy = policy
    this.list = rules
  }

  get rules(): readonly Rule[] {
    return this.list
  }

  /** New rules, counted from zero. */
  setRules(rules: readonly Rule[]): void {
    this.list = rules
    this.counts = undefined
  }

  /** New rules in place of `deleted` ones from `at` on; the others keep their counts. */
  splice(at: number, deleted: number, ...added: readonly Rule[]): void {
    const counts = this.counts
    const before = this.list.length
    this.list = this.list.toSpliced(at, deleted, ...added)
    if (!counts) return
    const moved = new Float64Array(this.list.length * 2)
    moved.set(counts.subarray(0, at * 2))
    moved.set(counts.subarray((at + deleted) * 2, before * 2), (at + added.length) * 2)
    this.counts = moved
  }

  count(index: number, packets: number, bytes: number): void {
    this.counts ??= new Float64Array(this.list.length * 2)
    const at = index * 2
    this.counts[at] = (this.counts[at] ?? 0) + packets
    this.counts[at + 1] = (this.counts[at + 1] ?? 0) + bytes
  }

  counters(index: number): { readonly packets: number; readonly bytes: number } {
    return { packets: this.counts?.[index * 2] ?? 0, bytes: this.counts?.[index * 2 + 1] ?? 0 }
  }

  /** Counts from zero: all, or those of one rule. */
  zero(index?: number): void {
    if (index === undefined) {
      this.counts = undefined
      this.packets = 0
      this.bytes = 0
    } else {
      this.counts?.fill(0, index * 2, index * 2 + 2)
    }
  }

  copy(name = this.name): Chain {
    const copy = new Chain(name, this.policy, this.list)
    copy.counts = this.counts?.slice()
    copy.packets = this.packets
    copy.bytes = this.bytes
    return copy
  }
}

/** The chains of a table by name. */
export type Chains = Map<string, Chain>

/** Built-in chains in the order of the packet's way, then people's own by name. */
export function orderedChains(table: TableName, chains: Chains): Chain[] {
  const builtIn = CHAINS_OF[table].flatMap((name) => chains.get(name) ?? [])
  const own = [...chains.values()].filter((chain) => chain.policy === undefined)
  return [...builtIn, ...own.toSorted((a, b) => (a.name < b.name ? -1 : 1))]
}

/** What tables need of the namespace around them. */
export interface TablesAround {
  /** Called once for each table, when it is first used. */
  onOpen(table: TableName, tables: IptablesTables): void
  hasSet(name: string): boolean
}
const ALONE: TablesAround = { onOpen: () => undefined, hasSet: () => true }

export class IptablesTables {
  readonly family: 4 | 6
  /** Rises with every change: what is derived from the rules knows when it is stale. */
  version = 0
  private readonly tables = new Map<TableName, Chains>()
  private readonly opened = new Set<TableName>()
  private readonly around: TablesAround

  constructor(family: 4 | 6, around: TablesAround = ALONE) {
    this.family = family
    this.around = around
  }

  /** Whether rules may name an ip set. */
  hasSet(name: string): boolean {
    return this.around.hasSet(name)
  }

  /** How many rules use an ip set. */
  rulesWithSet(name: string): number {
    let count = 0
    for (const chains of this.tables.values())
      for (const { rules } of chains.values())
        for (const { matches } of rules) if (matches.some((match) => match.kind === 'set' && match.set === name)) count++
    return count
  }

  /** The table's chains; undefined when nobody has touched it. */
  existing(name: TableName): Chains | undefined {
    return this.tables.get(name)
  }

  /** The table's chains; made with its built-in chains when nobody has touched it yet. */
  table(name: TableName): Chains {
    const known = this.tables.get(name)
    if (known) return known
    const chains = freshTable(name)
    this.setTable(name, chains)
    return chains
  }

  /** The tables that exist, in the order of iptables-save. */
  names(): TableName[] {
    return TABLES.filter((name) => this.tables.has(name))
  }

  /** Without making the table. */
  chain(table: TableName, name: string): Chain | undefined {
    return this.tables.get(table)?.get(name)
  }

  /** Puts a whole table in place of the old one. */
  setTable(name: TableName, chains: Chains): void {
    this.tables.set(name, chains)
    this.version++
    if (this.opened.has(name)) return
    this.opened.add(name)
    this.around.onOpen(name, this)
  }

  /** As if nobody had ever touched the table. */
  dropTable(name: TableName): void {
    this.tables.delete(name)
    this.version++
  }

  /** Says that chains were changed in place. */
  changed(): void {
    this.version++
  }

  /**
   * Replaces chains in one step; undefined deletes one. Lists that are given to several namespaces are shared by them.
   * Counters of replaced chains start from zero, also when the list is the same.
   */
  replaceChains(table: TableName, changes: Iterable<readonly [string, readonly Rule[] | undefined]>): void {
    const chains = this.table(table)
    for (const [name, rules] of changes) {
      if (rules === undefined) {
        chains.delete(name)
        continue
      }
      const chain = chains.get(name)
      if (chain) chain.setRules(rules)
      else chains.set(name, new Chain(name, undefined, rules))
    }
    this.version++
  }
}

export function freshTable(name: TableName): Chains {
  return new Map(CHAINS_OF[name].map((hook) => [hook, new Chain(hook, 'ACCEPT')]))
}
