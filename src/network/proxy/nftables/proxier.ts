/** kube-proxy's nftables mode for one family: syncs what changed, or everything. k8s 1.36: pkg/proxy/nftables syncProxyRules. */
import type { TableDraft, Tables, TablesDraft } from '../../nft/draft.ts'
import type { Element } from '../../nft/expression.ts'
import type { Nftables } from '../../nft/nftables.ts'
import { newTable, tableKey, type Chain, type NftFamily, type Table } from '../../nft/ruleset.ts'
import { SharedMap, type SharedMapEdit } from '../../nft/shared-map.ts'
import type { ServicePortInfo } from '../changes/service-port.ts'
import { ServiceState } from '../changes/state.ts'
import type { NodePlace } from '../changes/topology.ts'
import type { Proxier, ProxierLog, SyncResult } from '../proxier.ts'
import { baseChains, baseSets, familyWord, TABLE, TABLE_COMMENT, type NftablesSettings } from './base.ts'
import { Claims, placeOfElement } from './claims.ts'
import { isServiceChainName } from './names.ts'
import { chainOf, elementOf, setOf, sourceOf } from './objects.ts'
import { compareText, nftablesPlan, portPart, type PortPart } from './plan.ts'
import { TransactionRecord } from './transaction.ts'
import type { ElementSource, Unit } from './unit.ts'

/** A full sync is made that often at least. k8s 1.36: proxyutil.FullSyncPeriod. */
const FULL_SYNC_PERIOD_MS = 3_600_000
/** Chains are emptied first, and deleted by a sync that comes later than this. k8s 1.36: staleChains. */
const STALE_MS = 1000
const NODE_PORT_IPS = 'nodeport-ips'

interface NftablesProxierOptions {
  readonly nftables: Nftables
  readonly settings: NftablesSettings
  readonly place: NodePlace
  readonly syncPeriodMs: number
  readonly now: () => number
}

/** What is noted of ports and Services, being changed. */
interface Notes {
  readonly units: SharedMapEdit<Unit>
  readonly applied: SharedMapEdit<readonly ServicePortInfo[]>
}

/** The table that was last made from nothing, and what was noted of it: other nodes start with it. */
interface Donor {
  readonly table: Table
  readonly units: SharedMap<Unit>
  readonly applied: SharedMap<readonly ServicePortInfo[]>
  readonly hairpin: ReadonlyMap<string, readonly ElementSource[]>
  readonly claims: Claims
}
const donors = new Map<string, Donor>()

export class NftablesProxier implements Proxier {
  readonly state: ServiceState
  /** What the last sync wrote, when it was not a full one. */
  record: TransactionRecord | undefined
  private readonly options: NftablesProxierOptions
  private readonly family: NftFamily
  private readonly key: string
  private settings: NftablesSettings
  private place: NodePlace
  private wantsFull = true
  private lastFullMs = 0
  private version = -1
  /** By port. Nodes share nearly all of it. */
  private units = SharedMap.empty<Unit>()
  /** By Service. */
  private applied = SharedMap.empty<readonly ServicePortInfo[]>()
  /** By port; only those with endpoints on this node. */
  private readonly hairpin = new Map<string, readonly ElementSource[]>()
  private claims = new Claims()
  /** Chains that were emptied, and when. */
  private readonly stale = new Map<string, number>()

  constructor(options: NftablesProxierOptions) {
    this.options = options
    this.settings = options.settings
    this.place = options.place
    this.family = familyWord(options.settings.family)
    this.key = tableKey(this.family, TABLE)
    this.state = new ServiceState(options.settings.family)
  }

  needFullSync(): void {
    this.wantsFull = true
  }

  setPlace(place: NodePlace): void {
    this.place = place
    this.wantsFull = true
  }

  /** In effect with the next full sync. */
  setServiceCIDRs(serviceCIDRs: readonly string[]): void {
    this.settings = { ...this.settings, serviceCIDRs }
  }

  isDisturbed(): boolean {
    return this.options.nftables.version !== this.version
  }

