import { describe, expect, it } from 'vitest'
import type { EventRow, KindCount, TableRow } from '../../worker/protocol.ts'
import { shownEvents } from './event-model.ts'
import { age, clockTime } from './format.ts'
import { groupKinds, kindMatches } from './kind-groups.ts'
import { refOfKind } from './kind-ref.ts'
import { SLIDER_MAX, formatSpeed, sliderToSpeed, speedToSlider } from './speed.ts'
import { cellText, shownColumns, shownRows } from './table-model.ts'

const S = 1000
const M = 60 * S
const H = 60 * M
const D = 24 * H

describe('age', () => {
  it.each([
    [0, '0s'],
    [119 * S, '119s'],
    [2 * M, '2m'],
    [3 * M + 27 * S, '3m27s'],
    [10 * M + 5 * S, '10m'],
    [179 * M, '179m'],
    [3 * H, '3h'],
    [5 * H + 3 * M, '5h3m'],
    [8 * H + 59 * M, '8h'],
    [47 * H, '47h'],
    [2 * D, '2d'],
    [2 * D + 4 * H, '2d4h'],
    [10 * D + 4 * H, '10d'],
    [800 * D, '2y70d'],
    [-5 * S, '<invalid>'],
  ])('of %d ms is %s', (ms, text) => {
    expect(age(ms)).toBe(text)
  })
  it('shows the clock to the millisecond', () => {
    expect(clockTime(Date.UTC(2026, 0, 1, 9, 14, 32, 250))).toBe('09:14:32.250')
  })
})

describe('speed', () => {
  it('runs from 0.1x to 1000x and snaps to powers of ten', () => {
    expect(sliderToSpeed(0)).toBe(0.1)
    expect(sliderToSpeed(SLIDER_MAX)).toBe(1000)
    expect(sliderToSpeed(104)).toBe(1)
    expect(sliderToSpeed(130)).toBe(2)
  })
  it('comes back to the same place', () => {
    for (const at of [0, 37, 100, 150, 263, 400]) expect(Math.abs(speedToSlider(sliderToSpeed(at)) - at)).toBeLessThan(3)
    expect(speedToSlider('max')).toBe(SLIDER_MAX)
  })
  it('is short in words', () => {
    expect([0.1, 1, 2.5, 9.876, 12.3, 1000].map(formatSpeed)).toEqual(['0.1×', '1×', '2.5×', '9.9×', '12×', '1000×'])
  })
})

const kind = (group: string, resource: string, name: string, namespaced = true, shortNames: string[] = []): KindCount => ({
  group,
  version: 'v1',
  resource,
  kind: name,
  namespaced,
  shortNames,
  count: 0,
})
const KINDS = [
  kind('', 'nodes', 'Node', false, ['no']),
  kind('example.com', 'widgets', 'Widget'),
  kind('apps', 'deployments', 'Deployment', true, ['deploy']),
  kind('', 'pods', 'Pod', true, ['po']),
]

describe('kinds', () => {
  it('stand under headings, in the order people look for them, unknown ones last', () => {
    const grouped = groupKinds(KINDS).map(({ group, kinds }) => [group, ...kinds.map((entry) => entry.kind)])
    expect(grouped).toEqual([
      ['workloads', 'Pod', 'Deployment'],
      ['cluster', 'Node'],
      ['other', 'Widget'],
    ])
  })
  it.each([['deploy'], ['Deployment'], ['deployments'], ['dep'], ['loym']])('%s means Deployment', (text) => {
    expect(KINDS.filter((entry) => kindMatches(entry, text)).map((entry) => entry.kind)).toEqual(['Deployment'])
  })
  it('give references, without namespace for cluster-scoped ones', () => {
    expect(refOfKind(KINDS, 'Node', 'default', 'n1')).toMatchObject({ resource: 'nodes', namespace: '', name: 'n1' })
    expect(refOfKind(KINDS, 'Nothing', 'default', 'n1')).toBeNull()
  })
})

describe('tables', () => {
  const columns = [
    { name: 'Name', type: 'string', description: 'its name', priority: 0 },
    { name: 'Status', type: 'string', description: '', priority: 0 },
    { name: 'IP', type: 'string', description: '', priority: 1 },
  ]
  const row = (namespace: string, name: string, status = 'Running'): TableRow => ({
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid: name,
    cells: [name, status, null],
  })
  it("show kubectl's columns, and more with -o wide", () => {
    expect(shownColumns(columns, [], false, false).map((column) => column.title)).toEqual(['NAME', 'STATUS'])
    expect(shownColumns(columns, [], true, true).map((column) => column.title)).toEqual(['NAMESPACE', 'NAME', 'STATUS', 'IP'])
  })
  it('are wide enough for their texts', () => {
    const [name] = shownColumns(columns, [row('default', 'a-rather-long-pod-name')], false, false)
    expect(name?.chars).toBeGreaterThan('a-rather-long-pod-name'.length)
  })
  it('are ordered by namespace, then name, and filtered by every word', () => {
    const rows = [row('b', 'x'), row('a', 'z', 'Pending'), row('a', 'y')]
    expect(shownRows(rows, '').map((entry) => entry.key)).toEqual(['a/y', 'a/z', 'b/x'])
    expect(shownRows(rows, 'a pend').map((entry) => entry.key)).toEqual(['a/z'])
  })
  it('print cells as kubectl does', () => {
    expect([-1, 0, 2, 9].map((at) => cellText(row('a', 'x'), at))).toEqual(['a', 'x', '', ''])
  })
})

describe('events', () => {
  const event = (uid: string, lastMs: number, type = 'Normal', message = 'Created pod'): EventRow => ({
    uid,
    type,
    reason: 'R',
    message,
    source: 's',
    count: 1,
    firstMs: 0,
    lastMs,
    namespace: 'default',
    kind: 'Pod',
    name: uid,
  })
  it('come newest first, warnings only when asked', () => {
    const rows = [event('a', 1), event('b', 3, 'Warning', 'Back-off'), event('c', 2)]
    expect(shownEvents(rows, '', false).map((row) => row.uid)).toEqual(['b', 'c', 'a'])
    expect(shownEvents(rows, '', true).map((row) => row.uid)).toEqual(['b'])
    expect(shownEvents(rows, 'back-off pod/b', false).map((row) => row.uid)).toEqual(['b'])
  })
})
