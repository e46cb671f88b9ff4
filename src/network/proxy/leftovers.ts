/**
 * What another mode has left behind. Started in nftables mode, kube-proxy takes away what iptables and IPVS mode have made;
 * between those two, it leaves everything as it is. k8s 1.36: platformCleanup, CleanupLeftovers.
 */
import { ipvsOf } from '../ipvs/install.ts'
import type { Netns } from '../link/netns.ts'
import type { NetfilterParts } from '../netfilter/install.ts'
import { parseRule } from '../netfilter/parse.ts'
import type { Rule } from '../netfilter/rule.ts'
import type { IptablesTables } from '../netfilter/tables.ts'
import { nftablesOf } from '../nft/nftables.ts'
import { CANARY, JUMPS, type JumpRule, type TableName } from './iptables/base.ts'
import { isServiceChainName } from './iptables/names.ts'
import { DUMMY } from './ipvs/dummy.ts'
import { IPVS_CHAINS, IPVS_JUMPS } from './ipvs/rules.ts'
import { SET_NAMES } from './ipvs/sets.ts'
import { cleanUpNftables } from './nftables/proxier.ts'

const IPTABLES_CHAINS: { readonly [table: string]: readonly string[] } = {
  nat: ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ', CANARY],
  filter: ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FORWARD', 'KUBE-NODEPORTS', 'KUBE-PROXY-FIREWALL', CANARY],
  mangle: [CANARY],
}

/** Everything that any mode has made: kube-proxy --cleanup. */
export function cleanUpAll(netns: Netns, parts: NetfilterParts): void {
  for (const tables of [parts.iptables, parts.ip6tables]) cleanUpIptables(tables)
  cleanUpIpvs(netns, parts)
  cleanUpNftables(nftablesOf(netns))
}

/** Rules and chains of iptables mode. */
export function cleanUpIptables(tables: IptablesTables): void {
  unlink(tables, JUMPS)
  for (const table of ['nat', 'filter', 'mangle'] as const) {
    const known = tables.existing(table)
    if (!known) continue
    const isOurs = (name: string) => IPTABLES_CHAINS[table]?.includes(name) || (table === 'nat' && isServiceChainName(name))
    remove(tables, table, [...known.keys()].filter(isOurs))
  }
}

/** Virtual servers, kube-ipvs0, rules and sets of IPVS mode. */
export function cleanUpIpvs(netns: Netns, parts: NetfilterParts): void {
  const ipvs = ipvsOf(netns)
  if (!ipvs) return
  ipvs.flush()
  netns.removeDevice(DUMMY)
  for (const tables of [parts.iptables, parts.ip6tables]) {
    unlink(tables, IPVS_JUMPS)
    for (const table of ['nat', 'filter'] as const)
      remove(
        tables,
        table,
        IPVS_CHAINS.flatMap((each) => (each.table === table && tables.chain(table, each.chain) ? [each.chain] : [])),
      )
  }
  // As in Kubernetes, the sets of IPv6 stay.
  for (const name of SET_NAMES) if (parts.sets.has(name)) parts.sets.destroy(name)
}

function unlink(tables: IptablesTables, jumps: readonly JumpRule[]): void {
  for (const { table, from, line } of jumps) {
    const chain = tables.chain(table, from)
    const at = chain?.rules.indexOf(parseRule(line, tables.family)) ?? -1
    if (at !== -1) chain?.splice(at, 1)
  }
  tables.changed()
}

function remove(tables: IptablesTables, table: TableName, names: readonly string[]): void {
  tables.replaceChains(
    table,
    names.map((name): [string, readonly Rule[] | undefined] => [name, undefined]),
  )
}