  /** It does not look at what others do to its table; a full sync makes it anew. */
  mendsAfterMs(): number {
    return Math.max(0, this.lastFullMs + FULL_SYNC_PERIOD_MS - this.options.now())
  }

  sync(): SyncResult {
    const now = this.options.now()
    const full = this.wantsFull || now - this.lastFullMs > FULL_SYNC_PERIOD_MS
    const { services, conntrackCleanup } = this.state.apply()
    this.deleteStale(now)
    const units = full ? this.syncAll(now) : this.syncSome(services, now)
    const ok = units >= 0
    this.wantsFull = !ok
    if (ok && full) this.lastFullMs = now
    this.version = this.options.nftables.version
    const log: readonly ProxierLog[] = ok
      ? []
      : [
          ['E', 'proxier.go:1767', 'nftables sync failed', { err: 'exit status 1' }],
          ['I', 'proxier.go:1099', 'Sync failed', { retryingTime: `${this.options.syncPeriodMs / 1000}s` }],
        ]
    return { ok, full, units: Math.max(0, units), conntrackCleanup, log }
  }

  private deleteStale(now: number): void {
    const old = [...this.stale].filter(([, atMs]) => atMs < now - STALE_MS).map(([name]) => name)
    if (old.length === 0) return
    for (const name of old) this.stale.delete(name)
    this.options.nftables.change((draft) => {
      const table = draft.table(this.family, TABLE)
      for (const name of old) table?.deleteChain(name)
    })
  }

  private syncAll(now: number): number {
    this.record = undefined
    if (this.options.nftables.table(this.key)) return this.syncAnew(now)
    if (!this.syncLike(donors.get(this.donorKey()), now)) this.syncAnew(now)
    const table = this.options.nftables.table(this.key)
    const { units, applied } = this
    if (table) donors.set(this.donorKey(), { table, units, applied, hairpin: new Map(this.hairpin), claims: this.claims.copy() })
    return units.size
  }

  private donorKey(): string {
    const { family, masqueradeMark, masqueradeAll, detector } = this.settings
    return [family, masqueradeMark, masqueradeAll, ...Object.values(detector)].join()
  }

  /** Starts with the table that another node has made last, and changes what is different here. */
  private syncLike(donor: Donor | undefined, now: number): boolean {
    if (!donor) return false
    this.units = donor.units
    this.applied = donor.applied
    this.hairpin.clear()
    for (const [key, elements] of donor.hairpin) this.hairpin.set(key, elements)
    this.claims = donor.claims.copy()
    this.stale.clear()
    const different = new Set<string>()
    for (const [service] of donor.applied.entries()) if (this.state.portsOf(service).length === 0) different.add(service)
    for (const service of this.state.services()) if (!this.isAsNoted(service)) different.add(service)
    const record = new TransactionRecord(this.family)
    this.options.nftables.change((draft) => {
      const table = draft.add(donor.table)
      this.writeBase(table)
      const notes = { units: this.units.edit(), applied: this.applied.edit() }
      for (const service of different) this.syncService(service, notes, table, record, now)
      for (const name of this.stale.keys()) table.deleteChain(name)
      this.units = notes.units.done()
      this.applied = notes.applied.done()
    })
    this.stale.clear()
    return true
  }

  private isAsNoted(service: string): boolean {
    const ports = this.state.portsOf(service)
    const before = this.applied.get(service)
    if (before !== ports && (before?.length !== ports.length || ports.some((port, i) => port !== before[i]))) return false
    return ports.every((port) => {
      const { unit, hairpin } = this.partOf(port)
      return this.units.get(port.key) === unit && hairpin.length === 0 && !this.hairpin.has(port.key)
    })
  }

  /** Chains and sets that don't depend on Services. Elements of sets stay. */
  private writeBase(table: TableDraft): void {
    const { nodePortIPs } = this.settings
    for (const source of baseChains(this.settings)) table.putChain(chainOf(source, this.family))
    for (const source of baseSets(this.settings)) if (!table.set(source.name)) table.putSet(setOf(source))
    if (!nodePortIPs) table.deleteSet(NODE_PORT_IPS)
    else table.flushSet(NODE_PORT_IPS)
    for (const key of nodePortIPs ?? []) table.putElement(NODE_PORT_IPS, elementOf({ service: '', set: NODE_PORT_IPS, key }), key)
  }

