import { describe, expect, test } from 'vitest'
import type { Node } from '../../apimachinery/generated/types.ts'
import { Simulation } from '../../sim/simulation.ts'
import { ZoneEvictor } from './evictor.ts'
import { expiryMs, observe, silentConditions } from './health.ts'
import { noExecuteFor, planLabels, planNoSchedule } from './taints.ts'
import { evictionQps, planDisruption, zoneState, type ZoneState } from './zones.ts'

const T0 = 1_767_225_600_000

function node(conditions: Record<string, string>, spec: Node['spec'] = {}): Node {
  return {
    metadata: { name: 'n', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
    status: {
      conditions: Object.entries(conditions).map(([type, status]) => ({
        type,
        status,
        lastHeartbeatTime: '2026-01-01T00:00:00Z',
      })),
    },
  }
}

describe('zones', () => {
  test.each<[number, number, ZoneState]>([
    [0, 0, 'Normal'],
    [0, 1, 'FullDisruption'],
    [1, 2, 'Normal'],
    [2, 3, 'PartialDisruption'],
    [3, 3, 'Normal'],
    [9, 11, 'PartialDisruption'],
    [10, 11, 'Normal'],
  ])('%i ready and %i not ready nodes make it %s', (ready, other, state) => {
    expect(zoneState(ready, other)).toBe(state)
  })

  test('evict slowly when partly down, and not at all in small clusters', () => {
    expect([evictionQps('Normal', 3), evictionQps('PartialDisruption', 50), evictionQps('PartialDisruption', 51)]).toEqual([
      0.1, 0, 0.01,
    ])
  })

  test('stop all evictions when every zone goes down, and start afresh when one comes back', () => {
    const up = planDisruption(
      new Map(),
      new Map([
        ['a', { ready: 3, other: 0 }],
        ['b', { ready: 3, other: 0 }],
      ]),
    )
    const one = planDisruption(
      up.states,
      new Map([
        ['a', { ready: 0, other: 3 }],
        ['b', { ready: 3, other: 0 }],
      ]),
    )
    expect([one.entersFull, [...one.rates]]).toEqual([false, [['a', 0.1]]])
    const down = planDisruption(
      one.states,
      new Map([
        ['a', { ready: 0, other: 3 }],
        ['b', { ready: 0, other: 3 }],
      ]),
    )
    expect([down.entersFull, [...down.rates]]).toEqual([
      true,
      [
        ['a', 0],
        ['b', 0],
      ],
    ])
    const still = planDisruption(
      down.states,
      new Map([
        ['a', { ready: 0, other: 3 }],
        ['b', { ready: 0, other: 3 }],
      ]),
    )
    expect([still.entersFull, still.leavesFull, still.rates.size]).toEqual([false, false, 0])
    const back = planDisruption(
      down.states,
      new Map([
        ['a', { ready: 1, other: 2 }],
        ['b', { ready: 0, other: 3 }],
      ]),
    )
    expect([back.leavesFull, [...back.rates]]).toEqual([
      true,
      [
        ['a', 0.1],
        ['b', 0.1],
      ],
    ])
  })

  test('taint one node at once and the next ten seconds later', () => {
    const sim = new Simulation({ seed: 1, startTimeMs: T0 })
    const tainted: string[] = []
    const evictor = new ZoneEvictor(sim, (name, done) => {
      tainted.push(`${name}@${(sim.now - T0) / 1000}`)
      done(true)
    })
    for (const name of ['a', 'b', 'c', 'd']) evictor.add(name)
    evictor.remove('c')
    sim.runFor(100_000)
    expect(tainted).toEqual(['a@0', 'b@10', 'd@20'])
  })
})

describe('health', () => {
  test('lasts 50 seconds from the last sign of life, 60 from creation for a node that never reported', () => {
    const silent = node({})
    const never = observe(undefined, silent, undefined, T0 + 5000)
    expect(expiryMs(never)).toBe(T0 + 60_000)
    const ready = node({ Ready: 'True' })
    const first = observe(never, ready, undefined, T0 + 10_000)
    expect(expiryMs(first)).toBe(T0 + 60_000)
    const renewed = observe(first, ready, T0 + 12_000, T0 + 15_000)
    expect(expiryMs(renewed)).toBe(T0 + 65_000)
    expect(observe(renewed, ready, T0 + 12_000, T0 + 20_000)).toEqual(renewed)
  })

  test('turns the four conditions Unknown, once', () => {
    const conditions = silentConditions(node({ Ready: 'True', MemoryPressure: 'False', NetworkUnavailable: 'False' }), T0)
    expect(conditions?.map((c) => `${c.type} ${c.status} ${c.reason ?? ''}`)).toEqual([
      'Ready Unknown NodeStatusUnknown',
      'MemoryPressure Unknown NodeStatusUnknown',
      'NetworkUnavailable False ',
      'DiskPressure Unknown NodeStatusNeverUpdated',
      'PIDPressure Unknown NodeStatusNeverUpdated',
    ])
    expect(silentConditions({ ...node({}), status: { conditions: conditions ?? [] } }, T0)).toBeNull()
  })
})

describe('taints', () => {
  test('follow conditions and leave foreign taints alone', () => {
    const plan = planNoSchedule(
      node(
        { Ready: 'Unknown', DiskPressure: 'True', PIDPressure: 'False' },
        {
          unschedulable: true,
          taints: [
            { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
            { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
            { key: 'dedicated', effect: 'NoSchedule' },
          ],
        },
      ),
    )
    expect(plan.add.map((t) => t.key)).toEqual([
      'node.kubernetes.io/unreachable',
      'node.kubernetes.io/disk-pressure',
      'node.kubernetes.io/unschedulable',
    ])
    expect(plan.remove).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
    expect([noExecuteFor('True'), noExecuteFor('False')?.add.key]).toEqual([null, 'node.kubernetes.io/not-ready'])
  })

  test('old labels follow new ones', () => {
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'amd64' }
    expect(planLabels({ metadata: { labels } })).toEqual({ 'beta.kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'arm64' })
    expect(planLabels({ metadata: {} })).toBeNull()
  })
})
