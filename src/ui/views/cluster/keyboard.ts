/** Where the arrow keys lead: to the nearest pod in that direction, sidesteps counting double. */
import { cellCorner, type Layout } from './layout.ts'
import { LANE, type ClusterModel } from './model.ts'

const here = { x: 0, y: 0 }
const there = { x: 0, y: 0 }

function corner(
  model: ClusterModel,
  layout: Layout,
  positions: Int32Array,
  slot: number,
  out: { x: number; y: number },
): boolean {
  const room = model.pods[slot]?.node
  if (room === undefined) return false
  const position = room === LANE ? LANE : (positions[room] ?? -1)
  if (room !== LANE && position < 0) return false
  cellCorner(layout, position, model.cell[slot] ?? 0, out)
  return true
}

/** Slot of the next pod, `from` itself when there is none that way, -1 in an empty cluster. From -1: the first pod. */
export function nextPod(
  model: ClusterModel,
  layout: Layout,
  positions: Int32Array,
  from: number,
  dx: number,
  dy: number,
): number {
  if (from < 0 || !corner(model, layout, positions, from, here)) return firstPod(model, layout, positions)
  let best = from
  let least = Number.POSITIVE_INFINITY
  for (let slot = 0; slot < model.pods.length; slot++) {
    if (slot === from || !corner(model, layout, positions, slot, there)) continue
    const along = (there.x - here.x) * dx + (there.y - here.y) * dy
    if (along <= 0.5) continue
    const aside = Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx)
    const far = along + 2 * aside
    if (far < least) [least, best] = [far, slot]
  }
  return best
}

function firstPod(model: ClusterModel, layout: Layout, positions: Int32Array): number {
  let best = -1
  let least = Number.POSITIVE_INFINITY
  for (let slot = 0; slot < model.pods.length; slot++) {
    if (!corner(model, layout, positions, slot, there)) continue
    const far = there.y * 10 + there.x
    if (far < least) [least, best] = [far, slot]
  }
  return best
}
