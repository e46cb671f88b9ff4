import { beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../engine.ts'
import type { FeedMessage, WorkerMessage } from '../protocol.ts'
import { World } from '../world.ts'
import type { ControlPlaneDelta, TraceEntry } from './protocol.ts'
import { changeStory, storyOf } from './story.ts'
import { recorderOf } from './recorder.ts'
import { queueRows, stationOf, stationRows } from './stations.ts'

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "registry.k8s.io/pause:3.10"}]
`
const WEB = { group: 'apps', resource: 'deployments', namespace: 'default', name: 'web', owned: true }

const post = (world: World) =>
  world.door.call({
    method: 'POST',
    path: '/apis/apps/v1/namespaces/default/deployments',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'registry.k8s.io/pause:3.10' }] },
        },
      },
    },
  })

describe('a deployment, observed', () => {
  const world = new World({ workers: 1 })
  const { cluster } = world
  let entries: readonly TraceEntry[] = []
  let leave: () => void
  beforeAll(() => {
    leave = recorderOf(cluster).join()
    expect(post(world).code).toBe(201)
    cluster.sim.runFor(20_000)
    entries = recorderOf(cluster).entries()
  })

  it('has the requests of all who took part, with their latency', () => {
    const requests = entries.filter((entry) => entry.type === 'request')
    const created = requests.filter((entry) => entry.verb === 'create' && entry.object.kind === 'Pod' && entry.subresource === '')
    expect(created).toHaveLength(2)
    expect(created[0]).toMatchObject({
      station: 'controller:replicaset-controller',
      code: 201,
      transitMs: 1,
      writeMs: 2,
      writes: 1,
    })
    expect(requests.find((entry) => entry.subresource === 'binding')).toMatchObject({
      station: 'scheduler',
      object: { resource: 'pods' },
    })
    expect(requests.some((entry) => entry.station === 'kubelet:worker' && entry.subresource === 'status')).toBe(true)
    expect(requests.find((entry) => entry.object.kind === 'Deployment')).toMatchObject({
      station: 'user',
      user: 'kubernetes-admin',
    })
  })

  it('has watch events on arrival and the turns of controllers', () => {
    const event = entries.find((entry) => entry.type === 'event' && entry.object.name === 'web')
    expect(event).toMatchObject({ verb: 'ADDED', station: 'manager' })
    expect((event?.timeMs ?? 0) - (event?.startMs ?? 0)).toBe(2)
    const turn = entries.find(
      (entry) => entry.type === 'turn' && entry.object.name === 'web' && entry.object.kind === 'Deployment',
    )
    expect(turn).toMatchObject({ station: 'controller:deployment-controller', verb: 'deployment' })
    expect(turn?.cause?.revision).toBe(event?.revision)
    expect(entries.some((entry) => entry.user === 'kubarium:panel')).toBe(false)
  })

  it('tells the story of an object and of what it owns, in order', () => {
    const own = storyOf(cluster, { ...WEB, owned: false }).entries
    const all = storyOf(cluster, WEB).entries
    expect(new Set(own.map((entry) => entry.object.kind))).toEqual(new Set(['Deployment', 'Event']))
    expect(new Set(all.map((entry) => entry.object.kind))).toEqual(new Set(['Deployment', 'ReplicaSet', 'Pod', 'Event']))
    expect(all.map((entry) => entry.timeMs)).toEqual(all.map((entry) => entry.timeMs).toSorted((a, b) => a - b))
    expect(new Set(all.map((entry) => entry.id)).size).toBe(all.length)
  })

  it('follows a kubelet status back to the command that began it', () => {
    const status = entries.findLast((entry) => entry.subresource === 'status' && entry.object.kind === 'Pod' && entry.writes > 0)
    const story = changeStory(cluster, status?.revision ?? 0)
    expect(story?.paths.length).toBeGreaterThan(0)
    const first = story?.chain.at(-1)
    expect(first).toMatchObject({
      user: 'kubernetes-admin',
      verb: 'create',
      object: { kind: 'Deployment', name: 'web' },
      cause: null,
    })
    expect(story?.chain.map((link) => link.object.kind)).toEqual(expect.arrayContaining(['Pod', 'ReplicaSet', 'Deployment']))
    const root = changeStory(cluster, first?.revision ?? 0)
    expect(root?.before).toBeNull()
    expect(root?.effects.some((link) => link.object.kind === 'ReplicaSet')).toBe(true)
    expect(changeStory(cluster, 1_000_000)).toBeNull()
  })

  it('shows leases and queues', () => {
    const { rows } = stationRows(cluster)
    expect(rows.find(({ id }) => id === 'scheduler')?.lease?.holder).toContain('control-plane')
    expect(rows.filter(({ kind }) => kind === 'kubelet').map(({ name }) => name)).toEqual(['control-plane', 'worker'])
    expect(queueRows(cluster).every((row) => row.depth + row.working.length + row.waitingCount > 0)).toBe(true)
    for (const { station } of entries) expect(station === 'other' || rows.some(({ id }) => id === station), station).toBe(true)
  })

  it('leaves nothing behind', () => {
    leave()
    expect(cluster.api.observer).toBeNull()
    expect(cluster.controllers.controllers.every(({ loops }) => loops.every((loop) => loop.observer === null))).toBe(true)
    expect(recorderOf(cluster).entries()).toEqual([])
    expect(storyOf(cluster, WEB).entries.every((entry) => entry.type === 'write')).toBe(true)
  })

  it('has gone exactly as one that nobody observed', () => {
    const other = new World({ workers: 1 })
    post(other)
    other.cluster.sim.runFor(20_000)
    const digest = ({ cluster: { etcd } }: World) => etcd.history().map(({ value, ...change }) => JSON.stringify([change, value]))
    expect(digest(other)).toEqual(digest(world))
  })
})

it('the feed tells what is new, in bounded messages', async () => {
  const posted: ControlPlaneDelta[] = []
  const take = (message: WorkerMessage) => {
    const { data } = message as FeedMessage
    if (data.feed === 'controlplane') posted.push(data.controlPlane)
  }
  const engine = new Engine({ now: () => 0, later: () => undefined }, take)
  await engine.start({ workers: 1 })
  await engine.subscribe(1, { feed: 'controlplane' })
  expect(posted[0]).toMatchObject({ reset: true, skipped: 0, past: false })
  await engine.apply(DEPLOYMENT)
  engine.runFor(10_000)
  const news = posted.slice(1)
  const flows = news.flatMap((delta) => delta.flows)
  expect(news.every((delta) => !delta.reset && delta.entries.length <= 300)).toBe(true)
  expect(news.flatMap((delta) => delta.entries).length + news.reduce((sum, delta) => sum + delta.skipped, 0)).toBeGreaterThan(50)
  expect(flows.find(({ station }) => station === 'scheduler')?.requests).toBeGreaterThan(0)
  await engine.lookAt(Number.MAX_SAFE_INTEGER)
  expect(posted.at(-1)).toMatchObject({ reset: true, past: true, queues: [] })
  expect((await engine.story(WEB)).entries.length).toBeGreaterThan(5)
})

it.each([
  ['system:node:n1', 'kubelet:n1'],
  ['system:serviceaccount:kube-system:node-controller', 'controller:node-lifecycle-controller'],
  ['system:serviceaccount:kube-system:deployment-controller', 'controller:deployment-controller'],
  ['system:serviceaccount:kube-system:coredns', 'other'],
  ['jane', 'user'],
])('%s sits at %s', (user, station) => expect(stationOf(user)).toBe(station))
