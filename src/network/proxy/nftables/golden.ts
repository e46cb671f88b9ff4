/** Runs recorded cases of nftables mode. */
import { printElement } from '../../nft/print-rule.ts'
import { printTable } from '../../nft/print.ts'
import { placeOf, stateOf, type ProxyCase } from '../golden.ts'
import type { NftablesSettings } from './base.ts'
import { dumpText, nftablesPlan, tableOf } from './plan.ts'

export function nftablesSettingsOf(input: ProxyCase): NftablesSettings {
  return {
    family: 'IPv4',
    nodeIP: input.nodeIPs[0] ?? '',
    masqueradeMark: '0x4000',
    masqueradeAll: false,
    detector: input.clusterCIDR ? { kind: 'cidr', cidr: input.clusterCIDR } : { kind: 'none' },
    serviceCIDRs: input.serviceCIDR ? [input.serviceCIDR] : [],
    nodePortIPs: input.nodeIPs.slice(0, 1),
  }
}

/** What nftables mode makes of a case, in the form of the recordings: elements are sorted as text. */
export function nftablesRules(input: ProxyCase): { readonly list: readonly string[]; readonly dump: readonly string[] } {
  const plan = nftablesPlan(stateOf(input), placeOf(input), nftablesSettingsOf(input))
  const table = printTable(tableOf(plan), {
    compare: (a, b) => (printElement(a, []) < printElement(b, []) ? -1 : 1),
  })
  return { list: table.trimEnd().split('\n'), dump: dumpText(plan) }
}
