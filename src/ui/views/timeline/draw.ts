/** Paints lives on a canvas. */
import { scaleUtc } from 'd3'
import type { TimelineLane, TimelineMark } from '../../../worker/timeline/protocol.ts'
import { CELL_PATH, podState, STATE_SHAPES } from '../../icons/states.ts'
import { glyphParts, GLYPH_VIEW } from '../../diagrams/glyphs.ts'
import { mixColors, type Palette } from '../cluster/palette.ts'
import { bandEnd, type MarkIndex, type Row, type TimeWindow } from './model.ts'

export interface Scene {
  readonly rows: readonly Row[]
  readonly marks: MarkIndex
  readonly window: TimeWindow
  readonly nowMs: number
  /** The moment of the past that is looked at. */
  readonly atMs: number | null
  readonly scrollTop: number
  readonly rowHeight: number
  readonly width: number
  readonly height: number
  readonly onlyWarnings: boolean
  readonly selected: string
  readonly focused: TimelineMark | null
  readonly palette: Palette
  readonly fontPx: number
}

type Context = CanvasRenderingContext2D
const GLYPH_PX = 12
const paths = new Map<string, Path2D>()
const pathOf = (d: string): Path2D => {
  let path = paths.get(d)
  if (!path) paths.set(d, (path = new Path2D(d)))
  return path
}

/** Ticks of the time axis: place in pixels and text. */
export function axisTicks(
  { fromMs, toMs }: TimeWindow,
  width: number,
): readonly { readonly x: number; readonly label: string }[] {
  const scale = scaleUtc([fromMs, toMs], [0, width])
  const fine = toMs - fromMs < 8000
  return scale
    .ticks(Math.max(2, Math.floor(width / 110)))
    .map((tick) => ({ x: scale(tick), label: tick.toISOString().slice(11, fine ? 23 : 19) }))
}

export function xOf({ fromMs, toMs }: TimeWindow, width: number, timeMs: number): number {
  return ((timeMs - fromMs) / (toMs - fromMs)) * width
}

export function draw(context: Context, scene: Scene): void {
  const { width, height, palette, rows, rowHeight, scrollTop, window } = scene
  context.fillStyle = palette.stage
  context.fillRect(0, 0, width, height)
  context.fillStyle = palette.line
  for (const { x } of axisTicks(window, width)) context.fillRect(Math.round(x), 0, 1, height)
  const first = Math.max(0, Math.floor(scrollTop / rowHeight))
  const last = Math.min(rows.length, Math.ceil((scrollTop + height) / rowHeight))
  for (let i = first; i < last; i++) {
    const row = rows[i] as Row
    const top = i * rowHeight - scrollTop
    if (row.type === 'group') drawHeading(context, scene, top)
    else drawLane(context, scene, row.lane, top)
  }
  drawMoments(context, scene)
}

function drawHeading(context: Context, { palette, width, rowHeight }: Scene, top: number): void {
  context.fillStyle = palette.panel
  context.fillRect(0, top, width, rowHeight)
  context.fillStyle = palette.line
  context.fillRect(0, top + rowHeight - 1, width, 1)
}

function drawLane(context: Context, scene: Scene, lane: TimelineLane, top: number): void {
  const { palette, width, rowHeight, window, nowMs, selected } = scene
  if (lane.uid === selected) {
    context.fillStyle = mixColors(palette.accent, palette.stage, 0.14)
    context.fillRect(0, top, width, rowHeight)
  }
  const x = (timeMs: number): number => xOf(window, width, timeMs)
  const endMs = lane.endMs ?? nowMs
  const barTop = top + 4
  const barHeight = rowHeight - 9
  if (lane.bands[0] && lane.startMs < lane.bands[0].fromMs)
    drawBand(context, scene, -1, '', x(lane.startMs), x(lane.bands[0].fromMs), barTop, barHeight)
  lane.bands.forEach((band, i) =>
    drawBand(context, scene, band.state, band.status, x(band.fromMs), x(bandEnd(lane, i, nowMs)), barTop, barHeight),
  )
  context.fillStyle = palette.textSoft
  const start = x(lane.startMs)
  if (start > -2 && start < width) context.fillRect(Math.round(start) - 1, top + 2, 2, rowHeight - 5)
  if (lane.endMs !== null) drawEnd(context, Math.round(x(endMs)), barTop, barHeight)
  drawMarks(context, scene, lane, top)
}

/** The end of a life: a bracket that closes it. */
function drawEnd(context: Context, x: number, top: number, height: number): void {
  context.fillRect(x, top - 2, 2, height + 4)
  context.fillRect(x - 4, top - 2, 5, 2)
  context.fillRect(x - 4, top + height, 5, 2)
}

function drawBand(
  context: Context,
  scene: Scene,
  state: number,
  status: string,
  from: number,
  to: number,
  top: number,
  height: number,
): void {
  const left = Math.max(-8, from)
  const right = Math.min(scene.width + 8, to)
  if (right <= left || right < 0 || left > scene.width) return
  const { palette } = scene
  const wide = Math.max(1, right - left)
  if (state < 0) {
    context.fillStyle = palette.hover
    context.fillRect(left, top, wide, height)
    context.strokeStyle = palette.lineStrong
    context.lineWidth = 1
    context.strokeRect(left + 0.5, top + 0.5, Math.max(0, wide - 1), height - 1)
    drawStatus(context, scene, status, left + 6, right, top, height, palette.textSoft)
    return
  }
  const color = palette.states[state] ?? palette.textMuted
  fillBand(context, scene, state, color, left, top, wide, height)
  const marked = wide >= GLYPH_PX + 4
  if (marked) drawGlyph(context, state, color, palette.raised, Math.max(0, left) + 2, top + (height - GLYPH_PX) / 2)
  const solid = STATE_SHAPES[podState(state)].fill === 'solid'
  const ink = solid ? palette.raised : palette.text
  if (marked) drawStatus(context, scene, status, Math.max(0, left) + GLYPH_PX + 6, right, top, height, ink)
}

