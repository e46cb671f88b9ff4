import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Netns } from '../link/netns.ts'
import type { Packet } from '../packet.ts'
import { RuleLog } from '../trace.ts'
import type { Flight, Hook, HookEnvironment, Verdict } from './hooks.ts'
import { installNetfilter, type NetfilterParts } from './install.ts'
import { restore } from './restore.ts'
import { saveTable } from './save.ts'
import { anyPacket, anyRule } from './testing/rules.ts'

let now = 1_000_000
let dice: number[] = []
const environment: HookEnvironment = {
  isLocalAddress: (address) => address === '10.0.0.1' || address.startsWith('127.'),
  sourceAddressFor: () => '10.0.0.1',
  random: () => dice.shift() ?? 0.5,
  now: () => now,
}

interface Machine {
  readonly netns: Netns
  readonly parts: NetfilterParts
}

function machine(...lines: readonly string[]): Machine {
  const netns = new Netns('n1')
  const parts = installNetfilter(netns, { now: () => now })
  restore(parts.iptables, lines, { noflush: true })
  return { netns, parts }
}

function packet(changes: Partial<Packet> = {}): Packet {
  return {
    source: '10.244.1.5',
    destination: '10.96.0.10',
    protocol: 'tcp',
    sourcePort: 40_000,
    destinationPort: 80,
    flags: 'S',
    ttl: 64,
    length: 60,
    mark: 0,
    ...changes,
  }
}

function flightOf(sent: Packet): Flight {
  return {
    packet: sent,
    inInterface: 'cni0',
    outInterface: 'eth0',
    connection: null,
    direction: 'original',
    state: 'NEW',
    rerouted: false,
  }
}

function pass({ netns }: Machine, hook: Hook, flight: Flight, log: RuleLog | null = null): Verdict {
  return netns.netfilter.run(hook, flight, environment, log)
}

/** A verdict of FORWARD for a packet, by the rules of the filter table. */
function forwarded(rules: readonly string[], sent = packet()): Verdict {
  return pass(machine('*filter', ...rules, 'COMMIT'), 'FORWARD', flightOf(sent))
}

beforeEach(() => {
  now = 1_000_000
  dice = []
})

