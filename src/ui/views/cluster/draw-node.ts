/** A node's room: its frame and header, in as much detail as the header's height allows. */
import type { NodeRow } from '../../../worker/protocol.ts'
import type { Rect } from './layout.ts'
import type { Scene } from './scene.ts'
import { formatBytesOf, formatCpu } from './text.ts'

const READY = 0
const CRASH = 4
const UNKNOWN = 8

/** The state shape that stands for a node. */
export function nodeState(node: NodeRow): number {
  if (node.ready) return READY
  return node.powered ? CRASH : UNKNOWN
}

export function drawNode(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  node: NodeRow,
  pods: number,
  box: Rect,
  headerH: number,
  scale: number,
): void {
  const { palette } = scene
  const radius = Math.min(6, box.w * 0.04)
  ctx.beginPath()
  ctx.roundRect(Math.round(box.x) + 0.5, Math.round(box.y) + 0.5, Math.round(box.w) - 1, Math.round(box.h) - 1, radius)
  ctx.fillStyle = palette.raised
  ctx.fill()
  ctx.strokeStyle = node.ready ? palette.line : (palette.states[nodeState(node)] ?? palette.line)
  ctx.lineWidth = 1
  ctx.stroke()
  if (node.unschedulable) drawCordon(ctx, scene, box)
  if (headerH >= 58) drawFullHeader(ctx, scene, node, pods, box, headerH, scale)
  else drawSlimHeader(ctx, scene, node, pods, box, headerH, scale)
}

/** A cordoned node is closed: a barred band along its top edge. */
function drawCordon(ctx: CanvasRenderingContext2D, { palette }: Scene, box: Rect): void {
  const height = Math.max(2, Math.min(5, box.h * 0.03))
  ctx.save()
  ctx.beginPath()
  ctx.rect(box.x + 1, box.y + 1, box.w - 2, height)
  ctx.clip()
  ctx.strokeStyle = palette.textSoft
  ctx.lineWidth = 2
  ctx.beginPath()
  for (let x = box.x - height; x < box.x + box.w; x += 7) {
    ctx.moveTo(x, box.y + height + 1)
    ctx.lineTo(x + height + 1, box.y)
  }
  ctx.stroke()
  ctx.restore()
}

function drawFullHeader(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  node: NodeRow,
  pods: number,
  box: Rect,
  headerH: number,
  scale: number,
): void {
  const { palette } = scene
  const size = Math.min(15, Math.max(11, headerH * 0.175))
  const left = box.x + 10
  const right = box.x + box.w - 10
  const first = box.y + headerH * 0.23
  const nameEnd = drawName(ctx, scene, node, left, first, size, right, scale)
  ctx.font = `${size - 1}px ${palette.fontUi}`
  const status = node.powered ? node.status : `${node.status} · ${scene.texts.noPower}`
  ctx.fillStyle = node.ready && node.powered && !node.unschedulable ? palette.textMuted : palette.text
  const statusFits = ctx.measureText(status).width <= right - nameEnd - 8
  if (statusFits) {
    ctx.textAlign = 'right'
    ctx.fillText(status, right, first)
    ctx.textAlign = 'left'
  }
  const second = box.y + headerH * 0.46
  ctx.font = `${Math.max(11, size - 2)}px ${palette.fontUi}`
  ctx.fillStyle = palette.textMuted
  const about = statusFits ? aboutNode(ctx, scene, node, right - left) : status
  ctx.fillText(about, left, second)
  const third = box.y + headerH * 0.68
  const width = (right - left - 24) / 3
  if (width >= 44) {
    drawBar(
      ctx,
      scene,
      left,
      third,
      width,
      'cpu',
      `${formatCpu(node.cpuMilliRequested)}/${formatCpu(node.cpuMilliAllocatable)}`,
      ratio(node.cpuMilliRequested, node.cpuMilliAllocatable),
    )
    drawBar(
      ctx,
      scene,
      left + width + 12,
      third,
      width,
      'mem',
      formatBytesOf(node.memoryBytesRequested, node.memoryBytesAllocatable),
      ratio(node.memoryBytesRequested, node.memoryBytesAllocatable),
    )
    drawBar(
      ctx,
      scene,
      left + 2 * (width + 12),
      third,
      width,
      'pods',
      `${pods}/${node.podCapacity}`,
      ratio(pods, node.podCapacity),
    )
  } else drawThinBars(ctx, scene, node, pods, left, third, right - left, 4)
}

