/** All rules of iptables mode, made from scratch: what the incremental proxier must come to as well. */
import type { ServiceState } from '../changes/state.ts'
import { categorize, type NodePlace } from '../changes/topology.ts'
import { fixedChains, JUMPS, KUBELET_JUMPS, tailLines, type FixedChain, type JumpRule, type TableName } from './base.ts'
import { makeUnit, SHARED_CHAINS, type IptablesSettings } from './unit.ts'

/** Lines in restore form without '-A CHAIN ', by chain, by table. Chains of the kernel hold only kube-proxy's jumps. */
export type ChainTables = ReadonlyMap<TableName, Map<string, readonly string[]>>

/** Endpoints in all Services above which rules lose their comments. k8s 1.36: largeClusterEndpointsThreshold. */
export const LARGE_CLUSTER_ENDPOINTS = 1000

class TableBuilder {
  readonly tables = new Map<TableName, Map<string, readonly string[]>>([
    ['nat', new Map()],
    ['filter', new Map()],
  ])

  append(table: TableName, chain: string, lines: readonly string[]): void {
    const chains = this.tables.get(table)
    chains?.set(chain, [...(chains.get(chain) ?? []), ...lines])
  }

  /** Each was prepended. */
  jumps(jumps: readonly JumpRule[]): void {
    for (const { table, from, line } of jumps.toReversed()) this.append(table, from, [line])
  }
}

/** Chains and the jumps to them as tables. */
export function tablesOf(chains: readonly FixedChain[], jumps: readonly JumpRule[]): ChainTables {
  const builder = new TableBuilder()
  builder.jumps(jumps)
  for (const { table, chain, lines } of chains) builder.append(table, chain, lines)
  return builder.tables
}

export function allRules(
  state: ServiceState,
  place: NodePlace,
  settings: IptablesSettings,
  nodePortAddresses: readonly string[] | null = null,
): ChainTables {
  const builder = new TableBuilder()
  const append = builder.append.bind(builder)
  builder.jumps([...JUMPS, ...KUBELET_JUMPS])
  append('filter', 'KUBE-FIREWALL', [])
  for (const { table, chain, lines } of fixedChains(settings)) append(table, chain, lines)
  const shared = SHARED_CHAINS.map((name) => ({ name, at: name.split(' ') as [TableName, string] }))
  for (const { at } of shared) append(...at, [])
  let endpoints = 0
  for (const port of state.ports()) endpoints += state.endpoints(port).length
  for (const port of state.ports()) {
    const categories = categorize(state.endpoints(port), port, place)
    const unit = makeUnit(port, categories, settings, endpoints <= LARGE_CLUSTER_ENDPOINTS)
    for (const { name, at } of shared) append(...at, unit.shared.get(name) ?? [])
    for (const [chain, lines] of unit.chains) append('nat', chain, lines)
  }
  for (const { name, at } of shared) append(...at, tailLines(name, settings, nodePortAddresses))
  return builder.tables
}

const BUILTIN = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']
const BUILTIN_OF: Readonly<Record<TableName, readonly string[]>> = {
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  mangle: BUILTIN,
}

/** As text for iptables-restore: the kernel's chains first, the others by name. */
export function restoreText(tables: ChainTables): readonly string[] {
  const out: string[] = []
  for (const [table, chains] of tables) {
    const builtin = BUILTIN_OF[table]
    const own = [...chains.keys()].filter((chain) => !BUILTIN.includes(chain)).toSorted()
    out.push(`*${table}`)
    for (const chain of builtin) out.push(`:${chain} ACCEPT [0:0]`)
    for (const chain of own) out.push(`:${chain} - [0:0]`)
    for (const chain of [...builtin, ...own]) for (const line of chains.get(chain) ?? []) out.push(`-A ${chain} ${line}`)
    out.push('COMMIT')
  }
  return out
}
