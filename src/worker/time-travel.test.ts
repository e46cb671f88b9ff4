import { beforeAll, describe, expect, it } from 'vitest'
import { historyHash as hashOf } from '../cluster/testing/history-hash.ts'
import { Engine } from './engine.ts'
import type { Host } from './pacer.ts'
import type { EventRow, FeedData, InputLog, PodRow, TableRow, TravelState, WorkerMessage } from './protocol.ts'

const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: c, image: 'registry.k8s.io/pause:3.10' }] }
`
const CRASHING = `
apiVersion: v1
kind: Pod
metadata: { name: bad }
spec: { containers: [{ name: c, image: busybox, command: [sh, -c, exit 1] }] }
`

/** A host whose clock stands still: slices never end early, turns come at once. */
const host: Host = { now: () => 0, later: (_ms, callback) => queueMicrotask(callback) }
const PODS = { feed: 'table', group: '', version: 'v1', resource: 'pods', namespace: 'default' } as const

function setUp() {
  const last = new Map<number, FeedData>()
  const messages: WorkerMessage[] = []
  const engine = new Engine(host, (message) => {
    messages.push(message)
    if (message.type === 'feed') last.set(message.id, message.data)
  })
  const rows = (id: number): readonly TableRow[] => {
    const data = last.get(id)
    return data?.feed === 'table' ? data.table.rows : []
  }
  const travel = (id: number): TravelState => {
    const data = last.get(id)
    if (data?.feed !== 'travel') throw new Error('no travel state was sent')
    return data.travel
  }
  return { engine, last, messages, rows, travel }
}

/** An engine that stands still right after it was built. */
async function paused() {
  const set = setUp()
  await set.engine.start({ workers: 1 })
  await set.engine.pause()
  return set
}

const historyHash = (engine: Engine): string => hashOf(engine.history())
let shared: Awaited<ReturnType<typeof paused>>
let before = 0
let after = 0

describe('looking at the past', () => {
  beforeAll(async () => {
    shared = await paused()
    const { engine } = shared
    await engine.subscribe(1, PODS)
    await engine.subscribe(2, { feed: 'clock' })
    await engine.subscribe(3, { feed: 'travel' })
    engine.runFor(5000)
    before = (await engine.inputLog()).endTimeMs - 1
    await engine.apply(WEB)
    engine.runFor(30_000)
    after = (await engine.inputLog()).endTimeMs
  })

  it('shows feeds as of that moment, as snapshots, and comes back', async () => {
    const { engine, last, rows, travel } = shared
    await engine.lookAt(before)
    expect(rows(1)).toEqual([])
    expect(last.get(2)).toMatchObject({ feed: 'clock', clock: { nowMs: before, running: false } })
    expect(travel(3).past).toMatchObject({ atMs: before, presentMs: after })
    await engine.lookAt(null)
    expect(rows(1).map((row) => row.cells[2])).toEqual(['Running', 'Running', 'Running'])
    expect(last.get(2)).toMatchObject({ clock: { nowMs: after } })
    expect(travel(3).past).toBe(null)
  })

  it('answers reads from the past, and refuses changes', async () => {
    const { engine } = shared
    const get = () => engine.call({ method: 'GET', path: '/apis/apps/v1/namespaces/default/deployments/web' })
    await engine.lookAt(before)
    expect((await get()).code).toBe(404)
    expect((await engine.apply(WEB))[0]).toMatchObject({ outcome: 'failed' })
    expect((await engine.call({ method: 'DELETE', path: '/api/v1/namespaces/default/pods/x' })).code).toBe(422)
    expect((await engine.command({ type: 'power-off', node: 'worker' })).ok).toBe(false)
    await engine.lookAt(null)
    expect((await get()).code).toBe(200)
    expect((await engine.inputLog()).inputs).toHaveLength(1)
  })

  it('steps back and forth over the same instants', async () => {
    const { engine, travel } = shared
    const seen: (number | undefined)[] = []
    for (let i = 0; i < 5; i++) {
      await engine.stepBack()
      seen.push(travel(3).past?.atMs)
    }
    expect(new Set(seen).size).toBe(5)
    for (const expected of seen.toReversed().slice(1)) {
      await engine.step()
      expect(travel(3).past?.atMs).toBe(expected)
    }
    await engine.step()
    expect(travel(3).past).toBe(null)
  })

  it('keeps all kinds of feeds in the past alive', async () => {
    const { engine, last } = shared
    await engine.lookAt(after - 15_000)
    await engine.subscribe(10, { feed: 'map' })
    await engine.subscribe(11, { feed: 'kinds' })
    await engine.subscribe(12, { feed: 'events' })
    const deployment = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'default', name: 'web' }
    await engine.subscribe(13, { feed: 'object', ...deployment })
    await engine.subscribe(14, { feed: 'rollout', ...deployment })
    const map = last.get(10)
    expect(map?.feed === 'map' && map.map.pods.some((pod: PodRow) => pod.owner === 'Deployment/web')).toBe(true)
    const events = last.get(12)
    const rows: readonly EventRow[] = events?.feed === 'events' ? events.events.upserts : []
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every((row) => row.lastMs <= after - 15_000)).toBe(true)
    expect(last.get(13)).toMatchObject({ object: { object: { metadata: { name: 'web' } } } })
    expect(last.get(14)).toMatchObject({ rollout: { name: 'web' } })
    expect(last.get(11)).toMatchObject({ feed: 'kinds' })
    await engine.subscribe(15, { feed: 'controlplane' })
    await engine.subscribe(16, { feed: 'scheduling', namespace: 'default', name: rows[0]?.name ?? '' })
    await engine.lookAt(after - 20_000)
    await engine.lookAt(null)
    for (const id of [10, 11, 12, 13, 14, 15, 16]) await engine.unsubscribe(id)
  })

  it('tells whole lives and Events in the timeline, whatever moment is looked at', async () => {
    const { engine, last } = shared
    await engine.lookAt(before)
    await engine.subscribe(20, { feed: 'timeline' })
    await engine.lookAt(null)
    const data = last.get(20)
    if (data?.feed !== 'timeline') throw new Error('no timeline was sent')
    const lanes = data.timeline.lanes.filter((lane) => lane.kind === 'Pod' && lane.namespace === 'default')
    expect(lanes.map((lane) => lane.owner)).toEqual(Array(3).fill('Deployment/web'))
    for (const lane of lanes) {
      expect(lane.bands[0]?.status).toBe('Pending')
      expect(lane.bands.at(-1)?.status).toBe('Running')
    }
    expect(data.timeline.marks.filter((mark) => mark.lane === lanes[0]?.uid).map((mark) => mark.reason)).toContain('Scheduled')
    await engine.unsubscribe(20)
  })

  it('continues from a moment with the same history up to there, and returns', async () => {
    const { engine, rows, travel } = shared
    const whole = historyHash(engine)
    const cut = hashOf(engine.history().filter((change) => change.timeMs <= before))
    await engine.continueFrom(before)
    expect(historyHash(engine)).toBe(cut)
    expect(rows(1)).toEqual([])
    expect(travel(3).branches).toMatchObject([{ forkMs: before, endMs: after, inputs: 1 }])
    await engine.command({ type: 'power-off', node: 'worker' })
    engine.runFor(1000)
    await engine.returnTo(travel(3).branches[0]?.id ?? 0)
    expect(historyHash(engine)).toBe(whole)
    expect(travel(3).branches).toMatchObject([{ forkMs: before, inputs: 1 }])
  })

  it('leaves everything as it is when the replay is given up', async () => {
    const { engine, travel } = shared
    const whole = historyHash(engine)
    const { branches } = travel(3)
    const going = engine.continueFrom(before)
    await engine.cancelReplay()
    await going
    expect(historyHash(engine)).toBe(whole)
    expect(travel(3).branches).toEqual(branches)
    expect(travel(3).replay).toBe(null)
  })
})

describe('break points', () => {
  it('stop at the end of the instant in which a condition comes true', async () => {
    const { engine, travel } = await paused()
    await engine.subscribe(3, { feed: 'travel' })
    await engine.setBreakpoints([{ id: 1, type: 'status', status: 'CrashLoopBackOff', namespace: '' }])
    await engine.apply(CRASHING)
    await engine.setSpeed('max')
    await runUntilPaused(engine)
    const { hit } = travel(3)
    expect(hit).toMatchObject({ kind: 'Pod', name: 'bad', found: 'CrashLoopBackOff' })
    expect((await engine.inputLog()).endTimeMs).toBe(hit?.timeMs)
  })

  it('watch a field of one object', async () => {
    const { engine, travel } = await paused()
    await engine.subscribe(3, { feed: 'travel' })
    await engine.apply(WEB)
    await engine.setBreakpoints([
      {
        ...{ id: 7, type: 'field', group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
        ...{ namespace: 'default', name: 'web', path: '.status.readyReplicas', operator: '>=', value: '2' },
      },
    ])
    await engine.setSpeed('max')
    await runUntilPaused(engine)
    expect(Number(travel(3).hit?.found)).toBeGreaterThanOrEqual(2)
    await expect(
      engine.setBreakpoints([
        {
          ...{ id: 8, type: 'field', group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
          ...{ namespace: '', name: '', path: '.status[', operator: '==', value: '' },
        },
      ]),
    ).rejects.toThrow()
  })
})

async function runUntilPaused(engine: Engine): Promise<void> {
  await engine.play()
  for (let i = 0; i < 10_000 && engine.running; i++) await new Promise<void>((resolve) => queueMicrotask(resolve))
  expect(engine.running).toBe(false)
}

it('a log tells all there is to know', async () => {
  const first = await paused()
  await first.engine.apply(WEB)
  first.engine.runFor(20_000)
  await first.engine.subscribe(1, { feed: 'map' })
  await first.engine.subscribe(2, PODS)
  await first.engine.subscribe(3, { feed: 'controlplane' })
  await first.engine.lookAt((await first.engine.inputLog()).endTimeMs - 3000)
  await first.engine.lookAt(null)
  await first.engine.call({ method: 'GET', path: '/api/v1/pods' })
  await first.engine.apply(CRASHING)
  first.engine.runFor(60_000)
  const log: InputLog = await first.engine.inputLog()
  const second = setUp()
  await second.engine.restore(log)
  expect(historyHash(second.engine)).toBe(historyHash(first.engine))
})
