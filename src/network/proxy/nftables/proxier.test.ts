import { beforeEach, describe, expect, it } from 'vitest'
import { Netns } from '../../link/netns.ts'
import { installNetfilter } from '../../netfilter/install.ts'
import { nftablesOf, type Nftables } from '../../nft/nftables.ts'
import { printTable } from '../../nft/print.ts'
import type { Table } from '../../nft/ruleset.ts'
import type { NodePlace } from '../changes/topology.ts'
import { ChangeSource, takeChange, TEST_NODES, TEST_ZONES } from '../testing/changes.ts'
import type { NftablesSettings } from './base.ts'
import { nftablesPlan, tableOf } from './plan.ts'
import { cleanUpNftables, NftablesProxier } from './proxier.ts'

const SETTINGS: NftablesSettings = {
  family: 'IPv4',
  nodeIP: '192.168.10.11',
  masqueradeMark: '0x4000',
  masqueradeAll: false,
  detector: { kind: 'cidr', cidr: '10.244.0.0/16' },
  serviceCIDRs: ['10.96.0.0/12'],
  nodePortIPs: ['192.168.10.11'],
}

let nowMs: number
beforeEach(() => {
  nowMs = 1_000_000
})

function proxierOn(
  node: string,
  zone: string,
): { readonly nftables: Nftables; readonly proxier: NftablesProxier; readonly place: NodePlace } {
  const netns = new Netns(node)
  installNetfilter(netns, { now: () => nowMs })
  const nftables = nftablesOf(netns)
  const place = { nodeName: node, zone }
  return {
    nftables,
    place,
    proxier: new NftablesProxier({ nftables, settings: SETTINGS, place, syncPeriodMs: 30_000, now: () => nowMs }),
  }
}

const tableIn = (nftables: Nftables): Table => {
  const table = nftables.table('ip kube-proxy')
  if (!table) throw new Error('no table')
  return table
}

/** Chains that a later sync deletes are empty, and nobody goes to them. */
function withoutStale(text: string): string {
  return text.replaceAll(/\tchain \S*\/\S* \{\n\t\}\n\n?/g, '')
}

function fuzz(seed: number, changes: number): void {
  const source = new ChangeSource(seed)
  const { nftables, proxier, place } = proxierOn(TEST_NODES[seed % 3] ?? 'node-1', TEST_ZONES[seed % 2] ?? '')
  for (let i = 0; i < changes; i++) {
    takeChange(proxier.state, source.next())
    if (i % 3 !== 0) continue
    nowMs += i % 5 === 0 ? 5000 : 100
    expect(proxier.sync()).toMatchObject({ ok: true, full: i === 0 })
    const anew = printTable(tableOf(nftablesPlan(proxier.state, place, SETTINGS)))
    const text = withoutStale(printTable(tableIn(nftables)))
    expect(text, `seed ${seed}, change ${i}`).toBe(withoutStale(anew))
  }
}

describe('incremental rules are those made anew', () => {
  it.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => fuzz(seed, Number(process.env['FUZZ_CHANGES'] ?? 300)))
})

describe('what others do to the table', () => {
  it('stays until the Service changes, or a full sync comes', () => {
    const { nftables, proxier } = proxierOn('node-1', '')
    const source = new ChangeSource(7)
    for (let i = 0; i < 60; i++) takeChange(proxier.state, source.next())
    proxier.sync()
    const before = printTable(tableIn(nftables))
    nftables.change((draft) => draft.table('ip', 'kube-proxy')?.flushSet('service-ips'))
    expect(proxier.isDisturbed()).toBe(true)
    expect(proxier.sync()).toMatchObject({ ok: true, full: false, units: 0 })
    expect(printTable(tableIn(nftables))).not.toBe(before)
    nowMs += 3_600_001
    expect(proxier.sync()).toMatchObject({ ok: true, full: true })
    expect(printTable(tableIn(nftables))).toBe(before)
  })

  it('makes a sync fail when the table is gone, and the next one mends it', () => {
    const { nftables, proxier } = proxierOn('node-1', '')
    const source = new ChangeSource(8)
    for (let i = 0; i < 60; i++) takeChange(proxier.state, source.next())
    proxier.sync()
    expect(cleanUpNftables(nftables)).toBe(true)
    expect(proxier.sync()).toMatchObject({ ok: true, units: 0 })
    let result = proxier.sync()
    for (let i = 0; i < 50 && result.ok; i++) {
      takeChange(proxier.state, source.next())
      result = proxier.sync()
    }
    expect(result).toMatchObject({ ok: false, full: false })
    expect(nftables.table('ip kube-proxy')).toBeUndefined()
    expect(proxier.sync()).toMatchObject({ ok: true, full: true })
    expect(tableIn(nftables).chains.has('services')).toBe(true)
  })
})

it('nodes share the buckets of maps that are equal', () => {
  const [a, b] = [proxierOn('node-1', ''), proxierOn('node-9', '')]
  const source = new ChangeSource(9)
  for (let i = 0; i < 80; i++) {
    const change = source.next()
    takeChange(a.proxier.state, change)
    takeChange(b.proxier.state, change)
  }
  a.proxier.sync()
  b.proxier.sync()
  const elements = (nftables: Nftables) => [...(tableIn(nftables).sets.get('cluster-ips')?.elements.values() ?? [])]
  expect(elements(a.nftables).every((element, i) => element === elements(b.nftables)[i])).toBe(true)
})
