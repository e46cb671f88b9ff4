import { describe, expect, test } from 'vitest'
import { installIpvs } from '../../ipvs/install.ts'
import { Netns } from '../../link/netns.ts'
import { IptablesTables } from '../../netfilter/tables.ts'
import type { Packet } from '../../packet.ts'
import { makeService, makeSlice } from '../testing/builders.ts'
import { TEST_SETTINGS } from '../testing/iptables-fuzz.ts'
import { MemorySets } from '../testing/memory-sets.ts'
import { IpvsProxier } from './proxier.ts'

const VIP = '10.96.0.9'

function makeProxier(options: { readonly excludeCIDRs?: readonly string[] } = {}) {
  const clock = { ms: 0 }
  const netns = new Netns('node-1')
  netns.addDevice({ name: 'eth0', kind: 'physical', mac: '', mtu: 1500, up: true, addresses: ['192.168.10.11/24'] })
  const ipvs = installIpvs(netns, () => clock.ms)
  const proxier = new IpvsProxier({
    netns,
    tables: new IptablesTables(4),
    ipvs,
    sets: new MemorySets(),
    settings: TEST_SETTINGS,
    place: { nodeName: 'node-1', zone: '' },
    nodeIP: '192.168.10.11',
    scheduler: 'rr',
    excludeCIDRs: [],
    syncPeriodMs: 30_000,
    nodePortCIDRs: null,
    ...options,
  })
  const weights = (protocol = 'TCP') =>
    (ipvs.server(protocol, VIP, 80)?.reals ?? []).map(({ address, weight }) => `${address} ${weight}`).toSorted()
  return { clock, netns, ipvs, proxier, weights }
}

const syn: Packet = {
  source: '10.244.9.9',
  destination: VIP,
  protocol: 'tcp',
  sourcePort: 40_000,
  destinationPort: 80,
  flags: 'S',
  ttl: 64,
  length: 60,
  mark: 0,
}

describe('endpoints that go', () => {
  test('keep their connections at weight 0, and leave with the last of them', () => {
    const { clock, ipvs, proxier, weights } = makeProxier()
    proxier.state.serviceChanged(makeService('web', VIP))
    proxier.state.sliceChanged(makeSlice('web', [{ ip: '10.244.0.1' }, { ip: '10.244.0.2' }]))
    proxier.sync()
    const server = ipvs.server('TCP', VIP, 80)
    const connection = server && ipvs.schedule(server, syn)
    if (!connection) throw new Error('nobody takes it')
    ipvs.note(connection, syn, 'client')
    const [gone, stays] = connection.real.address === '10.244.0.1' ? ['10.244.0.1', '10.244.0.2'] : ['10.244.0.2', '10.244.0.1']
    proxier.state.sliceChanged(makeSlice('web', [{ ip: stays as string }]))
    proxier.sync()
    expect(weights()).toEqual([`${gone} 0`, `${stays} 1`].toSorted())
    proxier.graceful.check()
    expect(weights()).toHaveLength(2)
    clock.ms = 61_000
    proxier.graceful.check()
    expect(weights()).toEqual([`${stays} 1`])
    expect(proxier.graceful.size).toBe(0)
  })

  test('come back as new ones', () => {
    const { ipvs, proxier, weights } = makeProxier()
    const both = makeSlice('web', [{ ip: '10.244.0.1' }, { ip: '10.244.0.2' }])
    proxier.state.serviceChanged(makeService('web', VIP))
    proxier.state.sliceChanged(both)
    proxier.sync()
    const server = ipvs.server('TCP', VIP, 80)
    if (server) for (const sourcePort of [1, 2]) ipvs.schedule(server, { ...syn, sourcePort })
    proxier.state.sliceChanged(makeSlice('web', []))
    proxier.sync()
    expect(weights()).toEqual(['10.244.0.1 0', '10.244.0.2 0'])
    proxier.state.sliceChanged(makeSlice('web', [{ ip: '10.244.0.1' }, { ip: '10.244.0.2' }]))
    proxier.sync()
    expect(weights()).toEqual(['10.244.0.1 1', '10.244.0.2 1'])
  })

  test('go at once where connections are none of IPVS’ business: UDP', () => {
    const { ipvs, proxier, weights } = makeProxier()
    proxier.state.serviceChanged(makeService('web', VIP, { ports: [{ port: 80, protocol: 'UDP' }] }))
    proxier.state.sliceChanged(makeSlice('web', [{ ip: '10.244.0.1' }], { protocol: 'UDP' }))
    proxier.sync()
    const server = ipvs.server('UDP', VIP, 80)
    if (server) ipvs.schedule(server, { ...syn, protocol: 'udp' })
    proxier.state.sliceChanged(makeSlice('web', [], { protocol: 'UDP' }))
    proxier.sync()
    expect(weights('UDP')).toEqual([])
  })
})

test('virtual servers of others stay where they are excluded', () => {
  const { ipvs, proxier } = makeProxier({ excludeCIDRs: ['172.16.0.0/12'] })
  for (const address of ['172.16.0.1', '10.1.1.1']) ipvs.addServer('TCP', address, 80, 'wlc')
  proxier.sync()
  expect([...ipvs.servers.keys()]).toEqual(['TCP 172.16.0.1:80'])
})

test('the address of a Service is local while it exists', () => {
  const { netns, proxier } = makeProxier()
  proxier.state.serviceChanged(makeService('web', VIP))
  proxier.sync()
  expect(netns.isLocal(VIP)).toBe(true)
  proxier.state.serviceDeleted(makeService('web', VIP))
  proxier.sync()
  expect(netns.isLocal(VIP)).toBe(false)
})
