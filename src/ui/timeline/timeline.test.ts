import { describe, expect, it } from 'vitest'
import type { BreakCondition } from '../../worker/protocol.ts'
import { conditionText, freeId } from './conditions.ts'
import { Scrubber } from './scrub.ts'
import { keyMoment, stripTicks } from './strip.ts'

describe('the history strip', () => {
  it('draws counts as bars, single ones visible, warnings marked', () => {
    const strip = { binMs: 100, normal: [1, 0, 99], warning: [0, 0, 1] }
    const ticks = stripTicks(strip, 0, 1000)
    expect(ticks.map(({ at, warning }) => [at, warning])).toEqual([
      [0, false],
      [0.2, true],
    ])
    expect(ticks[0]?.height).toBeGreaterThan(0.25)
    expect(ticks[1]?.height).toBe(1)
  })
  it('moves by keys, and beyond the end to now', () => {
    const move = (key: string, atMs = 10_000) => keyMoment(key, atMs, 0, 20_000)
    expect(['ArrowLeft', 'ArrowRight', 'PageDown', 'PageUp', 'Home', 'End', 'x'].map((key) => move(key))).toEqual([
      9900,
      10_100,
      9000,
      11_000,
      0,
      null,
      undefined,
    ])
    expect([move('ArrowRight', 19_950), move('ArrowLeft', 50)]).toEqual([null, 0])
  })
})

it('asks for one moment at a time, and then only for the newest', async () => {
  const asked: (number | null)[] = []
  let done: () => void = () => undefined
  const scrubber = new Scrubber(
    (timeMs) => {
      asked.push(timeMs)
      return new Promise((resolve) => (done = resolve))
    },
    () => undefined,
  )
  for (const timeMs of [1, 2, 3]) scrubber.to(timeMs)
  expect(asked).toEqual([1])
  done()
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect(asked).toEqual([1, 3])
})

it('words conditions', () => {
  const t = (key: string, values: object = {}) => `${key}${Object.values(values).join(' ')}`
  const field: BreakCondition = {
    ...{ id: 3, type: 'field', group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
    ...{ namespace: 'default', name: 'web', path: '.status.readyReplicas', operator: '<', value: '2' },
  }
  expect(conditionText(field, t)).toBe('Deployment default/web: .status.readyReplicas < 2')
  expect(conditionText({ ...field, operator: 'missing', name: '' }, t)).toBe(
    'Deployment break.any: .status.readyReplicas missing',
  )
  expect(conditionText({ id: 1, type: 'status', status: 'Error', namespace: '' }, t)).toBe('break.becomesError')
  const expression: BreakCondition = {
    ...{ id: 4, type: 'expression', group: '', version: '', resource: '', kind: '', namespace: '', expression: 'object.x' },
  }
  expect(conditionText(expression, t)).toBe('break.anyKind: object.x')
  expect(conditionText({ ...expression, kind: 'Pod', namespace: 'default' }, t)).toBe('Pod default: object.x')
  expect(freeId([field])).toBe(4)
})
