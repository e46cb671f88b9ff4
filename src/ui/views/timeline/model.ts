/** Which lives are shown, and in which rows. Pure. */
import { POD_STATES } from '../../../worker/protocol.ts'
import type { TimelineBand, TimelineLane, TimelineMark } from '../../../worker/timeline/protocol.ts'

export type GroupBy = 'owner' | 'node' | 'namespace'

export interface LaneFilter {
  readonly namespace: string
  readonly text: string
  readonly onlyUnhealthy: boolean
  readonly onlyWarnings: boolean
  /** Beside pods. */
  readonly otherKinds: boolean
  readonly ended: boolean
}
export const NO_FILTER: LaneFilter = {
  namespace: '',
  text: '',
  onlyUnhealthy: false,
  onlyWarnings: false,
  otherKinds: false,
  ended: true,
}

/** The time in sight. */
export interface TimeWindow {
  readonly fromMs: number
  readonly toMs: number
}

export type Row =
  | {
      readonly type: 'group'
      readonly key: string
      readonly name: string
      readonly namespace: string
      readonly count: number
      readonly folded: boolean
    }
  | { readonly type: 'lane'; readonly key: string; readonly lane: TimelineLane }

const BAD = new Set(['crash', 'image', 'unknown', 'failed'].map((state) => POD_STATES.indexOf(state as 'crash')))
const SLOW = new Set(['pending', 'notReady', 'starting'].map((state) => POD_STATES.indexOf(state as 'pending')))
const TERMINATING = POD_STATES.indexOf('terminating')
/** Waiting longer than this is not healthy any more. */
const SLOW_MS = 30_000

/** When a band ends: with the next one, or the lane, or not yet (now). */
export function bandEnd(lane: TimelineLane, index: number, nowMs: number): number {
  return lane.bands[index + 1]?.fromMs ?? lane.endMs ?? nowMs
}

/** Whether a life had trouble within the time in sight. */
export function isUnhealthy(lane: TimelineLane, { fromMs, toMs }: TimeWindow, nowMs: number): boolean {
  return lane.bands.some((band, i) => {
    const endMs = bandEnd(lane, i, nowMs)
    if (band.fromMs > toMs || endMs < fromMs) return false
    // A container that is killed at the end of its grace period ends in Error: that is no trouble.
    if (lane.bands[i - 1]?.state === TERMINATING) return false
    return BAD.has(band.state) || (SLOW.has(band.state) && endMs - band.fromMs > SLOW_MS)
  })
}

/** The band that covers a moment. */
export function bandAt(lane: TimelineLane, timeMs: number): TimelineBand | undefined {
  if (lane.endMs !== null && timeMs > lane.endMs) return undefined
  return lane.bands.findLast((band) => band.fromMs <= timeMs)
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'ReplicaSet', 'ReplicationController'])

/** The heading a life stands under, '' for none; a workload heads itself, a node too. */
function groupOf(lane: TimelineLane, by: GroupBy): { readonly name: string; readonly namespace: string } {
  if (by === 'namespace') return { name: lane.namespace, namespace: '' }
  if (by === 'node') return { name: lane.node, namespace: '' }
  const name = lane.owner || (WORKLOADS.has(lane.kind) ? `${lane.kind}/${lane.name}` : '')
  return { name, namespace: name === '' ? '' : lane.namespace }
}

export interface ModelInput {
  readonly lanes: Iterable<TimelineLane>
  readonly marks: MarkIndex
  readonly filter: LaneFilter
  readonly by: GroupBy
  readonly folded: ReadonlySet<string>
  readonly window: TimeWindow
  readonly nowMs: number
}

/** Lives that pass the filter and fall into the time in sight. */
export function shownLanes({ lanes, marks, filter, window, nowMs }: ModelInput): TimelineLane[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  return [...lanes].filter((lane) => {
    if (!filter.otherKinds && lane.kind !== 'Pod') return false
    if (filter.namespace !== '' && lane.namespace !== filter.namespace) return false
    if (!filter.ended && lane.endMs !== null) return false
    if (lane.startMs > window.toMs || (lane.endMs ?? nowMs) < window.fromMs) return false
    if (words.length > 0) {
      const text = `${lane.kind}/${lane.name} ${lane.owner} ${lane.node} ${lane.bands.at(-1)?.status ?? ''}`.toLowerCase()
      if (!words.every((word) => text.includes(word))) return false
    }
    if (filter.onlyUnhealthy && !isUnhealthy(lane, window, nowMs)) return false
    return !filter.onlyWarnings || marks.of(lane.uid).some((mark) => mark.warning && inWindow(mark, window))
  })
}

