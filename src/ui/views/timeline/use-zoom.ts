import { select, zoom, zoomIdentity } from 'd3'
import type { ZoomBehavior, ZoomTransform } from 'd3'
import { useEffect, useEffectEvent, useRef, type RefObject } from 'react'
import type { TimeWindow } from './model.ts'

/** At scale 1 a pixel is a second. */
const BASE_MS = 1000
const LEAST_SCALE = BASE_MS / 3_600_000
const MOST_SCALE = BASE_MS / 0.1

/** Wheel with Ctrl zooms, with Shift pans; dragging pans. Without keys the wheel scrolls the rows. */
export function useZoom(
  ref: RefObject<HTMLCanvasElement | null>,
  originMs: number,
  window: TimeWindow,
  width: number,
  onChange: (window: TimeWindow) => void,
): void {
  const behaviour = useRef<ZoomBehavior<HTMLCanvasElement, unknown>>(null)
  const changed = useEffectEvent((transform: ZoomTransform) => {
    const fromMs = originMs - (transform.x / transform.k) * BASE_MS
    onChange({ fromMs, toMs: fromMs + (width / transform.k) * BASE_MS })
  })
  useEffect(() => {
    const canvas = ref.current
    if (!canvas) return
    const zooming = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([LEAST_SCALE, MOST_SCALE])
      .filter((event: Event) =>
        event instanceof WheelEvent ? event.ctrlKey || event.metaKey : !(event instanceof MouseEvent && event.button !== 0),
      )
      .on('zoom', (event: { sourceEvent: Event | null; transform: ZoomTransform }) => {
        if (event.sourceEvent) changed(event.transform)
      })
    behaviour.current = zooming
    const target = select(canvas)
    target.call(zooming).on('dblclick.zoom', null)
    const onWheel = (event: WheelEvent): void => {
      const across = event.shiftKey
        ? event.deltaX || event.deltaY
        : Math.abs(event.deltaX) > Math.abs(event.deltaY)
          ? event.deltaX
          : 0
      if (across === 0 || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      const now = (canvas as { __zoom?: ZoomTransform }).__zoom ?? zoomIdentity
      const moved = now.translate(-across / now.k, 0)
      target.call(zooming.transform, moved)
      changed(moved)
    }
    canvas.addEventListener('wheel', onWheel, { passive: false })
    return () => {
      canvas.removeEventListener('wheel', onWheel)
      target.on('.zoom', null)
    }
  }, [ref])
  useEffect(() => {
    const canvas = ref.current
    if (!canvas || !behaviour.current || width === 0) return
    const k = width / ((window.toMs - window.fromMs) / BASE_MS)
    const wanted = zoomIdentity.translate((-k * (window.fromMs - originMs)) / BASE_MS, 0).scale(k)
    select(canvas).call(behaviour.current.transform, wanted)
  }, [ref, window.fromMs, window.toMs, width, originMs])
}
