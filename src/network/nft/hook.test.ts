import { readdirSync, readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { newConnection } from '../conntrack/conntrack.ts'
import { Netns } from '../link/netns.ts'
import { installNetfilter } from '../netfilter/install.ts'
import type { Flight, Hook, HookEnvironment } from '../netfilter/hooks.ts'
import type { Packet } from '../packet.ts'
import { placeOf, stateOf, type ProxyCase } from '../proxy/golden.ts'
import { nftablesSettingsOf } from '../proxy/nftables/golden.ts'
import { nftablesPlan, tableOf } from '../proxy/nftables/plan.ts'
import { RuleLog } from '../trace.ts'
import { nftablesOf, type Nftables } from './nftables.ts'

const FOLDER = new URL('../proxy/testdata/', import.meta.url)
const LOCAL = new Set(['192.168.10.11', '127.0.0.1'])

let drawn: number[]
let nowMs: number
const environment: HookEnvironment = {
  isLocalAddress: (address) => LOCAL.has(address),
  sourceAddressFor: () => '192.168.10.11',
  random: () => drawn.shift() ?? 0,
  now: () => nowMs,
}

function recorded(name: string): ProxyCase {
  return (JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as { readonly input: ProxyCase }).input
}

function prepared(input: ProxyCase): { readonly netns: Netns; readonly nftables: Nftables } {
  const netns = new Netns('n1')
  installNetfilter(netns, { now: () => nowMs })
  const nftables = nftablesOf(netns)
  nftables.change((draft) => draft.add(tableOf(nftablesPlan(stateOf(input), placeOf(input), nftablesSettingsOf(input)))))
  return { netns, nftables }
}

function flightTo(destination: string, destinationPort: number, source = '10.244.1.9'): Flight {
  const packet: Packet = {
    source,
    destination,
    destinationPort,
    sourcePort: 40_000,
    protocol: 'tcp',
    flags: 'S',
    ttl: 64,
    length: 60,
    mark: 0,
  }
  const connection = newConnection({ source, destination, destinationPort, sourcePort: 40_000, protocol: 'tcp' }, 0)
  return { packet, inInterface: 'eth0', outInterface: 'eth0', connection, direction: 'original', state: 'NEW', rerouted: false }
}

function walk(netns: Netns, flight: Flight, hooks: readonly Hook[], log: RuleLog | null = null) {
  for (const hook of hooks) {
    const verdict = netns.netfilter.run(hook, flight, environment, log)
    if (verdict !== 'accept') return verdict
  }
  return 'accept'
}
const FORWARD: readonly Hook[] = ['PREROUTING', 'FORWARD', 'POSTROUTING']

beforeEach(() => {
  drawn = []
  nowMs = 0
})

describe('packets through kube-proxy’s table', () => {
  it('reach the endpoint that the dice choose, from pods with their own address', () => {
    const { netns } = prepared(recorded('cip-3-endpoints'))
    drawn = [0.5]
    const flight = flightTo('10.96.100.10', 80)
    const log = new RuleLog()
    expect(walk(netns, flight, FORWARD, log)).toBe('accept')
    expect(flight.packet).toMatchObject({ destination: '10.244.1.11', source: '10.244.1.9', mark: 0 })
    expect(flight.connection).toMatchObject({ dnatDone: true, reply: { source: '10.244.1.11' } })
    const dice = log.steps.find((step) => step.dice)
    expect(dice).toMatchObject({ outcome: 'matched', dice: { drawn: 1, of: 3 }, why: 'DNAT 10.244.1.11:80' })
    expect(log.looked).toBeLessThan(25)
  })

  it('are masqueraded when they come from outside the cluster', () => {
    const { netns } = prepared(recorded('cip-3-endpoints'))
    const flight = flightTo('10.96.100.10', 80, '192.168.10.99')
    walk(netns, flight, FORWARD)
    expect(flight.packet).toMatchObject({ destination: '10.244.0.10', source: '192.168.10.11', mark: 0 })
  })

  it('are masqueraded when a pod reaches itself', () => {
    const { netns } = prepared(recorded('cip-local-endpoint-hairpin'))
    const { endpointSlices } = recorded('cip-local-endpoint-hairpin')
    const own = endpointSlices[0]?.endpoints?.[0]?.addresses[0] ?? ''
    const flight = flightTo('10.96.100.10', 80, own)
    walk(netns, flight, FORWARD)
    expect(flight.packet).toMatchObject({ source: '192.168.10.11', destination: own })
  })

  it('are rejected without endpoints, at other ports, and dropped at addresses that nobody has', () => {
    const none = prepared(recorded('cip-no-slice')).netns
    expect(walk(none, flightTo('10.96.100.10', 80), FORWARD)).toEqual({ rejectWith: 'icmp-port-unreachable' })
    const { netns } = prepared(recorded('cip-3-endpoints'))
    expect(walk(netns, flightTo('10.96.100.10', 81), FORWARD)).toEqual({ rejectWith: 'icmp-port-unreachable' })
    expect(walk(netns, flightTo('10.96.77.77', 80), FORWARD)).toBe('drop')
  })

  it('outside the source ranges are dropped before anything is translated', () => {
    const { netns } = prepared(recorded('lb-source-ranges'))
    expect(walk(netns, flightTo('203.0.113.10', 443, '9.9.9.9'), FORWARD)).toBe('drop')
    expect(walk(netns, flightTo('203.0.113.10', 443, '198.51.100.7'), FORWARD)).toBe('accept')
  })

  it('of one client stay with an endpoint until its time has run out', () => {
    const { netns, nftables } = prepared(recorded('aff-clientip-default'))
    const send = () => {
      const flight = flightTo('10.96.100.10', 80)
      walk(netns, flight, FORWARD)
      return flight.packet.destination
    }
    drawn = [0.99]
    expect([send(), send(), send()]).toEqual(['10.244.2.12', '10.244.2.12', '10.244.2.12'])
    nowMs = 10_799_000
    expect(send()).toBe('10.244.2.12')
    nowMs = 10_799_000 + 10_800_000
    drawn = [0]
    expect(send()).toBe('10.244.0.10')
    const table = nftables.table('ip kube-proxy')
    const set = [...(table?.sets.values() ?? [])].find(({ name }) => name.endsWith('__10.244.0.10/80'))
    expect(table && set && nftables.timedElements(table, set.name)).toHaveLength(1)
  })
})

it('all recorded cases can be walked', () => {
  for (const file of readdirSync(FOLDER)) {
    const input = recorded(file.replace('.json', ''))
    const { netns } = prepared(input)
    for (const { spec } of input.services)
      for (const port of spec?.ports ?? [])
        walk(netns, flightTo(spec?.clusterIP ?? '10.96.0.1', port.port), FORWARD, new RuleLog())
  }
})
