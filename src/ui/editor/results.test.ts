import { describe, expect, it } from 'vitest'
import type { DocumentResult } from '../../worker/protocol.ts'
import { diffOf, problemsOf } from './results.ts'

const result: DocumentResult = { index: 0, line: 3, outcome: 'created', message: 'pod/a created', warnings: [], markers: [] }

describe('results of an apply', () => {
  it('mark the place of the error, or the document when the place is not known', () => {
    const marker = { line: 7, column: 3, message: 'unknown field' }
    expect(
      problemsOf([
        result,
        { ...result, outcome: 'failed', message: 'Forbidden' },
        { ...result, outcome: 'failed', markers: [marker] },
      ]),
    ).toEqual([{ line: 3, column: 1, message: 'Forbidden' }, marker])
  })

  it('of a dry run show the live objects beside what they would become', () => {
    expect(
      diffOf([
        { ...result, diff: { before: null, after: 'a: 1\n' } },
        { ...result, diff: { before: 'b: 1\n', after: 'b: 2\n' } },
      ]),
    ).toEqual({ before: '\n---\nb: 1', after: 'a: 1\n---\nb: 2' })
    expect(diffOf([result])).toBeUndefined()
  })
})
