/** The nftables of one network namespace: its tables, what packets have left in them, and their place on the hooks. */
import type { ConntrackTable } from '../conntrack/table.ts'
import type { Netns } from '../link/netns.ts'
import { installed, netfilterOf } from '../netfilter/install.ts'
import { TablesDraft, type Tables } from './draft.ts'
import type { Element, Expression, NftRule, Statement } from './expression.ts'
import { chainHook } from './hook.ts'
import type { HandleSource } from './print.ts'
import { tableKey, type BaseHook, type SetDefinition, type Table } from './ruleset.ts'

/** An element that a packet has put into a set. */
interface TimedElement {
  readonly element: Element
  /** Infinity: stays. */
  readonly expiresMs: number
  readonly timeoutMs: number
}

export interface Count {
  packets: number
  bytes: number
}

const NO_COUNT: Count = { packets: 0, bytes: 0 }

export class Nftables {
  /** By tableKey. */
  tables: Tables = new Map()
  /** Grows with each transaction. */
  version = 0
  /** Packets that a rule has matched, whether it has a counter statement or not. */
  private readonly counts = new WeakMap<NftRule, Count>()
  /** By table, set and key. */
  private readonly timed = new Map<string, Map<string, TimedElement>>()
  /** Buckets of limits and positions of counting generators. */
  readonly memory = new WeakMap<Statement | Expression, { value: number; atMs: number }>()
  private readonly netns: Netns
  private readonly registered = new Map<string, () => void>()
  private readonly numbers = new Handles()
  readonly handles: HandleSource = this.numbers
  constructor(netns: Netns) {
    this.netns = netns
  }

  /** Simulated milliseconds. */
  now(): number {
    return netfilterOf(this.netns)?.conntrack.now() ?? 0
  }

  get conntrack(): ConntrackTable {
    return installed(this.netns).conntrack
  }

  /** Runs a transaction: when it throws, nothing has changed. */
  change(transaction: (draft: TablesDraft) => void): void {
    const draft = new TablesDraft(this.tables)
    transaction(draft)
    this.tables = draft.done()
    this.version++
    this.hang()
  }

  /** Takes a transaction back (nft --check). */
  restore(tables: Tables): void {
    this.tables = tables
    this.hang()
  }

  table(key: string): Table | undefined {
    return this.tables.get(key)
  }

  count(rule: NftRule, bytes: number): void {
    const count = this.counts.get(rule)
    if (count) {
      count.packets++
      count.bytes += bytes
    } else this.counts.set(rule, { packets: 1, bytes })
  }

  countOf(rule: NftRule): Readonly<Count> {
    return this.counts.get(rule) ?? NO_COUNT
  }

  resetCount(rule: NftRule): void {
    this.counts.delete(rule)
  }

  /** A replaced rule keeps its number. */
  replaced(before: NftRule, after: NftRule): void {
    this.numbers.move(before, after)
  }

  timedElement(table: Table, set: string, key: string): TimedElement | undefined {
    const found = this.timed.get(`${tableKey(table.family, table.name)} ${set}`)?.get(key)
    return found && found.expiresMs > this.now() ? found : undefined
  }

  /** Puts an element in, or starts its time anew. False: the set is full. */
  putTimed(table: Table, set: SetDefinition, key: string, element: Element, timeoutMs: number, isUpdate: boolean): boolean {
    const place = `${tableKey(table.family, table.name)} ${set.name}`
    let elements = this.timed.get(place)
    if (!elements) this.timed.set(place, (elements = new Map()))
    const known = this.timedElement(table, set.name, key)
    if (known && !isUpdate) return true
    const limit = set.size ?? DYNAMIC_SIZE
    if (!known && elements.size >= limit) this.expire(elements)
    if (!known && elements.size >= limit) return false
    elements.set(key, { element, timeoutMs, expiresMs: timeoutMs > 0 ? this.now() + timeoutMs : Infinity })
    return true
  }

