import { expect, it } from 'vitest'
import { autoscalerChart } from './autoscaler-chart.ts'

const size = { width: 600, height: 200, top: 10, right: 10, bottom: 20, left: 30 }
const metric = { name: 'cpu', current: '80%', target: '50%', ratio: 1.6 }
const view = {
  name: 'web',
  min: 1,
  max: 10,
  current: 2,
  desired: 4,
  tolerance: { up: 0.1, down: 0.1 },
  metrics: [metric],
  conditions: [],
  points: [
    { timeMs: 0, current: 2, desired: 2, ratios: [null] },
    { timeMs: 100_000, current: 2, desired: 4, ratios: [1.6] },
  ],
}

it('draws metrics above and replicas below, the target between its tolerances', () => {
  const chart = autoscalerChart(view, 200_000, size)
  expect(chart.tolerance.top).toBeLessThan(chart.targetY)
  expect(chart.tolerance.bottom).toBeGreaterThan(chart.targetY)
  expect(chart.targetY).toBeLessThan(chart.middle)
  expect(chart.maxY).toBeGreaterThan(chart.middle)
  expect(chart.minY).toBeGreaterThan(chart.maxY)
})

it('leaves a gap while a metric is unknown', () => {
  const { ratios } = autoscalerChart(view, 200_000, size)
  // It begins in the middle of the time shown, where it was first measured.
  expect(Number(/^M([\d.]+)/.exec(ratios[0] ?? '')?.[1])).toBeCloseTo(310, 0)
})
