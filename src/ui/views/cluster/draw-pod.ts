/** A pod's cell: its shape alone when small, a card with its name when larger, its containers when larger still. */
import { POD_STATES, type PodRow } from '../../../worker/protocol.ts'
import type { ContainerBox } from './inside.ts'
import type { Rect } from './layout.ts'
import type { Scene } from './scene.ts'
import { formatLeft, MONO_ADVANCE, wrapName } from './text.ts'

const READY = POD_STATES.indexOf('ready')
const TERMINATING = POD_STATES.indexOf('terminating')
/** Below this size, in pixels, rounded corners cannot be seen. */
const PLAIN = 12
/** Smallest cell that may show text, and that may show what is inside. */
const CARD_W = 44
const CARD_H = 20
export const INSIDE_W = 260
export const INSIDE_H = 84

interface Wrapped {
  readonly width: number
  readonly max: number
  readonly lines: readonly string[] | null
}
const wraps = new WeakMap<PodRow, Wrapped>()

function wrappedName(pod: PodRow, width: number, max: number): readonly string[] | null {
  const known = wraps.get(pod)
  if (known && known.width === width && known.max === max) return known.lines
  const lines = wrapName(pod.name, width, max)
  wraps.set(pod, { width, max, lines })
  return lines
}

export function drawPod(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  pod: PodRow,
  x: number,
  y: number,
  w: number,
  h: number,
  k: number,
  scale: number,
): void {
  if (w >= CARD_W && h >= CARD_H && drawCard(ctx, scene, pod, x, y, w, h, k, scale)) return
  const side = Math.min(w, h) * (h > 12 ? 0.92 : 1)
  const left = w > 2 * h ? x + 2 : x + (w - side) / 2
  if (side < PLAIN && pod.state === READY) {
    // Most cells of a large cluster: filling is several times faster than copying a shape.
    ctx.fillStyle = scene.palette.states[READY] ?? scene.palette.text
    ctx.fillRect(left, y + (h - side) / 2, side, side)
    return
  }
  scene.sprites.draw(ctx, pod.state, pod.progress, left, y + (h - side) / 2, side, scale)
}

/** 12 px type grows and shrinks with the zoom, but stays at 11 px as long as the rows have room for it. */
function rowTypeSize(k: number): number {
  return Math.max(8, Math.min(15, Math.max(12 * k, Math.min(11, 14.2 * k))))
}

/** Name and status beside the shape. False when the name would have to be cut. */
function drawCard(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  pod: PodRow,
  x: number,
  y: number,
  w: number,
  h: number,
  k: number,
  scale: number,
): boolean {
  const { palette, layout } = scene
  const rows = layout.mode === 'rows'
  const size = rows ? rowTypeSize(k) : w < 110 ? 11 : w < 200 ? 12 : 13
  const lineH = size * 1.17
  // In rows the shape stands left of the text; in squares above it.
  const side = rows ? Math.min(h - 4, size * 1.25) : Math.min(20, w * 0.24)
  const textX = rows ? x + 8 + side + 8 : x + 6
  const inside = scene.inside?.slot === pod.slot && w >= INSIDE_W && h >= INSIDE_H ? scene.inside.boxes : null
  const textW = inside && w > 2.2 * h ? Math.min(w * 0.42, pod.name.length * size * MONO_ADVANCE + 30) : x + w - 6 - textX
  const room = Math.floor(((rows ? h : h - side - 8) - 2) / lineH)
  const status = !rows || layout.statusLine || room > layout.nameLines ? 1 : 0
  const lines = wrappedName(pod, Math.floor(textW / (size * MONO_ADVANCE) + 0.05), Math.max(1, room - (rows ? status : 0)))
  if (!lines) return false
  const shown = lines.length + (room > lines.length && status ? 1 : 0)
  const extra = Math.max(0, Math.min(3, room - shown))
  const top = rows ? y + Math.max(2, (Math.min(h, INSIDE_H) - (shown + (h > INSIDE_H ? extra : 0)) * lineH) / 2) : y + side + 8
  if (!rows || h > 56) outline(ctx, palette.line, x, y, w, h)
  scene.sprites.draw(
    ctx,
    pod.state,
    pod.progress,
    rows ? x + 6 : x + 5,
    rows ? top + (lineH - side) / 2 + (shown > 1 ? lineH * 0.1 : 0) : y + 4,
    side,
    scale,
  )
  ctx.textBaseline = 'middle'
  ctx.font = `${size}px ${palette.fontMono}`
  ctx.fillStyle = palette.text
  let line = top + lineH / 2
  for (const part of lines) {
    ctx.fillText(part, textX, line)
    line += lineH
  }
  if (shown > lines.length)
    drawStatus(ctx, scene, pod, textX, line, Math.max(Math.min(11, size), size - 1), rows ? textW : w - 10)
  if (!rows) drawBadge(ctx, scene, pod, x + side + 11, y + 5 + side / 2, w - side - 14)
  if (h > INSIDE_H && extra > 0) drawFacts(ctx, scene, pod, textX, line + lineH, lineH, extra, textW)
  if (inside) drawInside(ctx, scene, inside, insideArea(x, y, w, h, textX + textW, line + lineH * (extra + 0.5)), scale)
  return true
}

function outline(ctx: CanvasRenderingContext2D, color: string, x: number, y: number, w: number, h: number): void {
  ctx.beginPath()
  ctx.roundRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.round(w) - 1, Math.round(h) - 1, 5)
  ctx.strokeStyle = color
  ctx.lineWidth = 1
  ctx.stroke()
}

