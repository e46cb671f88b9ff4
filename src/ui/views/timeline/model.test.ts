import { describe, expect, it } from 'vitest'
import { POD_STATES } from '../../../worker/protocol.ts'
import type { PodState } from '../../../worker/protocol.ts'
import type { TimelineLane, TimelineMark } from '../../../worker/timeline/protocol.ts'
import { bandAt, bandEnd, isUnhealthy, MarkIndex, NO_FILTER, rowsOf, shownLanes, shownMarks, zoomed } from './model.ts'

const band = (fromMs: number, state: PodState, status: string = state) => ({ fromMs, state: POD_STATES.indexOf(state), status })
const lane = (name: string, change: Partial<TimelineLane> = {}): TimelineLane => ({
  ...{ uid: name, group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'default', name },
  ...{ owner: 'Deployment/web', node: 'worker', restarts: 0, startMs: 0, endMs: null, bands: [band(0, 'ready')] },
  ...change,
})
const mark = (timeMs: number, change: Partial<TimelineMark> = {}): TimelineMark => ({
  ...{ timeMs, warning: false, reason: 'Started', message: '', lane: 'a', kind: 'Pod', namespace: 'default', name: 'a' },
  ...change,
})
const window = { fromMs: 0, toMs: 100_000 }
const input = { marks: new MarkIndex(), by: 'owner', folded: new Set<string>(), window, nowMs: 100_000 } as const
const names = (lanes: readonly TimelineLane[]) => lanes.map(({ name }) => name)

describe('bands', () => {
  const gone = lane('a', { endMs: 50, bands: [band(0, 'pending'), band(10, 'ready')] })
  it('last until the next, or the end of the life', () => {
    expect([bandEnd(gone, 0, 99), bandEnd(gone, 1, 99), bandEnd(lane('b'), 0, 99)]).toEqual([10, 50, 99])
    expect([5, 10, 60].map((timeMs) => bandAt(gone, timeMs)?.status)).toEqual(['pending', 'ready', undefined])
  })
  it('are unhealthy when bad, or slow for long, within the time in sight', () => {
    const crashed = lane('a', { bands: [band(0, 'ready'), band(10, 'crash'), band(20, 'ready')] })
    expect(isUnhealthy(crashed, window, 100)).toBe(true)
    expect(isUnhealthy(crashed, { fromMs: 30, toMs: 90 }, 100)).toBe(false)
    const killed = lane('a', { endMs: 30, bands: [band(0, 'ready'), band(10, 'terminating'), band(29, 'crash')] })
    expect(isUnhealthy(killed, window, 100)).toBe(false)
    const waiting = lane('a', { bands: [band(0, 'pending')] })
    expect([20_000, 40_000].map((nowMs) => isUnhealthy(waiting, window, nowMs))).toEqual([false, true])
  })
})

describe('what is shown', () => {
  const lanes = [
    lane('a'),
    lane('b', { namespace: 'shop', node: 'worker2', owner: '' }),
    lane('gone', { endMs: 500, bands: [band(0, 'crash', 'Error')] }),
    lane('web', { kind: 'Deployment', owner: '', node: '' }),
    lane('later', { startMs: 200_000 }),
  ]
  const shown = (change: object) => names(shownLanes({ ...input, lanes, filter: { ...NO_FILTER, ...change } }))
  it('are pods in sight, unless more is asked for', () => {
    expect(shown({})).toEqual(['a', 'b', 'gone'])
    expect(shown({ otherKinds: true })).toEqual(['a', 'b', 'gone', 'web'])
    expect(shown({ ended: false })).toEqual(['a', 'b'])
    expect(shown({ namespace: 'shop' })).toEqual(['b'])
    expect(shown({ text: 'WORKER2' })).toEqual(['b'])
    expect(shown({ text: 'web error' })).toEqual(['gone'])
    expect(shown({ onlyUnhealthy: true })).toEqual(['gone'])
  })
  it('are lives with warnings in sight, when asked', () => {
    const marks = new MarkIndex()
    marks.update([mark(5, { warning: true }), mark(6, { lane: 'b' })])
    expect(names(shownLanes({ ...input, marks, lanes, filter: { ...NO_FILTER, onlyWarnings: true } }))).toEqual(['a'])
  })
})

describe('rows', () => {
  it('stand under their owner, the owner first, the system last', () => {
    const rows = rowsOf(
      [
        lane('p2', { startMs: 5 }),
        lane('dns', { namespace: 'kube-system', owner: 'Deployment/coredns' }),
        lane('web', { kind: 'Deployment', owner: '' }),
        lane('p1'),
      ],
      'owner',
      new Set(['kube-system|Deployment/coredns']),
    )
    expect(
      rows.map((row) => (row.type === 'group' ? `${row.name} ${row.count}${row.folded ? ' folded' : ''}` : row.lane.name)),
    ).toEqual(['Deployment/web 3', 'web', 'p1', 'p2', 'Deployment/coredns 1 folded'])
  })
  it('stand under their node, those without one last', () => {
    const rows = rowsOf([lane('a', { node: '' }), lane('b')], 'node', new Set())
    expect(rows.filter((row) => row.type === 'group').map((row) => row.name)).toEqual(['worker', ''])
  })
})

describe('events', () => {
  it('of a lane are found as they are added, and again when old ones are dropped', () => {
    const index = new MarkIndex()
    const marks = [mark(1), mark(2, { lane: 'b' })]
    index.update(marks)
    marks.push(mark(3))
    index.update(marks)
    expect(index.of('a').map(({ timeMs }) => timeMs)).toEqual([1, 3])
    index.update(marks.slice(1))
    expect(index.of('a').map(({ timeMs }) => timeMs)).toEqual([3])
  })
  it('in sight are listed newest first', () => {
    const marks = [mark(1), mark(5, { warning: true, reason: 'BackOff' }), mark(9)]
    expect(shownMarks(marks, NO_FILTER, { fromMs: 2, toMs: 20 }).map(({ timeMs }) => timeMs)).toEqual([9, 5])
    expect(shownMarks(marks, { ...NO_FILTER, onlyWarnings: true }, window).map(({ reason }) => reason)).toEqual(['BackOff'])
    expect(shownMarks(marks, { ...NO_FILTER, text: 'pod/a back' }, window)).toHaveLength(1)
  })
})

it('zooms about a moment', () => {
  expect(zoomed({ fromMs: 0, toMs: 1000 }, 0.5, 250)).toEqual({ fromMs: 125, toMs: 625 })
  const least = zoomed({ fromMs: 0, toMs: 150 }, 0.1, 0)
  expect(least.toMs - least.fromMs).toBe(100)
})
