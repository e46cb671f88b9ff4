/** What the modes of kube-proxy have in common. */
import type { ServiceState } from './changes/state.ts'
import type { NodePlace } from './changes/topology.ts'
import type { LogValue, Severity } from './klog.ts'

/** Severity, place in the source, message, values. */
export type ProxierLog = readonly [Severity, string, string, { readonly [name: string]: LogValue }?]

export interface SyncResult {
  /** False: it failed, and is to be tried again. */
  readonly ok: boolean
  readonly full: boolean
  /** Service ports whose rules were worked out. */
  readonly units: number
  /** UDP flows to former endpoints may have to be forgotten. */
  readonly conntrackCleanup: boolean
  /** What the log says. */
  readonly log: readonly ProxierLog[]
}

/** One family's rules in one mode. Changes go into `state`; sync() brings the kernel to it. */
export interface Proxier {
  readonly state: ServiceState
  sync(): SyncResult
  /** The next sync looks at everything. */
  needFullSync(): void
  setPlace(place: NodePlace): void
  /** Whether somebody else has changed what it made, since it last looked. */
  isDisturbed(): boolean
  /** Disturbed: how long until it mends that, unless a sync comes first. Milliseconds. */
  mendsAfterMs(): number
}
