/** The Cluster view without React: takes deltas and a view, draws when something changed. */
import type { MapDelta, PodRow } from '../../../worker/protocol.ts'
import { INSIDE_H, INSIDE_W } from './draw-pod.ts'
import type { ContainerBox } from './inside.ts'
import { cellCorner, chooseLayout, fitView, hitTest, placeRooms, worldRect, type Layout, type Rect, type View } from './layout.ts'
import { ClusterModel, LANE, type Change } from './model.ts'
import { Motions, travelMs } from './motion.ts'
import { drawMotions, drawRing, nodeRect, podRect } from './overlay.ts'
import { Painter } from './painter.ts'
import type { Palette } from './palette.ts'
import type { Scene, SceneTexts } from './scene.ts'
import { Sprites } from './sprites.ts'

/** A delta of more pods than this is part of a large snapshot, or too much to follow: nothing moves. */
export const BULK = 1000
const RING_MS = 240
const RING_STILL_MS = 1200

/** A pod or a node under the pointer or selected, by slot. */
export type Target = { readonly kind: 'pod' | 'node'; readonly slot: number }

export interface RendererHooks {
  /** The layout changed: the page may want to fit it. */
  readonly onLayout: (layout: Layout) => void
  /** Another pod is large enough to show its inside; null when none is. */
  readonly onFocus: (pod: PodRow | null) => void
  /** Asks for a call of frame(). */
  readonly schedule: (frame: (nowMs: number) => void) => void
}

const EMPTY_INPUT = {
  roomCount: 0,
  mostCells: 0,
  podCapacity: 110,
  pendingCells: 0,
  longestName: 24,
  longestNodeName: 12,
  stageW: 800,
  stageH: 500,
}

export class ClusterRenderer {
  readonly model = new ClusterModel()
  readonly scene: Scene
  view: View = { x: 0, y: 0, k: 1 }
  selected: Target | null = null
  hovered: Target | null = null
  reducedMotion = false
  private readonly ctx: CanvasRenderingContext2D | null
  private readonly canvas: HTMLCanvasElement
  private readonly hooks: RendererHooks
  private readonly motions = new Motions()
  private matches: ((pod: PodRow) => boolean) | null = null
  private readonly painter: Painter
  private stageW = 800
  private stageH = 500
  private scale = 1
  private zoomedMs = 0
  private scheduled = false
  private focus = -1

  constructor(canvas: HTMLCanvasElement, palette: Palette, texts: SceneTexts, hooks: RendererHooks) {
    this.canvas = canvas
    this.ctx = canvas.getContext('2d')
    this.hooks = hooks
    this.scene = {
      model: this.model,
      layout: chooseLayout(EMPTY_INPUT),
      positions: new Int32Array(0),
      slotAt: new Int32Array(0),
      palette,
      sprites: new Sprites(palette),
      texts,
      highlight: null,
      moving: new Uint8Array(256),
      nowMs: 0,
      inside: null,
    }
    this.painter = new Painter(this.scene)
  }

  resize(stageW: number, stageH: number, scale: number): void {
    this.stageW = Math.max(1, stageW)
    this.stageH = Math.max(1, stageH)
    this.scale = scale
    this.painter.scale = scale
    this.canvas.width = Math.round(this.stageW * scale)
    this.canvas.height = Math.round(this.stageH * scale)
    this.relayout()
    this.redraw()
  }

  setView(view: View): void {
    if (view.k !== this.view.k) this.zoomedMs = performance.now()
    this.view = view
    this.invalidate()
  }

  setPalette(palette: Palette): void {
    this.scene.palette = palette
    this.scene.sprites = new Sprites(palette)
    this.redraw()
  }

  setTexts(texts: SceneTexts): void {
    this.scene.texts = texts
    this.redraw()
  }

  setClock(nowMs: number): void {
    const tick = Math.floor(nowMs / 1000) !== Math.floor(this.scene.nowMs / 1000)
    this.scene.nowMs = nowMs
    // Grace periods count down in whole seconds.
    if (tick && (this.model.stateCounts[6] ?? 0) > 0) this.invalidate()
  }

  setInside(boxes: readonly ContainerBox[] | null): void {
    this.scene.inside = boxes && this.focus >= 0 ? { slot: this.focus, boxes } : null
    this.invalidate()
  }

  /** Shows pods that match at full strength and dims the rest; null ends it. */
  setHighlight(matches: ((pod: PodRow) => boolean) | null): void {
    this.matches = matches
    const { pods } = this.model
    this.scene.highlight = matches
      ? Uint8Array.from({ length: this.model.state.length }, (_, slot) => Number(pods[slot] !== undefined && matches(pods[slot])))
      : null
    this.redraw()
  }

