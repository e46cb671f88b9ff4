/** What the page is told of lives over time. */

/** A stretch of an object's life; it lasts until the next one, or the lane's end. */
export interface TimelineBand {
  readonly fromMs: number
  /** Index into POD_STATES; -1 for objects without health. */
  readonly state: number
  /** For pods kubectl's STATUS. */
  readonly status: string
}
/** An object's life. */
export interface TimelineLane {
  readonly uid: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** The top controller: 'Deployment/web', or ''. */
  readonly owner: string
  /** The pod's node, or ''. */
  readonly node: string
  readonly restarts: number
  readonly startMs: number
  /** Null while it exists. */
  readonly endMs: number | null
  readonly bands: readonly TimelineBand[]
}
/** In a delta `bands` replace those from index `from` on. */
export interface TimelineLaneDelta extends TimelineLane {
  readonly from: number
}
/** One write of an Event object. */
export interface TimelineMark {
  readonly timeMs: number
  readonly warning: boolean
  readonly reason: string
  readonly message: string
  /** uid of the lane it is about; '' when that has none. */
  readonly lane: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}
/** Marks are added at the end; both sides drop the oldest beyond TIMELINE_MARKS. */
export interface TimelineDelta {
  readonly reset: boolean
  readonly lanes: readonly TimelineLaneDelta[]
  readonly marks: readonly TimelineMark[]
  /** Objects beyond the bound on lanes. */
  readonly omitted: number
}
export const TIMELINE_MARKS = 50_000
