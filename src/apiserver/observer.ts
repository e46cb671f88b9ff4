import type { ApiRequest, WatchEvent } from './api.ts'

/** What came of a request. */
export interface Outcome {
  readonly code: number
  /** Why it was refused; '' if it was not. */
  readonly message: string
  /** The store's revision before and after: the writes of the request lie between them. */
  readonly revisionBefore: number
  readonly revisionAfter: number
}

/** Looks on while the API server works; without one nothing is recorded. It must change nothing. */
export interface ApiObserver {
  /** A request was carried out or refused, or a watch was opened. Requests made on the way of another one are not told. */
  answered(request: ApiRequest, outcome: Outcome): void
  /** Events reach the watcher that this request opened. */
  delivered(watcher: ApiRequest, events: readonly WatchEvent[]): void
}
