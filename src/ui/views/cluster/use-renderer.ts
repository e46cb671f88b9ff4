import { select, zoom, zoomIdentity, type D3ZoomEvent, type Selection, type ZoomBehavior } from 'd3'
import { useEffect, useRef, useState, type RefObject } from 'react'
import type { MapDelta, PodRow } from '../../../worker/protocol.ts'
import { fitRect, type Rect, type View } from './layout.ts'
import type { Change } from './model.ts'
import { readPalette } from './palette.ts'
import { ClusterRenderer, type Target } from './renderer.ts'
import type { SceneTexts } from './scene.ts'

const MOVE_MS = 240
const MAX_ZOOM = 45

/** The renderer on its canvas with panning and zooming: what the React part of the view talks to. */
export class ClusterStage {
  readonly renderer: ClusterRenderer
  /** Whether the whole cluster is kept in view; ends with the first pan or zoom by hand. */
  following = true
  private readonly canvas: HTMLCanvasElement
  private readonly selection: Selection<HTMLCanvasElement, unknown, null, undefined>
  private readonly zoom: ZoomBehavior<HTMLCanvasElement, unknown>
  private readonly observer: ResizeObserver
  private readonly motion = matchMedia('(prefers-reduced-motion: reduce)')
  /** Size in the renderer's units, and CSS pixels per unit: more than 1 when the page is enlarged. */
  private width = 1
  private height = 1
  private unit = 1
  private fitPending = false

  constructor(canvas: HTMLCanvasElement, texts: SceneTexts, onFocus: (pod: PodRow | null) => void) {
    this.canvas = canvas
    this.renderer = new ClusterRenderer(canvas, readPalette(canvas), texts, {
      onLayout: () => this.follow(),
      onFocus,
      schedule: (frame) => requestAnimationFrame(frame),
    })
    this.selection = select(canvas)
    this.zoom = zoom<HTMLCanvasElement, unknown>()
      .extent(() => [
        [0, 0],
        [this.width * this.unit, this.height * this.unit],
      ])
      .scaleExtent([0.005, MAX_ZOOM])
      .on('zoom', (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        if (event.sourceEvent) this.following = false
        const { x, y, k } = event.transform
        this.renderer.setView({ x: x / this.unit, y: y / this.unit, k: k / this.unit })
      })
    this.selection.call(this.zoom).on('dblclick.zoom', null)
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(canvas.parentElement ?? canvas)
    this.motion.addEventListener('change', this.readMotion)
    this.readMotion()
    this.resize()
  }

  destroy(): void {
    this.observer.disconnect()
    this.motion.removeEventListener('change', this.readMotion)
    this.selection.interrupt().on('.zoom', null)
  }

  private readonly readMotion = (): void => {
    this.renderer.reducedMotion = this.motion.matches
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas.parentElement ?? this.canvas
    if (clientWidth === 0 || clientHeight === 0) return
    this.width = clientWidth / this.unit
    this.height = clientHeight / this.unit
    this.renderer.resize(this.width, this.height, Math.min(3, devicePixelRatio || 1) * this.unit)
    if (this.following) this.moveTo(this.renderer.fit(), 0)
  }

  /** Draws everything, texts too, larger by this factor. */
  enlarge(unit: number): void {
    if (unit === this.unit) return
    this.unit = unit
    this.resize()
  }

  apply(delta: MapDelta): readonly Change[] {
    const changes = this.renderer.apply(delta)
    if (delta.reset && this.following) this.moveTo(this.renderer.fit(), 0)
    return changes
  }

  /** The layout changed: once the present call is over, look at all of it again. */
  private follow(): void {
    if (!this.following || this.fitPending) return
    this.fitPending = true
    queueMicrotask(() => {
      this.fitPending = false
      if (this.following) this.moveTo(this.renderer.fit(), MOVE_MS)
    })
  }

  moveTo(view: View, durationMs: number): void {
    const { unit } = this
    const least = Math.min(this.renderer.fit().k * 0.6, view.k)
    this.zoom.scaleExtent([least * unit, MAX_ZOOM * unit])
    const transform = zoomIdentity.translate(view.x * unit, view.y * unit).scale(view.k * unit)
    this.selection.interrupt()
    if (durationMs === 0 || this.renderer.reducedMotion || document.hidden) this.selection.call(this.zoom.transform, transform)
    else this.selection.transition().duration(durationMs).call(this.zoom.transform, transform)
  }

  fit(): void {
    this.following = true
    this.moveTo(this.renderer.fit(), MOVE_MS)
  }

  zoomBy(factor: number): void {
    this.following = false
    this.selection.interrupt().call(this.zoom.scaleBy, factor)
  }

  /** Goes near enough to see what is inside. */
  zoomTo(target: Target): void {
    const rect = this.renderer.rectOf(target)
    if (!rect) return
    this.following = false
    const { x, y, k } = this.renderer.view
    const world = { x: (rect.x - x) / k, y: (rect.y - y) / k, w: rect.w / k, h: rect.h / k }
    this.moveTo(fitRect(world, this.width, this.height, Math.min(this.width, this.height) * 0.08, MAX_ZOOM), MOVE_MS)
  }

  /** Pans just so far that the target is in sight. */
  reveal(target: Target): void {
    const rect = this.renderer.rectOf(target)
    if (!rect) return
    const margin = 24
    const dx = Math.max(0, margin - rect.x) || Math.min(0, this.width - margin - rect.x - rect.w)
    const dy = Math.max(0, margin - rect.y) || Math.min(0, this.height - margin - rect.y - rect.h)
    if (dx === 0 && dy === 0) return
    const { x, y, k } = this.renderer.view
    this.moveTo({ x: x + dx, y: y + dy, k }, MOVE_MS)
  }

  /** Where a cell or room is, in CSS pixels. */
  cssRectOf(target: Target): Rect | undefined {
    const rect = this.renderer.rectOf(target)
    const { unit } = this
    return rect && { x: rect.x * unit, y: rect.y * unit, w: rect.w * unit, h: rect.h * unit }
  }

  get cssSize(): { readonly w: number; readonly h: number } {
    return { w: this.width * this.unit, h: this.height * this.unit }
  }

  /** Where a pointer event is, in the renderer's units. */
  pointOf(event: { readonly clientX: number; readonly clientY: number }): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect()
    return { x: ((event.clientX - box.left) * this.width) / box.width, y: ((event.clientY - box.top) * this.height) / box.height }
  }
}

/** Makes the stage on the canvas once it is there; undefined before. */
export function useStage(
  canvasRef: RefObject<HTMLCanvasElement | null>,
  texts: SceneTexts,
  onFocus: (pod: PodRow | null) => void,
): ClusterStage | undefined {
  const [stage, setStage] = useState<ClusterStage>()
  const first = useRef({ texts, onFocus })
  useEffect(() => {
    const canvas = canvasRef.current
    if (!canvas) return
    const made = new ClusterStage(canvas, first.current.texts, first.current.onFocus)
    setStage(made)
    return () => made.destroy()
  }, [canvasRef])
  return stage
}
