/** Draws any part of the cluster at any zoom onto a canvas: the one painter behind tiles and the direct path. */
import { drawNode } from './draw-node.ts'
import { drawPod } from './draw-pod.ts'
import type { ContainerBox } from './inside.ts'
import { cellCorner, laneRect, roomRect, visibleRooms, type Layout, type Rect, type View } from './layout.ts'
import { LANE, type ClusterModel } from './model.ts'
import type { Palette } from './palette.ts'
import type { Sprites } from './sprites.ts'

/** Words that the canvas shows; translated by the page. Kubernetes' own words come with the rows. */
export interface SceneTexts {
  readonly lane: string
  readonly laneEmpty: string
  readonly noPower: string
  readonly taints: string
}

/** Everything that a drawing depends on. */
export interface Scene {
  readonly model: ClusterModel
  layout: Layout
  /** Position of each node slot, and node slot at each position (-1 where free). */
  positions: Int32Array
  slotAt: Int32Array
  palette: Palette
  sprites: Sprites
  texts: SceneTexts
  /** 1 for pods to show at full strength; null when nothing is highlighted. */
  highlight: Uint8Array | null
  /** 1 for pods drawn by the motion layer just now. */
  moving: Uint8Array
  nowMs: number
  /** The pod zoomed in on, with what is inside. */
  inside: { readonly slot: number; readonly boxes: readonly ContainerBox[] } | null
}

/** Strength of pods that are not highlighted. */
export const DIMMED = 0.16

/** Draws what lies in `rect` (in the context's units, where `view` puts the world). `scale`: device pixels per unit. */
export function drawScene(ctx: CanvasRenderingContext2D, scene: Scene, view: View, rect: Rect, scale: number): void {
  const { layout } = scene
  const world = { x: (rect.x - view.x) / view.k, y: (rect.y - view.y) / view.k, w: rect.w / view.k, h: rect.h / view.k }
  const seen = visibleRooms(layout, world)
  for (let row = seen.r0; row <= seen.r1; row++)
    for (let column = seen.c0; column <= seen.c1; column++) {
      const position = row * layout.roomColumns + column
      if (position < layout.roomCount) drawRoom(ctx, scene, view, position, rect, scale)
    }
  if (world.y < 0 && (scene.model.nodeCount > 0 || scene.model.podCount > 0)) drawLane(ctx, scene, view, world, scale)
}

/** Draws one room with those of its cells that lie in `rect`. */
export function drawRoom(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  view: View,
  position: number,
  rect: Rect,
  scale: number,
): void {
  const { layout } = scene
  const slot = scene.slotAt[position] ?? -1
  const node = slot >= 0 ? scene.model.nodes[slot] : undefined
  if (!node) return
  const room = roomRect(layout, position)
  const box = { x: room.x * view.k + view.x, y: room.y * view.k + view.y, w: room.w * view.k, h: room.h * view.k }
  const headerH = layout.headerH * view.k
  drawNode(ctx, scene, node, scene.model.countOf(slot), box, headerH, scale)
  const cells = scene.model.cellsOf(slot)
  const [w, h] = [layout.cellPitchX * view.k, layout.cellPitchY * view.k]
  const [left, top] = [box.x + layout.cellsX * view.k, box.y + layout.cellsY * view.k]
  const c0 = Math.max(0, Math.floor((rect.x - left) / w))
  const c1 = Math.min(layout.cellColumns - 1, Math.floor((rect.x + rect.w - left) / w))
  const r0 = Math.max(0, Math.floor((rect.y - top) / h))
  const r1 = Math.min(Math.ceil(cells.length / layout.cellColumns) - 1, Math.floor((rect.y + rect.h - top) / h))
  for (let row = r0; row <= r1; row++)
    for (let column = c0; column <= c1; column++) {
      const cell = row * layout.cellColumns + column
      drawCell(ctx, scene, view, position, cell, cells[cell] ?? -1, scale)
    }
  if (!node.powered) {
    ctx.globalAlpha = 0.45
    ctx.fillStyle = scene.palette.stage
    ctx.fillRect(box.x + 1, box.y + headerH, box.w - 2, box.h - headerH - 1)
    ctx.globalAlpha = 1
  }
}

const corner = { x: 0, y: 0 }

