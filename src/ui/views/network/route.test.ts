import { describe, expect, it } from 'vitest'
import { legPoints, pathText, pointAt, type StationBox } from './route.ts'

const box = (at: number, column: string, lane: string, x: number, y: number): StationBox => ({
  at,
  column,
  lane,
  x,
  y,
  width: 100,
  height: 20,
})
const roof = (): number => 40

describe('legs', () => {
  it('go straight inside a lane', () => {
    expect(legPoints(box(0, 'a', 'a0', 0, 50), box(1, 'a', 'a0', 0, 100), 200, roof)).toEqual([
      { x: 50, y: 70 },
      { x: 50, y: 100 },
    ])
  })
  it('go over the top from lane to lane', () => {
    const points = legPoints(box(0, 'a', 'a0', 0, 50), box(1, 'a', 'a1', 120, 80), 200, roof)
    expect(points.map(({ y }) => y)).toEqual([50, 30, 30, 80])
  })
  it('go along the floor from column to column', () => {
    const points = legPoints(box(0, 'a', 'a0', 0, 180), box(1, 'b', 'b0', 220, 180), 200, roof)
    expect(points.map(({ y }) => y)).toEqual([200, 210, 210, 200])
  })
})

it('finds the place of a part of the way', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 0, y: 10 },
    { x: 30, y: 10 },
  ]
  expect(pointAt(points, 0)).toEqual({ x: 0, y: 0 })
  expect(pointAt(points, 0.5)).toEqual({ x: 10, y: 10 })
  expect(pointAt(points, 1)).toEqual({ x: 30, y: 10 })
})

it('rounds corners', () => {
  expect(
    pathText(
      [
        { x: 0, y: 0 },
        { x: 0, y: 20 },
        { x: 20, y: 20 },
      ],
      5,
    ),
  ).toBe('M0,0L0,15Q0,20 5,20L20,20')
})
