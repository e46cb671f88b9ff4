import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Netns } from '../link/netns.ts'
import type { Flight, Hook, HookEnvironment, Verdict } from '../netfilter/hooks.ts'
import { installNetfilter, type NetfilterParts } from '../netfilter/install.ts'
import { restore } from '../netfilter/restore.ts'
import type { Packet } from '../packet.ts'
import { fillTable } from './fill.ts'
import { printConnection } from './print.ts'

let now = 1_000_000
let dice = 0.5
const environment: HookEnvironment = {
  isLocalAddress: (address) => address === '10.0.0.11',
  sourceAddressFor: () => '10.0.0.11',
  random: () => dice,
  now: () => now,
}

/** A machine that translates: a service address to a pod, and what is marked or comes from outside to its own address. */
class Machine {
  readonly netns = new Netns('n1')
  readonly parts: NetfilterParts

  constructor(...rules: readonly string[]) {
    this.parts = installNetfilter(this.netns, { now: () => now })
    restore(this.parts.iptables, ['*nat', ...rules, 'COMMIT'])
  }

  /** A packet that is forwarded; undefined when it is dropped. */
  forward(packet: Packet): Packet | undefined {
    return this.through(packet, ['PREROUTING', 'FORWARD', 'POSTROUTING'])?.packet
  }

  through(packet: Packet, hooks: readonly Hook[]): Flight | undefined {
    const flight: Flight = {
      packet,
      inInterface: 'eth0',
      outInterface: 'cni0',
      connection: null,
      direction: 'original',
      state: 'NEW',
      rerouted: false,
    }
    for (const hook of hooks) {
      const verdict: Verdict = this.netns.netfilter.run(hook, flight, environment, null)
      if (verdict !== 'accept') return undefined
    }
    return flight
  }
}

const DNAT = '-A PREROUTING -d 10.96.0.10 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.5:8080'
const MASQUERADE = '-A POSTROUTING ! -s 10.244.0.0/16 -j MASQUERADE'

