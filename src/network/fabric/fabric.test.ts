import { describe, expect, test } from 'vitest'
import { macOf } from '../link/mac.ts'
import { Netns, type Device, type Route } from '../link/netns.ts'
import type { HookFunction } from '../netfilter/hooks.ts'
import type { Packet } from '../packet.ts'
import type { Journey } from '../trace.ts'
import { Fabric } from './fabric.ts'

function device(netns: Netns, name: string, kind: Device['kind'], more: Partial<Device> = {}): Device {
  return netns.addDevice({
    name,
    kind,
    mac: macOf(`${netns.node}/${netns.pod}/${name}`),
    mtu: 1500,
    up: true,
    addresses: [],
    ...more,
  })
}

function machine(name: string, number: number): Netns {
  const netns = new Netns(name)
  device(netns, 'lo', 'loopback', { addresses: ['127.0.0.1/8'] })
  device(netns, 'eth0', 'physical', { addresses: [`10.0.0.${number}/16`] })
  device(netns, 'cni0', 'bridge', { addresses: [`10.244.${number}.1/24`], mtu: 1450 })
  netns.routes = [
    { destination: '10.0.0.0/16', device: 'eth0', protocol: 'kernel', scope: 'link' },
    { destination: `10.244.${number}.0/24`, device: 'cni0', protocol: 'kernel', scope: 'link' },
  ]
  netns.sysctls.set('net.ipv4.ip_forward', '1').set('net.bridge.bridge-nf-call-iptables', '1')
  return netns
}

function pod(node: Netns, number: number, last: number): Netns {
  const netns = new Netns(node.node, `default/p${last}`)
  const address = `10.244.${number}.${last}`
  device(netns, 'lo', 'loopback', { addresses: ['127.0.0.1/8'] })
  device(netns, 'eth0', 'veth', { addresses: [`${address}/24`], mtu: 1450, peer: { netns: node, device: `veth${last}` } })
  device(node, `veth${last}`, 'veth', { master: 'cni0', mtu: 1450, hairpin: true, peer: { netns, device: 'eth0' } })
  netns.routes = [
    { destination: 'default', via: `10.244.${number}.1`, device: 'eth0' },
    { destination: `10.244.${number}.0/24`, device: 'eth0', scope: 'link' },
  ]
  netns.listens = (protocol, _address, port) => (protocol === 'tcp' && port === 80 ? 'nginx' : undefined)
  return netns
}

function tunnel(a: Netns, b: Netns, number: number): void {
  const mac = macOf(`${b.node}/undefined/flannel.1`)
  const route: Route = { destination: `10.244.${number}.0/24`, via: `10.244.${number}.0`, device: 'flannel.1', onlink: true }
  a.routes = [...a.routes, route]
  a.neighbours = [...a.neighbours, { address: `10.244.${number}.0`, mac, device: 'flannel.1', state: 'PERMANENT' }]
  a.fdb = [...a.fdb, { mac, device: 'flannel.1', destination: `10.0.0.${number}` }]
}

function lab() {
  const [n1, n2] = [machine('n1', 1), machine('n2', 2)]
  for (const [netns, number] of [
    [n1, 1],
    [n2, 2],
  ] as const)
    device(netns, 'flannel.1', 'vxlan', {
      mtu: 1450,
      addresses: [`10.244.${number}.0/32`],
      tunnel: { local: `10.0.0.${number}`, vni: 1, port: 8472 },
    })
  tunnel(n1, n2, 2)
  tunnel(n2, n1, 1)
  const machines = [n1, n2]
  const fabric = new Fabric({
    now: () => 0,
    random: () => 0.5,
    onSegment: (_segment, address) => machines.find((candidate) => candidate.isLocal(address)),
  })
  return { fabric, n1, n2, a: pod(n1, 1, 5), b: pod(n1, 1, 6), c: pod(n2, 2, 7) }
}

function syn(source: string, destination: string, port = 80, more: Partial<Packet> = {}): Packet {
  return {
    source,
    destination,
    protocol: 'tcp',
    sourcePort: 40000,
    destinationPort: port,
    flags: 'S',
    ttl: 64,
    length: 60,
    mark: 0,
    ...more,
  }
}

function ended(journey: Journey): string {
  const { outcome } = journey
  return `${outcome.kind} ${outcome.place.pod ?? outcome.place.node}${'why' in outcome ? `: ${outcome.why}` : ''}`
}