/** The body of a band, told apart without colour as the cells are: solid, hollow, dashed, half, hatched or tinted. */
function fillBand(
  context: Context,
  { palette }: Scene,
  state: number,
  color: string,
  left: number,
  top: number,
  wide: number,
  height: number,
): void {
  const { fill } = STATE_SHAPES[podState(state)]
  context.fillStyle = fill === 'solid' ? color : mixColors(color, palette.raised, fill === 'tint' ? 0.22 : 0.1)
  context.fillRect(left, top, wide, height)
  if (fill === 'solid') return
  context.save()
  context.beginPath()
  context.rect(left, top, wide, height)
  context.clip()
  context.strokeStyle = context.fillStyle = color
  context.lineWidth = 2
  if (fill === 'progress') context.fillRect(left, top + height - 4, wide, 4)
  if (fill === 'dashed') context.setLineDash([4, 3])
  if (fill === 'hatch') {
    context.beginPath()
    for (let x = Math.floor(left / 7) * 7 - height; x < left + wide; x += 7) {
      context.moveTo(x, top + height)
      context.lineTo(x + height, top)
    }
    context.lineWidth = 1
    context.stroke()
    context.lineWidth = 2
  }
  context.strokeRect(left, top, wide, height)
  context.restore()
}

function drawGlyph(context: Context, state: number, color: string, surface: string, x: number, y: number): void {
  const scale = GLYPH_PX / GLYPH_VIEW.size
  context.save()
  context.translate(x, y)
  context.scale(scale, scale)
  context.translate(-GLYPH_VIEW.min, -GLYPH_VIEW.min)
  context.lineCap = 'round'
  const { fill } = STATE_SHAPES[podState(state)]
  if (fill !== 'solid') {
    context.fillStyle = surface
    context.fill(pathOf(CELL_PATH))
  }
  for (const part of glyphParts(state, 0.5)) {
    context.globalAlpha = part.opacity ?? 1
    context.setLineDash(part.dash ? [...part.dash] : [])
    context.lineWidth = part.width
    context.strokeStyle = part.paint === 'ink' ? surface : color
    context.fillStyle = color
    context.save()
    if (part.clipped) context.clip(pathOf(CELL_PATH))
    if (part.paint === 'fill') context.fill(pathOf(part.d))
    else context.stroke(pathOf(part.d))
    context.restore()
  }
  context.restore()
}

function drawStatus(
  context: Context,
  { palette, fontPx }: Scene,
  status: string,
  left: number,
  right: number,
  top: number,
  height: number,
  color: string,
): void {
  const room = right - left - 4
  // A word that is cut short tells less than the shape alone.
  if (status === '' || room < 16) return
  context.font = `${fontPx}px ${palette.fontUi}`
  if (context.measureText(status).width > room) return
  context.fillStyle = color
  context.textBaseline = 'middle'
  context.fillText(status, left, top + height / 2 + 0.5)
}

function drawMarks(context: Context, scene: Scene, lane: TimelineLane, top: number): void {
  const { palette, width, rowHeight, window, marks, onlyWarnings, focused } = scene
  let lastX = -10
  const bottom = top + rowHeight - 1
  const danger = palette.states[4] ?? palette.text
  for (const mark of marks.of(lane.uid)) {
    if (mark.timeMs < window.fromMs || mark.timeMs > window.toMs || (onlyWarnings && !mark.warning)) continue
    const x = Math.round(xOf(window, width, mark.timeMs))
    if (mark === focused) {
      context.strokeStyle = palette.accent
      context.lineWidth = 2
      context.strokeRect(x - 4, bottom - 9, 8, 9)
    }
    if (mark.warning) {
      context.fillStyle = palette.raised
      triangle(context, x, bottom + 1, 7)
      context.fillStyle = danger
      triangle(context, x, bottom, 5)
    } else if (x - lastX >= 2) {
      context.fillStyle = palette.textSoft
      context.fillRect(x, bottom - 4, 1, 4)
    }
    lastX = x
  }
}

function triangle(context: Context, x: number, bottom: number, size: number): void {
  context.beginPath()
  context.moveTo(x - size, bottom)
  context.lineTo(x, bottom - size * 1.6)
  context.lineTo(x + size, bottom)
  context.fill()
}

function drawMoments(context: Context, { palette, window, width, height, nowMs, atMs }: Scene): void {
  const now = xOf(window, width, nowMs)
  if (now >= 0 && now <= width) {
    context.fillStyle = mixColors(palette.hover, palette.stage, 0.5)
    context.fillRect(now, 0, width - now, height)
    context.strokeStyle = palette.text
    context.lineWidth = 1.5
    context.setLineDash([5, 4])
    line(context, now, height)
    context.setLineDash([])
  }
  if (atMs === null) return
  context.strokeStyle = palette.accent
  context.lineWidth = 2.5
  line(context, xOf(window, width, atMs), height)
}

function line(context: Context, x: number, height: number): void {
  context.beginPath()
  context.moveTo(x, 0)
  context.lineTo(x, height)
  context.stroke()
}
