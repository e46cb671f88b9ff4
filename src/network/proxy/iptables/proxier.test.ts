import { describe, expect, test } from 'vitest'
import { IptablesTables } from '../../netfilter/tables.ts'
import { makeService, makeSlice } from '../testing/builders.ts'
import { TEST_SETTINGS } from '../testing/iptables-fuzz.ts'
import { unitsMade } from './compiled.ts'
import { serviceChain } from './names.ts'
import { IptablesProxier } from './proxier.ts'

function makeProxier(nodeName = 'node-1') {
  const clock = { ms: 0 }
  const tables = new IptablesTables(4)
  const proxier = new IptablesProxier({
    tables,
    settings: TEST_SETTINGS,
    place: { nodeName, zone: '' },
    syncPeriodMs: 30_000,
    nodePortAddresses: () => null,
    now: () => clock.ms,
  })
  return { clock, tables, proxier, rules: (chain: string) => tables.chain('nat', chain)?.rules }
}

const service = (i: number) => makeService(`svc-${i}`, `10.96.1.${i}`)
const slice = (i: number, count: number) =>
  makeSlice(
    `svc-${i}`,
    Array.from({ length: count }, (_, n) => ({ ip: `10.244.${n}.${i}`, node: `node-${n + 1}` })),
  )

const chainOf = (name: string) => serviceChain('SVC', { label: `default/${name}`, protocol: 'TCP' } as never)

describe('syncs', () => {
  test('work out only what changed, once for all nodes', () => {
    const nodes = Array.from({ length: 10 }, (_, i) => makeProxier(`node-${i + 1}`))
    const services = Array.from({ length: 50 }, (_, i) => service(i + 1))
    const slices = services.map((_, i) => slice(i + 1, 2))
    for (const { proxier } of nodes) {
      for (const each of services) proxier.state.serviceChanged(each)
      for (const each of slices) proxier.state.sliceChanged(each)
      expect(proxier.sync()).toMatchObject({ full: true, units: 50 })
    }
    const before = unitsMade()
    const changed = slice(7, 3)
    const untouched = nodes.map(({ rules }) => rules(chainOf('svc-8')))
    for (const { proxier } of nodes) {
      proxier.state.sliceChanged(changed)
      expect(proxier.sync()).toMatchObject({ full: false, units: 1 })
    }
    expect(unitsMade() - before).toBe(1)
    nodes.forEach(({ rules }, i) => {
      expect(rules(chainOf('svc-7'))).toBe(nodes[0]?.rules(chainOf('svc-7')))
      expect(rules('KUBE-SERVICES')).toBe(nodes[0]?.rules('KUBE-SERVICES'))
      expect(rules(chainOf('svc-8'))).toBe(untouched[i])
    })
  })

  test('take away what a deleted Service had', () => {
    const { proxier, tables } = makeProxier()
    proxier.state.serviceChanged(service(1))
    proxier.state.sliceChanged(slice(1, 2))
    proxier.sync()
    const chains = tables.table('nat').size
    proxier.state.serviceDeleted(service(1))
    proxier.sync()
    expect(tables.table('nat').size).toBe(chains - 3)
    expect([...tables.table('nat').keys()].filter((name) => name.startsWith('KUBE-SEP'))).toEqual([])
  })

  test('that are partial mend shared chains only', () => {
    const { proxier, tables, rules } = makeProxier()
    for (const i of [1, 2]) {
      proxier.state.serviceChanged(service(i))
      proxier.state.sliceChanged(slice(i, 1))
    }
    proxier.sync()
    const all = rules('KUBE-SERVICES')
    tables.replaceChains('nat', [
      ['KUBE-SERVICES', []],
      [chainOf('svc-1'), []],
    ])
    expect(proxier.isDisturbed()).toBe(true)
    proxier.state.sliceChanged(slice(2, 2))
    proxier.sync()
    expect(rules('KUBE-SERVICES')).toBe(all)
    expect(rules(chainOf('svc-1'))).toEqual([])
    proxier.needFullSync()
    proxier.sync()
    expect(rules(chainOf('svc-1'))).not.toEqual([])
  })

  test('fail when a chain is missing, and then do everything', () => {
    const { proxier, tables, rules } = makeProxier()
    for (const i of [1, 2]) {
      proxier.state.serviceChanged(service(i))
      proxier.state.sliceChanged(slice(i, 1))
    }
    proxier.sync()
    tables.replaceChains('nat', [
      ['KUBE-SERVICES', []],
      [chainOf('svc-1'), undefined],
    ])
    proxier.state.sliceChanged(slice(2, 2))
    const failed = proxier.sync()
    expect(failed.ok).toBe(false)
    expect(failed.log.map(([, , message]) => message)).toContain('Sync failed')
    expect(proxier.sync()).toMatchObject({ ok: true, full: true })
    expect(rules(chainOf('svc-1'))?.length).toBe(2)
    expect(rules(chainOf('svc-2'))?.length).toBe(3)
  })

  test('notice the loss of the canary within a sync period, other losses within the hour', () => {
    const { proxier, tables, clock } = makeProxier()
    proxier.ensureCanary()
    proxier.sync()
    clock.ms = 600_000
    expect(proxier.mendsAfterMs()).toBe(3_000_000)
    tables.replaceChains('mangle', [['KUBE-PROXY-CANARY', undefined]])
    expect(proxier.mendsAfterMs()).toBe(30_000)
  })

  test('leave out comments in large clusters, and stale chains for a while', () => {
    const { proxier, clock, tables, rules } = makeProxier()
    const endpoints = Array.from({ length: 1001 }, (_, i) => ({ ip: `10.244.${Math.floor(i / 250)}.${(i % 250) + 1}` }))
    proxier.state.serviceChanged(service(1))
    proxier.state.serviceChanged(service(2))
    proxier.state.sliceChanged(makeSlice('svc-1', endpoints))
    proxier.state.sliceChanged(slice(2, 1))
    clock.ms = 60_000
    proxier.sync()
    const last = rules(chainOf('svc-1'))?.at(-1)
    expect(last?.matches).toEqual([])
    const chains = tables.table('nat').size
    proxier.state.serviceDeleted(service(2))
    clock.ms += 5000
    proxier.sync()
    expect(tables.table('nat').size).toBe(chains)
    clock.ms += 30_000
    proxier.state.serviceChanged(service(3))
    proxier.sync()
    expect(tables.table('nat').size).toBe(chains - 2)
  })
})
