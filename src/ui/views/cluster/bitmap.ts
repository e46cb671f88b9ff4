/** The whole cluster at one pixel a cell: drawn enlarged without smoothing, it is the far view and the ground under tiles. */
import type { Layout, View } from './layout.ts'
import { LANE } from './model.ts'
import { nodeState } from './draw-node.ts'
import { mixColors, pixelOf, type Palette } from './palette.ts'
import { DIMMED, type Scene } from './scene.ts'

/** Cells larger than this get lines between them. */
const GRID_PX = 2.4

export class Bitmap {
  private readonly stage: string
  private readonly canvas = document.createElement('canvas')
  private readonly ctx: CanvasRenderingContext2D | null
  private readonly image: ImageData
  private readonly pixels: Uint32Array
  private readonly layout: Layout
  private readonly width: number
  private readonly height: number
  /** Pixel rows above the first room's header. */
  private readonly above: number
  private readonly headerUnits: number
  private readonly colors: Uint32Array
  private readonly dimColors: Uint32Array
  private readonly ground: number
  private readonly bar: number
  private readonly barGround: number
  private readonly laneGround: number
  private y0 = Number.POSITIVE_INFINITY
  private y1 = -1

  /** For layouts in mode 'grid' only. */
  constructor(layout: Layout, palette: Palette) {
    this.layout = layout
    this.headerUnits = Math.round(layout.headerH / layout.cellPitchY)
    this.above = layout.laneRows + 1 + this.headerUnits
    this.width = Math.max(layout.laneColumns, layout.roomColumns * (layout.cellColumns + 1))
    this.height = this.above + layout.roomRows * (layout.cellRows + this.headerUnits + 1)
    this.canvas.width = this.width
    this.canvas.height = this.height
    this.ctx = this.canvas.getContext('2d')
    this.image = new ImageData(this.width, this.height)
    this.pixels = new Uint32Array(this.image.data.buffer)
    this.colors = Uint32Array.from(palette.states, (color) => pixelOf(color))
    this.dimColors = Uint32Array.from(palette.states, (color) => pixelOf(mixColors(color, palette.raised, DIMMED)))
    this.stage = palette.stage
    this.ground = pixelOf(palette.raised)
    this.bar = pixelOf(palette.lineStrong)
    this.barGround = pixelOf(palette.hover)
    this.laneGround = pixelOf(palette.hover)
  }

  /** Paints a room anew, by its position; LANE paints the lane. */
  paintRoom(scene: Scene, position: number): void {
    if (position === LANE) this.paintLane(scene)
    else this.paintNode(scene, position)
  }

  private touch(from: number, to: number): void {
    if (from < this.y0) this.y0 = from
    if (to > this.y1) this.y1 = to
  }

  private paintNode(scene: Scene, position: number): void {
    const { layout, pixels, width } = this
    const column = position % layout.roomColumns
    const x = column * (layout.cellColumns + 1)
    const y = this.above + ((position - column) / layout.roomColumns) * (layout.cellRows + this.headerUnits + 1)
    const slot = scene.slotAt[position] ?? -1
    const node = slot >= 0 ? scene.model.nodes[slot] : undefined
    const ground = node ? this.ground : 0
    for (let row = 0; row < layout.cellRows + this.headerUnits; row++)
      pixels.fill(ground, (y + row) * width + x, (y + row) * width + x + layout.cellColumns)
    this.touch(y, y + layout.cellRows + this.headerUnits)
    if (!node) return
    const line = y * width + x
    if (!node.ready || !node.powered) pixels.fill(this.colors[nodeState(node)] ?? this.bar, line, line + layout.cellColumns)
    else {
      const used = node.cpuMilliAllocatable > 0 ? Math.min(1, node.cpuMilliRequested / node.cpuMilliAllocatable) : 0
      pixels.fill(this.barGround, line, line + layout.cellColumns)
      pixels.fill(this.bar, line, line + Math.round(used * layout.cellColumns))
    }
    const cells = scene.model.cellsOf(slot)
    for (let cell = 0; cell < cells.length; cell++) {
      const pod = cells[cell] ?? -1
      if (pod < 0 || scene.moving[pod]) continue
      const inColumn = cell % layout.cellColumns
      const inRow = (cell - inColumn) / layout.cellColumns
      pixels[(y + this.headerUnits + inRow) * width + x + inColumn] = this.colorOf(scene, pod)
    }
  }

  private paintLane(scene: Scene): void {
    const { layout, pixels, width } = this
    const bottom = this.above - 2
    this.touch(0, bottom + 1)
    for (let row = 0; row < layout.laneRows; row++)
      pixels.fill(this.laneGround, (bottom - row) * width, (bottom - row) * width + layout.laneColumns)
    const cells = scene.model.cellsOf(LANE)
    for (let cell = 0; cell < cells.length; cell++) {
      const pod = cells[cell] ?? -1
      const column = cell % layout.laneColumns
      const row = (cell - column) / layout.laneColumns
      if (pod >= 0 && row < layout.laneRows) pixels[(bottom - row) * width + column] = this.colorOf(scene, pod)
    }
  }

  private colorOf(scene: Scene, pod: number): number {
    const state = scene.model.state[pod] ?? 0
    return (scene.highlight !== null && !scene.highlight[pod] ? this.dimColors[state] : this.colors[state]) ?? this.bar
  }

  draw(ctx: CanvasRenderingContext2D, view: View): void {
    if (this.y1 >= 0) {
      this.ctx?.putImageData(this.image, 0, 0, 0, this.y0, this.width, this.y1 - this.y0 + 1)
      this.y0 = Number.POSITIVE_INFINITY
      this.y1 = -1
    }
    const unit = this.layout.cellPitchX * view.k
    ctx.imageSmoothingEnabled = unit < 1
    const x = this.layout.cellsX * view.k + view.x
    const y = view.y - this.above * unit
    ctx.drawImage(this.canvas, x, y, this.width * unit, this.height * unit)
    ctx.imageSmoothingEnabled = true
    if (unit >= GRID_PX) this.drawGaps(ctx, x, y, unit)
  }

  /** Thin lines between cells, so that they can be counted. Invisible on the stage itself. */
  private drawGaps(ctx: CanvasRenderingContext2D, x: number, y: number, unit: number): void {
    const { width, height } = ctx.canvas
    const line = unit * 0.2
    ctx.fillStyle = this.stage
    const right = Math.min(width, x + this.width * unit)
    const bottom = Math.min(height, y + this.height * unit)
    for (let at = x + Math.max(0, Math.floor(-x / unit)) * unit - line / 2; at < right; at += unit)
      ctx.fillRect(at, Math.max(0, y), line, bottom - Math.max(0, y))
    for (let at = y + Math.max(0, Math.floor(-y / unit)) * unit - line / 2; at < bottom; at += unit)
      ctx.fillRect(Math.max(0, x), at, right - Math.max(0, x), line)
  }
}
