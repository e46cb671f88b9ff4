/** Drawings of the scene at one zoom, cut into squares that are drawn when first seen and kept while they hold. */
import { laneRect, visibleRooms, type Rect, type View } from './layout.ts'
import { LANE } from './model.ts'
import { drawRoom, drawScene, type Scene } from './scene.ts'

const SIDE = 256
/** About 40 MB of pixels at scale 1. */
const MOST_TILES = 160

interface Tile {
  readonly canvas: HTMLCanvasElement
  readonly column: number
  readonly row: number
  /** Room positions to draw again; LANE for the lane. */
  readonly stale: Set<number>
  empty: boolean
}

export class Tiles {
  /** Zoom the tiles are drawn at. */
  readonly k: number
  private readonly scale: number
  private readonly tiles = new Map<number, Tile>()
  private complete = false

  constructor(k: number, scale: number) {
    this.k = k
    this.scale = scale
  }

  /** True when all that the last `fill` wanted is there. */
  get ready(): boolean {
    return this.complete
  }

  /** Marks rooms as changed. */
  touch(scene: Scene, positions: Iterable<number>): void {
    for (const position of positions)
      for (const tile of this.tiles.values()) if (this.covers(scene, tile, position)) tile.stale.add(position)
    this.complete = false
  }

  private covers(scene: Scene, tile: Tile, position: number): boolean {
    const world = this.worldOf(tile.column, tile.row)
    if (position === LANE) return world.y <= 0
    const seen = visibleRooms(scene.layout, world)
    const column = position % scene.layout.roomColumns
    const row = (position - column) / scene.layout.roomColumns
    return column >= seen.c0 && column <= seen.c1 && row >= seen.r0 && row <= seen.r1
  }

  private worldOf(column: number, row: number): Rect {
    const side = SIDE / this.k
    return { x: column * side, y: row * side, w: side, h: side }
  }

  /** Draws what is missing or stale in the view until the time is up. */
  fill(scene: Scene, view: View, stageW: number, stageH: number, deadline: number): void {
    const c0 = Math.floor(-view.x / SIDE)
    const r0 = Math.floor(-view.y / SIDE)
    const c1 = Math.floor((stageW - view.x) / SIDE)
    const r1 = Math.floor((stageH - view.y) / SIDE)
    for (let row = r0; row <= r1; row++)
      for (let column = c0; column <= c1; column++) {
        const tile = this.tile(column, row)
        if (!tile.empty && tile.stale.size === 0) continue
        if (performance.now() > deadline) {
          this.complete = false
          return
        }
        if (tile.empty) this.paint(scene, tile)
        else this.repair(scene, tile, deadline)
        if (tile.stale.size > 0) {
          this.complete = false
          return
        }
      }
    this.complete = true
    this.forget(c0, c1, r0, r1)
  }

  private tile(column: number, row: number): Tile {
    const key = column * 65536 + row
    let tile = this.tiles.get(key)
    if (!tile) {
      const canvas = document.createElement('canvas')
      canvas.width = canvas.height = Math.ceil(SIDE * this.scale)
      tile = { canvas, column, row, stale: new Set(), empty: true }
      this.tiles.set(key, tile)
    }
    return tile
  }

  private context(tile: Tile): CanvasRenderingContext2D | null {
    const ctx = tile.canvas.getContext('2d')
    ctx?.setTransform(this.scale, 0, 0, this.scale, 0, 0)
    return ctx
  }

  private paint(scene: Scene, tile: Tile): void {
    const ctx = this.context(tile)
    if (!ctx) return
    // Opaque: what lies under a tile must not shine through.
    ctx.fillStyle = scene.palette.stage
    ctx.fillRect(0, 0, SIDE, SIDE)
    drawScene(ctx, scene, this.viewOf(tile), { x: 0, y: 0, w: SIDE, h: SIDE }, this.scale)
    tile.empty = false
    tile.stale.clear()
  }

  private repair(scene: Scene, tile: Tile, deadline: number): void {
    const { layout } = scene
    const ctx = this.context(tile)
    if (!ctx) return
    const view = this.viewOf(tile)
    for (const position of tile.stale) {
      tile.stale.delete(position)
      if (position === LANE) {
        const lane = laneRect(layout)
        const bottom = (lane.y + lane.h) * view.k + view.y + 1
        this.clear(ctx, scene, 0, 0, SIDE, bottom)
        ctx.save()
        ctx.beginPath()
        ctx.rect(0, 0, SIDE, bottom)
        ctx.clip()
        drawScene(ctx, scene, view, { x: 0, y: 0, w: SIDE, h: Math.max(0, Math.min(SIDE, bottom)) }, this.scale)
        ctx.restore()
      } else {
        const column = position % layout.roomColumns
        const row = (position - column) / layout.roomColumns
        const x = column * layout.roomPitchX * view.k + view.x
        const y = row * layout.roomPitchY * view.k + view.y
        this.clear(ctx, scene, x - 1, y - 1, layout.roomW * view.k + 2, layout.roomH * view.k + 2)
        drawRoom(ctx, scene, view, position, { x: 0, y: 0, w: SIDE, h: SIDE }, this.scale)
      }
      if (performance.now() > deadline) return
    }
  }

  private clear(ctx: CanvasRenderingContext2D, scene: Scene, x: number, y: number, w: number, h: number): void {
    ctx.fillStyle = scene.palette.stage
    ctx.fillRect(x, y, w, h)
  }

  private viewOf(tile: Tile): View {
    return { k: this.k, x: -tile.column * SIDE, y: -tile.row * SIDE }
  }

  /** Copies what is drawn onto the stage; enlarged or reduced when the zoom is another by now. */
  draw(ctx: CanvasRenderingContext2D, view: View, stageW: number, stageH: number): void {
    const zoom = view.k / this.k
    const side = SIDE * zoom
    const exact = zoom === 1
    ctx.imageSmoothingEnabled = !exact
    for (const tile of this.tiles.values()) {
      if (tile.empty) continue
      const x = tile.column * side + view.x
      const y = tile.row * side + view.y
      if (x >= stageW || y >= stageH || x + side <= 0 || y + side <= 0) continue
      if (exact)
        ctx.drawImage(tile.canvas, Math.round(x * this.scale) / this.scale, Math.round(y * this.scale) / this.scale, SIDE, SIDE)
      else ctx.drawImage(tile.canvas, x, y, side + 0.5, side + 0.5)
    }
    ctx.imageSmoothingEnabled = true
  }

  private forget(c0: number, c1: number, r0: number, r1: number): void {
    if (this.tiles.size <= MOST_TILES) return
    for (const [key, { column, row }] of this.tiles)
      if (column < c0 - 1 || column > c1 + 1 || row < r0 - 1 || row > r1 + 1) this.tiles.delete(key)
  }
}
