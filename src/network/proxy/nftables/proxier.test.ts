import { beforeEach, describe, expect, it } from 'vitest'
import { Netns } from '../../link/netns.ts'
import { installNetfilter } from '../../netfilter/install.ts'
import { nftablesOf, type Nftables } from '../../nft/nftables.ts'
import { printTable } from '../../nft/print.ts'
import type { Table } from '../../nft/ruleset.ts'
import { ChangeSource, takeChange } from '../testing/changes.ts'
import { TEST_NFTABLES } from '../testing/nftables-fuzz.ts'
import { cleanUpNftables, NftablesProxier } from './proxier.ts'

let nowMs: number
beforeEach(() => {
  nowMs = 1_000_000
})

function proxierOn(nodeName: string): { readonly nftables: Nftables; readonly proxier: NftablesProxier } {
  const netns = new Netns(nodeName)
  const now = () => nowMs
  installNetfilter(netns, { now })
  const nftables = nftablesOf(netns)
  const place = { nodeName, zone: '' }
  return { nftables, proxier: new NftablesProxier({ nftables, settings: TEST_NFTABLES, place, syncPeriodMs: 30_000, now }) }
}

const tableIn = (nftables: Nftables): Table => {
  const table = nftables.table('ip kube-proxy')
  if (!table) throw new Error('no table')
  return table
}

describe('what others do to the table', () => {
  it('stays until the Service changes, or a full sync comes', () => {
    const { nftables, proxier } = proxierOn('node-1')
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
    const { nftables, proxier } = proxierOn('node-1')
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
  const [a, b] = [proxierOn('node-1'), proxierOn('node-9')]
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
