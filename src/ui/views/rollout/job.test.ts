import { expect, it } from 'vitest'
import { indexStates } from './job.ts'

it('knows every index of an indexed Job', () => {
  const job = { indexed: true, completions: 6, completedIndexes: '0,2-3', failedIndexes: '5' }
  expect(indexStates(job)).toEqual(['succeeded', 'open', 'succeeded', 'succeeded', 'open', 'failed'])
  expect(indexStates({ ...job, indexed: false })).toEqual([])
})
