import { describe, expect, test } from 'vitest'
import type { Packet, TcpFlags } from '../packet.ts'
import type { IpvsConnection } from './connection.ts'
import { Ipvs } from './ipvs.ts'

const VIP = '10.96.0.1'

function makeIpvs() {
  const clock = { ms: 0 }
  const ipvs = new Ipvs(() => clock.ms)
  const server = ipvs.addServer('TCP', VIP, 80, 'rr')
  ipvs.addReal(server, '10.244.0.1', 8080)
  ipvs.addReal(server, '10.244.0.2', 8080)
  return { clock, ipvs, server }
}

const packet = (sourcePort: number, flags: TcpFlags = 'S', source = '10.244.1.9'): Packet => ({
  source,
  destination: VIP,
  protocol: 'tcp',
  sourcePort,
  destinationPort: 80,
  flags,
  ttl: 64,
  length: 60,
  mark: 0,
})

function connect(ipvs: Ipvs, sourcePort: number, source?: string): IpvsConnection {
  const [server] = ipvs.servers.values()
  const syn = packet(sourcePort, 'S', source)
  const connection = server && ipvs.schedule(server, syn)
  if (!connection) throw new Error('nobody takes it')
  ipvs.note(connection, syn, 'client')
  ipvs.note(connection, { ...syn, flags: 'S.' }, 'server')
  ipvs.note(connection, { ...syn, flags: '.' }, 'client')
  return connection
}

describe('connections', () => {
  test('are active while they are open, then inactive, then gone', () => {
    const { clock, ipvs, server } = makeIpvs()
    const connection = connect(ipvs, 40_000)
    const [real] = server.reals
    expect(connection.state).toBe('ESTABLISHED')
    expect([real?.active, real?.inactive]).toEqual([1, 0])
    ipvs.note(connection, packet(40_000, 'F.'), 'client')
    ipvs.note(connection, packet(40_000, 'F.'), 'server')
    expect(connection.state).toBe('LAST_ACK')
    expect([real?.active, real?.inactive]).toEqual([0, 1])
    clock.ms = 31_000
    ipvs.settle()
    expect([real?.active, real?.inactive, ipvs.connections.size]).toEqual([0, 0, 0])
  })

  test('that live on are not forgotten', () => {
    const { clock, ipvs } = makeIpvs()
    const connection = connect(ipvs, 40_000)
    for (clock.ms = 0; clock.ms < 4_000_000; clock.ms += 800_000) ipvs.note(connection, packet(40_000, '.'), 'client')
    ipvs.settle()
    expect(ipvs.find(packet(40_000))).toBe(connection)
    clock.ms += 900_000
    ipvs.settle()
    expect(ipvs.find(packet(40_000))).toBeUndefined()
  })
})

describe('persistence', () => {
  test('a client stays with its server until it has been away long enough', () => {
    const { clock, ipvs, server } = makeIpvs()
    server.persistentSeconds = 60
    const first = connect(ipvs, 40_000)
    expect(connect(ipvs, 40_001).real).toBe(first.real)
    expect(connect(ipvs, 40_002, '10.244.1.10').real).not.toBe(first.real)
    expect(first.real.persistent).toBe(1)
    for (const port of [40_000, 40_001]) {
      const connection = ipvs.find(packet(port))
      if (connection) ipvs.note(connection, packet(port, 'R'), 'client')
    }
    clock.ms = 200_000
    ipvs.settle()
    expect(first.real.persistent).toBe(0)
  })

  test('a server of weight 0 keeps no clients', () => {
    const { ipvs, server } = makeIpvs()
    server.persistentSeconds = 60
    const first = connect(ipvs, 40_000)
    first.real.weight = 0
    expect(connect(ipvs, 40_001).real).not.toBe(first.real)
  })

  test('clients of one network together', () => {
    const { ipvs, server } = makeIpvs()
    server.persistentSeconds = 60
    server.netmask = '255.255.255.0'
    expect(connect(ipvs, 40_000, '10.244.1.10').real).toBe(connect(ipvs, 40_000, '10.244.1.200').real)
  })
})

test('rates fade', () => {
  const { clock, ipvs, server } = makeIpvs()
  for (clock.ms = 0; clock.ms < 20_000; clock.ms += 100) connect(ipvs, 40_000 + clock.ms / 100)
  expect(server.counters.perSecond(clock.ms)[0]).toBeGreaterThan(8)
  expect(server.counters.totals[0]).toBe(200)
  clock.ms += 60_000
  expect(server.counters.perSecond(clock.ms)[0]).toBe(0)
})