describe('matches', () => {
  test.each<readonly [rule: string, change: Partial<Packet>]>([
    ['-s 10.244.0.0/16', {}],
    ['! -s 10.244.0.0/16', { source: '10.0.0.9' }],
    ['-d 10.96.0.10', {}],
    ['-i cni+', {}],
    ['! -o cni0', {}],
    ['-p udp', { protocol: 'udp' }],
    ['! -p udp', {}],
    ['-p tcp --dport 80:90', {}],
    ['-p tcp ! --dport 81', {}],
    ['-p tcp --sport 40000', {}],
    ['-p tcp --syn', {}],
    ['-p tcp ! --syn', { flags: '.' }],
    ['-p tcp --tcp-flags SYN,ACK SYN,ACK', { flags: 'S.' }],
    ['-p tcp -m multiport --dports 22,80,443', {}],
    ['-p tcp -m multiport ! --ports 22,81', {}],
    ['-p icmp --icmp-type echo-request', { protocol: 'icmp', icmp: { type: 'echo-request', id: 1 } }],
    ['-p icmp --icmp-type 3/3', { protocol: 'icmp', icmp: { type: 'destination-unreachable', code: 'port' } }],
    ['-m mark --mark 0x4000/0x4000', { mark: 0x4001 }],
    ['-m mark ! --mark 1', {}],
    ['-m addrtype --dst-type LOCAL', { destination: '10.0.0.1' }],
    ['-m addrtype ! --dst-type LOCAL', {}],
    ['-m addrtype --dst-type MULTICAST', { destination: '224.0.0.1' }],
    ['-m iprange --src-range 10.244.1.1-10.244.1.9', {}],
    ['-m length --length 40:100', {}],
    ['-m ttl --ttl-gt 63', {}],
    ['-m mac --mac-source 0a:00:00:00:00:01', { sourceMac: '0a:00:00:00:00:01' }],
    ['-m pkttype --pkt-type unicast', {}],
    ['-s 10.0.0.0/255.0.255.0', { source: '10.77.0.3' }],
  ])('%s', (rule, change) => {
    expect(forwarded([`-A FORWARD ${rule} -j DROP`], packet(change))).toBe('drop')
  })

  test.each<readonly [rule: string, change: Partial<Packet>]>([
    ['-s 10.0.0.0/24', {}],
    ['-p tcp --dport 81', {}],
    ['-p tcp --syn', { flags: 'S.' }],
    ['-p udp --dport 80', {}],
    ['-p icmp', {}],
    ['-m mark --mark 0x4000/0x4000', { mark: 0x2000 }],
    ['-i eth0', {}],
    ['-f', {}],
  ])('not %s', (rule, change) => {
    expect(forwarded([`-A FORWARD ${rule} -j DROP`], packet(change))).toBe('accept')
  })

  test('recent: a client that was seen is seen for so many seconds', () => {
    const here = machine(
      '*filter',
      '-A FORWARD -p udp -m recent --name SEEN --set -j ACCEPT',
      '-A FORWARD -m recent --name SEEN --rcheck --seconds 60 --reap -j DROP',
      'COMMIT',
    )
    expect(pass(here, 'FORWARD', flightOf(packet()))).toBe('accept')
    pass(here, 'FORWARD', flightOf(packet({ protocol: 'udp' })))
    now += 60_000
    expect(pass(here, 'FORWARD', flightOf(packet()))).toBe('drop')
    expect(pass(here, 'FORWARD', flightOf(packet({ source: '10.244.1.6' })))).toBe('accept')
    now += 1000
    expect(pass(here, 'FORWARD', flightOf(packet()))).toBe('accept')
  })

  test('limit: a burst, then so many a second', () => {
    const here = machine('*filter', '-A FORWARD -m limit --limit 2/sec --limit-burst 3 -j ACCEPT', '-A FORWARD -j DROP', 'COMMIT')
    const verdicts = () => Array.from({ length: 5 }, () => pass(here, 'FORWARD', flightOf(packet())))
    expect(verdicts()).toEqual(['accept', 'accept', 'accept', 'drop', 'drop'])
    now += 1000
    expect(verdicts()).toEqual(['accept', 'accept', 'drop', 'drop', 'drop'])
  })

  test('statistic: every third packet; and by chance, with the dice in the record', () => {
    const nth = machine('*filter', '-A FORWARD -m statistic --mode nth --every 3 --packet 0 -j DROP', 'COMMIT')
    expect(Array.from({ length: 6 }, () => pass(nth, 'FORWARD', flightOf(packet())))).toEqual([
      'drop',
      'accept',
      'accept',
      'drop',
      'accept',
      'accept',
    ])
    const log = new RuleLog()
    dice = [0.3, 0.9]
    const random = machine('*filter', '-A FORWARD -m statistic --mode random --probability 0.5 -j DROP', 'COMMIT')
    expect(pass(random, 'FORWARD', flightOf(packet()), log)).toBe('drop')
    expect(pass(random, 'FORWARD', flightOf(packet()), log)).toBe('accept')
    expect(log.steps.map(({ outcome, dice: thrown }) => [outcome, thrown?.drawn])).toEqual([
      ['matched', 0.3],
      ['skipped', 0.9],
      ['matched', undefined],
    ])
  })

  test('set: by address and port, in the directions that the rule names', () => {
    const netns = new Netns('n1')
    const parts = installNetfilter(netns, { now: () => now })
    parts.sets.create('S', 'hash:ip,port,net', { family: 4, hashSize: 1024, maxElements: 9 })
    parts.sets.addElement('S', '10.96.0.10,tcp:80,10.244.0.0/16')
    parts.sets.addElement('S', '10.96.0.10,tcp:80,10.244.9.0/24', { nomatch: true })
    restore(parts.iptables, '*filter\n-A FORWARD -m set --match-set S dst,dst,src -j DROP\nCOMMIT\n')
    const verdict = (sent: Packet) => pass({ netns, parts }, 'FORWARD', flightOf(sent))
    expect(verdict(packet())).toBe('drop')
    expect(verdict(packet({ source: '10.244.9.1' }))).toBe('accept')
    expect(verdict(packet({ protocol: 'udp' }))).toBe('accept')
    expect(verdict(packet({ source: '10.0.0.1' }))).toBe('accept')
  })
})