function drawCell(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  view: View,
  position: number,
  cell: number,
  slot: number,
  scale: number,
): void {
  if (slot < 0 || scene.moving[slot]) return
  cellCorner(scene.layout, position, cell, corner)
  drawPodAt(ctx, scene, slot, corner.x * view.k + view.x, corner.y * view.k + view.y, view.k, scale)
}

/** Draws a pod in a cell whose pitch box starts at (x, y). */
export function drawPodAt(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  slot: number,
  x: number,
  y: number,
  k: number,
  scale: number,
): void {
  const pod = scene.model.pods[slot]
  if (!pod) return
  const { layout } = scene
  const inset = layout.cellInset * k
  const dim = scene.highlight !== null && !scene.highlight[slot]
  if (dim) ctx.globalAlpha = DIMMED
  drawPod(ctx, scene, pod, x + inset, y + inset, layout.cellPitchX * k - 2 * inset, layout.cellPitchY * k - 2 * inset, k, scale)
  if (dim) ctx.globalAlpha = 1
}

function drawLane(ctx: CanvasRenderingContext2D, scene: Scene, view: View, world: Rect, scale: number): void {
  const { layout, palette, model, texts } = scene
  const lane = laneRect(layout)
  const [x, y, w, h] = [lane.x * view.k + view.x, lane.y * view.k + view.y, lane.w * view.k, lane.h * view.k]
  ctx.strokeStyle = palette.lineStrong
  ctx.lineWidth = 1
  ctx.setLineDash([4, 4])
  ctx.beginPath()
  ctx.roundRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.round(w) - 1, Math.round(h) - 1, Math.min(6, 6 * view.k))
  ctx.stroke()
  ctx.setLineDash([])
  const count = model.countOf(LANE)
  const titleH = lane.h * view.k - layout.laneRows * layout.cellPitchY * view.k
  if (titleH >= 13) {
    ctx.font = `${count > 0 ? 600 : 400} ${Math.min(13, Math.max(11, titleH * 0.55))}px ${palette.fontUi}`
    ctx.textBaseline = 'middle'
    ctx.fillStyle = count > 0 ? palette.text : palette.textMuted
    const title = count > 0 ? `${texts.lane}  ${count}` : texts.laneEmpty
    ctx.fillText(title, x + 8, y + Math.min(titleH / 2 + 1, 14))
  }
  drawLaneCells(ctx, scene, view, world, lane, scale)
}

function drawLaneCells(ctx: CanvasRenderingContext2D, scene: Scene, view: View, world: Rect, lane: Rect, scale: number): void {
  const { layout, model } = scene
  const cells = model.cellsOf(LANE)
  if (cells.length === 0) return
  // Rows count upwards from the lane's lower edge.
  const bottom = lane.y + lane.h - layout.cellsX
  const r0 = Math.max(0, Math.floor((bottom - world.y - world.h) / layout.cellPitchY))
  const r1 = Math.min(layout.laneRows - 1, Math.floor((bottom - world.y) / layout.cellPitchY))
  const c0 = Math.max(0, Math.floor((world.x - layout.cellsX) / layout.cellPitchX))
  const c1 = Math.min(layout.laneColumns - 1, Math.floor((world.x + world.w - layout.cellsX) / layout.cellPitchX))
  for (let row = r0; row <= r1; row++)
    for (let column = c0; column <= c1; column++) {
      const cell = row * layout.laneColumns + column
      drawCell(ctx, scene, view, LANE, cell, cells[cell] ?? -1, scale)
    }
}

/** Pods within a rectangle of the world, counted per room: cheap, and an upper bound. */
export function countSeen(scene: Scene, world: Rect, limit: number): number {
  const { layout, model } = scene
  const seen = visibleRooms(layout, world)
  let pods = 0
  for (let row = seen.r0; row <= seen.r1; row++)
    for (let column = seen.c0; column <= seen.c1; column++) {
      const slot = scene.slotAt[row * layout.roomColumns + column] ?? -1
      // A room costs a few cells' worth of drawing itself.
      if (slot >= 0) pods += model.countOf(slot) + 4
      if (pods > limit) return pods
    }
  return world.y < 0
    ? pods + Math.min(model.countOf(LANE), Math.ceil((world.w / layout.cellPitchX) * (-world.y / layout.cellPitchY)))
    : pods
}