  /** Everything from scratch; what others have added to the table stays where it does not stand in the way. */
  private syncAnew(now: number): number {
    this.remember()
    const plan = nftablesPlan(this.state, this.place, this.settings)
    this.options.nftables.change((draft) => {
      const table = draft.table(this.family, TABLE) ?? draft.add(newTable(this.family, TABLE, TABLE_COMMENT))
      const before = table.current()
      for (const source of plan.sets.values()) {
        const elements = SharedMap.empty<Element>().edit()
        for (const element of plan.elements.get(source.name)?.values() ?? []) elements.set(element.key, elementOf(element))
        table.putSet({ ...setOf(source), elements: elements.done() })
      }
      for (const source of plan.chains.values()) table.putChain(chainOf(source, this.family))
      for (const { name } of before.sets.values())
        if (!plan.sets.has(name) && (name.startsWith('affinity-') || name === NODE_PORT_IPS)) table.deleteSet(name)
      for (const chain of before.chains.values())
        if (isServiceChainName(chain.name) && !plan.chains.has(chain.name)) this.retire(table, chain, now)
    })
    for (const name of this.stale.keys()) if (plan.chains.has(name)) this.stale.delete(name)
    return this.units.size
  }

  /** Notes all parts and who claims what. */
  private remember(): void {
    this.hairpin.clear()
    this.claims.clear()
    const units = SharedMap.empty<Unit>().edit()
    const applied = SharedMap.empty<readonly ServicePortInfo[]>().edit()
    const standing = new Map<string, ElementSource>()
    for (const service of this.state.services()) {
      const ports = this.state.portsOf(service)
      applied.set(service, ports)
      for (const port of ports) {
        const part = this.partOf(port)
        units.set(port.key, part.unit)
        if (part.hairpin.length > 0) this.hairpin.set(port.key, part.hairpin)
      }
      for (const [place, element] of this.wanted(ports, (key) => units.get(key)))
        standing.set(place, this.claims.claim(element, standing.get(place)))
    }
    this.units = units.done()
    this.applied = applied.done()
  }

  private partOf(port: ServicePortInfo): PortPart {
    return portPart(port, this.state.endpoints(port), this.place, this.settings)
  }

  /** Elements of a Service's ports; of several with one key, that of the last port. */
  private wanted(ports: readonly ServicePortInfo[], unitOf: (key: string) => Unit | undefined): Map<string, ElementSource> {
    const wanted = new Map<string, ElementSource>()
    const keys = ports.map(({ key }) => key).toSorted(compareText)
    for (const key of keys) {
      for (const element of unitOf(key)?.elements ?? []) wanted.set(placeOfElement(element), element)
      for (const element of this.hairpin.get(key) ?? []) wanted.set(placeOfElement(element), element)
    }
    return wanted
  }

  /** Gives the number of units, -1: the transaction failed. */
  private syncSome(services: ReadonlySet<string>, now: number): number {
    const record = new TransactionRecord(this.family)
    if (services.size === 0) return 0
    let made = 0
    let isBroken = false
    this.options.nftables.change((draft) => {
      const table = draft.table(this.family, TABLE)
      const edit = { units: this.units.edit(), applied: this.applied.edit() }
      for (const service of services) made += this.syncService(service, edit, table, record, now)
      this.units = edit.units.done()
      this.applied = edit.applied.done()
      isBroken = !record.isEmpty() && !holds(table, record)
      if (isBroken) abandon(draft, this.options.nftables.tables, this.key)
    })
    this.record = record
    if (isBroken) this.stale.clear()
    return isBroken ? -1 : made
  }

