import { describe, expect, it } from 'vitest'
import type { FlowRate } from '../../../../worker/network/protocol.ts'
import { Dots, MOST_DOTS } from './dots.ts'

const flow = (count: number, more: Partial<FlowRate> = {}): FlowRate => ({
  from: 'pod:default/client',
  to: 'pod:default/web',
  count,
  failed: 0,
  lostAt: '',
  ...more,
})

describe('dots', () => {
  it('go there and come back', () => {
    const dots = new Dots()
    dots.take([flow(1)], 100, 0)
    expect([...dots.places(400)][0]).toMatchObject({ phase: 'there', part: 0.5 })
    expect([...dots.places(1200)][0]).toMatchObject({ phase: 'back', part: 0.5 })
    expect([...dots.places(1900)]).toEqual([])
  })
  it('stay where they are lost', () => {
    const dots = new Dots()
    dots.take([flow(2, { failed: 1, lostAt: 'node:worker' })], 100, 0)
    const lost = [...dots.places(1300)].filter(({ phase }) => phase === 'lost')
    expect(lost.map(({ dot }) => dot.lostAt)).toEqual(['node:worker'])
  })
  it('stand for several requests when there are too many', () => {
    const dots = new Dots()
    for (let nowMs = 0; nowMs < 4000; nowMs += 200) dots.take([flow(2000)], 200, nowMs)
    expect(dots.size).toBeLessThanOrEqual(MOST_DOTS * 1.5)
    expect(dots.each).toBeGreaterThan(1)
  })
})

it('knows rates, and forgets them', () => {
  const dots = new Dots()
  dots.take([flow(20)], 200, 0)
  expect(dots.rate('pod:default/client', 'pod:default/web', 0)).toBe(100)
  expect(dots.rate('pod:default/client', 'pod:default/web', 10_000)).toBeLessThan(0.1)
  expect(dots.isAlive(20_000)).toBe(false)
})
