import { describe, expect, test } from 'vitest'
import type { ConfigMap, Pod } from '../apimachinery/generated/types.ts'
import { configmaps, events, pods } from '../apimachinery/generated/resources.ts'
import { isConflict, isNotFound } from '../apimachinery/errors.ts'
import { ApiServer } from '../apiserver/server.ts'
import { Etcd } from '../etcd/etcd.ts'
import { Simulation } from '../sim/simulation.ts'
import type { Task } from '../sim/task.ts'
import { Client } from './client.ts'
import { ControllerLoop } from './controller.ts'
import { Informer } from './informer.ts'
import { EventRecorder } from './recorder.ts'

function setup(qps = Infinity, burst = Infinity) {
  const sim = new Simulation({ seed: 1, startTimeMs: Date.UTC(2026, 0, 1) })
  const api = new ApiServer({
    sim,
    etcd: new Etcd(),
    strategies: [{ group: '', resource: 'pods', fields: { 'spec.nodeName': (o) => (o as Pod).spec?.nodeName ?? '' } }],
    admission: [],
  })
  const client = new Client(api, sim, { user: { name: 'admin', groups: ['system:masters'] }, userAgent: 'test', qps, burst })
  return { sim, api, client }
}
const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { name, namespace: 'default' },
  data,
})

function run<T>(sim: Simulation, task: Task<T>): T {
  let outcome: { value: T } | { error: unknown } | undefined
  sim.spawn(
    task,
    (value) => (outcome = { value }),
    (error) => (outcome = { error }),
  )
  sim.runUntilTrue(() => outcome !== undefined, 600_000)
  if (!outcome) throw new Error('the task did not end')
  if ('error' in outcome) throw outcome.error
  return outcome.value
}

describe('client', () => {
  test('creates, reads, updates and deletes with latency on the simulated clock', () => {
    const { sim, client } = setup()
    const began = sim.now
    const created = run(sim, client.create(configmaps, configMap('a', { x: '1' })))
    expect(sim.now - began).toBe(4)
    expect(created.metadata).toMatchObject({
      name: 'a',
      namespace: 'default',
      resourceVersion: '2',
      creationTimestamp: '2026-01-01T00:00:00Z',
    })
    expect(created.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const updated = run(sim, client.update(configmaps, { ...created, data: { x: '2' } }))
    expect(updated.data).toEqual({ x: '2' })
    expect(() => run(sim, client.update(configmaps, { ...created, data: { x: '3' } }))).toThrow(/the object has been modified/)
    run(sim, client.delete(configmaps, 'default', 'a'))
    try {
      run(sim, client.get(configmaps, 'default', 'a'))
      expect.unreachable()
    } catch (error) {
      expect(isNotFound(error)).toBe(true)
      expect(isConflict(error)).toBe(false)
    }
  })

  test('keeps to its rate limit', () => {
    const { sim, client } = setup(20, 30)
    const began = sim.now
    let left = 100
    for (let i = 0; i < 100; i++) sim.spawn(client.create(configmaps, configMap(`c${i}`)), () => left--)
    sim.runUntilTrue(() => left === 0, 60_000)
    expect(sim.now - began).toBeGreaterThanOrEqual(3500)
    expect(sim.now - began).toBeLessThan(3520)
  })
})

describe('informer', () => {
  test('mirrors the store, keeps indexes, and sees pods come and go by node', () => {
    const { sim, client } = setup()
    const pod = (name: string, nodeName?: string): Pod => ({
      metadata: { name, namespace: 'default', labels: { app: name } },
      spec: { nodeName, containers: [] },
    })
    run(sim, client.create(pods, pod('a', 'n1')))
    const mine = new Informer(client, pods, { fieldSelector: 'spec.nodeName=n1' })
    const all = new Informer(client, pods)
    all.addIndex('node', (p) => [p.spec?.nodeName ?? ''])
    const log: string[] = []
    mine.addHandler({
      onAdd: (p) => log.push(`+${p.metadata.name}`),
      onUpdate: (p) => log.push(`~${p.metadata.name}`),
      onDelete: (p) => log.push(`-${p.metadata.name}`),
    })
    mine.start()
    all.start()
    const b = run(sim, client.create(pods, pod('b')))
    run(sim, client.update(pods, { ...b, spec: { containers: [], nodeName: 'n1' } }))
    run(sim, client.create(pods, pod('c', 'n2')))
    run(sim, client.delete(pods, 'default', 'a'))
    sim.runFor(10)
    expect(log).toEqual(['+a', '+b', '-a'])
    expect(all.byIndex('node', 'n1').map((p) => p.metadata.name)).toEqual(['b'])
    expect([...all.list()].map((p) => p.metadata.name).sort()).toEqual(['b', 'c'])
    mine.stop()
    run(sim, client.delete(pods, 'default', 'b'))
    sim.runFor(10)
    expect(mine.size).toBe(1)
    mine.start()
    expect(mine.size).toBe(0)
    expect(log.at(-1)).toBe('-b')
  })
})

describe('controller loop', () => {
  test('collapses repeated keys, backs off on refusals, and carries causes', () => {
    const { sim, client } = setup()
    const seen: string[] = []
    let failures = 3
    const loop = new ControllerLoop(sim, {
      name: 'test',
      workers: 2,
      *reconcile(key) {
        seen.push(`${key}@${sim.now - sim.startTimeMs}`)
        if (key === 'bad' && failures-- > 0) yield* client.get(configmaps, 'default', 'missing')
      },
    })
    loop.start()
    for (let i = 0; i < 5; i++) loop.queue.add('good')
    loop.queue.add('bad')
    sim.runFor(1000)
    expect(seen.filter((s) => s.startsWith('good'))).toEqual(['good@0'])
    // 2 ms for the refused read, then 5, 10 and 20 ms of back-off.
    expect(seen.filter((s) => s.startsWith('bad'))).toEqual(['bad@0', 'bad@7', 'bad@19', 'bad@41'])
    expect(loop.queue.retries('bad')).toBe(0)
  })
})

describe('event recorder', () => {
  test('counts equal events, combines similar ones, and cannot be flooded', () => {
    const { sim, api, client } = setup()
    const recorder = new EventRecorder(client, 'kubelet', 'n1')
    const about: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u' } }
    for (let i = 0; i < 4; i++) recorder.event(about, 'Warning', 'BackOff', 'Back-off restarting failed container')
    sim.runFor(1000)
    let list = client.listNow(events, 'default', {}).items
    expect(list.map((e) => [e.reason, e.count])).toEqual([['BackOff', 4]])
    for (let i = 0; i < 40; i++) recorder.event(about, 'Normal', 'Pulled', `image ${i}`)
    sim.runFor(1000)
    list = client.listNow(events, 'default', {}).items
    expect(list.length).toBe(11)
    expect(list.find((e) => e.message?.startsWith('(combined'))?.count).toBe(12)
    expect(api.etcd.count('events')).toBe(11)
  })
})
