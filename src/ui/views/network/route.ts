/** The line that a packet follows over the stage. */

export interface StationBox {
  /** Index of the station. */
  readonly at: number
  readonly column: string
  /** Column and number of the lane: legs within one lane go straight. */
  readonly lane: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export interface Point {
  readonly x: number
  readonly y: number
}

/** How far lines run beyond the boxes that they go around. */
const CLEARANCE = 10

/**
 * The corners of the leg between two stations: straight inside a lane, over the top between the lanes of one column, and
 * along the floor between columns.
 */
export function legPoints(a: StationBox, b: StationBox, floor: number, roof: (column: string) => number): readonly Point[] {
  const [from, to] = [centre(a), centre(b)]
  if (a.lane === b.lane || Math.abs(from.x - to.x) < 2) {
    const down = to.y > from.y
    return [
      { x: from.x, y: down ? a.y + a.height : a.y },
      { x: from.x, y: down ? b.y : b.y + b.height },
    ]
  }
  if (a.column === b.column) {
    const top = roof(a.column) - CLEARANCE
    return [
      { x: from.x, y: a.y },
      { x: from.x, y: top },
      { x: to.x, y: top },
      { x: to.x, y: b.y },
    ]
  }
  const bottom = floor + CLEARANCE
  return [
    { x: from.x, y: a.y + a.height },
    { x: from.x, y: bottom },
    { x: to.x, y: bottom },
    { x: to.x, y: b.y + b.height },
  ]
}

export function centre({ x, y, width, height }: StationBox): Point {
  return { x: x + width / 2, y: y + height / 2 }
}

/** SVG path with rounded corners. */
export function pathText(points: readonly Point[], radius = 6): string {
  const [first, ...rest] = points
  if (!first) return ''
  let text = `M${first.x},${first.y}`
  for (const [i, point] of rest.entries()) {
    const next = rest[i + 1]
    const last = points[i]
    if (!next || !last) {
      text += `L${point.x},${point.y}`
      continue
    }
    const [a, b] = [towards(point, last, radius), towards(point, next, radius)]
    text += `L${a.x},${a.y}Q${point.x},${point.y} ${b.x},${b.y}`
  }
  return text
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  if (length === 0) return from
  const part = Math.min(0.5, distance / length)
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
}

/** Where a part, 0..1, of the way along the corners lies. */
export function pointAt(points: readonly Point[], part: number): Point {
  const first = points[0] ?? { x: 0, y: 0 }
  const lengths = points.slice(1).map((point, i) => distance(points[i] ?? first, point))
  let left = lengths.reduce((sum, length) => sum + length, 0) * Math.min(1, Math.max(0, part))
  for (const [i, length] of lengths.entries()) {
    const [a, b] = [points[i] ?? first, points[i + 1] ?? first]
    if (left <= length && length > 0) return { x: a.x + ((b.x - a.x) * left) / length, y: a.y + ((b.y - a.y) * left) / length }
    left -= length
  }
  return points.at(-1) ?? first
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y)
}
