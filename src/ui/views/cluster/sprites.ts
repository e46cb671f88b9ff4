import { CELL_PATH } from '../../icons/states.ts'
import { POD_STATES } from '../../../worker/protocol.ts'
import { GLYPH_VIEW, glyphParts, PROGRESS_STEPS, progressStep } from '../../diagrams/glyphs.ts'
import type { Palette } from './palette.ts'

const STARTING = POD_STATES.indexOf('starting')
const SPRITES = POD_STATES.length + PROGRESS_STEPS + 1
const KEPT_SIZES = 6

/** State shapes drawn once per size and colour set, then copied. */
export class Sprites {
  private readonly palette: Palette
  private readonly strips = new Map<number, HTMLCanvasElement>()

  constructor(palette: Palette) {
    this.palette = palette
  }

  /** Draws a state's shape in a square at (x, y) of the context's units; `scale` is its device pixels per unit. */
  draw(ctx: CanvasRenderingContext2D, state: number, progress: number, x: number, y: number, side: number, scale: number): void {
    const pixels = Math.max(3, Math.round(side * scale))
    const index = state === STARTING ? POD_STATES.length + progressStep(progress) : state
    // On whole device pixels, or the copy would be blurred.
    const left = Math.round(x * scale) / scale
    const top = Math.round(y * scale) / scale
    ctx.drawImage(this.strip(pixels), index * (pixels + 2), 0, pixels, pixels, left, top, pixels / scale, pixels / scale)
  }

  private strip(pixels: number): HTMLCanvasElement {
    const known = this.strips.get(pixels)
    if (known) return known
    const canvas = document.createElement('canvas')
    canvas.width = SPRITES * (pixels + 2)
    canvas.height = pixels
    const ctx = canvas.getContext('2d')
    if (ctx) for (let index = 0; index < SPRITES; index++) this.paint(ctx, index, pixels)
    const oldest = this.strips.keys().next().value
    if (this.strips.size >= KEPT_SIZES && oldest !== undefined) this.strips.delete(oldest)
    this.strips.set(pixels, canvas)
    return canvas
  }

  private paint(ctx: CanvasRenderingContext2D, index: number, pixels: number): void {
    const state = index < POD_STATES.length ? index : STARTING
    const progress = index < POD_STATES.length ? 1 : (index - POD_STATES.length) / PROGRESS_STEPS
    const color = this.palette.states[state] ?? this.palette.text
    const scale = pixels / GLYPH_VIEW.size
    for (const part of glyphParts(state, progress)) {
      ctx.save()
      ctx.translate(index * (pixels + 2), 0)
      ctx.scale(scale, scale)
      ctx.translate(-GLYPH_VIEW.min, -GLYPH_VIEW.min)
      if (part.clipped) ctx.clip(new Path2D(CELL_PATH))
      ctx.globalAlpha = part.opacity ?? 1
      ctx.lineWidth = part.width
      ctx.lineJoin = 'round'
      ctx.lineCap = part.dash ? 'butt' : 'round'
      if (part.dash) ctx.setLineDash([...part.dash])
      ctx.fillStyle = color
      ctx.strokeStyle = part.paint === 'ink' ? this.palette.raised : color
      const path = new Path2D(part.d)
      if (part.paint === 'fill') ctx.fill(path)
      else ctx.stroke(path)
      ctx.restore()
    }
  }
}
