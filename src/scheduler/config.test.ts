import { describe, expect, test } from 'vitest'
import { makeProfiles, type SchedulerProfileConfig } from './config.ts'
import type { Listers } from './listers.ts'

const handle = { listers: {} as Listers, nowMs: () => 0, isPreempting: () => false }

function profile(config: SchedulerProfileConfig = {}) {
  const made = makeProfiles({ profiles: [config] }, handle).get('default-scheduler')
  if (!made) throw new Error('no profile')
  return {
    filters: made.filters.map(({ name }) => name),
    scores: Object.fromEntries(made.scorers.map(({ plugin, weight }) => [plugin.name, weight])),
    postFilters: made.postFilters.map(({ name }) => name),
  }
}

describe('scheduler configuration', () => {
  test('the default profile', () => {
    const { filters, scores, postFilters } = profile()
    expect(filters.slice(0, 3)).toEqual(['NodeUnschedulable', 'NodeName', 'TaintToleration'])
    expect(scores).toEqual({
      TaintToleration: 3,
      NodeAffinity: 2,
      NodeResourcesFit: 1,
      PodTopologySpread: 2,
      InterPodAffinity: 2,
      DynamicResources: 2,
      NodeResourcesBalancedAllocation: 1,
      ImageLocality: 1,
    })
    expect(postFilters).toEqual(['DynamicResources', 'DefaultPreemption'])
  })

  test('a plugin disabled at one point, and one everywhere', () => {
    const { filters, scores } = profile({
      plugins: { score: { disabled: [{ name: 'NodeAffinity' }] }, multiPoint: { disabled: [{ name: 'TaintToleration' }] } },
    })
    expect(filters).toContain('NodeAffinity')
    expect(scores).not.toHaveProperty('NodeAffinity')
    expect(filters).not.toContain('TaintToleration')
    expect(scores).not.toHaveProperty('TaintToleration')
  })

  test('named for a point: first, and with the weight given there', () => {
    const { filters, scores } = profile({
      plugins: { filter: { enabled: [{ name: 'NodePorts' }] }, score: { enabled: [{ name: 'ImageLocality', weight: 9 }] } },
    })
    expect(filters.slice(0, 2)).toEqual(['NodePorts', 'NodeUnschedulable'])
    expect(scores['ImageLocality']).toBe(9)
  })

  test("'*' leaves only what is enabled", () => {
    const { scores } = profile({ plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: 'ImageLocality' }] } } })
    expect(scores).toEqual({ ImageLocality: 1 })
  })
})
