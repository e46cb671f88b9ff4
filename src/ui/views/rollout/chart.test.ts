import { describe, expect, it } from 'vitest'
import type { RolloutView } from '../../../worker/rollout/protocol.ts'
import { chartModel, pointsIn, timeSpan } from './chart.ts'

const points = [0, 10_000, 20_000].map((timeMs, i) => ({
  timeMs,
  total: 3 + i,
  available: 3,
  perLane: { old: 3 - i, new: 2 * i },
}))
const lane = { images: ['a'], desired: 3, replicas: 3, ready: 3, available: 3, pods: [] }
const view: RolloutView = {
  kind: 'Deployment',
  namespace: 'default',
  name: 'web',
  strategy: 'RollingUpdate',
  paused: false,
  desired: 4,
  maxTotal: 5,
  minAvailable: 3,
  maxSurge: '1',
  maxUnavailable: '1',
  conditions: [],
  statusLine: '',
  lanes: [
    { ...lane, name: 'new', revision: 2, current: true },
    { ...lane, name: 'old', revision: 1, current: false },
  ],
  points,
  metrics: [],
  adapter: false,
}
const size = { width: 600, height: 200, top: 10, right: 10, bottom: 20, left: 30 }

describe('rollout chart', () => {
  it('cuts the history to the window and carries the values to both ends', () => {
    expect(pointsIn(points, 5_000, 30_000).map((point) => [point.timeMs, point.total])).toEqual([
      [5_000, 3],
      [10_000, 4],
      [20_000, 5],
      [30_000, 5],
    ])
    expect(timeSpan(points, 60_000, 30_000)).toEqual([30_000, 60_000])
    expect(timeSpan(points, 1_000, 0)).toEqual([-19_000, 1_000])
  })

  it('stacks older revisions at the bottom, and draws the budget around the desired count', () => {
    const model = chartModel(view, 30_000, 0, size)
    expect(model.lanes.map((one) => one.name)).toEqual(['old', 'new'])
    expect(model.maxTotalY).toBeLessThan(model.desiredY)
    expect(model.minAvailableY).toBeGreaterThan(model.desiredY)
    expect(model.nowX).toBe(590)
    expect(model.total).toMatch(/^M30,/)
    expect(model.yTicks.every((tick) => /^\d+$/.test(tick.label))).toBe(true)
  })

  it('draws an empty history', () => {
    expect(chartModel({ ...view, points: [] }, 30_000, 0, size).total).toBe('')
  })
})
