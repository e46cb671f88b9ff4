import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POD_STATES, type MapDelta, type PodRow } from '../../../worker/protocol.ts'
import { ClusterModel, LANE } from './model.ts'
import { makeNode, makePod } from './synthetic.ts'

const EMPTY: MapDelta = { reset: false, nodes: [], removedNodes: [], pods: [], removedPods: [] }

/** One random step: a pod slot gets some row (perhaps of another pod), or is freed. */
const step = fc.record({
  slot: fc.nat(11),
  incarnation: fc.nat(2),
  node: fc.integer({ min: -1, max: 3 }),
  state: fc.nat(POD_STATES.length - 1),
  namespace: fc.constantFrom('default', 'kube-system'),
  owner: fc.constantFrom('', 'Deployment/web', 'DaemonSet/agent'),
  remove: fc.boolean(),
})

function contents(model: ClusterModel) {
  return {
    pods: model.pods.filter((pod) => pod !== undefined),
    podCount: model.podCount,
    counts: [...model.stateCounts],
    namespaces: [...model.namespaces].toSorted(),
    owners: [...model.owners].toSorted(),
    rooms: [LANE, 0, 1, 2, 3].map((room) => model.countOf(room)),
    uids: [...model.slotByUid].toSorted(),
  }
}

describe('cluster model', () => {
  it('holds after any deltas what one snapshot of the same rows gives, each pod in a cell of its own', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new ClusterModel()
        const truth = new Map<number, PodRow>()
        for (const { slot, incarnation, remove, ...rest } of steps) {
          if (remove) {
            truth.delete(slot)
            model.apply({ ...EMPTY, removedPods: [slot] })
          } else {
            const pod = makePod({ slot, uid: `u${slot}-${incarnation}`, ...rest })
            truth.set(slot, pod)
            model.apply({ ...EMPTY, pods: [pod] })
          }
        }
        const fresh = new ClusterModel()
        fresh.apply({ ...EMPTY, reset: true, pods: [...truth.values()] })
        const [a, b] = [contents(model), contents(fresh)]
        expect(a).toEqual(b)
        for (const pod of truth.values()) expect(model.cellsOf(pod.node)[model.cell[pod.slot] ?? -1]).toBe(pod.slot)
        for (const room of [LANE, 0, 1, 2, 3])
          expect(model.cellsOf(room).filter((slot) => slot >= 0).length).toBe(model.countOf(room))
      }),
      { numRuns: 200 },
    )
  })

  it('keeps a pod in its cell while others leave, and fills the lowest free cell first', () => {
    const model = new ClusterModel()
    model.apply({ ...EMPTY, pods: [0, 1, 2].map((slot) => makePod({ slot, node: 0 })) })
    model.apply({ ...EMPTY, removedPods: [0] })
    expect(model.cellsOf(0)).toEqual([-1, 1, 2])
    model.apply({ ...EMPTY, pods: [makePod({ slot: 7, node: 0 })] })
    expect(model.cellsOf(0)).toEqual([7, 1, 2])
  })

  it('tells how a bound pod moved and which rooms to draw again', () => {
    const model = new ClusterModel()
    model.apply({ ...EMPTY, nodes: [makeNode({ slot: 0 })], pods: [makePod({ slot: 0, node: LANE, state: 2 })] })
    const applied = model.apply({ ...EMPTY, pods: [makePod({ slot: 0, node: 0, state: 3 })] })
    expect(applied.changes.map((change) => [change.kind, change.fromRoom, change.fromCell])).toEqual([['move', LANE, 0]])
    expect([...applied.rooms].toSorted()).toEqual([LANE, 0])
    expect(applied.nodesChanged).toBe(false)
  })
})