  select(target: Target | null): void {
    this.selected = target
    this.invalidate()
  }

  hover(target: Target | null): void {
    if (target?.kind === this.hovered?.kind && target?.slot === this.hovered?.slot) return
    this.hovered = target
    this.invalidate()
  }

  apply(delta: MapDelta): readonly Change[] {
    const applied = this.model.apply(delta)
    const { scene } = this
    if (scene.moving.length < this.model.state.length) {
      scene.moving = grown(scene.moving, this.model.state.length)
      if (scene.highlight) scene.highlight = grown(scene.highlight, this.model.state.length)
    }
    if (scene.highlight) for (const pod of delta.pods) scene.highlight[pod.slot] = Number(this.matches?.(pod) ?? true)
    if (applied.nodesChanged) this.place()
    const relaid = this.relayout()
    if (applied.reset || relaid === 'all') this.stopMotions()
    else if (!document.hidden && delta.pods.length <= BULK) for (const change of applied.changes) this.animate(change)
    if (applied.reset || relaid !== 'none') this.redraw()
    else this.repaint(applied.rooms)
    return applied.changes
  }

  /** What lies under a point of the stage. */
  hit(x: number, y: number): Target | null {
    const { view, scene } = this
    const hit = hitTest(scene.layout, (x - view.x) / view.k, (y - view.y) / view.k)
    if (!hit) return null
    const room = hit.position === LANE ? LANE : (scene.slotAt[hit.position] ?? -1)
    if (room === -1 && hit.position !== LANE) return null
    const pod = hit.cell < 0 ? -1 : (this.model.cellsOf(room)[hit.cell] ?? -1)
    if (pod >= 0) return { kind: 'pod', slot: pod }
    return room === LANE ? null : { kind: 'node', slot: room }
  }

  rectOf(target: Target): Rect | undefined {
    return target.kind === 'pod' ? podRect(this.scene, target.slot, this.view) : nodeRect(this.scene, target.slot, this.view)
  }

  fit(): View {
    return fitView(this.scene.layout, this.stageW, this.stageH)
  }

  private place(): void {
    const { positions, roomCount } = placeRooms(this.model.nodes, this.model.nodeCount)
    const slotAt = new Int32Array(roomCount).fill(-1)
    positions.forEach((position, slot) => {
      if (position >= 0) slotAt[position] = slot
    })
    this.scene.positions = positions
    this.scene.slotAt = slotAt
  }

  private relayout(): 'none' | 'lane' | 'all' {
    const before = this.scene.layout
    const layout = chooseLayout(this.measure(), before)
    const keys = Object.keys(layout) as (keyof Layout)[]
    const changed = keys.filter((key) => layout[key] !== before[key])
    if (changed.length === 0) return 'none'
    this.scene.layout = layout
    this.hooks.onLayout(layout)
    return changed.every((key) => key === 'laneRows') ? 'lane' : 'all'
  }

  private measure() {
    const { model } = this
    let podCapacity = 0
    let longestNodeName = 0
    for (const node of model.nodes) {
      if (!node) continue
      podCapacity = Math.max(podCapacity, node.podCapacity)
      longestNodeName = Math.max(longestNodeName, node.name.length)
    }
    let longestName = 20
    if (model.podCount <= 400)
      for (const pod of model.pods) if (pod && pod.name.length > longestName) longestName = pod.name.length
    return {
      roomCount: this.scene.slotAt.length,
      mostCells: model.mostCells(),
      podCapacity,
      pendingCells: model.cellsOf(LANE).length,
      longestName,
      longestNodeName,
      stageW: this.stageW,
      stageH: this.stageH,
    }
  }

  private animate(change: Change): void {
    const { pod, kind } = change
    const { scene } = this
    const now = performance.now()
    if (kind === 'leave') {
      this.motions.end((motion) => motion.slot === pod.slot, this.settle)
      const at = this.corner(change.fromRoom, change.fromCell)
      if (at && !this.reducedMotion) this.motions.add('leave', -1, pod.state, at, at, now, 200)
      return
    }
    const to = this.corner(pod.node, this.model.cell[pod.slot] ?? 0)
    if (!to) return
    if (this.reducedMotion) {
      this.motions.add('ring', -1, pod.state, to, to, now, RING_STILL_MS)
      return
    }
    if (kind === 'state') {
      if (!scene.moving[pod.slot]) this.motions.add('ring', -1, pod.state, to, to, now, RING_MS)
      return
    }
    const from = this.cameFrom(change) ?? to
    this.motions.end((motion) => motion.slot === pod.slot, this.settle)
    const distance = Math.hypot(to.x - from.x, to.y - from.y) * this.view.k
    const added = this.motions.add(kind, pod.slot, pod.state, from, to, now, kind === 'move' ? travelMs(distance) : 160)
    if (added) scene.moving[pod.slot] = 1
  }