const devices = (journey: Journey) =>
  journey.stations.filter((s) => s.kind !== 'route' && s.kind !== 'neighbour').map((s) => `${s.kind} ${s.name}`)

describe('a packet', () => {
  test('between pods of two machines goes through the tunnel', () => {
    const { fabric, a } = lab()
    const journey = fabric.walk(a, syn('10.244.1.5', '10.244.2.7'), true)
    expect(ended(journey)).toBe('delivered default/p7')
    expect(devices(journey)).toEqual([
      'socket tcp 10.244.1.5',
      'device eth0',
      'device cni0',
      'encapsulate flannel.1',
      'wire eth0',
      'decapsulate flannel.1',
      'device veth7',
      'delivered nginx',
    ])
    expect(journey.arrived.ttl).toBe(62)
    expect(journey.stations.find((s) => s.kind === 'wire')?.after.outer).toEqual({
      kind: 'vxlan',
      source: '10.0.0.1',
      destination: '10.0.0.2',
      vni: 1,
      port: 8472,
    })
  })

  test('between pods of one machine crosses the bridge only', () => {
    const { fabric, a } = lab()
    const journey = fabric.walk(a, syn('10.244.1.5', '10.244.1.6'), true)
    expect(ended(journey)).toBe('delivered default/p6')
    expect(journey.arrived.ttl).toBe(64)
  })

  test('to a closed port is refused, to nobody has no route to host', () => {
    const { fabric, a, n1 } = lab()
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.244.2.7', 81)))).toContain('rejected default/p7: connection refused')
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.244.1.99')))).toContain('rejected default/p5: no route to host')
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.244.2.99')))).toContain('rejected n2: no route to host')
    expect(ended(fabric.walk(n1, syn('10.0.0.1', '8.8.8.8')))).toContain(
      'rejected n1: no route to 8.8.8.8: network is unreachable',
    )
    expect(ended(fabric.walk(n1, syn('10.0.0.1', '10.0.0.77')))).toContain('no route to host')
  })

  test('does not pass a cut, and a lossy link takes some', () => {
    const { fabric, a } = lab()
    fabric.links.set('n1', 'n2', { cut: true })
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.244.2.7')))).toBe('dropped n1: the link between n1 and n2 is cut')
    fabric.links.heal()
    fabric.links.set('n1', 'n2', { lossPercent: 51 })
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.244.2.7')))).toContain('lost between n1 and n2')
    fabric.links.heal()
    fabric.links.partition([['n2']])
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.244.2.7')))).toContain('cut')
  })

  test('in a loop of routes dies of its age, too big for a link is told so', () => {
    const { fabric, a, n1, n2 } = lab()
    n1.routes = [...n1.routes, { destination: '10.9.0.0/16', via: '10.0.0.2', device: 'eth0' }]
    n2.routes = [...n2.routes, { destination: '10.9.0.0/16', via: '10.0.0.1', device: 'eth0' }]
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.9.1.1')))).toContain('its time to live is over')
    const big = fabric.walk(a, syn('10.244.1.5', '10.244.2.7', 80, { length: 1480, flags: 'P.' }))
    expect(ended(big)).toContain('1480 bytes are more than the MTU of 1450')
  })

  test('translated on a bridge port stays on the bridge, and needs hairpin to come back', () => {
    const { fabric, a, n1 } = lab()
    const dnat = (to: string): HookFunction => ({
      hook: 'PREROUTING',
      priority: -100,
      name: 'nat',
      run(flight) {
        if (flight.packet.destination === '10.96.0.1') flight.packet = { ...flight.packet, destination: to }
        return 'accept'
      },
    })
    const off = n1.netfilter.register(dnat('10.244.1.6'))
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.96.0.1')))).toBe('delivered default/p6')
    off()
    n1.netfilter.register(dnat('10.244.1.5'))
    expect(ended(fabric.walk(a, syn('10.244.1.5', '10.96.0.1')))).toBe('delivered default/p5')
  })

  test('rejected by a rule', () => {
    const { fabric, a, n1 } = lab()
    n1.netfilter.register({ hook: 'FORWARD', priority: 0, name: 'filter', run: () => ({ rejectWith: 'icmp-port-unreachable' }) })
    const journey = fabric.walk(a, syn('10.244.1.5', '10.244.2.7'))
    expect(ended(journey)).toBe('rejected n1: rejected in FORWARD: icmp-port-unreachable')
    expect(journey.outcome.kind === 'rejected' && journey.outcome.answer.icmp?.code).toBe('port')
  })
})
