import type { NetLink, NetTopology } from '../../../../worker/network/protocol.ts'
import type { DotPlace, Dots } from './dots.ts'
import { along, climb, wayBetween, wayToLoss, type Anchor, type Picture } from './ways.ts'

export interface Colours {
  readonly line: string
  readonly accent: string
  readonly soft: string
  readonly danger: string
  readonly text: string
  readonly surface: string
  readonly font: string
  /** Dots ready to be put down: many small circles of one path are slow. */
  readonly there: CanvasImageSource
  readonly back: CanvasImageSource
}

const WIDEST = 12
const SPRITE_PX = 8

function sprite(colour: string, radius: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  const ratio = Math.max(1, devicePixelRatio)
  canvas.width = canvas.height = Math.ceil(SPRITE_PX * ratio)
  const context = canvas.getContext('2d')
  if (!context) return canvas
  context.scale(ratio, ratio)
  context.fillStyle = colour
  context.beginPath()
  context.arc(SPRITE_PX / 2, SPRITE_PX / 2, radius, 0, 2 * Math.PI)
  context.fill()
  return canvas
}

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
    there: sprite(read('--accent'), 3.5),
    back: sprite(read('--text-soft'), 2.5),
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
  paintFaults(context, picture, topology, colours)
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

/** What is wrong: beside the line of a machine that has it with everyone, else as a dashed arc over the LAN. */
function paintFaults(context: CanvasRenderingContext2D, picture: Picture, { links, nodes }: NetTopology, colours: Colours): void {
  const machines = [...nodes.map(({ name }) => name), '']
  const wordsOf = ({ cut, delayMs, lossPercent }: NetLink): string =>
    [cut ? '✕' : '', delayMs > 0 ? `+${delayMs} ms` : '', lossPercent > 0 ? `${lossPercent}%` : ''].filter(Boolean).join(' ')
  const whole = new Set<NetLink>()
  for (const machine of machines) {
    const own = links.filter((link) => link.a === machine || link.b === machine)
    const words = new Set(own.map(wordsOf))
    if (own.length < machines.length - 1 || words.size !== 1) continue
    for (const link of own) whole.add(link)
    const way = climb(picture, endOf(machine))
    const [before, joint] = [way.at(-2), way.at(-1)]
    if (!before || !joint) continue
    dashed(context, [before, joint], colours)
    const text = [...words].join('')
    label(context, text, { x: joint.x + 12, y: (joint.y + Math.min(before.y, joint.y + 40)) / 2 }, colours.danger, colours)
  }
  let height = 14
  for (const link of links) {
    if (whole.has(link)) continue
    const [from, to] = [climb(picture, endOf(link.a)).at(-1), climb(picture, endOf(link.b)).at(-1)]
    if (!from || !to) continue
    dashed(context, [from, { x: (from.x + to.x) / 2, y: picture.lanY - 2 * height }, to], colours)
    label(context, wordsOf(link), { x: (from.x + to.x) / 2, y: picture.lanY - height }, colours.danger, colours)
    height += 10
  }
}

function endOf(machine: string): string {
  return machine === '' || machine === 'outside' ? 'outside' : `node:${machine}`
}

function dashed(context: CanvasRenderingContext2D, [from, middle, to]: readonly Anchor[], { danger }: Colours): void {
  if (!from || !middle) return
  context.strokeStyle = danger
  context.lineWidth = 2
  context.setLineDash([5, 4])
  context.beginPath()
  context.moveTo(from.x, from.y)
  if (to) context.quadraticCurveTo(middle.x, middle.y, to.x, to.y)
  else context.lineTo(middle.x, middle.y)
  context.stroke()
  context.setLineDash([])
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
  const lost: Anchor[] = []
  for (const place of dots.places(nowMs)) {
    const way = wayOf(place)
    if (way.length === 0) continue
    const { x, y } = along(way, place.part)
    if (place.phase === 'lost') lost.push({ x, y })
    else {
      const sprite = place.phase === 'there' ? colours.there : colours.back
      context.drawImage(sprite, x - SPRITE_PX / 2, y - SPRITE_PX / 2, SPRITE_PX, SPRITE_PX)
    }
  }
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
