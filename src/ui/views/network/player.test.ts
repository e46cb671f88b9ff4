import { describe, expect, it } from 'vitest'
import { after, before, durationText, legMs, momentUs, within } from './player.ts'
import type { Position } from './store.ts'
import { ANSWERED } from './testdata/stories.ts'

describe('stepping', () => {
  it('visits every station of every packet once, and back again', () => {
    const all: Position[] = []
    for (let at: Position | null = { step: 0, station: 0 }; at; at = after(ANSWERED, at)) all.push(at)
    expect(all).toHaveLength(5 + 21 + 8)
    const back: Position[] = []
    for (let at: Position | null = all.at(-1) ?? null; at; at = before(ANSWERED, at)) back.push(at)
    expect(back.toReversed()).toEqual(all)
  })
  it('stays inside a story that became shorter', () => {
    expect(within(ANSWERED, { step: 9, station: 99 })).toEqual({ step: 2, station: 7 })
    expect(within({ ...ANSWERED, steps: [] }, { step: 3, station: 1 })).toEqual({ step: 0, station: 0 })
  })
})

describe('time on screen', () => {
  it('is the latency, within what can be followed', () => {
    const wire = { step: 1, station: 11 }
    expect(legMs(ANSWERED, wire, 1)).toBe(1000)
    expect(legMs(ANSWERED, wire, 0.1)).toBe(10_000)
    expect(legMs(ANSWERED, { step: 1, station: 2 }, 1)).toBe(130)
  })
  it('counts from the beginning of the story', () => {
    expect(momentUs(ANSWERED, { step: 1, station: 1 })).toBe(920)
  })
  it('is told in a fitting unit', () => {
    expect([12, 350, 1400, 45_000, 350_000, 5_001_000].map(durationText)).toEqual([
      '12 µs',
      '350 µs',
      '1.40 ms',
      '45.0 ms',
      '350 ms',
      '5.00 s',
    ])
  })
})
