/** Tables being changed by one transaction. Nothing is seen by packets until all of it succeeded. */
import type { Element } from './expression.ts'
import { keyText, tableKey, type Chain, type NftFamily, type NftSet, type SetDefinition, type Table } from './ruleset.ts'
import type { SharedMapEdit } from './shared-map.ts'

export type Tables = ReadonlyMap<string, Table>

export class TablesDraft {
  private readonly tables: Map<string, Table | TableDraft>

  constructor(tables: Tables) {
    this.tables = new Map(tables)
  }

  /** For changing; undefined when there is none. */
  table(family: NftFamily, name: string): TableDraft | undefined {
    const key = tableKey(family, name)
    const found = this.tables.get(key)
    if (!found || found instanceof TableDraft) return found
    const draft = new TableDraft(found)
    this.tables.set(key, draft)
    return draft
  }

  add(table: Table): TableDraft {
    const draft = new TableDraft(table)
    this.tables.set(tableKey(table.family, table.name), draft)
    return draft
  }

  delete(family: NftFamily, name: string): boolean {
    return this.tables.delete(tableKey(family, name))
  }

  /** All tables as they are now, in the order in which they came. */
  all(): readonly { readonly family: NftFamily; readonly name: string }[] {
    return [...this.tables.values()].map(({ family, name }) => ({ family, name }))
  }

  done(): Tables {
    const done = new Map<string, Table>()
    for (const [key, table] of this.tables) done.set(key, table instanceof TableDraft ? table.done() : table)
    return done
  }
}

/** One table being changed. Chains and sets are looked up as they stand within the transaction. */
export class TableDraft {
  readonly family: NftFamily
  readonly name: string
  private readonly origin: Table
  private readonly chains: SharedMapEdit<Chain>
  private readonly sets: SharedMapEdit<NftSet>
  private readonly elements = new Map<string, SharedMapEdit<Element>>()
  private bases: readonly string[]
  private lastOrder: number | undefined

  constructor(table: Table) {
    this.family = table.family
    this.name = table.name
    this.origin = table
    this.chains = table.chains.edit()
    this.sets = table.sets.edit()
    this.bases = table.bases
  }

  chain(name: string): Chain | undefined {
    return this.chains.get(name)
  }

  /** The definition; elements through element() and the like. */
  set(name: string): SetDefinition | undefined {
    return this.sets.get(name)
  }

  putChain(chain: Chain): void {
    const isBase = this.bases.includes(chain.name)
    if (chain.base && !isBase) this.bases = [...this.bases, chain.name]
    else if (!chain.base && isBase) this.bases = this.bases.filter((name) => name !== chain.name)
    this.chains.set(chain.name, chain)
  }

  deleteChain(name: string): boolean {
    if (this.bases.includes(name)) this.bases = this.bases.filter((each) => each !== name)
    return this.chains.delete(name)
  }

  putSet(set: NftSet): void {
    this.sets.set(set.name, set)
    this.elements.delete(set.name)
  }

  deleteSet(name: string): boolean {
    this.elements.delete(name)
    return this.sets.delete(name)
  }

  element(set: string, key: string): Element | undefined {
    return this.elements.get(set)?.get(key) ?? (this.elements.has(set) ? undefined : this.sets.get(set)?.elements.get(key))
  }

  /** Elements of a set as they stand. */
  elementsIn(set: string): Iterable<Element> {
    return this.elements.get(set)?.done().values() ?? this.sets.get(set)?.elements.values() ?? []
  }

  /** False when there is no such set. */
  putElement(set: string, element: Element, key = keyText(element.key)): boolean {
    const edit = this.elementsOf(set)
    edit?.set(key, element)
    return edit !== undefined
  }

  /** False when there is no such element. */
  deleteElement(set: string, key: string): boolean {
    return this.elementsOf(set)?.delete(key) === true
  }

  flushSet(set: string): void {
    this.elementsOf(set)?.clear()
  }

  /** All chains and sets as they stand; costs a walk over the table. */
  current(): Table {
    return this.done()
  }

  /** The place in listings of an object added now. */
  nextOrder(): number {
    if (this.lastOrder === undefined) {
      this.lastOrder = 0
      for (const { order } of this.origin.chains.values()) this.lastOrder = Math.max(this.lastOrder, order)
      for (const { order } of this.origin.sets.values()) this.lastOrder = Math.max(this.lastOrder, order)
    }
    return ++this.lastOrder
  }

  done(): Table {
    for (const [name, edit] of this.elements) {
      const set = this.sets.get(name)
      if (set) this.sets.set(name, { ...set, elements: edit.done() })
    }
    this.elements.clear()
    return { ...this.origin, bases: this.bases, chains: this.chains.done(), sets: this.sets.done() }
  }

  private elementsOf(name: string): SharedMapEdit<Element> | undefined {
    let edit = this.elements.get(name)
    if (!edit) {
      const set = this.sets.get(name)
      if (set) this.elements.set(name, (edit = set.elements.edit()))
    }
    return edit
  }
}
