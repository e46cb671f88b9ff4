import { describe, expect, it } from 'vitest'
import type { PodWeighing, Verdict } from '../../../worker/scheduling/protocol.ts'
import { compareFares, markOf, matrixRows, refusingPlugin, scoreRows, UNSAMPLED } from './matrix.ts'

const refusal = (plugin: string, reason: string, also: readonly string[] = []): Verdict => ({
  plugin,
  reasons: [reason],
  also,
  resolvable: true,
  nominated: false,
})
const base: PodWeighing = {
  timeMs: 0,
  nodes: ['a', 'b', 'c', 'd', 'e'],
  filters: [
    { plugin: 'TaintToleration', state: 'checks' },
    { plugin: 'NodePorts', state: 'skips' },
    { plugin: 'NodeAffinity', state: 'checks' },
    { plugin: 'NodeResourcesFit', state: 'checks' },
  ],
  rejection: null,
  verdicts: [refusal('TaintToleration', 'tainted', ['NodeResourcesFit']), refusal('NodeResourcesFit', 'Insufficient cpu')],
  verdictOf: [-1, 0, 1, -1, -1],
  unsampled: [4],
  scored: [0, 3],
  scorers: [
    { plugin: 'NodeResourcesFit', weight: 1, raw: [40, 60], normalized: [40, 60] },
    { plugin: 'TaintToleration', weight: 3, raw: [0, 1], normalized: [100, 0] },
  ],
  totals: [340, 60],
  best: [0],
  winner: 0,
  message: '',
  parts: [],
  preemption: null,
}
const marks = (node: number) => base.filters.map((_, column) => markOf(base, node, column))

describe('marks', () => {
  it('a node that will do passes every filter that checks', () => {
    expect(marks(0)).toEqual(['passes', 'skips', 'passes', 'passes'])
  })
  it('behind the filter that refuses nothing is asked, but what would refuse too is said', () => {
    expect(marks(1)).toEqual(['refuses', 'skips', 'unreached', 'would'])
    expect(marks(2)).toEqual(['passes', 'skips', 'passes', 'refuses'])
  })
  it('a rejection before any node was looked at', () => {
    const rejected = {
      ...base,
      rejection: { plugin: 'NodeAffinity', reasons: ['x'] },
      verdicts: [refusal('NodeAffinity', 'x')],
      verdictOf: [0],
    }
    expect(base.filters.map((_, column) => markOf(rejected, 0, column))).toEqual(['unreached', 'skips', 'refuses', 'unreached'])
  })
  it('the filter that left nodes out by name stands in the reason', () => {
    expect(refusingPlugin(refusal('', "node(s) didn't satisfy plugin(s) [NodeAffinity]"))).toBe('NodeAffinity')
  })
})

describe('rows', () => {
  const options = { grouped: false, open: new Set<number>(), search: '' }
  const names = (rows: ReturnType<typeof matrixRows>) =>
    rows.map((row) => (row.type === 'node' ? base.nodes[row.node] : `${row.verdict}×${row.count}`))
  it('best first, then those that got furthest, those that were not looked at last', () => {
    expect(names(matrixRows(base, options))).toEqual(['a', 'd', 'c', 'b', 'e'])
  })
  it('equal verdicts are one row until it is unfolded', () => {
    expect(names(matrixRows(base, { ...options, grouped: true }))).toEqual(['-1×2', '1×1', '0×1', `${UNSAMPLED}×1`])
    expect(names(matrixRows(base, { ...options, grouped: true, open: new Set([1]) }))).toEqual([
      '-1×2',
      '1×1',
      'c',
      '0×1',
      '-2×1',
    ])
  })
  it('found by a part of the name', () => {
    expect(names(matrixRows(base, { ...options, search: 'd' }))).toEqual(['d'])
  })
  it('scores: the weight counts', () => {
    expect(scoreRows(base)[0]).toEqual({
      node: 0,
      total: 340,
      cells: [
        { raw: 40, normalized: 40, weighted: 40 },
        { raw: 0, normalized: 100, weighted: 300 },
      ],
    })
  })
})

it('before and after: what changed comes first', () => {
  const after = { ...base, verdictOf: [-1, 0, -1, -1, -1] }
  const [first, ...others] = compareFares(base, after)
  expect(first).toMatchObject({ node: 'c', changed: true, before: { refusedBy: 'NodeResourcesFit' }, after: { refusedBy: '' } })
  expect(others.some(({ changed }) => changed)).toBe(false)
})
