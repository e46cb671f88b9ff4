/** kube-proxy's iptables mode for one family: syncs what changed, or everything. k8s 1.36: pkg/proxy/iptables syncProxyRules. */
import { parseRule } from '../../netfilter/parse.ts'
import type { Rule } from '../../netfilter/rule.ts'
import type { IptablesTables } from '../../netfilter/tables.ts'
import type { ServicePortInfo } from '../changes/service-port.ts'
import { ServiceState } from '../changes/state.ts'
import type { NodePlace } from '../changes/topology.ts'
import type { Proxier, ProxierLog, SyncResult } from '../proxier.ts'
import { CANARY, fixedChains, JUMPS, KUBELET_JUMPS, tailLines, type TableName } from './base.ts'
import { compiledUnit, compileLines, settingsKey, type CompiledUnit } from './compiled.ts'
import { isServiceChainName } from './names.ts'
import { LARGE_CLUSTER_ENDPOINTS } from './rules.ts'
import { SharedChainRules } from './shared-chain.ts'
import { SHARED_CHAINS, type IptablesSettings, type SharedChain } from './unit.ts'

/** A full sync is made that often at least. k8s 1.36: proxyutil.FullSyncPeriod. */
export const FULL_SYNC_PERIOD_MS = 3_600_000
const CANARY_TABLES: readonly TableName[] = ['mangle', 'nat', 'filter']
const NO_RULES: readonly Rule[] = []

export interface IptablesProxierOptions {
  readonly tables: IptablesTables
  readonly settings: IptablesSettings
  readonly place: NodePlace
  readonly syncPeriodMs: number
  /** Addresses that node ports are served on; null: all local ones. */
  readonly nodePortAddresses: () => readonly string[] | null
  readonly now: () => number
}

export class IptablesProxier implements Proxier {
  readonly state: ServiceState
  private readonly options: IptablesProxierOptions
  private readonly tables: IptablesTables
  private readonly key: string
  private readonly shared: ReadonlyMap<SharedChain, SharedChainRules>
  private readonly units = new Map<string, CompiledUnit>()
  /** Ports and numbers of endpoints that the units were made from. */
  private readonly portsOf = new Map<string, readonly ServicePortInfo[]>()
  private readonly endpointsOf = new Map<string, number>()
  private place: NodePlace
  private totalEndpoints = 0
  private isLarge = false
  private wantsFull = true
  private lastFullMs = 0
  private lastCleanupMs = 0
  /** Chains of the nat table that are not used any more. */
  private stale = new Set<string>()
  private version = -1

  constructor(options: IptablesProxierOptions) {
    this.options = options
    this.tables = options.tables
    this.place = options.place
    this.key = settingsKey(options.settings)
    this.state = new ServiceState(options.settings.family)
    this.shared = new Map(SHARED_CHAINS.map((name) => [name, new SharedChainRules(this.tail(name))]))
  }

  needFullSync(): void {
    this.wantsFull = true
  }

  setPlace(place: NodePlace): void {
    this.place = place
    this.wantsFull = true
  }

  isDisturbed(): boolean {
    return this.tables.version !== this.version
  }

  /**
   * Only the loss of its canary chain is noticed, at the next look; what else is missing comes back with the next full
   * sync. k8s 1.36: utiliptables.Monitor.
   */
  mendsAfterMs(): number {
    if (!this.hasCanary()) return this.options.syncPeriodMs
    return Math.max(0, this.lastFullMs + FULL_SYNC_PERIOD_MS - this.options.now())
  }

  hasCanary(): boolean {
    return this.tables.chain('mangle', CANARY) !== undefined
  }

  /** To be called at the start, and when the firewall was reloaded. */
  ensureCanary(): void {
    for (const table of CANARY_TABLES) if (!this.tables.chain(table, CANARY)) this.write(table, [[CANARY, NO_RULES]])
    this.version = this.tables.version
  }

  sync(): SyncResult {
    const now = this.options.now()
    const full = this.wantsFull || (now - this.lastFullMs > FULL_SYNC_PERIOD_MS && !this.isLarge)
    const disturbed = this.isDisturbed()
    const { services, conntrackCleanup } = this.state.apply()
    if (full) this.ensureJumps()
    const changed = full ? new Set([...this.portsOf.keys(), ...this.state.services(), ...services]) : services
    this.countEndpoints(changed)
    this.isLarge = this.totalEndpoints > LARGE_CLUSTER_ENDPOINTS
    const chains = new Map<string, readonly Rule[] | undefined>()
    let units = 0
    for (const service of changed) units += this.syncService(service, chains)
    const ok = full || !disturbed || this.hasAllChains(chains)
    this.wantsFull = !ok
    if (!ok) return { ok, full, units, conntrackCleanup, log: FAILED(this.options.syncPeriodMs) }
    if (full) this.writeFixed()
    this.writeShared(full || disturbed)
    this.dropStale(chains, full || disturbed, now)
    this.write('nat', chains)
    this.version = this.tables.version
    if (full) this.lastFullMs = now
    return { ok, full, units, conntrackCleanup, log: [] }
  }

