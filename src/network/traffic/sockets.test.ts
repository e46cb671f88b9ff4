import { describe, expect, test } from 'vitest'
import { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { Fabric } from '../fabric/fabric.ts'
import { macOf } from '../link/mac.ts'
import { Netns } from '../link/netns.ts'
import type { Packet } from '../packet.ts'
import type { HookFunction } from '../netfilter/hooks.ts'
import type { Libc } from './resolver.ts'
import { ProcessSockets } from './sockets.ts'
import type { Listener, TrafficStep } from './types.ts'

/** Two machines on a LAN; what listens is in `services` under 'machine protocol port'. */
function lab() {
  const sim = new Simulation({ seed: 3, startTimeMs: 1_767_603_600_000 })
  const services = new Map<string, Listener>()
  const machines = ['a', 'b'].map((name, i) => {
    const netns = new Netns(name)
    const mac = macOf(name)
    netns.addDevice({ name: 'lo', kind: 'loopback', mac, mtu: 65_536, up: true, addresses: ['127.0.0.1/8'] })
    netns.addDevice({ name: 'eth0', kind: 'physical', mac, mtu: 1500, up: true, addresses: [`10.0.0.${i + 1}/24`] })
    netns.routes = [{ destination: '10.0.0.0/24', device: 'eth0', scope: 'link' }]
    netns.listens = (protocol, _address, port) => (services.has(`${name} ${protocol} ${port}`) ? 'server' : undefined)
    return netns
  })
  const fabric = new Fabric({
    now: () => sim.now,
    random: (stream) => sim.random(stream).next(),
    onSegment: (_segment, address) => machines.find((one) => one.isLocal(address)),
  })
  const steps: TrafficStep[] = []
  const files = new Map<string, string>()
  const world = {
    sim,
    walk: (from: Netns, packet: Packet, record: boolean) => {
      const journey = fabric.walk(from, packet, record)
      const { outcome } = journey
      return {
        journey,
        netns: outcome.kind === 'delivered' ? machines.find((one) => one.node === outcome.place.node) : undefined,
      }
    },
    isUp: () => true,
    isCalm: () => true,
    served: () => 0,
    listener: (netns: Netns, protocol: string, _address: string, port: number) =>
      services.get(`${netns.node} ${protocol} ${port}`),
  }
  const sockets = (libc: Libc = 'glibc') =>
    new ProcessSockets(world, { netns: () => machines[0], readFile: (path) => files.get(path), libc }, (step) => steps.push(step))
  return { sim, services, machines, fabric, steps, files, sockets, b: machines[1] as Netns }
}

const at = (port: number, address = '10.0.0.2') => ({ address, port })
const GET = { method: 'GET', path: '/x', headers: {}, body: '' }
const page: Listener = { protocol: 'http', http: ({ path }, peer) => ({ status: 200, body: `${path} for ${peer.address}` }) }

function run<T>(sim: Simulation, task: Task<T>, forMs = 200_000): { value: T | undefined; tookMs: number } {
  const startMs = sim.now
  const out: { value: T | undefined; tookMs: number } = { value: undefined, tookMs: 0 }
  sim.spawn(task, (value) => {
    out.value = value
    out.tookMs = sim.now - startMs
  })
  sim.runFor(forMs)
  return out
}

describe('TCP', () => {
  test('connects, asks, is answered', () => {
    const { sim, services, sockets, steps } = lab()
    services.set('b tcp 80', page)
    const { value } = run(
      sim,
      (function* () {
        const connection = yield* sockets().connect(at(80))
        return 'failure' in connection ? connection : yield* connection.http(GET)
      })(),
    )
    expect(value).toEqual({ status: 200, body: '/x for 10.0.0.1' })
    expect(steps.map(({ what, result }) => `${what}: ${result}`)).toEqual(['SYN: connected', 'GET /x: 200'])
    expect(steps[1]?.reply?.arrived.destination).toBe('10.0.0.1')
  })

  test('nobody listens: refused. No such machine: no route to host after three seconds. No route: unreachable', () => {
    const { sim, sockets } = lab()
    expect(run(sim, sockets().connect(at(81))).value).toMatchObject({ failure: 'ECONNREFUSED' })
    expect(run(sim, sockets().connect(at(80, '10.0.0.9')))).toMatchObject({ value: { failure: 'EHOSTUNREACH' }, tookMs: 3000 })
    expect(run(sim, sockets().connect(at(80, '192.0.2.1'))).value).toMatchObject({ failure: 'ENETUNREACH' })
  })

  test('packets are dropped: tried for 127 seconds, or as long as the caller wants', () => {
    const { sim, services, sockets, b, steps } = lab()
    services.set('b tcp 80', page)
    const drop: HookFunction = { hook: 'INPUT', priority: 0, name: 'filter', run: () => 'drop' }
    const undo = b.netfilter.register(drop)
    expect(run(sim, sockets().connect(at(80)))).toMatchObject({ value: { failure: 'ETIMEDOUT' }, tookMs: 127_000 })
    expect(steps).toHaveLength(7)
    expect(run(sim, sockets().connect(at(80), { timeoutMs: 2500 }))).toMatchObject({
      value: { failure: 'ETIMEDOUT' },
      tookMs: 2500,
    })
    sim.schedule(2000, undo)
    expect(run(sim, sockets().connect(at(80))).tookMs).toBe(3000)
  })

  test('the server goes away: reset, and a refused reconnection', () => {
    const { sim, services, sockets } = lab()
    services.set('b tcp 80', page)
    const { value } = run(
      sim,
      (function* () {
        const connection = yield* sockets().connect(at(80))
        if ('failure' in connection) return [connection]
        const first = yield* connection.http(GET)
        services.set('b tcp 80', { ...page })
        return [first, yield* connection.http(GET), yield* connection.http(GET)]
      })(),
    )
    expect(value).toMatchObject([{ status: 200 }, { failure: 'ECONNRESET' }, { failure: 'ECONNRESET' }])
  })

  test('a slow server and an impatient client', () => {
    const { sim, services, sockets } = lab()
    services.set('b tcp 80', { protocol: 'http', http: () => ({ status: 200, body: '', delayMs: 5000 }) })
    const task = (timeoutMs?: number) =>
      (function* () {
        const connection = yield* sockets().connect(at(80))
        return 'failure' in connection ? connection : yield* connection.http(GET, timeoutMs === undefined ? {} : { timeoutMs })
      })()
    expect(run(sim, task(1000)).value).toEqual({ failure: 'ETIMEDOUT', afterMs: 1000 })
    expect(run(sim, task()).value).toMatchObject({ status: 200 })
  })
})

describe('names', () => {
  const conf = 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.0.0.2\noptions ndots:5\n'
  const known: { readonly [question: string]: string } = {
    'A web.default.svc.cluster.local.': '10.96.0.20',
    'A example.com.': '203.0.113.80',
  }
  function named() {
    const made = lab()
    const asked: string[] = []
    made.files.set('/etc/resolv.conf', conf)
    made.files.set('/etc/hosts', '127.0.0.1\tlocalhost\n10.9.9.9\tbox\n')
    made.services.set('b udp 53', {
      protocol: 'udp',
      *dns(question) {
        asked.push(`${question.type} ${question.name}`)
        const data = known[`${question.type} ${question.name}`]
        const answers = data === undefined ? [] : [{ name: question.name, type: question.type, ttl: 5, data }]
        const exists = `A ${question.name}` in known
        return { question, code: exists ? 'NOERROR' : 'NXDOMAIN', authoritative: true, answers }
      },
    })
    return { ...made, asked }
  }

  test('the search path is walked with A and AAAA', () => {
    const { sim, sockets, asked, steps } = named()
    expect(run(sim, sockets().lookup('web')).value).toMatchObject({ addresses: ['10.96.0.20'] })
    expect(asked).toEqual(['A web.default.svc.cluster.local.', 'AAAA web.default.svc.cluster.local.'])
    asked.length = 0
    expect(run(sim, sockets().lookup('example.com')).value).toMatchObject({ addresses: ['203.0.113.80'] })
    expect(asked).toHaveLength(8)
    expect(steps.at(-2)).toMatchObject({ what: 'A? example.com', result: '203.0.113.80' })
    asked.length = 0
    run(sim, sockets().lookup('example.com.'))
    expect(asked).toHaveLength(2)
  })

  test('files first; unknown names; nobody answers', () => {
    const { sim, sockets, asked, services } = named()
    expect(run(sim, sockets().lookup('box')).value).toMatchObject({ addresses: ['10.9.9.9'] })
    expect(asked).toEqual([])
    expect(run(sim, sockets('musl').lookup('nothing')).value).toMatchObject({ failure: 'EAI_NONAME' })
    services.set('b udp 53', { protocol: 'udp' })
    expect(run(sim, sockets().lookup('web'))).toMatchObject({ value: { failure: 'EAI_AGAIN' }, tookMs: 10_000 })
    services.delete('b udp 53')
    expect(run(sim, sockets().lookup('web')).tookMs).toBeLessThan(10)
  })
})

test('ping', () => {
  const { sim, sockets, b } = lab()
  expect(run(sim, sockets().ping('10.0.0.2')).value).toMatchObject({ from: '10.0.0.2', ttl: 64 })
  b.netfilter.register({ hook: 'INPUT', priority: 0, name: 'filter', run: () => 'drop' })
  expect(run(sim, sockets().ping('10.0.0.2', 1000))).toMatchObject({ value: { failure: 'ETIMEDOUT' }, tookMs: 1000 })
})
