/** What is drawn over the cluster each frame: cells in motion, rings of hover and selection. */
import { cellCorner, roomRect, type Rect, type View } from './layout.ts'
import { LANE } from './model.ts'
import { ease, type Motions } from './motion.ts'
import { drawPodAt, type Scene } from './scene.ts'

const corner = { x: 0, y: 0 }

/** Where a pod's cell is on the stage. */
export function podRect(scene: Scene, slot: number, view: View): Rect | undefined {
  const pod = scene.model.pods[slot]
  if (!pod) return undefined
  const position = pod.node === LANE ? LANE : (scene.positions[pod.node] ?? -1)
  if (position < 0 && pod.node !== LANE) return undefined
  cellCorner(scene.layout, position, scene.model.cell[slot] ?? 0, corner)
  const { cellPitchX, cellPitchY } = scene.layout
  return { x: corner.x * view.k + view.x, y: corner.y * view.k + view.y, w: cellPitchX * view.k, h: cellPitchY * view.k }
}

export function nodeRect(scene: Scene, slot: number, view: View): Rect | undefined {
  const position = scene.positions[slot] ?? -1
  if (position < 0 || !scene.model.nodes[slot]) return undefined
  const room = roomRect(scene.layout, position)
  return { x: room.x * view.k + view.x, y: room.y * view.k + view.y, w: room.w * view.k, h: room.h * view.k }
}

export function drawMotions(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  motions: Motions,
  view: View,
  nowMs: number,
  scale: number,
): void {
  const { layout, palette } = scene
  const w = layout.cellPitchX * view.k
  const h = layout.cellPitchY * view.k
  const small = Math.min(w, h) < 5
  for (const motion of motions.active) {
    const part = Math.min(1, Math.max(0, (nowMs - motion.startMs) / (motion.endMs - motion.startMs)))
    const eased = ease(part)
    const x = (motion.fromX + (motion.toX - motion.fromX) * eased) * view.k + view.x
    const y = (motion.fromY + (motion.toY - motion.fromY) * eased) * view.k + view.y
    if (motion.kind === 'ring')
      drawRing(ctx, x, y, w, h, palette.states[motion.state] ?? palette.text, 2, 1 - part, small ? 2 : 1)
    else if (small) {
      ctx.globalAlpha = motion.kind === 'leave' ? 1 - part : 1
      ctx.fillStyle = palette.states[motion.state] ?? palette.text
      ctx.fillRect(x - 1, y - 1, Math.max(3, w), Math.max(3, h))
      ctx.globalAlpha = 1
    } else if (motion.kind === 'leave') {
      const side = Math.min(w, h) * 0.8
      ctx.globalAlpha = 1 - part
      scene.sprites.draw(
        ctx,
        motion.state,
        1,
        x + (layout.mode === 'rows' ? 6 : (w - side) / 2),
        y + (h - side) / 2,
        Math.min(side, 24),
        scale,
      )
      ctx.globalAlpha = 1
    } else {
      if (motion.kind === 'appear') ctx.globalAlpha = 0.25 + 0.75 * part
      drawPodAt(ctx, scene, motion.slot, x, y, view.k, scale)
      ctx.globalAlpha = 1
    }
  }
}

/** Selection and hover differ by colour, width and distance from the cell. */
export function drawRing(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  color: string,
  width: number,
  alpha: number,
  out: number,
): void {
  ctx.globalAlpha = alpha
  ctx.strokeStyle = color
  ctx.lineWidth = width
  ctx.beginPath()
  ctx.roundRect(x - out, y - out, w + 2 * out, h + 2 * out, Math.min(6, w * 0.2 + 2))
  ctx.stroke()
  ctx.globalAlpha = 1
}