  private syncService(
    service: string,
    edit: Notes,
    table: TableDraft | undefined,
    record: TransactionRecord,
    now: number,
  ): number {
    const before = edit.applied.get(service) ?? []
    const ports = this.state.portsOf(service)
    const unitOf = (key: string) => edit.units.get(key)
    const oldUnits = before.map(({ key }) => unitOf(key)).filter((unit) => unit !== undefined)
    const oldElements = this.wanted(before, unitOf)
    for (const { key } of before) {
      edit.units.delete(key)
      this.hairpin.delete(key)
    }
    const parts = ports.map((port) => ({ key: port.key, ...this.partOf(port) }))
    for (const { key, unit, hairpin } of parts) {
      edit.units.set(key, unit)
      if (hairpin.length > 0) this.hairpin.set(key, hairpin)
    }
    if (ports.length > 0) edit.applied.set(service, ports)
    else edit.applied.delete(service)
    const newUnits = parts.map(({ unit }) => unit)
    this.writeChains(table, oldUnits, newUnits, record, now)
    this.writeElements(table, oldElements, this.wanted(ports, unitOf), record)
    return ports.length
  }

  private writeChains(
    table: TableDraft | undefined,
    before: readonly Unit[],
    after: readonly Unit[],
    record: TransactionRecord,
    now: number,
  ): void {
    const chains = new Map(after.flatMap((unit) => unit.chains.map((chain) => [chain.name, chain])))
    const sets = new Map(after.flatMap((unit) => unit.sets.map((set) => [set.name, set])))
    for (const source of sets.values()) {
      record.add('set', source)
      const known = table?.set(source.name)
      if (!known || known.timeoutMs !== setOf(source).timeoutMs) table?.putSet(setOf(source))
    }
    for (const source of chains.values()) {
      record.add('chain', source)
      table?.putChain(chainOf(source, this.family))
      this.stale.delete(source.name)
    }
    for (const { name } of before.flatMap((unit) => unit.chains))
      if (!chains.has(name)) {
        record.add('retire', name)
        const chain = table?.chain(name)
        if (table && chain) this.retire(table, chain, now)
      }
    for (const { name } of before.flatMap((unit) => unit.sets))
      if (!sets.has(name)) {
        record.add('delete set', name)
        table?.deleteSet(name)
      }
  }

  private retire(table: TableDraft, chain: Chain, now: number): void {
    if (chain.rules.length > 0) table.putChain({ ...chain, rules: [] })
    if (!this.stale.has(chain.name)) this.stale.set(chain.name, now)
  }

  private writeElements(
    table: TableDraft | undefined,
    before: ReadonlyMap<string, ElementSource>,
    after: ReadonlyMap<string, ElementSource>,
    record: TransactionRecord,
  ): void {
    for (const [place, source] of before) if (!after.has(place)) this.put(table, source, this.claims.release(source), record)
    for (const source of after.values()) {
      const standing = sourceOf(table?.element(source.set, source.key))
      this.put(table, source, this.claims.claim(source, standing), record)
    }
  }

  /** `source` tells the place, `winner` what is to stand there. */
  private put(
    table: TableDraft | undefined,
    source: ElementSource,
    winner: ElementSource | undefined,
    record: TransactionRecord,
  ): void {
    const standing = sourceOf(table?.element(source.set, source.key))
    if (standing === winner) return
    const isSame = standing !== undefined && winner !== undefined && standing.verdict === winner.verdict
    if (standing && !isSame) record.add('delete element', standing)
    if (winner && !isSame) record.add('element', winner)
    if (winner) table?.putElement(winner.set, elementOf(winner), winner.key)
    else table?.deleteElement(source.set, source.key)
  }
}

/** Whether all that the transaction writes into is still there. */
function holds(table: TableDraft | undefined, record: TransactionRecord): boolean {
  return table !== undefined && record.sets().every((set) => table.set(set))
}

/** The kernel takes all or nothing. */
function abandon(draft: TablesDraft, tables: Tables, key: string): void {
  const before = tables.get(key)
  if (before) draft.add(before)
}

/** Takes kube-proxy's tables away, as kube-proxy does when it starts in another mode. */
export function cleanUpNftables(nftables: Nftables): boolean {
  const has = nftables.table(`ip ${TABLE}`) !== undefined || nftables.table(`ip6 ${TABLE}`) !== undefined
  if (has)
    nftables.change((draft) => {
      draft.delete('ip', TABLE)
      draft.delete('ip6', TABLE)
    })
  return has
}
