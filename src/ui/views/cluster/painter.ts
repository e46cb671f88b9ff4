import { Bitmap } from './bitmap.ts'
import { laneRect, type Rect, type View } from './layout.ts'
import { LANE } from './model.ts'
import { countSeen, drawScene, type Scene } from './scene.ts'
import { Tiles } from './tiles.ts'

/** Below this cell size, in CSS pixels, the bitmap shows as much as shapes would. */
const SHAPE_PX = 4.5
/** With no more cells than this in sight, drawing all of them is fast enough for every frame. */
const DIRECT_CELLS = 350
const TILE_BUDGET_MS = 6
/** Tiles are drawn anew when the zoom has rested this long. */
const SETTLE_MS = 110

/**
 * Draws what does not move, in one of three ways: far away the bitmap, with few cells in sight everything anew,
 * between them tiles that are filled in over several frames on top of the bitmap. No frame does more than a few
 * milliseconds of work.
 */
export class Painter {
  /** Device pixels per unit. */
  scale = 1
  private readonly scene: Scene
  private bitmap: Bitmap | undefined
  private tiles: Tiles | undefined
  private olderTiles: Tiles | undefined

  constructor(scene: Scene) {
    this.scene = scene
  }

  /** Throws away all that was kept: the layout or the colours changed. */
  forget(): void {
    this.bitmap = undefined
    this.tiles = undefined
    this.olderTiles = undefined
  }

  /** The rooms at these positions changed. */
  touch(positions: readonly number[]): void {
    for (const position of positions) this.bitmap?.paintRoom(this.scene, position)
    this.tiles?.touch(this.scene, positions)
  }

  /** True while the drawing is not finished and wants another frame. `zoomedMs`: when the zoom last changed. */
  draw(ctx: CanvasRenderingContext2D, view: View, stageW: number, stageH: number, zoomedMs: number): boolean {
    const { scene } = this
    const grid = scene.layout.mode === 'grid'
    if (grid && scene.layout.cellPitchY * view.k < SHAPE_PX) {
      this.drawFar(ctx, view)
      return false
    }
    const seen: Rect = { x: -view.x / view.k, y: -view.y / view.k, w: stageW / view.k, h: stageH / view.k }
    if (grid && countSeen(scene, seen, DIRECT_CELLS) > DIRECT_CELLS) return this.drawTiled(ctx, view, stageW, stageH, zoomedMs)
    drawScene(ctx, scene, view, { x: 0, y: 0, w: stageW, h: stageH }, this.scale)
    return false
  }

  private ground(): Bitmap {
    if (!this.bitmap) {
      this.bitmap = new Bitmap(this.scene.layout, this.scene.palette)
      for (let position = LANE; position < this.scene.layout.roomCount; position++) this.bitmap.paintRoom(this.scene, position)
    }
    return this.bitmap
  }

  private drawFar(ctx: CanvasRenderingContext2D, view: View): void {
    const { layout, palette, texts, model } = this.scene
    this.ground().draw(ctx, view)
    const lane = laneRect(layout)
    const [x, y] = [lane.x * view.k + view.x, lane.y * view.k + view.y]
    ctx.strokeStyle = palette.lineStrong
    ctx.lineWidth = 1
    ctx.setLineDash([4, 4])
    ctx.strokeRect(Math.round(x) - 0.5, Math.round(y) - 0.5, Math.round(lane.w * view.k), Math.round(lane.h * view.k))
    ctx.setLineDash([])
    const count = model.countOf(LANE)
    ctx.font = `${count > 0 ? 600 : 400} 11px ${palette.fontUi}`
    ctx.fillStyle = count > 0 ? palette.text : palette.textMuted
    ctx.textBaseline = 'alphabetic'
    if (y >= 13) ctx.fillText(count > 0 ? `${texts.lane}  ${count}` : texts.laneEmpty, x, y - 4)
  }

  private drawTiled(ctx: CanvasRenderingContext2D, view: View, stageW: number, stageH: number, zoomedMs: number): boolean {
    const { scene } = this
    const settled = performance.now() - zoomedMs > SETTLE_MS
    if (settled && this.tiles?.k !== view.k) {
      if (this.tiles) this.olderTiles = this.tiles
      this.tiles = new Tiles(view.k, this.scale)
    }
    if (this.tiles?.k === view.k) this.tiles.fill(scene, view, stageW, stageH, performance.now() + TILE_BUDGET_MS)
    const complete = this.tiles?.k === view.k && this.tiles.ready
    if (complete) this.olderTiles = undefined
    else this.ground().draw(ctx, view)
    this.olderTiles?.draw(ctx, view, stageW, stageH)
    this.tiles?.draw(ctx, view, stageW, stageH)
    return !complete
  }
}