  /** A pod that was created and bound between two frames came by way of the lane too; static pods did not. */
  private cameFrom({ kind, pod, fromRoom, fromCell }: Change): { x: number; y: number } | undefined {
    if (kind === 'move') return this.corner(fromRoom, fromCell)
    if (pod.node === LANE || pod.owner.startsWith('Node/')) return undefined
    return this.corner(LANE, (this.model.cell[pod.slot] ?? 0) % this.scene.layout.laneColumns)
  }

  private corner(room: number, cell: number): { x: number; y: number } | undefined {
    const position = room === LANE ? LANE : (this.scene.positions[room] ?? -2)
    if (position < LANE) return undefined
    const out = { x: 0, y: 0 }
    cellCorner(this.scene.layout, position, cell, out)
    return out
  }

  private readonly settle = (motion: { slot: number }): void => {
    if (motion.slot < 0) return
    this.scene.moving[motion.slot] = 0
    const pod = this.model.pods[motion.slot]
    if (pod) this.repaint([pod.node])
  }

  private stopMotions(): void {
    this.motions.end(
      () => true,
      () => undefined,
    )
    this.scene.moving.fill(0)
  }

  /** Draws rooms again where they are kept drawn. `rooms` are node slots or LANE. */
  private repaint(rooms: Iterable<number>): void {
    const positions: number[] = []
    for (const room of rooms) {
      const position = room === LANE ? LANE : (this.scene.positions[room] ?? -2)
      if (position >= LANE) positions.push(position)
    }
    this.painter.touch(positions)
    this.invalidate()
  }

  /** Forgets all kept drawings. */
  private redraw(): void {
    this.painter.forget()
    this.invalidate()
  }

  invalidate(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.hooks.schedule(this.frame)
  }

  private readonly frame = (nowMs: number): void => {
    this.scheduled = false
    const { ctx, scene, view } = this
    if (!ctx) return
    this.motions.end((motion) => motion.endMs <= nowMs, this.settle)
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0)
    ctx.globalAlpha = 1
    ctx.fillStyle = scene.palette.stage
    ctx.fillRect(0, 0, this.stageW, this.stageH)
    const more = this.painter.draw(ctx, view, this.stageW, this.stageH, this.zoomedMs)
    drawMotions(ctx, scene, this.motions, view, nowMs, this.scale)
    this.drawRings(ctx)
    this.findFocus()
    if (more || this.motions.active.length > 0) this.invalidate()
  }

  private drawRings(ctx: CanvasRenderingContext2D): void {
    const { palette } = this.scene
    const hovered = this.hovered && this.rectOf(this.hovered)
    if (hovered) drawRing(ctx, hovered.x, hovered.y, hovered.w, hovered.h, palette.text, 1, 0.8, 0)
    const selected = this.selected && this.rectOf(this.selected)
    if (!selected) return
    // A selected cell must be found from afar.
    const grow = Math.max(0, (10 - Math.min(selected.w, selected.h)) / 2)
    drawRing(ctx, selected.x - grow, selected.y - grow, selected.w + 2 * grow, selected.h + 2 * grow, palette.accent, 2.5, 1, 1.5)
  }

  private findFocus(): void {
    const { layout } = this.scene
    let focus = -1
    if (layout.cellPitchX * this.view.k >= INSIDE_W && layout.cellPitchY * this.view.k >= INSIDE_H) {
      const chosen = this.selected?.kind === 'pod' ? podRect(this.scene, this.selected.slot, this.view) : undefined
      const seen =
        chosen && chosen.x + chosen.w > 0 && chosen.y + chosen.h > 0 && chosen.x < this.stageW && chosen.y < this.stageH
      const centre = this.hit(this.stageW / 2, this.stageH / 2)
      focus = seen && this.selected ? this.selected.slot : centre?.kind === 'pod' ? centre.slot : -1
    }
    if (focus === this.focus) return
    this.focus = focus
    this.scene.inside = null
    this.hooks.onFocus(this.model.pods[focus] ?? null)
  }

  /** How far out it makes sense to zoom. */
  get world(): Rect {
    return worldRect(this.scene.layout)
  }
}

function grown(from: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length)
  made.set(from)
  return made
}