/** Rows from top to bottom: headings with their lives under them; the system's own come last. */
export function rowsOf(lanes: readonly TimelineLane[], by: GroupBy, folded: ReadonlySet<string>): Row[] {
  const groups = new Map<string, { name: string; namespace: string; lanes: TimelineLane[] }>()
  for (const lane of lanes) {
    const { name, namespace } = groupOf(lane, by)
    const key = `${namespace}|${name}`
    const group = groups.get(key)
    if (group) group.lanes.push(lane)
    else groups.set(key, { name, namespace, lanes: [lane] })
  }
  const isSystem = (group: { lanes: TimelineLane[] }): number =>
    by !== 'node' && group.lanes.every((lane) => lane.namespace === 'kube-system') ? 1 : 0
  const ordered = [...groups].sort(
    ([a, x], [b, y]) => isSystem(x) - isSystem(y) || Number(x.name === '') - Number(y.name === '') || (a < b ? -1 : 1),
  )
  return ordered.flatMap(([key, group]): Row[] => {
    const isFolded = folded.has(key)
    const heading: Row = {
      type: 'group',
      key,
      name: group.name,
      namespace: group.namespace,
      count: group.lanes.length,
      folded: isFolded,
    }
    if (isFolded) return [heading]
    const own = group.lanes.sort(
      (a, b) => Number(a.kind === 'Pod') - Number(b.kind === 'Pod') || a.startMs - b.startMs || (a.name < b.name ? -1 : 1),
    )
    return [heading, ...own.map((lane): Row => ({ type: 'lane', key: lane.uid, lane }))]
  })
}

function inWindow(mark: TimelineMark, { fromMs, toMs }: TimeWindow): boolean {
  return mark.timeMs >= fromMs && mark.timeMs <= toMs
}

/** Event marks by lane; takes in what was added since the last look. */
export class MarkIndex {
  private readonly byLane = new Map<string, TimelineMark[]>()
  private first: TimelineMark | undefined
  private taken = 0

  update(marks: readonly TimelineMark[]): void {
    if (marks[0] !== this.first || marks.length < this.taken) {
      this.byLane.clear()
      this.taken = 0
      this.first = marks[0]
    }
    for (; this.taken < marks.length; this.taken++) {
      const mark = marks[this.taken] as TimelineMark
      const list = this.byLane.get(mark.lane)
      if (list) list.push(mark)
      else this.byLane.set(mark.lane, [mark])
    }
  }

  /** Oldest first. */
  of(lane: string): readonly TimelineMark[] {
    return this.byLane.get(lane) ?? []
  }
}

/** Events of the list: those in sight that pass the filter, newest first. */
export function shownMarks(marks: readonly TimelineMark[], filter: LaneFilter, window: TimeWindow): TimelineMark[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  const out: TimelineMark[] = []
  for (let i = marks.length - 1; i >= 0; i--) {
    const mark = marks[i] as TimelineMark
    if (mark.timeMs < window.fromMs) break
    if (mark.timeMs > window.toMs) continue
    if (filter.onlyWarnings && !mark.warning) continue
    if (filter.namespace !== '' && mark.namespace !== filter.namespace) continue
    const text = `${mark.kind}/${mark.name} ${mark.reason} ${mark.message}`.toLowerCase()
    if (words.every((word) => text.includes(word))) out.push(mark)
  }
  return out
}

/** The window zoomed about a moment: `factor` below 1 shows less. Spans from a tenth of a second to a week. */
export function zoomed({ fromMs, toMs }: TimeWindow, factor: number, aboutMs: number): TimeWindow {
  const span = Math.min(Math.max((toMs - fromMs) * factor, 100), 7 * 86_400_000)
  const part = (aboutMs - fromMs) / (toMs - fromMs)
  return { fromMs: aboutMs - span * part, toMs: aboutMs + span * (1 - part) }
}

/** The last part of the history, now a little before the right edge. */
export function following(spanMs: number, nowMs: number): TimeWindow {
  return { fromMs: nowMs - spanMs * 0.96, toMs: nowMs + spanMs * 0.04 }
}
