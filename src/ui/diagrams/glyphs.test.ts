import { describe, expect, it } from 'vitest'
import { POD_STATES } from '../../worker/protocol.ts'
import { glyphParts, PROGRESS_STEPS, progressStep } from './glyphs.ts'

describe('state shapes', () => {
  it('gives every state a shape of its own', () => {
    const shapes = POD_STATES.map((_, state) => JSON.stringify(glyphParts(state, 0.5)))
    expect(new Set(shapes).size).toBe(POD_STATES.length)
    expect(shapes).not.toContain('[]')
  })

  it('fills a starting cell with its progress and shows full only at the end', () => {
    expect([0, 0.01, 0.5, 0.99, 1, Number.NaN].map(progressStep)).toEqual([
      0,
      0,
      PROGRESS_STEPS / 2,
      PROGRESS_STEPS - 1,
      PROGRESS_STEPS,
      0,
    ])
  })
})
