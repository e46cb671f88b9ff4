import { along, wayBetween, type Box, type Point } from './geometry.ts'
import type { DotLook, Traffic } from './traffic.ts'

/** Stations with a line of their own to the API server; controllers share their process's. */
export interface Scene {
  readonly boxes: ReadonlyMap<string, Box>
  readonly lines: readonly string[]
  /** The station whose line is shown strongly, for the entry that is open; null for none. */
  readonly marked: { readonly station: string; readonly store: boolean } | null
}
export interface Colours {
  readonly line: string
  readonly traffic: string
  readonly event: string
  readonly refusal: string
  readonly text: string
  readonly surface: string
  readonly font: string
}

/** More dots than this go without their labels. */
const MOST_LABELS = 10
const WIDEST = 10

/** The quiet lines and the traffic on them. */
export function paintLines(
  context: CanvasRenderingContext2D,
  scene: Scene,
  traffic: Traffic,
  nowMs: number,
  colours: Colours,
): void {
  const api = scene.boxes.get('apiserver')
  if (!api) return
  for (const id of scene.lines) {
    const box = scene.boxes.get(id)
    if (!box) continue
    const { from, to } = wayBetween(box, api)
    const heat = traffic.heat(id, nowMs)
    stroke(context, from, to, colours.line, 1)
    if (heat > 0.05) {
      context.globalAlpha = Math.min(1, 0.25 + heat / 4)
      stroke(context, from, to, colours.traffic, Math.min(WIDEST, 1 + Math.log2(1 + heat) * 1.5))
      context.globalAlpha = 1
    }
  }
  const { marked } = scene
  if (!marked) return
  const box = scene.boxes.get(marked.station)
  const store = scene.boxes.get('etcd')
  if (box && box !== api) mark(context, wayBetween(box, api), colours)
  if (marked.store && store) mark(context, wayBetween(api, store), colours)
}

function mark(
  context: CanvasRenderingContext2D,
  { from, to }: { readonly from: Point; readonly to: Point },
  colours: Colours,
): void {
  stroke(context, from, to, colours.surface, 7)
  stroke(context, from, to, colours.traffic, 3)
  for (const point of [from, to]) {
    context.fillStyle = colours.traffic
    context.beginPath()
    context.arc(point.x, point.y, 4, 0, 2 * Math.PI)
    context.fill()
  }
}

function stroke(context: CanvasRenderingContext2D, from: Point, to: Point, colour: string, width: number): void {
  context.strokeStyle = colour
  context.lineWidth = width
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.lineTo(to.x, to.y)
  context.stroke()
}

/** Requests, watch events and refusals under way; each has its own shape. */
export function paintDots(
  context: CanvasRenderingContext2D,
  { boxes }: Scene,
  traffic: Traffic,
  nowMs: number,
  colours: Colours,
): void {
  const places = traffic.places(nowMs)
  const taken: Point[] = []
  for (const { dot, place } of places) {
    const from = boxes.get(place.leg.from)
    const to = boxes.get(place.leg.to)
    if (!from || !to) continue
    const at = along(wayBetween(from, to), place.part)
    paintMark(context, place.leg.look, at, colours)
    if (places.length > MOST_LABELS || taken.some((other) => Math.abs(other.x - at.x) < 120 && Math.abs(other.y - at.y) < 14))
      continue
    taken.push(at)
    paintLabel(context, dot.label, at, colours)
  }
}

function paintMark(context: CanvasRenderingContext2D, look: DotLook, { x, y }: Point, colours: Colours): void {
  context.lineWidth = 1.5
  context.strokeStyle = colours.surface
  context.beginPath()
  if (look === 'request') context.arc(x, y, 5, 0, 2 * Math.PI)
  else if (look === 'event') polygon(context, [x, y - 6, x + 6, y, x, y + 6, x - 6, y])
  else polygon(context, [x - 5, y - 5, x + 5, y - 5, x + 5, y + 5, x - 5, y + 5])
  context.fillStyle = look === 'request' ? colours.traffic : look === 'event' ? colours.event : colours.refusal
  context.fill()
  context.stroke()
  if (look !== 'refusal') return
  context.beginPath()
  context.moveTo(x - 2.5, y - 2.5)
  context.lineTo(x + 2.5, y + 2.5)
  context.moveTo(x + 2.5, y - 2.5)
  context.lineTo(x - 2.5, y + 2.5)
  context.stroke()
}

function polygon(context: CanvasRenderingContext2D, [x = 0, y = 0, ...rest]: readonly number[]): void {
  context.moveTo(x, y)
  for (let i = 0; i < rest.length; i += 2) context.lineTo(rest[i] ?? 0, rest[i + 1] ?? 0)
  context.closePath()
}

function paintLabel(context: CanvasRenderingContext2D, text: string, { x, y }: Point, colours: Colours): void {
  context.font = colours.font
  context.textAlign = 'center'
  context.textBaseline = 'bottom'
  context.lineWidth = 4
  context.lineJoin = 'round'
  context.strokeStyle = colours.surface
  context.strokeText(text, x, y - 8)
  context.fillStyle = colours.text
  context.fillText(text, x, y - 8)
}