  private tail(name: SharedChain): readonly Rule[] {
    const { settings, nodePortAddresses } = this.options
    return compileLines(tailLines(name, settings, nodePortAddresses()), settings.family)
  }

  private ensureJumps(): void {
    for (const { table, from, to, line } of [...JUMPS, ...KUBELET_JUMPS]) ensureJump(this.tables, table, from, to, line)
  }

  private countEndpoints(services: Iterable<string>): void {
    for (const service of services) {
      let count = 0
      for (const port of this.state.portsOf(service)) count += this.state.endpoints(port).length
      this.totalEndpoints += count - (this.endpointsOf.get(service) ?? 0)
      if (count > 0) this.endpointsOf.set(service, count)
      else this.endpointsOf.delete(service)
    }
  }

  /** Works out the units of a Service's ports. Gives their number. */
  private syncService(service: string, chains: Map<string, readonly Rule[] | undefined>): number {
    const ports = this.state.portsOf(service)
    for (const { key } of this.portsOf.get(service) ?? [])
      if (!ports.some((port) => port.key === key)) this.setUnit(key, undefined, chains)
    for (const port of ports) {
      const options = { key: this.key, comments: !this.isLarge }
      const unit = compiledUnit(port, this.state.endpoints(port), this.place, this.options.settings, options)
      this.setUnit(port.key, unit, chains)
    }
    if (ports.length > 0) this.portsOf.set(service, ports)
    else this.portsOf.delete(service)
    return ports.length
  }

  private setUnit(key: string, unit: CompiledUnit | undefined, chains: Map<string, readonly Rule[] | undefined>): void {
    const before = this.units.get(key)
    for (const name of before?.chains.keys() ?? []) if (!unit?.chains.has(name)) this.stale.add(name)
    for (const [name, rules] of unit?.chains ?? []) {
      this.stale.delete(name)
      chains.set(name, rules)
    }
    for (const [name, shared] of this.shared) shared.set(key, unit?.shared.get(name))
    if (unit) this.units.set(key, unit)
    else this.units.delete(key)
  }

  /** A restore that jumps to a chain which somebody has deleted fails. */
  private hasAllChains(written: ReadonlyMap<string, unknown>): boolean {
    const nat = this.tables.table('nat')
    for (const unit of this.units.values())
      for (const name of unit.chains.keys()) if (!written.has(name) && !nat.has(name)) return false
    return true
  }

  private writeFixed(): void {
    const { settings } = this.options
    for (const { table, chain, lines } of fixedChains(settings))
      this.write(table, [[chain, compileLines(lines, settings.family)]])
  }

  /** Every sync writes the shared chains anew; that counts them from zero, and mends what others did to them. */
  private writeShared(all: boolean): void {
    const changes = new Map<TableName, [string, readonly Rule[]][]>()
    for (const [name, shared] of this.shared) {
      const [table, chain] = name.split(' ') as [TableName, string]
      if (all || this.options.nodePortAddresses() !== null) shared.setTail(this.tail(name))
      const known = this.tables.chain(table, chain)
      if (shared.update() || known?.rules !== shared.rules)
        changes.set(table, [...(changes.get(table) ?? []), [chain, shared.rules]])
      else known.zero()
    }
    for (const [table, list] of changes) this.write(table, list)
  }

  /** In large clusters not at every sync: they harm nobody. */
  private dropStale(chains: Map<string, readonly Rule[] | undefined>, scan: boolean, now: number): void {
    if (this.isLarge && now - this.lastCleanupMs <= this.options.syncPeriodMs) return
    this.lastCleanupMs = now
    for (const name of this.stale) chains.set(name, undefined)
    this.stale = new Set()
    if (!scan) return
    const active = new Set([...this.units.values()].flatMap((unit) => [...unit.chains.keys()]))
    for (const name of this.tables.table('nat').keys())
      if (isServiceChainName(name) && !active.has(name)) chains.set(name, undefined)
  }

  private write(table: TableName, changes: Iterable<readonly [string, readonly Rule[] | undefined]>): void {
    const list = [...changes]
    if (list.length > 0) this.tables.replaceChains(table, list)
  }
}

const FAILED = (retryMs: number): readonly ProxierLog[] => [
  [
    'E',
    'proxier.go:1404',
    'Failed to execute iptables-restore',
    { err: 'exit status 2: iptables-restore: COMMIT expected at line 1', rules: '' },
  ],
  ['I', 'proxier.go:673', 'Sync failed', { retryingTime: `${retryMs / 1000}s` }],
]

/** Makes the chain, and puts a jump to it on top of another if it is not in there. */
export function ensureJump(tables: IptablesTables, table: TableName, from: string, to: string, line: string): void {
  const chains = tables.table(table)
  if (!chains.has(to)) tables.replaceChains(table, [[to, NO_RULES]])
  const rule = parseRule(line, tables.family)
  const chain = chains.get(from)
  if (!chain || chain.rules.includes(rule)) return
  chain.splice(0, 0, rule)
  tables.changed()
}