/** kubectl's READY, STATUS and RESTARTS in one line, as much as fits whole. */
function drawStatus(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  pod: PodRow,
  x: number,
  y: number,
  size: number,
  w: number,
): void {
  ctx.font = `${size}px ${scene.palette.fontUi}`
  ctx.fillStyle = pod.state === READY ? scene.palette.textMuted : (scene.palette.states[pod.state] ?? scene.palette.textSoft)
  const left = pod.state === TERMINATING && pod.graceEndsMs !== undefined ? ` ${formatLeft(pod.graceEndsMs - scene.nowMs)}` : ''
  const status = `${pod.status}${left}`
  const whole = `${pod.readyContainers}/${pod.containers}  ${status}${pod.restarts > 0 ? `  ↻${pod.restarts}` : ''}`
  for (const text of [whole, status])
    if (ctx.measureText(text).width <= w) {
      ctx.fillText(text, x, y)
      return
    }
}

/** Beside the shape of a square card: restarts, or the seconds left of a grace period. */
function drawBadge(ctx: CanvasRenderingContext2D, { palette, nowMs }: Scene, pod: PodRow, x: number, y: number, w: number): void {
  const leaving = pod.state === TERMINATING && pod.graceEndsMs !== undefined
  const text = leaving
    ? formatLeft((pod.graceEndsMs ?? 0) - nowMs)
    : pod.restarts > 0
      ? `↻${pod.restarts}`
      : pod.state === READY
        ? ''
        : `${pod.readyContainers}/${pod.containers}`
  if (text === '' || w < 16) return
  ctx.font = `600 11px ${palette.fontUi}`
  ctx.fillStyle = palette.states[pod.state] ?? palette.textSoft
  ctx.fillText(text, x, y)
}

function drawFacts(
  ctx: CanvasRenderingContext2D,
  { palette }: Scene,
  pod: PodRow,
  x: number,
  y: number,
  lineH: number,
  count: number,
  w: number,
): void {
  ctx.font = `11px ${palette.fontMono}`
  ctx.fillStyle = palette.textMuted
  const facts = [pod.ip, pod.owner, `namespace ${pod.namespace}`].filter((fact) => fact !== '')
  for (let i = 0; i < Math.min(count, facts.length); i++) {
    const fact = facts[i] ?? ''
    if (ctx.measureText(fact).width <= w) ctx.fillText(fact, x, y + i * lineH)
  }
}

/** Right of the text where the cell is wide, else below it. */
function insideArea(x: number, y: number, w: number, h: number, textRight: number, textBottom: number): Rect {
  if (w > 2.2 * h) return { x: textRight + 8, y: y + 6, w: x + w - textRight - 16, h: h - 12 }
  return { x: x + 8, y: textBottom, w: w - 16, h: y + h - textBottom - 8 }
}

/** The containers in their sandbox, each a box with its image and state. */
function drawInside(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  boxes: readonly ContainerBox[],
  area: Rect,
  scale: number,
): void {
  const wide = area.w > 1.6 * area.h
  const columns = wide ? boxes.length : 1
  const gap = 6
  const w = (area.w - (columns - 1) * gap) / columns
  const h = wide ? area.h : Math.min(72, (area.h - (boxes.length - 1) * gap) / boxes.length)
  if (w < 60 || h < 30) return
  boxes.forEach((box, i) => {
    const x = area.x + (wide ? i * (w + gap) : 0)
    const y = area.y + (wide ? 0 : i * (h + gap))
    drawContainer(ctx, scene, box, x, y, w, h, scale)
  })
}

function drawContainer(
  ctx: CanvasRenderingContext2D,
  { palette, sprites }: Scene,
  box: ContainerBox,
  x: number,
  y: number,
  w: number,
  h: number,
  scale: number,
): void {
  ctx.beginPath()
  ctx.roundRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.round(w) - 1, Math.round(h) - 1, 4)
  ctx.fillStyle = palette.panel
  ctx.fill()
  ctx.strokeStyle = palette.lineStrong
  ctx.setLineDash(box.role === 'pause' || box.role === 'init' ? [3, 3] : [])
  ctx.stroke()
  ctx.setLineDash([])
  sprites.draw(ctx, box.state, 0.5, x + 8, y + 8, 12, scale)
  ctx.save()
  ctx.beginPath()
  ctx.rect(x, y, w, h)
  ctx.clip()
  ctx.font = `600 12px ${palette.fontMono}`
  ctx.fillStyle = palette.text
  ctx.fillText(box.name, x + 26, y + 14)
  ctx.font = `11px ${palette.fontUi}`
  ctx.fillStyle = box.state === READY ? palette.textMuted : (palette.states[box.state] ?? palette.textSoft)
  const role = box.role === 'container' || box.role === 'pause' ? '' : `${box.role} · `
  if (h >= 40) ctx.fillText(`${role}${box.status}${box.restarts > 0 ? `  ↻${box.restarts}` : ''}`, x + 8, y + 32)
  ctx.fillStyle = palette.textMuted
  ctx.font = `11px ${palette.fontMono}`
  const image = wrapName(box.image, Math.floor((w - 14) / 6.7), 3) ?? []
  image.forEach((line, i) => h >= 58 + i * 14 && ctx.fillText(line, x + 8, y + 48 + i * 14))
  ctx.restore()
}
