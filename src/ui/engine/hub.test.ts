import { describe, expect, it } from 'vitest'
import type { FeedData } from '../../worker/protocol.ts'
import { FakeEngine } from './fake.ts'
import { FeedHub, feedKey } from './hub.ts'
import type { ClockState } from '../../worker/protocol.ts'
import type { MapState, TableState } from './feed-state.ts'

const CLOCK = { feed: 'clock' } as const
const MAP = { feed: 'map' } as const
const PODS = { feed: 'table', group: '', version: 'v1', resource: 'pods' } as const

/** A hub over a fake engine whose frames are drawn by hand. */
function setUp() {
  const engine = new FakeEngine()
  let frame: (() => void) | undefined
  const tells: (() => void)[] = []
  const hub = new FeedHub({ frame: (flush) => (frame = flush), calm: (tell) => tells.push(tell) })
  engine.onMessage((message) => {
    if (message.type === 'feed') hub.receive(message)
  })
  hub.attach(engine.api)
  const draw = (): void => {
    const flush = frame
    frame = undefined
    flush?.()
    for (const tell of tells.splice(0)) tell()
  }
  return { engine, hub, draw }
}

describe('feedKey', () => {
  it('is the same for requests that mean the same', () => {
    expect(feedKey({ feed: 'events', namespace: '' })).toBe(feedKey({ feed: 'events' }))
    expect(feedKey({ resource: 'pods', version: 'v1', group: '', feed: 'table' })).toBe(feedKey(PODS))
    expect(feedKey({ ...PODS, namespace: 'default' })).not.toBe(feedKey(PODS))
  })
})

describe('FeedHub', () => {
  it('applies all messages of a frame at once and calls listeners once', () => {
    const { engine, hub, draw } = setUp()
    let calls = 0
    hub.watch(CLOCK, () => calls++)
    engine.tick(100)
    engine.tick(100)
    engine.tick(100)
    expect(hub.read(CLOCK).data).toBeUndefined()
    draw()
    expect(calls).toBe(1)
    expect((hub.read(CLOCK).data as ClockState).nowMs).toBe(engine.cluster.nowMs)
  })

  it('shares one subscription among equal requests', () => {
    const { engine, hub } = setUp()
    hub.watch(PODS, () => undefined)
    hub.watch({ ...PODS, namespace: '' }, () => undefined)
    hub.pipe(PODS, () => undefined)
    expect(engine.subscriptions.size).toBe(1)
  })

  it('gives a new snapshot object when something changed, and the same one when nothing did', () => {
    const { engine, hub, draw } = setUp()
    hub.watch(PODS, () => undefined)
    engine.tick(100)
    draw()
    const first = hub.read(PODS)
    expect(hub.read(PODS)).toBe(first)
    engine.tick(100)
    draw()
    expect(hub.read(PODS)).not.toBe(first)
    expect(hub.read(PODS).version).toBeGreaterThan(first.version)
  })

  it('adds deltas up to what the engine holds', () => {
    const { engine, hub, draw } = setUp()
    hub.watch(MAP, () => undefined)
    for (let i = 0; i < 60; i++) {
      if (i === 20) engine.cluster.deploy('default', 'web', 9, 'nginx:1.30')
      engine.tick(100)
      if (i % 3 === 0) draw()
    }
    draw()
    const { pods } = hub.read(MAP).data as MapState
    const expected = [...engine.cluster.pods.values()].map((pod) => engine.cluster.podRow(pod))
    expect([...pods.values()].toSorted((a, b) => a.slot - b.slot)).toEqual(expected.toSorted((a, b) => a.slot - b.slot))
  })

  it('asks anew after a gap and keeps the last good state until the fresh one comes', async () => {
    const { engine, hub, draw } = setUp()
    hub.watch(MAP, () => undefined)
    engine.tick(100)
    draw()
    const before = hub.read(MAP)
    const [firstId] = engine.subscriptions.keys()
    engine.loseOneMessage()
    engine.cluster.deploy('default', 'extra', 4, 'nginx:1.29')
    engine.tick(1000)
    draw()
    expect(hub.read(MAP)).toBe(before)
    await Promise.resolve()
    expect([...engine.subscriptions.keys()]).not.toContain(firstId)
    engine.tick(100)
    draw()
    const { pods } = hub.read(MAP).data as MapState
    expect(pods.size).toBe(engine.cluster.pods.size)
  })

  it('ignores messages of a feed that was left', () => {
    const { hub, draw } = setUp()
    hub.receive({ type: 'feed', id: 999, revision: 0, data: { feed: 'kinds', kinds: [] } })
    draw()
    expect(hub.read({ feed: 'kinds' }).data).toBeUndefined()
  })

  it('starts a late pipe with a snapshot and hands on every delta after it', () => {
    const { engine, hub, draw } = setUp()
    hub.watch(MAP, () => undefined)
    engine.tick(100)
    draw()
    const seen: FeedData[] = []
    hub.pipe(MAP, (data) => seen.push(data))
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ feed: 'map', map: { reset: true } })
    engine.tick(100)
    engine.tick(100)
    draw()
    expect(seen).toHaveLength(3)
  })

  it('asks a new engine for every open feed', () => {
    const { engine, hub } = setUp()
    hub.watch(PODS, () => undefined)
    hub.watch(CLOCK, () => undefined)
    const next = new FakeEngine()
    hub.attach(next.api)
    expect([...next.subscriptions.values()].map(({ request }) => request.feed).toSorted()).toEqual(['clock', 'table'])
    expect(engine.subscriptions.size).toBe(2)
  })

  it('keeps table columns when a delta brings none', () => {
    const { hub, draw } = setUp()
    hub.watch(PODS, () => undefined)
    const columns = [{ name: 'Name', type: 'string', description: '', priority: 0 }]
    const row = { key: 'a', namespace: '', name: 'a', uid: '1', cells: ['a'] }
    hub.receive({
      type: 'feed',
      id: 1,
      revision: 0,
      data: { feed: 'table', table: { reset: true, columns, rows: [row], removed: [] } },
    })
    hub.receive({
      type: 'feed',
      id: 1,
      revision: 1,
      data: { feed: 'table', table: { reset: false, columns: [], rows: [], removed: ['a'] } },
    })
    draw()
    const table = hub.read(PODS).data as TableState
    expect(table.columns).toEqual(columns)
    expect(table.rows.size).toBe(0)
  })

  it('tells the readers of a feed that the engine refuses, and only them', async () => {
    const hub = new FeedHub({ frame: (flush) => flush(), calm: (tell) => tell() })
    let told = 0
    hub.attach({ subscribe: () => Promise.reject(new Error('no such resource')), unsubscribe: () => Promise.resolve() })
    hub.watch(PODS, () => told++)
    await Promise.resolve()
    await Promise.resolve()
    expect(hub.read(PODS)).toMatchObject({ data: undefined, error: 'no such resource' })
    expect(told).toBe(1)
    expect(hub.read(CLOCK).error).toBe('')
  })
})
