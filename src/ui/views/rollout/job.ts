import type { JobProgress } from '../../../worker/rollout/protocol.ts'

/** More indexes than this are not drawn. */
export const MOST_INDEXES = 500

export type IndexState = 'succeeded' | 'failed' | 'open'

/** Every index of an indexed Job; empty for others. */
export function indexStates(
  job: Pick<JobProgress, 'indexed' | 'completions' | 'completedIndexes' | 'failedIndexes'>,
): IndexState[] {
  if (!job.indexed) return []
  const done = expandRanges(job.completedIndexes)
  const failed = expandRanges(job.failedIndexes)
  return Array.from({ length: Math.min(job.completions ?? 0, MOST_INDEXES) }, (_, index) => {
    if (done.has(index)) return 'succeeded'
    return failed.has(index) ? 'failed' : 'open'
  })
}

/** The numbers in a text such as '0,2-4'; as many as are drawn. */
function expandRanges(text: string): ReadonlySet<number> {
  const numbers = new Set<number>()
  for (const range of text.split(',')) {
    if (range === '') continue
    const [first = '', last = first] = range.split('-')
    for (let i = Number(first); i <= Math.min(Number(last), MOST_INDEXES); i++) numbers.add(i)
  }
  return numbers
}
