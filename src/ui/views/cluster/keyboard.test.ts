import { describe, expect, it } from 'vitest'
import { nextPod } from './keyboard.ts'
import { chooseLayout, placeRooms } from './layout.ts'
import { ClusterModel } from './model.ts'
import { makeNode, makePod } from './synthetic.ts'

describe('arrow keys', () => {
  const model = new ClusterModel()
  model.apply({
    reset: true,
    nodes: [0, 1].map((slot) => makeNode({ slot })),
    removedNodes: [],
    pods: [
      makePod({ slot: 0, node: 0 }),
      makePod({ slot: 1, node: 0 }),
      makePod({ slot: 2, node: 1 }),
      makePod({ slot: 3, node: -1, state: 2 }),
    ],
    removedPods: [],
  })
  const layout = chooseLayout({
    roomCount: 2,
    mostCells: 2,
    podCapacity: 110,
    pendingCells: 1,
    longestName: 20,
    longestNodeName: 8,
    stageW: 900,
    stageH: 500,
  })
  const { positions } = placeRooms(model.nodes, 2)
  const go = (from: number, dx: number, dy: number) => nextPod(model, layout, positions, from, dx, dy)

  it('go down a room, over to the next, and up to the lane', () => {
    expect([go(0, 0, 1), go(0, 1, 0), go(2, -1, 0), go(0, 0, -1), go(3, 0, -1)]).toEqual([1, 2, 0, 3, 3])
  })

  it('start at the topmost pod, and nowhere in an empty cluster', () => {
    expect(go(-1, 1, 0)).toBe(3)
    expect(nextPod(new ClusterModel(), layout, positions, -1, 1, 0)).toBe(-1)
  })
})
