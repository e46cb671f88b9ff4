/** What lies under a point of the canvas. Pure. */
import type { TimelineBand, TimelineLane, TimelineMark } from '../../../worker/timeline/protocol.ts'
import { bandAt, type MarkIndex, type Row, type TimeWindow } from './model.ts'

export interface Hit {
  readonly timeMs: number
  readonly lane: TimelineLane
  readonly band: TimelineBand | undefined
  /** Set when the point is on or beside an Event's tick. */
  readonly mark: TimelineMark | undefined
}

/** A tick is caught from this far, in pixels. */
const REACH_PX = 5

export interface HitScene {
  readonly rows: readonly Row[]
  readonly marks: MarkIndex
  readonly window: TimeWindow
  readonly width: number
  readonly rowHeight: number
  readonly scrollTop: number
}

export function timeAt({ window, width }: Pick<HitScene, 'window' | 'width'>, x: number): number {
  return window.fromMs + (x / width) * (window.toMs - window.fromMs)
}

export function hitAt(scene: HitScene, x: number, y: number): Hit | null {
  const at = y + scene.scrollTop
  const index = Math.floor(at / scene.rowHeight)
  const row = scene.rows[index]
  if (row?.type !== 'lane') return null
  const { lane } = row
  const timeMs = timeAt(scene, x)
  const inTicks = at - index * scene.rowHeight > scene.rowHeight / 2
  const reachMs = (REACH_PX / scene.width) * (scene.window.toMs - scene.window.fromMs)
  return {
    timeMs,
    lane,
    band: timeMs < lane.startMs ? undefined : bandAt(lane, timeMs),
    mark: inTicks ? nearest(scene.marks.of(lane.uid), timeMs, reachMs) : undefined,
  }
}

function nearest(marks: readonly TimelineMark[], timeMs: number, reachMs: number): TimelineMark | undefined {
  let best: TimelineMark | undefined
  for (const mark of marks) {
    const far = Math.abs(mark.timeMs - timeMs)
    if (far <= reachMs && (!best || far < Math.abs(best.timeMs - timeMs))) best = mark
  }
  return best
}
