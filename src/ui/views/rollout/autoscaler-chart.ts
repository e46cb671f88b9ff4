/** What an autoscaler saw and did, as paths: each metric relative to its target, and the replicas. Pure. */
import { curveStepAfter, line, scaleLinear, scaleUtc } from 'd3'
import type { AutoscalerPoint, AutoscalerView } from '../../../worker/rollout/protocol.ts'
import type { ChartSize } from './chart.ts'

/** The time shown. Milliseconds. */
const WINDOW_MS = 900_000
const LEAST_MS = 60_000
/** Ratios above this are drawn at the top. */
const MOST_RATIO = 3

export interface AutoscalerChart {
  /** A path for each metric; gaps where it was unknown. */
  readonly ratios: readonly string[]
  readonly current: string
  readonly desired: string
  /** Heights in the upper half: the target, and the tolerance around it. */
  readonly targetY: number
  readonly tolerance: { readonly top: number; readonly bottom: number }
  /** Heights in the lower half. */
  readonly minY: number
  readonly maxY: number
  /** Where the halves meet. */
  readonly middle: number
  readonly xTicks: readonly { readonly x: number; readonly label: string }[]
}

export function autoscalerChart(view: AutoscalerView, nowMs: number, size: ChartSize): AutoscalerChart {
  const first = view.points[0]?.timeMs ?? nowMs
  const fromMs = Math.min(Math.max(first, nowMs - WINDOW_MS), nowMs - LEAST_MS)
  const points = pointsSince(view.points, fromMs, nowMs)
  const x = scaleUtc([fromMs, nowMs], [size.left, size.width - size.right])
  const bottom = size.height - size.bottom
  const middle = (size.top + bottom) / 2
  const ratio = scaleLinear([0, highest(points)], [middle - 6, size.top]).clamp(true)
  const replicas = scaleLinear([0, Math.max(1, view.max)], [bottom, middle + 8])
  const steps = (value: (point: AutoscalerPoint) => number | null): string =>
    line<AutoscalerPoint>()
      .curve(curveStepAfter)
      .defined((point) => value(point) !== null)
      .x((point) => x(point.timeMs))
      .y((point) => value(point) ?? 0)(points) ?? ''
  return {
    ratios: view.metrics.map((_, i) =>
      steps((point) => {
        const value = point.ratios[i] ?? null
        return value === null ? null : ratio(value)
      }),
    ),
    current: steps((point) => replicas(point.current)),
    desired: steps((point) => replicas(point.desired)),
    targetY: ratio(1),
    tolerance: { top: ratio(1 + view.tolerance.up), bottom: ratio(1 - view.tolerance.down) },
    minY: replicas(view.min),
    maxY: replicas(view.max),
    middle,
    xTicks: x
      .ticks(Math.max(2, Math.floor(size.width / 110)))
      .map((tick) => ({ x: x(tick), label: tick.toISOString().slice(11, 19) })),
  }
}

/** The points from an instant on, with the values at both ends added. */
function pointsSince(points: readonly AutoscalerPoint[], fromMs: number, nowMs: number): readonly AutoscalerPoint[] {
  const before = points.findLast((point) => point.timeMs <= fromMs)
  const inside = points.filter((point) => point.timeMs > fromMs)
  const start = before ? [{ ...before, timeMs: fromMs }] : []
  const last = inside.at(-1) ?? before
  return [...start, ...inside, ...(last ? [{ ...last, timeMs: nowMs }] : [])]
}

function highest(points: readonly AutoscalerPoint[]): number {
  const most = points.reduce((max, { ratios }) => Math.max(max, ...ratios.map((value) => value ?? 0)), 1.4)
  return Math.min(MOST_RATIO, most * 1.1)
}
