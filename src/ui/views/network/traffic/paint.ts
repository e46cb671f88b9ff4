import type { NetLink, NetTopology } from '../../../../worker/network/protocol.ts'
import type { DotPlace, Dots } from './dots.ts'
import { along, wayBetween, wayToLoss, type Anchor, type Picture } from './ways.ts'

export interface Colours {
  readonly line: string
  readonly accent: string
  readonly soft: string
  readonly danger: string
  readonly text: string
  readonly surface: string
  readonly font: string
}

const WIDEST = 12

export function readColours(element: HTMLElement): Colours {
  const style = getComputedStyle(element)
  const read = (name: string): string => style.getPropertyValue(name).trim()
  return {
    line: read('--line-control'),
    accent: read('--accent'),
    soft: read('--text-soft'),
    danger: read('--danger'),
    text: read('--text'),
    surface: read('--surface-stage'),
    font: `${read('--text-small')} ${style.fontFamily}`,
  }
}

/** Links, rates, faults, dots. */
export function paint(
  context: CanvasRenderingContext2D,
  picture: Picture,
  topology: NetTopology,
  dots: Dots,
  nowMs: number,
  colours: Colours,
): void {
  paintLinks(context, picture, topology, colours)
  paintRates(context, picture, dots, nowMs, colours)
  for (const link of topology.links) paintFault(context, picture, link, colours)
  paintPartition(context, picture, topology, colours)
  paintDots(context, picture, dots, nowMs, colours)
}

function paintLinks(context: CanvasRenderingContext2D, picture: Picture, topology: NetTopology, colours: Colours): void {
  context.strokeStyle = colours.line
  context.lineWidth = 1
  for (const { name } of topology.nodes) {
    line(context, wayBetween(picture, `node:${name}`, 'outside').slice(1, -1))
    const [port, bridge] = [picture.anchors.get(`port:${name}`), picture.anchors.get(`bridge:${name}`)]
    if (port && bridge) line(context, [port, bridge])
  }
  for (const [end, node] of picture.nodeOf) {
    const [pod, bridge] = [picture.anchors.get(end), picture.anchors.get(`bridge:${node}`)]
    if (!pod || !bridge) continue
    line(context, [pod, { x: bridge.x, y: pod.y }, bridge])
  }
}

function paintRates(context: CanvasRenderingContext2D, picture: Picture, dots: Dots, nowMs: number, colours: Colours): void {
  context.strokeStyle = colours.accent
  context.lineCap = 'round'
  context.lineJoin = 'round'
  for (const { from, to, rate } of dots.ways(nowMs)) {
    context.globalAlpha = 0.22
    context.lineWidth = Math.min(WIDEST, 1.5 + Math.log2(1 + rate))
    line(context, wayBetween(picture, from, to))
  }
  context.globalAlpha = 1
}

/** A dashed arc between two machines, with what is wrong. */
function paintFault(
  context: CanvasRenderingContext2D,
  picture: Picture,
  { a, b, cut, delayMs, lossPercent }: NetLink,
  colours: Colours,
): void {
  const [from, to] = [portOf(picture, a), portOf(picture, b)]
  if (!from || !to) return
  const middle = { x: (from.x + to.x) / 2, y: picture.lanY - 14 }
  context.strokeStyle = colours.danger
  context.lineWidth = 1.5
  context.setLineDash([5, 4])
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.quadraticCurveTo(middle.x, middle.y - 10, to.x, to.y)
  context.stroke()
  context.setLineDash([])
  const words = [cut ? '✕' : '', delayMs > 0 ? `+${delayMs} ms` : '', lossPercent > 0 ? `${lossPercent}%` : '']
    .filter(Boolean)
    .join(' ')
  label(context, words, { x: middle.x, y: (from.y + to.y) / 4 + (middle.y - 10) / 2 }, colours.danger, colours)
}

function paintPartition(context: CanvasRenderingContext2D, picture: Picture, { partition }: NetTopology, colours: Colours): void {
  for (const group of partition)
    for (const name of group) {
      const port = portOf(picture, name)
      if (port) cross(context, { x: port.x, y: (port.y + picture.lanY) / 2 }, 6, colours.danger)
    }
}

function portOf({ anchors }: Picture, machine: string): Anchor | undefined {
  return machine === '' || machine === 'outside' ? anchors.get('outside') : anchors.get(`port:${machine}`)
}

function paintDots(context: CanvasRenderingContext2D, picture: Picture, dots: Dots, nowMs: number, colours: Colours): void {
  const ways = new Map<string, readonly Anchor[]>()
  const wayOf = ({ dot: { from, to, lostAt } }: DotPlace): readonly Anchor[] => {
    const key = `${from} ${to} ${lostAt}`
    let way = ways.get(key)
    if (!way) ways.set(key, (way = lostAt === '' ? wayBetween(picture, from, to) : wayToLoss(picture, from, lostAt)))
    return way
  }
  const there = new Path2D()
  const back = new Path2D()
  const lost: Anchor[] = []
  for (const place of dots.places(nowMs)) {
    const way = wayOf(place)
    if (way.length === 0) continue
    const { x, y } = along(way, place.part)
    if (place.phase === 'lost') lost.push({ x, y })
    else {
      const path = place.phase === 'there' ? there : back
      const radius = place.phase === 'there' ? 3.5 : 2.5
      path.moveTo(x + radius, y)
      path.arc(x, y, radius, 0, 2 * Math.PI)
    }
  }
  context.fillStyle = colours.accent
  context.fill(there)
  context.fillStyle = colours.soft
  context.fill(back)
  for (const point of lost) cross(context, point, 5, colours.danger)
}

function cross(context: CanvasRenderingContext2D, { x, y }: Anchor, size: number, colour: string): void {
  context.strokeStyle = colour
  context.lineWidth = 2
  context.beginPath()
  context.moveTo(x - size, y - size)
  context.lineTo(x + size, y + size)
  context.moveTo(x + size, y - size)
  context.lineTo(x - size, y + size)
  context.stroke()
}

function label(
  context: CanvasRenderingContext2D,
  text: string,
  { x, y }: Anchor,
  colour: string,
  { font, surface }: Colours,
): void {
  context.font = font
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.lineWidth = 4
  context.lineJoin = 'round'
  context.strokeStyle = surface
  context.strokeText(text, x, y)
  context.fillStyle = colour
  context.fillText(text, x, y)
}

function line(context: CanvasRenderingContext2D, points: readonly Anchor[]): void {
  context.beginPath()
  for (const [i, { x, y }] of points.entries()) {
    if (i === 0) context.moveTo(x, y)
    else context.lineTo(x, y)
  }
  context.stroke()
}
