import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cellCorner,
  chooseLayout,
  fitView,
  fitZoom,
  gridCapacity,
  hitTest,
  laneRect,
  placeRooms,
  worldRect,
  type LayoutInput,
} from './layout.ts'
import { LANE } from './model.ts'

const INPUT: LayoutInput = {
  roomCount: 3,
  mostCells: 9,
  podCapacity: 110,
  pendingCells: 0,
  longestName: 37,
  longestNodeName: 13,
  stageW: 960,
  stageH: 620,
}

describe('layout', () => {
  it('shows the names of a small cluster, whole and legible, when all is seen', () => {
    const layout = chooseLayout(INPUT)
    expect(layout.mode).toBe('rows')
    const zoom = fitZoom(layout, INPUT.stageW, INPUT.stageH)
    // 11 px type: 6.65 px a character, 12.9 px a line.
    expect((layout.cellPitchX * zoom - 36) * layout.nameLines).toBeGreaterThanOrEqual(37 * 6.65)
    expect(layout.cellPitchY * zoom).toBeGreaterThanOrEqual(layout.nameLines * 12.9)
  })

  it('turns to squares when names no longer fit', () => {
    expect(chooseLayout({ ...INPUT, mostCells: 60 }).mode).toBe('grid')
    expect(chooseLayout({ ...INPUT, stageW: 360, stageH: 420 }).mode).toBe('grid')
  })

  it('draws 5,000 nodes of 110 pods at about a pixel a cell', () => {
    const layout = chooseLayout({ ...INPUT, roomCount: 5000, mostCells: 110, stageW: 1200, stageH: 760 })
    expect(layout.cellPitchX * fitZoom(layout, 1200, 760)).toBeGreaterThan(0.9)
  })

  it('does not move rooms when the lane fills', () => {
    const [empty, full] = [0, 40].map((pendingCells) => chooseLayout({ ...INPUT, mostCells: 60, pendingCells }))
    const [a, b] = [
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ]
    if (empty && full) {
      cellCorner(empty, 2, 5, a)
      cellCorner({ ...empty, laneRows: full.laneRows + 3 }, 2, 5, b)
    }
    expect(a).toEqual(b)
  })

  it('finds by arithmetic the cell under a point, for every cell', () => {
    const inputs = fc.record({
      roomCount: fc.integer({ min: 1, max: 300 }),
      mostCells: fc.integer({ min: 0, max: 130 }),
      podCapacity: fc.constant(110),
      pendingCells: fc.integer({ min: 0, max: 500 }),
      longestName: fc.integer({ min: 8, max: 60 }),
      longestNodeName: fc.integer({ min: 4, max: 40 }),
      stageW: fc.integer({ min: 320, max: 2000 }),
      stageH: fc.integer({ min: 240, max: 1200 }),
    })
    const corner = { x: 0, y: 0 }
    fc.assert(
      fc.property(inputs, fc.nat(), fc.nat(), (input, roomSeed, cellSeed) => {
        const layout = chooseLayout(input)
        const capacity = layout.cellColumns * layout.cellRows
        expect(capacity).toBeGreaterThanOrEqual(input.mostCells)
        for (const position of [roomSeed % input.roomCount, LANE]) {
          const cell = cellSeed % (position === LANE ? layout.laneColumns * layout.laneRows : capacity)
          cellCorner(layout, position, cell, corner)
          expect(hitTest(layout, corner.x + layout.cellPitchX / 2, corner.y + layout.cellPitchY / 2)).toEqual({ position, cell })
        }
        const world = worldRect(layout)
        const view = fitView(layout, input.stageW, input.stageH)
        expect(world.x * view.k + view.x).toBeGreaterThanOrEqual(0)
        expect((world.y + world.h) * view.k + view.y).toBeLessThanOrEqual(input.stageH)
        expect(laneRect(layout).h).toBeGreaterThan(0)
      }),
      { numRuns: 150 },
    )
  })

  it('changes the size of rooms seldom, and shrinks them later than it grew them', () => {
    expect([0, 20, 21, 48, 49, 110, 111].map((most) => gridCapacity(most, 110))).toEqual([20, 20, 32, 48, 72, 110, 250])
    expect(gridCapacity(30, 110, 48)).toBe(48)
    expect(gridCapacity(60, 110, 110)).toBe(110)
    expect(gridCapacity(20, 110, 110)).toBe(20)
  })
})

describe('placing rooms', () => {
  it('keeps every node at its slot while few are gone, and closes up when most are', () => {
    expect(placeRooms(['a', undefined, 'c'], 2)).toEqual({ positions: Int32Array.of(0, -1, 2), roomCount: 3 })
    expect(placeRooms([undefined, undefined, 'c', undefined, 'e'], 2)).toEqual({
      positions: Int32Array.of(-1, -1, 0, -1, 1),
      roomCount: 2,
    })
  })
})
