import { beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../engine.ts'
import type { FeedMessage, WorkerMessage } from '../protocol.ts'
import type { NetworkDelta, PacketQuestion, PacketStory, RuleTables } from './protocol.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: nginx, image: 'nginx:1.27', ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  containers: [{name: c, image: 'busybox:1.37', command: [sleep, '100000']}]
`
const CLIENT = { kind: 'pod', namespace: 'default', name: 'client' } as const

/** An engine whose clock stands still unless it is told to run, and what it posts. */
class Bench {
  readonly messages: FeedMessage[] = []
  private wallMs = 0
  readonly engine = new Engine(
    {
      now: () => (this.wallMs += 0.01),
      later: (ms, callback) => {
        setTimeout(() => {
          this.wallMs += ms
          callback()
        }, 0)
      },
    },
    (message: WorkerMessage) => {
      if (message.type === 'feed') this.messages.push(message)
    },
  )

  async send(target: string, change: Partial<PacketQuestion> = {}): Promise<PacketStory> {
    const question: PacketQuestion = { source: CLIENT, target, protocol: 'http', port: 0, method: 'GET', path: '/', ...change }
    const { id, message } = await this.engine.sendPacket(question)
    expect(message).toBe('')
    await this.engine.subscribe(7, { feed: 'packet', id: id ?? 0 })
    await this.engine.unsubscribe(7)
    const last = this.messages.findLast((posted) => posted.data.feed === 'packet')?.data
    if (last?.feed !== 'packet' || !last.packet) throw new Error('no story')
    return last.packet
  }

  async rules(service = ''): Promise<RuleTables> {
    const tables = await this.engine.ruleTables('worker', service)
    if (!tables) throw new Error('no tables')
    return tables
  }

  async network(): Promise<NetworkDelta> {
    await this.engine.subscribe(8, { feed: 'network' })
    await this.engine.unsubscribe(8)
    const last = this.messages.findLast((posted) => posted.data.feed === 'network' && posted.data.network.reset)?.data
    if (last?.feed !== 'network') throw new Error('no network')
    return last.network
  }
}

describe('packets sent from the page', () => {
  const bench = new Bench()
  const { engine } = bench

  beforeAll(async () => {
    await engine.start({})
    await engine.pause()
    await engine.apply(WEB)
    engine.runFor(60_000)
  })

  it('are followed through names, rules and back while the clock stands still', async () => {
    const story = await bench.send('http://web/')
    expect(story.result).toMatchObject({ kind: 'answered', status: 200, peer: expect.stringMatching(/^default\/web-/) as string })
    expect(story.steps.slice(0, 2).map(({ kind, direction }) => `${kind} ${direction}`)).toEqual([
      'dns-query there',
      'dns-answer back',
    ])
    const syn = story.steps.find(({ kind }) => kind === 'syn')
    const hook = syn?.journey.stations.find(
      ({ name, after, before }) => name === 'PREROUTING' && after.destination !== before.destination,
    )
    expect(hook?.rules.some(({ why }) => why.startsWith('DNAT'))).toBe(true)
    expect(hook?.rules.some(({ dice }) => dice !== undefined)).toBe(true)
    expect(engine.running).toBe(false)
  })

  it('tell a name that there is not, and a target that can not be', async () => {
    expect((await bench.send('http://nosuch/')).result).toMatchObject({ kind: 'name' })
    const refused = await engine.sendPacket({
      source: CLIENT,
      target: 'a b',
      protocol: 'http',
      port: 0,
      method: 'GET',
      path: '/',
    })
    expect(refused).toEqual({ id: null, message: 'curl: (3) URL rejected: Bad hostname: a b' })
  })

  it('end where nobody is', async () => {
    const story = await bench.send('10.99.99.99', { protocol: 'tcp', port: 80 })
    expect(story.result?.kind).toBe('timeout')
    expect(new Set(story.steps.map(({ kind, journey: { outcome } }) => `${kind} ${outcome.kind}`))).toEqual(
      new Set(['syn dropped']),
    )
  })

  it('are lost on a cut link, and found again', async () => {
    const others = ['control-plane', 'worker2']
    const faults = async (cut: boolean): Promise<void> => {
      for (const b of others) {
        const fault = { cut, delayMs: 0, lossPercent: 0 }
        await engine.command({ type: 'network', action: { act: 'link', a: 'worker', b, fault } })
      }
    }
    await faults(true)
    const { topology } = await bench.network()
    expect(topology?.links.map(({ cut }) => cut)).toEqual([true, true])
    await faults(false)
    expect((await bench.network()).topology?.links).toEqual([])
    expect((await bench.send('http://web/')).result?.kind).toBe('answered')
  })

  it('do not get through without rules', async () => {
    const { topology } = await bench.network()
    const node = topology?.pods.find(({ name }) => name === 'client')?.node ?? ''
    const { stderr, exitCode } = await engine.nodeCommand(node, 'iptables -t nat -F KUBE-SERVICES')
    expect([stderr, exitCode]).toEqual(['', 0])
    expect((await bench.send('http://web/')).result?.kind).toBe('name')
  })

  it('happen again from the log', async () => {
    const log = await engine.inputLog()
    const again = new Bench()
    await again.engine.restore(log)
    const [first, second] = [await bench.rules(), await again.rules()]
    expect(second.texts.iptables).toBe(first.texts.iptables)
  })
})

describe('rules', () => {
  it('of a node and of each mode', async () => {
    const bench = new Bench()
    await bench.engine.start({})
    await bench.engine.pause()
    const tables = await bench.rules('default/kubernetes')
    expect(tables.mode).toBe('iptables')
    expect(tables.chains.map(({ name }) => name)).toContain('KUBE-SERVICES')
    expect(tables.texts.iptables).toContain('-A KUBE-SERVICES')
    expect(tables.equivalents.iptables).toContain('default/kubernetes:https')
    expect(tables.equivalents.ipvs).toContain('TCP  10.96.0.1:443 rr')
    expect(tables.equivalents.nftables).toContain('10.96.0.1 . tcp . 443')
  })

  it('load finds its endpoints', async () => {
    const bench = new Bench()
    const { engine } = bench
    await engine.start({})
    await engine.pause()
    await engine.apply(WEB)
    engine.runFor(60_000)
    const load = { id: 1, source: CLIENT, url: 'http://web/', rate: 20, clients: 5, keepAlive: false }
    expect(await engine.command({ type: 'network', action: { act: 'load-start', load } })).toEqual({ ok: true, message: '' })
    engine.runFor(5000)
    const [row] = (await bench.network()).loads ?? []
    expect(row?.failed).toBe(0)
    expect(row?.total).toBeGreaterThan(90)
    expect(row?.endpoints).toHaveLength(3)
    const refused = await engine.command({ type: 'network', action: { act: 'load-start', load: { ...load, rate: 0 } } })
    expect(refused.ok).toBe(false)
  })
})
