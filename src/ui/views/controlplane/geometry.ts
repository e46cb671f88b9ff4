/** A box, in the diagram's own pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export interface Point {
  readonly x: number
  readonly y: number
}
export interface Way {
  readonly from: Point
  readonly to: Point
}

/** The straight way between two boxes, from border to border. */
export function wayBetween(a: Box, b: Box): Way {
  const [from, to] = [centre(a), centre(b)]
  return { from: leave(a, from, to), to: leave(b, to, from) }
}

export function along({ from, to }: Way, part: number): Point {
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
}

function centre({ x, y, width, height }: Box): Point {
  return { x: x + width / 2, y: y + height / 2 }
}

/** Where the line from a box's centre to a point outside crosses its border. */
function leave({ width, height }: Box, centre: Point, target: Point): Point {
  const dx = target.x - centre.x
  const dy = target.y - centre.y
  if (dx === 0 && dy === 0) return centre
  const part = Math.min(dx === 0 ? Infinity : width / 2 / Math.abs(dx), dy === 0 ? Infinity : height / 2 / Math.abs(dy), 1)
  return { x: centre.x + dx * part, y: centre.y + dy * part }
}