  deleteTimed(table: Table, set: string, key: string): boolean {
    return this.timed.get(`${tableKey(table.family, table.name)} ${set}`)?.delete(key) === true
  }

  flushTimed(table: Table, set: string): void {
    this.timed.delete(`${tableKey(table.family, table.name)} ${set}`)
  }

  /** Those that have not run out. */
  timedElements(table: Table, set: string): readonly TimedElement[] {
    const elements = this.timed.get(`${tableKey(table.family, table.name)} ${set}`)
    if (!elements) return []
    this.expire(elements)
    return [...elements.values()]
  }

  private expire(elements: Map<string, TimedElement>): void {
    for (const [key, { expiresMs }] of elements) if (expiresMs <= this.now()) elements.delete(key)
  }

  /** Registers base chains that came, takes off those that went; forgets what belonged to sets that are gone. */
  private hang(): void {
    const wanted = new Map<string, () => () => void>()
    for (const [key, table] of this.tables) {
      if (table.dormant === true) continue
      for (const name of table.bases) {
        const base = table.chains.get(name)?.base
        if (!base) continue
        const id = `${key} ${name} ${base.type} ${base.hook} ${base.priority}`
        wanted.set(id, () => this.register(key, name, base))
      }
    }
    for (const [id, remove] of this.registered)
      if (!wanted.has(id)) {
        remove()
        this.registered.delete(id)
      }
    for (const [id, register] of wanted) if (!this.registered.has(id)) this.registered.set(id, register())
    for (const place of this.timed.keys()) if (!this.hasSet(place)) this.timed.delete(place)
  }

  private register(table: string, chain: string, base: BaseHook): () => void {
    const parts = installed(this.netns)
    const added = chainHook(this, table, chain, base)
    if (base.type === 'nat') return parts.nat.attach(added)
    // `ct` begins the tracking of connections; nearly every ruleset has it.
    parts.track()
    return this.netns.netfilter.register(added)
  }

  private hasSet(place: string): boolean {
    const [family = '', table = '', set = ''] = place.split(' ')
    return this.tables.get(`${family} ${table}`)?.sets.has(set) === true
  }
}

/** What the kernel takes for dynamic sets without a size. */
const DYNAMIC_SIZE = 65_535

/**
 * Numbers of objects. SIMPLIFIED: objects get their numbers when somebody first asks for them, in the order of the listing;
 * the kernel numbers them as they come.
 */
class Handles implements HandleSource {
  private readonly rules = new WeakMap<NftRule, number>()
  private readonly named = new Map<string, number>()
  private readonly last = new Map<string, number>()
  private tables = 0

  table(table: Table): number {
    return this.of(tableKey(table.family, table.name), () => ++this.tables)
  }

  chain(table: Table, { name }: { readonly name: string }): number {
    const key = tableKey(table.family, table.name)
    return this.of(`${key} chain ${name}`, () => this.next(key))
  }

  set(table: Table, { name }: { readonly name: string }): number {
    const key = tableKey(table.family, table.name)
    return this.of(`${key} set ${name}`, () => this.next(key))
  }

  rule(table: Table, rule: NftRule): number {
    let number = this.rules.get(rule)
    if (number === undefined) this.rules.set(rule, (number = this.next(tableKey(table.family, table.name))))
    return number
  }

  move(before: NftRule, after: NftRule): void {
    const number = this.rules.get(before)
    if (number !== undefined) this.rules.set(after, number)
  }

  private of(name: string, make: () => number): number {
    let number = this.named.get(name)
    if (number === undefined) this.named.set(name, (number = make()))
    return number
  }

  private next(table: string): number {
    const number = (this.last.get(table) ?? 0) + 1
    this.last.set(table, number)
    return number
  }
}

const known = new WeakMap<Netns, Nftables>()

/** The nftables of a namespace: empty until somebody adds a table. */
export function nftablesOf(netns: Netns): Nftables {
  let nftables = known.get(netns)
  if (!nftables) known.set(netns, (nftables = new Nftables(netns)))
  return nftables
}
