import { describe, expect, it } from 'vitest'
import type { ControlPlaneDelta, TraceEntry } from '../../../worker/control-plane/protocol.ts'
import { along, wayBetween } from './geometry.ts'
import { dotLabel, latencyScale, legsOf, placeOf, Traffic } from './traffic.ts'

const entry = (change: Partial<TraceEntry> = {}): TraceEntry => ({
  id: 1,
  type: 'request',
  timeMs: 1000,
  station: 'scheduler',
  user: 'system:kube-scheduler',
  verb: 'create',
  object: { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'default', name: 'a' },
  subresource: 'binding',
  code: 201,
  message: '',
  startMs: 999,
  heldMs: 0,
  transitMs: 10,
  writeMs: 20,
  revision: 7,
  writes: 1,
  cause: null,
  ...change,
})
const delta = (entries: readonly TraceEntry[], change: Partial<ControlPlaneDelta> = {}): ControlPlaneDelta => ({
  reset: false,
  moreKubelets: 0,
  revision: 7,
  entries,
  skipped: 0,
  flows: [],
  past: false,
  ...change,
})
const way = (item: TraceEntry) => legsOf(item, 60).map(({ from, to, look }) => `${from} ${to} ${look}`)

describe('ways', () => {
  it('lead to the store only for writes', () => {
    expect(way(entry())).toEqual([
      'scheduler apiserver request',
      'apiserver etcd request',
      'etcd apiserver request',
      'apiserver scheduler request',
    ])
    expect(way(entry({ verb: 'get', writes: 0 }))).toEqual(['scheduler apiserver request', 'apiserver scheduler request'])
    expect(way(entry({ code: 409, writes: 0 })).at(-1)).toBe('apiserver scheduler refusal')
    expect(way(entry({ type: 'event', verb: 'ADDED' }))).toEqual(['apiserver scheduler event'])
    expect(way(entry({ type: 'write', station: 'apiserver' }))).toEqual(['apiserver etcd request', 'etcd apiserver request'])
    expect(way(entry({ type: 'turn' }))).toEqual([])
  })

  it('take as long as the latency says', () => {
    expect(legsOf(entry(), 60).map((leg) => leg.durationMs)).toEqual([600, 600, 600, 600])
    expect(legsOf(entry({ transitMs: 0 }), 60)[0]?.durationMs).toBe(220)
    expect([latencyScale(1), latencyScale(10), latencyScale(0.01)]).toEqual([60, 60, 100])
  })
})

describe('traffic', () => {
  it('moves dots, leg by leg', () => {
    const traffic = new Traffic()
    traffic.take(delta([entry()]), 0, 1)
    const places = [0, 300, 900, 2399].map((ms) => traffic.places(ms)[0]?.place)
    expect(places.map((place) => [place?.leg.to, place?.part])).toEqual([
      ['apiserver', 0],
      ['apiserver', 0.5],
      ['etcd', 0.5],
      ['scheduler', 599 / 600],
    ])
    expect(traffic.places(2400)).toEqual([])
    expect(traffic.isAlive(2399)).toBe(true)
    expect(traffic.isAlive(2400)).toBe(false)
    expect(placeOf({ id: 1, label: '', startMs: 5, endMs: 6, legs: [] }, 5.5)).toBeNull()
  })

  it('gives lines instead of dots when there is too much', () => {
    const traffic = new Traffic()
    const many = Array.from({ length: 101 }, (_, id) => entry({ id }))
    traffic.take(delta(many, { flows: [{ station: 'controller:x', requests: 101, writes: 101, refusals: 0, events: 0 }] }), 0, 10)
    expect(traffic.places(10)).toEqual([])
    expect(traffic.isAggregated(100)).toBe(true)
    expect([traffic.heat('manager', 0), traffic.heat('manager', 500), traffic.heat('etcd', 0)]).toEqual([101, 50.5, 101])
    expect(traffic.isAlive(60_000)).toBe(false)
  })

  it('never has more than 200 dots, and none without motion', () => {
    const traffic = new Traffic()
    for (let i = 0; i < 50; i++) traffic.take(delta(Array.from({ length: 30 }, (_, id) => entry({ id }))), i, 1)
    expect(traffic.places(60).length).toBeLessThanOrEqual(200)
    traffic.clear()
    traffic.motion = false
    traffic.take(delta([entry()]), 0, 1)
    expect(traffic.places(1)).toEqual([])
  })
})

it('names a dot', () => {
  expect(dotLabel(entry())).toBe('create Pod/binding')
  expect(dotLabel(entry({ code: 409, verb: 'update', subresource: '' }))).toBe('update Pod 409')
})

it('ways go from border to border', () => {
  const found = wayBetween({ x: 0, y: 0, width: 100, height: 40 }, { x: 200, y: 0, width: 100, height: 40 })
  expect(found).toEqual({ from: { x: 100, y: 20 }, to: { x: 200, y: 20 } })
  expect(along(found, 0.5)).toEqual({ x: 150, y: 20 })
})
