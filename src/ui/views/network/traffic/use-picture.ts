import { useEffect, useRef, useState, type RefObject } from 'react'
import type { NetTopology, NetworkDelta } from '../../../../worker/network/protocol.ts'
import { useFeedDeltas } from '../../../engine/hooks.ts'
import { useSettings } from '../../../state/settings.ts'
import { Dots } from './dots.ts'
import { paint, readColours, type Colours } from './paint.ts'
import type { Anchor, Picture } from './ways.ts'

const REDUCED = '(prefers-reduced-motion: reduce)'
/** The word about several requests in a dot changes at most this often. */
const TELL_MS = 500
const TRUNK_PX = 11

export interface PictureParts {
  readonly area: RefObject<HTMLDivElement | null>
  readonly canvas: RefObject<HTMLCanvasElement | null>
  /** Requests that a dot stands for. */
  readonly each: number
}

/** Draws links, rates and dots over the boxes of the topology. Frames are drawn only while something moves. */
export function usePicture(topology: NetTopology): PictureParts {
  const area = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const painter = useRef<Painter | null>(null)
  const [each, setEach] = useState(1)
  const look = useSettings((state) => `${state.darkNow} ${state.palette} ${state.enlarged}`)
  useEffect(() => {
    const made = new Painter(area.current, canvas.current, setEach)
    painter.current = made
    const observer = new ResizeObserver(() => made.measure())
    if (area.current) observer.observe(area.current)
    return () => {
      observer.disconnect()
      made.stop()
    }
  }, [])
  useEffect(() => {
    painter.current?.show(topology)
  }, [topology])
  // Themes change the colours' values a frame after the setting.
  useEffect(() => {
    const frame = requestAnimationFrame(() => painter.current?.measure())
    return () => cancelAnimationFrame(frame)
  }, [look])
  useFeedDeltas({ feed: 'network' }, (data) => {
    if (data.feed === 'network') painter.current?.take(data.network)
  })
  return { area, canvas, each }
}

class Painter {
  readonly #dots = new Dots()
  readonly #area: HTMLElement | null
  readonly #canvas: HTMLCanvasElement | null
  readonly #onEach: (each: number) => void
  #picture: Picture = { anchors: new Map(), nodeOf: new Map(), lanY: 0, lanX: new Map() }
  #topology: NetTopology | null = null
  #colours: Colours | null = null
  #frame = 0
  #toldMs = 0
  #told = 1

  constructor(area: HTMLElement | null, canvas: HTMLCanvasElement | null, onEach: (each: number) => void) {
    this.#area = area
    this.#canvas = canvas
    this.#onEach = onEach
  }

  show(topology: NetTopology): void {
    this.#topology = topology
    this.measure()
  }

  take({ flows, spanMs, reset }: NetworkDelta): void {
    if (reset || flows.length === 0) return
    const nowMs = performance.now()
    this.#dots.motion = !matchMedia(REDUCED).matches
    this.#dots.take(flows, spanMs, nowMs)
    if (nowMs - this.#toldMs > TELL_MS && this.#dots.each !== this.#told) {
      this.#toldMs = nowMs
      this.#onEach((this.#told = this.#dots.each))
    }
    this.#wake()
  }

  /** Reads where everything is, and the colours. */
  measure(): void {
    const [area, canvas] = [this.#area, this.#canvas]
    if (!area || !canvas) return
    this.#picture = measurePicture(area)
    this.#colours = readColours(area)
    const { width, height } = area.getBoundingClientRect()
    canvas.width = Math.round(width * devicePixelRatio)
    canvas.height = Math.round(height * devicePixelRatio)
    this.#paint()
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = -1
  }

  #wake(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#run())
  }

  #run(): void {
    this.#frame = 0
    this.#paint()
    if (this.#dots.isAlive(performance.now())) this.#wake()
  }

  #paint(): void {
    const context = this.#canvas?.getContext('2d')
    if (!context || !this.#colours || !this.#topology) return
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, context.canvas.width, context.canvas.height)
    context.scale(devicePixelRatio, devicePixelRatio)
    paint(context, this.#picture, this.#topology, this.#dots, performance.now(), this.#colours)
  }
}

function measurePicture(area: HTMLElement): Picture {
  const origin = area.getBoundingClientRect()
  const anchors = new Map<string, Anchor>()
  const nodeOf = new Map<string, string>()
  const lanX = new Map<string, number>()
  const boxes: { readonly node: string; readonly box: DOMRect }[] = []
  let lanY = 0
  for (const element of area.querySelectorAll<HTMLElement>('[data-end]')) {
    const { end = '', node } = element.dataset
    const box = element.getBoundingClientRect()
    const [x, y] = [box.left - origin.left + box.width / 2, box.top - origin.top + box.height / 2]
    if (end === 'lan') lanY = y
    else if (end === 'outside') anchors.set(end, { x, y: box.bottom - origin.top })
    else if (end.startsWith('port:')) anchors.set(end, { x: trunkOf(element, origin), y: box.top - origin.top })
    else if (end.startsWith('bridge:')) anchors.set(end, { x: trunkOf(element, origin), y })
    else if (end.startsWith('pod:')) anchors.set(end, { x: box.left - origin.left + 8, y })
    else anchors.set(end, { x, y })
    if (end.startsWith('pod:') && node !== undefined) nodeOf.set(end, node)
    if (end.startsWith('node:')) boxes.push({ node: end.slice(5), box })
  }
  const firstTop = Math.min(...boxes.map(({ box }) => box.top))
  for (const { node, box } of boxes) if (box.top > firstTop + 4) lanX.set(node, box.left - origin.left - 5)
  return { anchors, nodeOf, lanY, lanX }
}

/** The line that runs down in the margin of a machine's box. */
function trunkOf(element: HTMLElement, origin: DOMRect): number {
  const box = element.closest('section')?.getBoundingClientRect()
  return (box?.left ?? 0) - origin.left + TRUNK_PX
}