describe('chains', () => {
  const rules = [':A - [0:0]', ':B - [0:0]']

  test('jump returns to the rule after it, goto to the one before', () => {
    expect(forwarded([...rules, '-A FORWARD -j A', '-A FORWARD -j DROP', '-A A -p udp -j ACCEPT'])).toBe('drop')
    expect(forwarded([...rules, '-A FORWARD -j A', '-A FORWARD -j DROP', '-A A -g B', '-A A -j ACCEPT'])).toBe('drop')
    expect(forwarded([...rules, '-A FORWARD -g A', '-A FORWARD -j DROP', '-A A -j RETURN'])).toBe('accept')
  })

  test('policy, and the counters of rules and policies', () => {
    const here = machine('*filter', ':FORWARD DROP [0:0]', '-A FORWARD -p udp -j ACCEPT', 'COMMIT')
    expect(pass(here, 'FORWARD', flightOf(packet()))).toBe('drop')
    expect(pass(here, 'FORWARD', flightOf(packet({ protocol: 'udp', length: 100 })))).toBe('accept')
    expect(saveTable(here.parts.iptables, 'filter', true)).toContain('[1:100] -A FORWARD -p udp -j ACCEPT')
    expect(saveTable(here.parts.iptables, 'filter', true)).toContain(':FORWARD DROP [1:60]')
  })

  test('the record tells each rule, why it was passed over, and what the one did that matched', () => {
    const log = new RuleLog()
    const here = machine(
      '*filter',
      ...rules,
      '-A FORWARD -p udp -j ACCEPT',
      '-A FORWARD -s 10.244.0.0/16 -j A',
      '-A A -j MARK --or-mark 0x4000',
      'COMMIT',
    )
    pass(here, 'FORWARD', flightOf(packet()), log)
    expect(log.steps.map(({ chain, index, outcome, why, depth }) => [chain, index, outcome, why, depth])).toEqual([
      ['FORWARD', 0, 'skipped', '-p udp', 0],
      ['FORWARD', 1, 'matched', 'jump A', 0],
      ['A', 0, 'matched', 'mark 0x4000', 1],
      ['FORWARD', -1, 'matched', 'ACCEPT', 0],
    ])
    expect(log.looked).toBe(3)
  })

  test('looking rules up in long chains comes to the same as trying each in turn', () => {
    const chain = fc.array(anyRule(['A', 'B']), { minLength: 20, maxLength: 60 })
    const leaf = fc.array(anyRule([]), { maxLength: 40 })
    fc.assert(
      fc.property(chain, leaf, leaf, fc.array(anyPacket, { minLength: 4, maxLength: 8 }), (forward, a, b, packets) => {
        const outcome = (linear: boolean, recorded: boolean) => {
          const here = machine('*filter', 'COMMIT')
          here.parts.iptables.replaceChains('filter', [
            ['A', a],
            ['B', b],
            ['FORWARD', forward],
          ])
          here.parts.linear = linear
          now = 1_000_000
          dice = Array.from({ length: 400 }, (_, i) => ((i * 7919) % 1000) / 1000)
          return packets.map((sent) => {
            const log = new RuleLog()
            const flight = { ...flightOf(sent) }
            const verdict = pass(here, 'FORWARD', flight, recorded ? log : null)
            now += 20_000
            const counters = saveTable(here.parts.iptables, 'filter', true)
            return {
              verdict,
              after: flight.packet,
              counters,
              dice: dice.length,
              ...(recorded && { looked: log.looked, steps: log.steps }),
            }
          })
        }
        const plain = outcome(true, false)
        expect(outcome(false, false)).toEqual(plain)
        const told = outcome(true, true)
        expect(outcome(false, true)).toEqual(told)
        expect(told).toMatchObject(plain)
      }),
      { numRuns: 30, seed: 2 },
    )
  })
})
