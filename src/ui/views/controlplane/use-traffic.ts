import { useEffect, useRef, useState, type RefObject } from 'react'
import type { ControlPlaneDelta } from '../../../worker/control-plane/protocol.ts'
import { useFeedDeltas, useFeedValue } from '../../engine/hooks.ts'
import { useSettings } from '../../state/settings.ts'
import type { Box } from './geometry.ts'
import { paintDots, paintLines, type Colours, type Scene } from './paint.ts'
import { Traffic } from './traffic.ts'

const REDUCED = '(prefers-reduced-motion: reduce)'

export interface TrafficParts {
  /** Holds the stations, each with data-station. */
  readonly area: RefObject<HTMLDivElement | null>
  readonly lines: RefObject<HTMLCanvasElement | null>
  readonly dots: RefObject<HTMLCanvasElement | null>
  /** Whether there is too much at once for dots. */
  readonly aggregated: boolean
}

/**
 * Draws the traffic between the stations of a diagram, on one canvas below them and one above. Frames are drawn only
 * while something moves. `layout` changes when stations may have moved.
 */
export function useTraffic(lineIds: readonly string[], marked: Scene['marked'], layout: string): TrafficParts {
  const area = useRef<HTMLDivElement>(null)
  const lines = useRef<HTMLCanvasElement>(null)
  const dots = useRef<HTMLCanvasElement>(null)
  const [aggregated, setAggregated] = useState(false)
  const speed = useFeedValue({ feed: 'clock' }, (clock) => (clock?.speed === 'max' ? 1000 : (clock?.speed ?? 1)))
  const look = useSettings((state) => `${state.darkNow} ${state.palette} ${state.enlarged}`)
  const painter = useRef<Painter | null>(null)

  useEffect(() => {
    const made = new Painter(area.current, lines.current, dots.current, setAggregated)
    painter.current = made
    const observer = new ResizeObserver(() => made.measure())
    if (area.current) observer.observe(area.current)
    return () => {
      observer.disconnect()
      made.stop()
    }
  }, [])
  useEffect(() => painter.current?.show(lineIds, marked, layout), [lineIds, marked, layout])
  // Themes change the colours' values a frame after the setting.
  useEffect(() => {
    const frame = requestAnimationFrame(() => painter.current?.measure())
    return () => cancelAnimationFrame(frame)
  }, [look])
  useFeedDeltas({ feed: 'controlplane' }, (data) => {
    if (data.feed !== 'controlplane') return
    painter.current?.take(data.controlPlane, speed)
  })
  return { area, lines, dots, aggregated }
}

/** Keeps the canvases in step with the stations and the traffic. */
class Painter {
  readonly #traffic = new Traffic()
  readonly #area: HTMLElement | null
  readonly #canvases: readonly (HTMLCanvasElement | null)[]
  readonly #onAggregated: (aggregated: boolean) => void
  #scene: Scene = { boxes: new Map(), lines: [], marked: null }
  #colours: Colours | null = null
  #frame = 0
  #aggregated = false

  constructor(
    area: HTMLElement | null,
    lines: HTMLCanvasElement | null,
    dots: HTMLCanvasElement | null,
    onAggregated: (aggregated: boolean) => void,
  ) {
    this.#area = area
    this.#canvases = [lines, dots]
    this.#onAggregated = onAggregated
  }

  show(lines: readonly string[], marked: Scene['marked'], _layout: string): void {
    this.#scene = { ...this.#scene, lines, marked }
    this.measure()
  }

  /** Reads where the stations are, and the colours. */
  measure(): void {
    const area = this.#area
    if (!area) return
    const origin = area.getBoundingClientRect()
    const boxes = new Map<string, Box>()
    for (const element of area.querySelectorAll<HTMLElement>('[data-station]')) {
      const { left, top, width, height } = element.getBoundingClientRect()
      boxes.set(element.dataset['station'] ?? '', { x: left - origin.left, y: top - origin.top, width, height })
    }
    this.#scene = { ...this.#scene, boxes }
    this.#colours = readColours(area)
    const ratio = devicePixelRatio
    for (const canvas of this.#canvases) {
      if (!canvas) continue
      canvas.width = Math.round(origin.width * ratio)
      canvas.height = Math.round(origin.height * ratio)
    }
    this.#paint()
  }

  take(delta: ControlPlaneDelta, speed: number): void {
    this.#traffic.motion = !matchMedia(REDUCED).matches
    this.#traffic.take(delta, performance.now(), speed)
    this.#wake()
  }

  #wake(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#run())
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = -1
  }

  #run(): void {
    this.#frame = 0
    const alive = this.#traffic.isAlive(performance.now())
    this.#paint()
    const aggregated = this.#traffic.isAggregated(performance.now())
    if (aggregated !== this.#aggregated) this.#onAggregated((this.#aggregated = aggregated))
    if (alive) this.#wake()
  }

  #paint(): void {
    const [lines, dots] = this.#canvases.map((canvas) => canvas?.getContext('2d'))
    const colours = this.#colours
    if (!lines || !dots || !colours) return
    const nowMs = performance.now()
    for (const context of [lines, dots]) {
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, context.canvas.width, context.canvas.height)
      context.scale(devicePixelRatio, devicePixelRatio)
    }
    paintLines(lines, this.#scene, this.#traffic, nowMs, colours)
    paintDots(dots, this.#scene, this.#traffic, nowMs, colours)
  }
}

function readColours(element: HTMLElement): Colours {
  const style = getComputedStyle(element)
  const read = (name: string): string => style.getPropertyValue(name).trim()
  return {
    line: read('--line-strong'),
    traffic: read('--accent'),
    event: read('--text-soft'),
    refusal: read('--danger'),
    text: read('--text'),
    surface: read('--surface-stage'),
    font: `${read('--text-small')} ${style.fontFamily}`,
  }
}