/** Zone and taints, as much as fits whole. */
function aboutNode(ctx: CanvasRenderingContext2D, scene: Scene, node: NodeRow, width: number): string {
  const taints = node.taints.map((taint) => taint.slice(taint.lastIndexOf('/') + 1))
  const parts = node.zone ? [node.zone] : []
  const whole = [...parts, ...taints.map((taint) => `${scene.texts.taints} ${taint}`)].join(' · ')
  if (ctx.measureText(whole).width <= width) return whole
  const short = [...parts, ...(taints.length > 0 ? [`${scene.texts.taints} ×${taints.length}`] : [])].join(' · ')
  return ctx.measureText(short).width <= width ? short : ''
}

/** The state mark and the name; gives where the name ends. Nothing when the name does not fit whole. */
function drawName(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  node: NodeRow,
  left: number,
  middle: number,
  size: number,
  right: number,
  scale: number,
): number {
  const { palette } = scene
  const mark = size * 0.8
  scene.sprites.draw(ctx, nodeState(node), 1, left, middle - mark / 2 - 0.5, mark, scale)
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  for (const tried of [size, 11]) {
    ctx.font = `600 ${tried}px ${palette.fontMono}`
    const width = ctx.measureText(node.name).width
    if (left + mark + 6 + width > right) continue
    ctx.fillStyle = palette.text
    ctx.fillText(node.name, left + mark + 6, middle)
    return left + mark + 6 + width
  }
  return left + mark
}

function drawSlimHeader(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  node: NodeRow,
  pods: number,
  box: Rect,
  headerH: number,
  scale: number,
): void {
  const pad = Math.min(8, box.w * 0.04)
  const left = box.x + pad
  const right = box.x + box.w - pad
  const bars = headerH >= 30 ? 3 : Math.max(1, Math.min(2, headerH * 0.12))
  if (headerH >= 14) {
    const size = Math.min(13, Math.max(11, headerH * 0.42))
    const middle = box.y + (headerH - bars - 2) / 2 + 1
    const end = drawName(ctx, scene, node, left, middle, size, right, scale)
    const note = node.powered ? (node.ready && !node.unschedulable ? `${pods}` : node.status) : scene.texts.noPower
    ctx.font = `${Math.max(11, size - 1)}px ${scene.palette.fontUi}`
    ctx.fillStyle = node.ready && node.powered ? scene.palette.textMuted : scene.palette.text
    ctx.textAlign = 'right'
    if (ctx.measureText(note).width <= right - end - 6) ctx.fillText(note, right, middle)
    ctx.textAlign = 'left'
  } else if (!node.ready || !node.powered) {
    ctx.fillStyle = scene.palette.states[nodeState(node)] ?? scene.palette.text
    ctx.fillRect(box.x + 1, box.y + 1, box.w - 2, Math.max(2, headerH * 0.5))
  }
  if (headerH >= 8) drawThinBars(ctx, scene, node, pods, left, box.y + headerH - bars - 2, right - left, bars)
}

function ratio(used: number, total: number): number {
  return total > 0 ? Math.min(1, used / total) : 0
}

function drawBar(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  x: number,
  y: number,
  w: number,
  name: string,
  value: string,
  part: number,
): void {
  const { palette } = scene
  ctx.font = `11px ${palette.fontUi}`
  ctx.textAlign = 'left'
  ctx.fillStyle = palette.textMuted
  const nameW = ctx.measureText(name).width
  const valueW = ctx.measureText(value).width
  if (nameW + valueW + 4 <= w) ctx.fillText(name, x, y)
  ctx.fillStyle = palette.textSoft
  ctx.textAlign = 'right'
  ctx.fillText(value, x + w, y)
  ctx.textAlign = 'left'
  fillBar(ctx, scene, x, y + 8, w, 4, part)
}

function drawThinBars(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  node: NodeRow,
  pods: number,
  x: number,
  y: number,
  w: number,
  h: number,
): void {
  const gap = Math.min(4, w * 0.03)
  const width = (w - 2 * gap) / 3
  fillBar(ctx, scene, x, y, width, h, ratio(node.cpuMilliRequested, node.cpuMilliAllocatable))
  fillBar(ctx, scene, x + width + gap, y, width, h, ratio(node.memoryBytesRequested, node.memoryBytesAllocatable))
  fillBar(ctx, scene, x + 2 * (width + gap), y, width, h, ratio(pods, node.podCapacity))
}

function fillBar(
  ctx: CanvasRenderingContext2D,
  { palette }: Scene,
  x: number,
  y: number,
  w: number,
  h: number,
  part: number,
): void {
  ctx.fillStyle = palette.hover
  ctx.fillRect(x, y, w, h)
  ctx.fillStyle = palette.textMuted
  ctx.fillRect(x, y, w * part, h)
}