function tcp(changes: Partial<Packet> = {}): Packet {
  return {
    source: '192.168.1.5',
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

/** What the receiver sends back. */
function answer(packet: Packet, changes: Partial<Packet> = {}): Packet {
  const { source, destination, sourcePort, destinationPort } = packet
  return {
    ...packet,
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
    ...changes,
  }
}

beforeEach(() => {
  now = 1_000_000
  dice = 0.5
})

describe('translation', () => {
  test('the destination of a whole connection, and the source of its answers', () => {
    const machine = new Machine(DNAT)
    const there = machine.forward(tcp())
    expect(there).toMatchObject({ source: '192.168.1.5', destination: '10.244.1.5', destinationPort: 8080 })
    const back = machine.forward(answer(there ?? tcp(), { flags: 'S.' }))
    expect(back).toMatchObject({ source: '10.96.0.10', sourcePort: 80, destination: '192.168.1.5', destinationPort: 40_000 })
    expect(machine.forward(tcp({ flags: '.' }))).toMatchObject({ destination: '10.244.1.5', destinationPort: 8080 })
  })

  test('a changed rule does not touch connections that are known', () => {
    const machine = new Machine(DNAT)
    machine.forward(tcp())
    restore(machine.parts.iptables, ['*nat', DNAT.replace('10.244.1.5', '10.244.2.9'), 'COMMIT'])
    expect(machine.forward(tcp())).toMatchObject({ destination: '10.244.1.5' })
    expect(machine.forward(tcp({ sourcePort: 40_001 }))).toMatchObject({ destination: '10.244.2.9' })
  })

  test('masquerade keeps the source port while it is free', () => {
    const machine = new Machine(MASQUERADE)
    const first = machine.forward(tcp())
    const second = machine.forward(tcp({ source: '192.168.1.6' }))
    expect(first).toMatchObject({ source: '10.0.0.11', sourcePort: 40_000 })
    expect(second).toMatchObject({ source: '10.0.0.11' })
    expect(second?.sourcePort).not.toBe(40_000)
    const back = machine.forward(answer(second ?? tcp(), { flags: 'S.' }))
    expect(back).toMatchObject({ destination: '192.168.1.6', destinationPort: 40_000 })
  })

  test('--random-fully throws the port; well-known ports stay below 1024', () => {
    const machine = new Machine(`${MASQUERADE} --random-fully`)
    dice = 0.25
    expect(machine.forward(tcp())?.sourcePort).toBe(1024 + Math.floor(0.25 * 64_512))
    expect(machine.forward(tcp({ sourcePort: 600 }))?.sourcePort).toBe(600 + Math.floor(0.25 * 424))
  })

  test('without a free port the packet is dropped', () => {
    const machine = new Machine('-A POSTROUTING -p tcp -j SNAT --to-source 10.0.0.11:5000-5001')
    expect(machine.forward(tcp())?.sourcePort).toBeDefined()
    expect(machine.forward(tcp({ sourcePort: 40_001 }))?.sourcePort).toBeDefined()
    expect(machine.forward(tcp({ sourcePort: 40_002 }))).toBeUndefined()
  })

  test('an error about a translated packet reaches the client as if nothing had been translated', () => {
    const machine = new Machine(DNAT, MASQUERADE)
    const there = machine.forward(tcp()) ?? tcp()
    const error: Packet = {
      ...answer(there),
      protocol: 'icmp',
      sourcePort: 0,
      destinationPort: 0,
      icmp: { type: 'destination-unreachable', code: 'port', about: there },
    }
    const back = machine.forward(error)
    expect(back).toMatchObject({ source: '10.96.0.10', destination: '192.168.1.5' })
    expect(back?.icmp?.about).toMatchObject({
      source: '192.168.1.5',
      sourcePort: 40_000,
      destination: '10.96.0.10',
      destinationPort: 80,
    })
  })

  test('REDIRECT, ranges of addresses, NETMAP', () => {
    expect(new Machine('-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080').forward(tcp())).toMatchObject({
      destination: '10.0.0.11',
      destinationPort: 8080,
    })
    const range = new Machine('-A PREROUTING -j DNAT --to-destination 10.244.1.1-10.244.1.4')
    const chosen = range.forward(tcp())?.destination
    expect(chosen).toMatch(/^10\.244\.1\.[1-4]$/)
    expect(range.forward(tcp({ sourcePort: 1 }))?.destination).toBe(chosen)
    expect(new Machine('-A PREROUTING -j NETMAP --to 172.16.0.0/16').forward(tcp())?.destination).toBe('172.16.0.10')
  })

  test('IPv6: destinations, masquerade and echoes', () => {
    const machine = new Machine()
    restore(machine.parts.ip6tables, [
      '*nat',
      '-A PREROUTING -d fd00:96::a/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:10::5]:8080',
      '-A POSTROUTING ! -s fd00:10::/64 -j SNAT --to-source fd00::11',
      'COMMIT',
    ])
    const there = machine.forward(tcp({ source: 'fd00:1::99', destination: 'fd00:96::a' })) ?? tcp()
    expect(there).toMatchObject({ source: 'fd00::11', destination: 'fd00:10::5', destinationPort: 8080 })
    expect(machine.forward(answer(there, { flags: 'S.' }))).toMatchObject({ source: 'fd00:96::a', destination: 'fd00:1::99' })
    const echo = tcp({
      source: 'fd00:1::99',
      destination: 'fd00:10::5',
      protocol: 'icmpv6',
      sourcePort: 0,
      destinationPort: 0,
      icmp: { type: 'echo-request', id: 7 },
    })
    const asked = machine.forward(echo) ?? tcp()
    expect(asked.source).toBe('fd00::11')
    expect(machine.forward(answer(asked, { icmp: { type: 'echo-reply', id: 7 } }))?.destination).toBe('fd00:1::99')
  })

  test('an untracked packet is not translated', () => {
    const machine = new Machine(DNAT)
    restore(machine.parts.iptables, '*raw\n-A PREROUTING -j NOTRACK\nCOMMIT\n')
    expect(machine.forward(tcp())).toMatchObject({ destination: '10.96.0.10' })
    expect(machine.parts.conntrack.size).toBe(0)
  })

  test('answers are the reverse of questions, whatever was translated', () => {
    const port = fc.integer({ min: 1, max: 65_535 })
    const rules = fc.constantFrom(
      [DNAT],
      [MASQUERADE],
      [DNAT, MASQUERADE],
      [DNAT, `${MASQUERADE} --random-fully`],
      [
        '-A PREROUTING -p udp -j DNAT --to-destination 10.244.1.1-10.244.1.9:53-59',
        '-A POSTROUTING -j SNAT --to-source 10.0.0.1-10.0.0.3',
      ],
    )
    const client = fc.record({
      host: fc.integer({ min: 1, max: 4 }),
      sourcePort: port,
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'icmp' as const),
      dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    fc.assert(
      fc.property(
        rules,
        fc.uniqueArray(client, { minLength: 1, maxLength: 25, selector: (c) => `${c.host} ${c.sourcePort} ${c.protocol}` }),
        (table, clients) => {
          const machine = new Machine(...table)
          const seen = new Set<string>()
          for (const { host, sourcePort, protocol, dice: thrown } of clients) {
            dice = thrown
            const isEcho = protocol === 'icmp'
            const sent = tcp({
              source: `192.168.1.${host}`,
              protocol,
              ...(isEcho
                ? { sourcePort: 0, destinationPort: 0, icmp: { type: 'echo-request' as const, id: sourcePort } }
                : { sourcePort }),
            })
            const arrived = machine.forward(sent)
            if (!arrived) continue
            // Two connections never look the same to the server.
            const mark = `${arrived.protocol} ${arrived.source} ${arrived.sourcePort} ${arrived.destination} ${arrived.destinationPort} ${arrived.icmp?.id}`
            expect(seen.has(mark)).toBe(false)
            seen.add(mark)
            const reply = answer(
              arrived,
              isEcho ? { icmp: { type: 'echo-reply' as const, id: arrived.icmp?.id ?? 0 } } : { flags: 'S.' },
            )
            const back = machine.forward(reply) ?? tcp()
            expect({ ...back, icmp: back.icmp?.id, flags: '' }).toEqual({ ...answer(sent), icmp: sent.icmp?.id, flags: '' })
          }
        },
      ),
      { numRuns: 150, seed: 3 },
    )
  })
})

describe('connections', () => {
  const line = (machine: Machine) => machine.parts.conntrack.list().map((each) => printConnection(each, now))

  test('a TCP connection from its first packet to its end', () => {
    const machine = new Machine(DNAT)
    const there = machine.forward(tcp()) ?? tcp()
    const states: string[] = []
    const note = () =>
      states.push(...machine.parts.conntrack.list().map(({ tcpState, expiresMs }) => `${tcpState} ${(expiresMs - now) / 1000}`))
    note()
    machine.forward(answer(there, { flags: 'S.' }))
    note()
    machine.forward(tcp({ flags: '.' }))
    note()
    machine.forward(tcp({ flags: 'F.' }))
    note()
    machine.forward(answer(there, { flags: '.' }))
    note()
    machine.forward(answer(there, { flags: 'F.' }))
    note()
    machine.forward(tcp({ flags: '.' }))
    note()
    expect(states).toEqual([
      'SYN_SENT 120',
      'SYN_RECV 60',
      'ESTABLISHED 432000',
      'FIN_WAIT 120',
      'CLOSE_WAIT 60',
      'LAST_ACK 30',
      'TIME_WAIT 120',
    ])
    now += 119_000
    expect(line(machine)).toEqual([
      'tcp      6 1 TIME_WAIT src=192.168.1.5 dst=10.96.0.10 sport=40000 dport=80 src=10.244.1.5 dst=192.168.1.5 sport=8080 dport=40000 [ASSURED] mark=0 use=1',
    ])
    now += 1000
    expect(machine.parts.conntrack.size).toBe(0)
  })

  test('a refused connection is forgotten at once; a new SYN after the end begins anew', () => {
    const machine = new Machine(DNAT)
    const there = machine.forward(tcp()) ?? tcp()
    expect(machine.forward(answer(there, { flags: 'R.' }))).toMatchObject({ source: '10.96.0.10', sourcePort: 80 })
    expect(machine.parts.conntrack.size).toBe(0)
    machine.forward(tcp())
    machine.forward(answer(there, { flags: 'S.' }))
    machine.forward(tcp({ flags: '.' }))
    machine.forward(tcp({ flags: 'R' }))
    expect(line(machine)[0]).toContain(' 10 CLOSE ')
    restore(machine.parts.iptables, ['*nat', DNAT.replace('10.244.1.5', '10.244.2.9'), 'COMMIT'])
    expect(machine.forward(tcp())).toMatchObject({ destination: '10.244.2.9' })
  })

  test('UDP: unanswered, answered, a stream', () => {
    const machine = new Machine()
    restore(machine.parts.iptables, '*filter\n-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n')
    const question = tcp({ protocol: 'udp', destinationPort: 53 })
    machine.forward(question)
    expect(line(machine)).toEqual([
      'udp      17 30 src=192.168.1.5 dst=10.96.0.10 sport=40000 dport=53 [UNREPLIED] src=10.96.0.10 dst=192.168.1.5 sport=53 dport=40000 mark=0 use=1',
    ])
    machine.forward(answer(question))
    now += 3000
    machine.forward(question)
    expect(line(machine)).toEqual([
      'udp      17 120 src=192.168.1.5 dst=10.96.0.10 sport=40000 dport=53 src=10.96.0.10 dst=192.168.1.5 sport=53 dport=40000 [ASSURED] mark=0 use=1',
    ])
  })

  test('what begins in the middle is taken up by an ACK only; the rest is INVALID', () => {
    const machine = new Machine(DNAT)
    restore(machine.parts.iptables, '*filter\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n')
    expect(machine.forward(tcp({ flags: 'S.' }))).toBeUndefined()
    expect(machine.forward(tcp({ flags: 'R' }))).toBeUndefined()
    expect(machine.forward(tcp({ flags: '.' }))).toBeDefined()
    expect(line(machine)[0]).toContain('ESTABLISHED')
  })

  test('a full table drops what is new, and answers for what is known', () => {
    const machine = new Machine(DNAT)
    machine.netns.sysctls.set('net.netfilter.nf_conntrack_max', '2')
    for (const sourcePort of [1, 2]) {
      const there = machine.forward(tcp({ sourcePort })) ?? tcp()
      machine.forward(answer(there, { flags: 'S.' }))
      machine.forward(tcp({ sourcePort, flags: '.' }))
    }
    expect(machine.forward(tcp({ sourcePort: 3 }))).toBeUndefined()
    expect(machine.forward(tcp({ sourcePort: 1, flags: 'P.' }))).toMatchObject({ destination: '10.244.1.5' })
    expect(machine.parts.conntrack.counters.drop).toBe(1)
  })

  test('connections that never came about give way to new ones', () => {
    const machine = new Machine(DNAT)
    machine.netns.sysctls.set('net.netfilter.nf_conntrack_max', '2')
    for (const sourcePort of [1, 2, 3]) expect(machine.forward(tcp({ sourcePort }))).toBeDefined()
    expect(machine.parts.conntrack.counters.earlyDrop).toBe(1)
  })

  test('a flood fills the table until it is flushed', () => {
    const machine = new Machine(DNAT)
    machine.netns.sysctls.set('net.netfilter.nf_conntrack_max', '64')
    machine.forward(tcp())
    fillTable(machine.parts.conntrack, '10.0.0.11')
    expect(machine.parts.conntrack.size).toBe(64)
    expect(machine.forward(tcp())).toBeUndefined()
    machine.parts.conntrack.flush()
    expect(machine.forward(tcp())).toBeDefined()
  })

  test('a packet that a rule drops leaves no connection', () => {
    const machine = new Machine(DNAT)
    restore(machine.parts.iptables, '*filter\n-A FORWARD -j DROP\nCOMMIT\n')
    expect(machine.forward(tcp())).toBeUndefined()
    expect(machine.parts.conntrack.size).toBe(0)
  })
})
