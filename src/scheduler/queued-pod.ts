import type { Cause } from '../sim/simulation.ts'
import type { PodInfo } from './pod-info.ts'

/** A pod on its way through the queue. k8s 1.36: framework QueuedPodInfo. */
export interface QueuedPod {
  info: PodInfo
  /** When it was last put into the queue. */
  timestampMs: number
  attempts: number
  /** Attempts that a plugin's rejection ended. */
  rejections: number
  /** Attempts in a row that ended with an error. */
  consecutiveErrors: number
  /** Worked out when needed. */
  backoffEndMs: number | undefined
  /** Plugins that rejected it last: only events that these are interested in bring it back. */
  rejectedBy: ReadonlySet<string>
  /** The plugin that keeps it from being tried at all; '' if none does. */
  gatedBy: string
  /** Why it is in the active queue. */
  cause: Cause | null
}
