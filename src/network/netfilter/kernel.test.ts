/** The same packets through the same rules as in a real kernel: what comes out, the counters, the connections. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ipset } from '../commands/ipset.ts'
import { printConnection } from '../conntrack/print.ts'
import { Netns } from '../link/netns.ts'
import type { Packet, Protocol, TcpFlags } from '../packet.ts'
import type { Flight, HookEnvironment, Verdict } from './hooks.ts'
import { installNetfilter, type NetfilterParts } from './install.ts'
import { restore } from './restore.ts'
import { saveTable } from './save.ts'

interface Sent {
  readonly in?: string
  readonly source?: string
  readonly destination?: string
  readonly protocol?: Protocol
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly flags?: TcpFlags
  readonly icmp?: { readonly type: 'echo-request'; readonly id: number }
  /** Or: what the receiver of an earlier packet sends back. */
  readonly replyTo?: number
  readonly errorAbout?: number
}
interface Seen {
  readonly dev: string
  readonly source: string
  readonly destination: string
  readonly protocol: string
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly flags?: string
  readonly icmp?: { readonly type: string; readonly id?: number; readonly about?: Omit<Seen, 'dev'> }
}
interface Recorded {
  readonly sets: readonly string[]
  readonly cases: readonly {
    readonly rules: readonly string[]
    readonly packets: readonly Sent[]
    /** null: nothing came out. */
    readonly arrived: readonly (Seen | null)[]
    readonly counters: readonly string[]
    readonly connections: readonly string[]
  }[]
}
interface Arrival {
  readonly device: string
  readonly packet: Packet
}

const recorded = JSON.parse(readFileSync(new URL('testdata/kernel.json', import.meta.url), 'utf8')) as Recorded
const OWN = ['10.0.0.11', '10.244.0.1', '127.0.0.1']
const environment: HookEnvironment = {
  isLocalAddress: (address) => OWN.includes(address),
  sourceAddressFor: (device) => (device === 'lan0' ? '10.0.0.11' : '10.244.0.1'),
  random: () => 0.5,
  now: () => 0,
}

/** A router between a LAN (lan0, 10.0.0.0/16) and pods (pod0, 10.244.0.0/16). */
class Router {
  readonly parts: NetfilterParts
  private readonly netns = new Netns('router')

  constructor(rules: readonly string[]) {
    this.parts = installNetfilter(this.netns, { now: () => 0 })
    for (const line of recorded.sets) ipset(this.netns, ['ipset', ...line.split(' ')], '')
    restore(this.parts.iptables, rules)
  }

  pass(packet: Packet, device: string): Arrival | undefined {
    const flight: Flight = {
      packet,
      inInterface: device,
      outInterface: '',
      connection: null,
      direction: 'original',
      state: 'NEW',
      rerouted: false,
    }
    let verdict: Verdict = this.netns.netfilter.run('PREROUTING', flight, environment, null)
    if (verdict !== 'accept') return undefined
    flight.outInterface = flight.packet.destination.startsWith('10.244.') ? 'pod0' : 'lan0'
    flight.packet = { ...flight.packet, ttl: flight.packet.ttl - 1 }
    verdict = this.netns.netfilter.run('FORWARD', flight, environment, null)
    if (verdict === 'accept') verdict = this.netns.netfilter.run('POSTROUTING', flight, environment, null)
    return verdict === 'accept' ? { device: flight.outInterface, packet: flight.packet } : undefined
  }
}

function lengthOf({ protocol, icmp }: Pick<Packet, 'protocol' | 'icmp'>): number {
  if (protocol === 'tcp') return 40
  return icmp?.about ? 28 + Math.min(48, lengthOf(icmp.about)) : 32
}

/** The packet to send and where it comes in; undefined when it answers something that never arrived. */
function packetOf(sent: Sent, arrivals: readonly (Arrival | undefined)[]): Arrival | undefined {
  const base = { ttl: 64, mark: 0, sourcePort: 0, destinationPort: 0 }
  const about = sent.replyTo ?? sent.errorAbout
  if (about === undefined) {
    const { in: device = '', source = '', destination = '', protocol = 'tcp', icmp, flags, ...ports } = sent
    const packet = {
      ...base,
      source,
      destination,
      protocol,
      ...ports,
      ...(icmp && { icmp }),
      ...(protocol === 'tcp' && flags && { flags }),
    }
    return { device, packet: { ...packet, length: lengthOf(packet) } }
  }
  const arrival = arrivals[about]
  if (!arrival || arrival.packet.icmp?.about) return undefined
  const { packet: first, device } = arrival
  const ends = { source: first.destination, destination: first.source }
  const ports = { sourcePort: first.destinationPort, destinationPort: first.sourcePort }
  const packet: Omit<Packet, 'length'> =
    sent.errorAbout !== undefined
      ? { ...base, ...ends, protocol: 'icmp', icmp: { type: 'destination-unreachable', code: 'port', about: first } }
      : first.icmp
        ? { ...base, ...ends, protocol: 'icmp', icmp: { type: 'echo-reply', id: first.icmp.id ?? 0 } }
        : { ...base, ...ends, ...ports, protocol: first.protocol, ...(first.protocol === 'tcp' && { flags: sent.flags ?? '.' }) }
  return { device, packet: { ...packet, length: lengthOf(packet) } }
}

function countersOf({ parts: { iptables } }: Router): string[] {
  return iptables.names().flatMap((table) => saveTable(iptables, table, true))
}

/** What a capture shows of a packet. */
function shown({ source, destination, protocol, sourcePort, destinationPort, flags, icmp }: Packet): Omit<Seen, 'dev'> {
  const ends = { source, destination, protocol }
  if (!icmp) return { ...ends, sourcePort, destinationPort, ...(flags && { flags }) }
  return {
    ...ends,
    icmp: icmp.about ? { type: '3', code: '3', about: shown(icmp.about) } : { type: icmp.type, id: icmp.id },
  } as Omit<Seen, 'dev'>
}

describe('a router of the simulation does what Linux does', () => {
  test.each(recorded.cases.map((each, i) => [i + 1, each] as const))('recorded case %i', (_, { rules, packets, ...expected }) => {
    const router = new Router(rules)
    const arrivals: (Arrival | undefined)[] = []
    for (const sent of packets) {
      const next = packetOf(sent, arrivals)
      arrivals.push(next && router.pass(next.packet, next.device))
    }
    const lines = router.parts.conntrack.list().map((each) => printConnection(each, 0).replace(/^(\S+ +\d+) \d+/, '$1'))
    expect({
      arrived: arrivals.map((each) => (each ? { dev: each.device, ...shown(each.packet) } : null)),
      counters: countersOf(router).filter((line) => line.startsWith('[')),
      connections: lines.toSorted(),
    }).toEqual(expected)
  })
})
