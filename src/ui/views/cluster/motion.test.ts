import { describe, expect, it } from 'vitest'
import { ease, Motions, travelMs } from './motion.ts'

const at = { x: 0, y: 0 }

describe('motion', () => {
  it('takes 120 to 240 ms, longer for longer ways', () => {
    expect([0, 200, 5000].map(travelMs)).toEqual([120, 170, 240])
    expect([ease(0), ease(1)]).toEqual([0, 1])
    expect(ease(0.5)).toBeGreaterThan(0.5)
  })

  it('ends what is over and keeps the rest', () => {
    const motions = new Motions()
    motions.add('move', 1, 0, at, at, 0, 100)
    motions.add('leave', -1, 6, at, at, 50, 100)
    const ended: number[] = []
    motions.end(
      (motion) => motion.endMs <= 120,
      (motion) => ended.push(motion.slot),
    )
    expect([ended, motions.active.map((motion) => motion.kind)]).toEqual([[1], ['leave']])
  })

  it('refuses more at once than anyone could follow', () => {
    const motions = new Motions()
    const added = Array.from({ length: 300 }, (_, slot) => motions.add('appear', slot, 0, at, at, 0, 100))
    expect(added.filter(Boolean).length).toBe(240)
  })
})
