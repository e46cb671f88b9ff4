/** The chart of a rollout as paths: pods per revision stacked, total and available, the budget. Pure. */
import { area, curveStepAfter, line, scaleLinear, scaleUtc } from 'd3'
import type { RolloutPoint, RolloutView } from '../../../worker/rollout/protocol.ts'

export interface ChartSize {
  readonly width: number
  readonly height: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}
export interface ChartModel {
  readonly lanes: readonly { readonly name: string; readonly d: string }[]
  readonly total: string
  readonly available: string
  /** Heights of the budget's lines. */
  readonly maxTotalY: number
  readonly minAvailableY: number
  readonly desiredY: number
  readonly nowX: number
  readonly xTicks: readonly { readonly x: number; readonly label: string }[]
  readonly yTicks: readonly { readonly y: number; readonly label: string }[]
}

/** The least span of time shown, so that a young rollout is not one tall step. */
const LEAST_MS = 20_000

/** The points seen between two instants, with the values at both ends added. */
export function pointsIn(points: readonly RolloutPoint[], fromMs: number, toMs: number): readonly RolloutPoint[] {
  const before = points.findLast((point) => point.timeMs <= fromMs)
  const inside = points.filter((point) => point.timeMs > fromMs && point.timeMs <= toMs)
  const start = before ? [{ ...before, timeMs: fromMs }] : []
  const last = inside.at(-1) ?? before
  return [...start, ...inside, ...(last && last.timeMs < toMs ? [{ ...last, timeMs: toMs }] : [])]
}

/** The time shown: the last `windowMs` (0: everything), now at the right edge. */
export function timeSpan(points: readonly RolloutPoint[], nowMs: number, windowMs: number): readonly [number, number] {
  const first = points[0]?.timeMs ?? nowMs
  const from = windowMs > 0 ? Math.max(first, nowMs - windowMs) : first
  return [Math.min(from, nowMs - LEAST_MS), nowMs]
}

export function chartModel(view: RolloutView, nowMs: number, windowMs: number, size: ChartSize): ChartModel {
  const [fromMs, toMs] = timeSpan(view.points, nowMs, windowMs)
  const points = pointsIn(view.points, fromMs, toMs)
  const most = points.reduce((max, point) => Math.max(max, point.total, stackOf(point)), Math.max(view.maxTotal, view.desired, 1))
  const x = scaleUtc([fromMs, toMs], [size.left, size.width - size.right])
  const y = scaleLinear([0, most], [size.height - size.bottom, size.top]).nice(Math.min(6, most))
  const names = [...new Set([...view.lanes.map((lane) => lane.name), ...points.flatMap((point) => Object.keys(point.perLane))])]
  // Older revisions below: what remains of them shrinks to the ground.
  const order = names.toSorted((a, b) => revisionOf(view, a) - revisionOf(view, b))
  const lanes = order.map((name, i) => {
    const base = (point: RolloutPoint): number => order.slice(0, i).reduce((sum, other) => sum + (point.perLane[other] ?? 0), 0)
    const shape = area<RolloutPoint>()
      .curve(curveStepAfter)
      .x((point) => x(point.timeMs))
      .y0((point) => y(base(point)))
      .y1((point) => y(base(point) + (point.perLane[name] ?? 0)))
    return { name, d: shape(points) ?? '' }
  })
  const lineOf = (value: (point: RolloutPoint) => number): string =>
    line<RolloutPoint>()
      .curve(curveStepAfter)
      .x((point) => x(point.timeMs))
      .y((point) => y(value(point)))(points) ?? ''
  return {
    lanes,
    total: lineOf((point) => point.total),
    available: lineOf((point) => point.available),
    maxTotalY: y(view.maxTotal),
    minAvailableY: y(view.minAvailable),
    desiredY: y(view.desired),
    nowX: x(toMs),
    xTicks: x
      .ticks(Math.max(2, Math.floor(size.width / 110)))
      .map((tick) => ({ x: x(tick), label: tick.toISOString().slice(11, 19) })),
    yTicks: y
      .ticks(Math.min(6, most))
      .filter(Number.isInteger)
      .map((tick) => ({ y: y(tick), label: String(tick) })),
  }
}

function stackOf(point: RolloutPoint): number {
  return Object.values(point.perLane).reduce((sum, pods) => sum + pods, 0)
}

function revisionOf(view: RolloutView, name: string): number {
  return view.lanes.find((lane) => lane.name === name)?.revision ?? 0
}
