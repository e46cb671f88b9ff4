import { describe, expect, test } from 'vitest'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { present } from '../sim/assert.ts'
import { Random } from '../sim/random.ts'
import { SchedulerCache } from './cache.ts'
import { makeProfiles } from './config.ts'
import type { Listers } from './listers.ts'
import { Nominator } from './nominator.ts'
import { podInfoOf } from './pod-info.ts'
import { feasibleNodesToFind, schedulePod } from './schedule-one.ts'

const listers = {
  services: () => [],
  namespace: () => undefined,
  namespaces: () => [],
  disruptionBudgets: () => [],
} as unknown as Listers
const profile = present(
  makeProfiles({}, { listers, nowMs: () => 0, isPreempting: () => false }).get('default-scheduler'),
  'profile',
)

const makeNode = (i: number): Node => ({
  metadata: { name: `n${i}` },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
})
const makePod = (i: number): Pod => ({
  metadata: { name: `p${i}`, namespace: 'default', uid: `p${i}` },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu: '100m' } } }] },
})

describe('sampling of nodes', () => {
  test.each([
    [99, 0, 99],
    [100, 0, 100],
    [1000, 0, 420],
    [5000, 0, 500],
    [6000, 0, 300],
    [15000, 0, 750],
    [1000, 70, 700],
    [150, 5, 100],
  ])('of %i nodes at %i%%: %i', (nodes, percentage, expected) => {
    expect(feasibleNodesToFind(nodes, percentage)).toBe(expected)
  })

  test('each node gets its turn', () => {
    const cache = new SchedulerCache()
    for (let i = 0; i < 1000; i++) cache.addNode(makeNode(i))
    const random = new Random(1, 'turns')
    const starts: number[] = []
    let startIndex = 0
    for (let i = 0; i < 4; i++) {
      starts.push(startIndex)
      const result = schedulePod(cache.snapshot(), podInfoOf(makePod(i)), profile, random, {
        nominator: new Nominator(),
        startIndex,
      })
      startIndex = result.nextStartIndex
    }
    expect(starts).toEqual([0, 420, 840, 260])
  })

  test('room kept for a nominated pod of the same priority is not taken', () => {
    const cache = new SchedulerCache()
    cache.addNode(makeNode(1))
    const nominator = new Nominator()
    const big: Pod = {
      metadata: { name: 'big', namespace: 'default', uid: 'big' },
      spec: { containers: [{ name: 'c', resources: { requests: { cpu: '4' } } }] },
    }
    nominator.set(podInfoOf(big), 'n1')
    const attempt = (pod: Pod) => schedulePod(cache.snapshot(), podInfoOf(pod), profile, new Random(1, 'x'), { nominator })
    expect(attempt(makePod(1)).kind).toBe('unplaced')
    expect(attempt(big).kind).toBe('placed')
    expect(attempt({ ...makePod(2), spec: { priority: 10, ...makePod(2).spec, containers: [] } }).kind).toBe('placed')
  })
})
