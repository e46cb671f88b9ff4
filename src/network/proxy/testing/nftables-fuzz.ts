/** Compares what an nftables proxier has kept up to date in the kernel with a table made anew. */
import { Random } from '../../../sim/random.ts'
import { Netns } from '../../link/netns.ts'
import { installNetfilter } from '../../netfilter/install.ts'
import { nftablesOf } from '../../nft/nftables.ts'
import { printTable } from '../../nft/print.ts'
import type { Table } from '../../nft/ruleset.ts'
import type { NodePlace } from '../changes/topology.ts'
import type { NftablesSettings } from '../nftables/base.ts'
import { nftablesPlan, tableOf } from '../nftables/plan.ts'
import { NftablesProxier } from '../nftables/proxier.ts'
import { ChangeSource, takeChange, TEST_NODES, TEST_ZONES } from './changes.ts'
import { freshState } from './iptables-fuzz.ts'

export const TEST_NFTABLES: NftablesSettings = {
  family: 'IPv4',
  nodeIP: '192.168.10.11',
  masqueradeMark: '0x4000',
  masqueradeAll: false,
  detector: { kind: 'cidr', cidr: '10.244.0.0/16' },
  serviceCIDRs: ['10.96.0.0/12'],
  nodePortIPs: ['192.168.10.11'],
}

/** Chains that a later sync deletes are empty until then, and nobody goes to them. */
export function withoutStale(table: Table | undefined): string {
  return table ? printTable(table).replaceAll(/\tchain \S*\/\S* \{\n\t\}\n\n?/g, '') : ''
}

/** Runs that many random changes, with syncs in between; compares after each. Throws at the first difference. */
export function fuzzNftables(seed: number, changes: number): { readonly compared: number } {
  const source = new ChangeSource(seed)
  const random = new Random(seed, 'syncs')
  let nowMs = 1_000_000
  const now = () => nowMs
  const netns = new Netns(TEST_NODES[seed % TEST_NODES.length] ?? 'node-1')
  installNetfilter(netns, { now })
  const nftables = nftablesOf(netns)
  let place: NodePlace = { nodeName: netns.node, zone: TEST_ZONES[0] }
  const proxier = new NftablesProxier({ nftables, settings: TEST_NFTABLES, place, syncPeriodMs: 30_000, now })
  let compared = 0
  for (let i = 0; i < changes; i++) {
    takeChange(proxier.state, source.next())
    if (random.int(50) === 0) proxier.setPlace((place = { ...place, zone: random.pick(TEST_ZONES) }))
    if (random.int(3) !== 0) continue
    nowMs += random.pick([100, 900, 5000])
    if (!proxier.sync().ok) throw new Error(`seed ${seed}, change ${i}: the sync failed`)
    compared++
    const kept = withoutStale(nftables.table('ip kube-proxy'))
    const anew = withoutStale(tableOf(nftablesPlan(freshState(source), place, TEST_NFTABLES)))
    if (kept !== anew) throw new Error(`seed ${seed}, change ${i}:\n${difference(kept, anew)}`)
  }
  return { compared }
}

/** The first lines that differ. */
function difference(kept: string, anew: string): string {
  const [a, b] = [kept.split('\n'), anew.split('\n')]
  const at = a.findIndex((line, i) => line !== b[i])
  return `kept: ${a.slice(at, at + 3).join('\n')}\nanew: ${b.slice(at, at + 3).join('\n')}`
}
