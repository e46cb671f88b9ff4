/** What the page and the engine say to each other about the control plane; no engine code may be reached from here. */

/** Parts that send requests or get watch events, and the two that answer. */
export type StationKind = 'user' | 'apiserver' | 'etcd' | 'scheduler' | 'manager' | 'controller' | 'kubelet' | 'other'

export interface StationRow {
  /** 'user', 'apiserver', 'etcd', 'scheduler', 'manager', 'controller:<name>', 'kubelet:<node>', 'other'. */
  readonly id: string
  readonly kind: StationKind
  /** A controller's name as kube-controller-manager has it, a kubelet's node; '' where the kind says all. */
  readonly name: string
  /** Whether its process runs. */
  readonly running: boolean
  /** The lease by which its process leads. */
  readonly lease?: LeaderRow
}
export interface LeaderRow {
  readonly name: string
  readonly holder: string
  readonly renewMs: number
  readonly expiresMs: number
  readonly transitions: number
}

/** A key that waits for its back-off or its time. */
export interface WaitingKey {
  readonly key: string
  /** Null when it waits for something to happen. */
  readonly dueMs: number | null
  readonly retries: number
  /** The newest refusal; '' if there was none. */
  readonly error: string
}
/** A work queue with the keys in it; lists are cut to QUEUE_KEYS. */
export interface QueueRow {
  readonly station: string
  /** The loop's name; for the scheduler 'active', 'backoff', 'unschedulable'. */
  readonly name: string
  readonly depth: number
  readonly ready: readonly string[]
  readonly working: readonly string[]
  readonly waitingCount: number
  /** Soonest first. */
  readonly waiting: readonly WaitingKey[]
}
export const QUEUE_KEYS = 20

/** Names an object, with the API version it is read at. */
export interface ObjectName {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Why something was done. `revision`: the write whose watch event led there, or the newest when a timer was set. */
export interface TraceCause {
  readonly trigger: 'watch' | 'timer' | 'request' | 'command'
  readonly revision?: number
  readonly note?: string
}

/**
 * One thing that happened. 'request': the API server answered. 'write': a write of which only history tells. 'event': a
 * watch event arrived. 'turn': a controller worked on a key.
 */
export interface TraceEntry {
  /** Rises; writes out of old history have negative ids. */
  readonly id: number
  readonly type: 'request' | 'write' | 'event' | 'turn'
  /** When the server answered, the event arrived, the turn ended. */
  readonly timeMs: number
  readonly station: string
  /** The user behind a request or write. */
  readonly user: string
  /** A request's verb, 'create', 'update' or 'delete' of a write, ADDED, MODIFIED or DELETED of an event, a turn's loop. */
  readonly verb: string
  /** resource '' when it is not known (turns of some loops). For turns `name` is the key without namespace. */
  readonly object: ObjectName
  readonly subresource: string
  /** HTTP code; 0 for all but requests. */
  readonly code: number
  /** Why it was refused or has to be tried again; ''. */
  readonly message: string
  /** When it began: the client wanted to send, the write happened, the key was taken. */
  readonly startMs: number
  /** Parts of a request's time: held back by the client's rate limit, one way, the store's disk. */
  readonly heldMs: number
  readonly transitMs: number
  readonly writeMs: number
  /** Last revision written (request, write) or told of (event); 0: none. */
  readonly revision: number
  /** Writes of a request. */
  readonly writes: number
  readonly cause: TraceCause | null
}

/** A member of etcd. */
export interface EtcdMemberRow {
  readonly name: string
  readonly role: 'leader' | 'follower' | 'candidate' | 'starting' | 'stopped'
  readonly term: number
  /** Last log entry, of one that lags; null for one that is up to date. */
  readonly index: number | null
}
export interface EtcdRow {
  readonly members: readonly EtcdMemberRow[]
  readonly quorum: number
  /** Whether it takes writes. */
  readonly available: boolean
}

/** What a station did since the last message. */
export interface FlowRow {
  readonly station: string
  readonly requests: number
  readonly writes: number
  readonly refusals: number
  readonly events: number
}

export interface ControlPlaneDelta {
  readonly reset: boolean
  /** Whole lists, when they changed. */
  readonly stations?: readonly StationRow[]
  readonly queues?: readonly QueueRow[]
  /** When it changed. */
  readonly etcd?: EtcdRow
  /** Kubelets beyond those in `stations`. */
  readonly moreKubelets: number
  readonly revision: number
  /** In order. Of many only the newest come; `skipped` tells how many did not. */
  readonly entries: readonly TraceEntry[]
  readonly skipped: number
  /** Of everything, also of what was skipped. */
  readonly flows: readonly FlowRow[]
  /** True while the page looks at the past: only writes are known. */
  readonly past: boolean
}
/** Entries that both sides keep for the list. */
export const TRACE_SHOWN = 4000

/** The newest entries up to a limit; Event objects, of which there are most, take a quarter of it at most. */
export function newestEntries(entries: readonly TraceEntry[], limit: number): TraceEntry[] {
  const kept: TraceEntry[] = []
  let eventObjects = limit / 4
  for (let i = entries.length - 1; i >= 0 && kept.length < limit; i--) {
    const entry = entries[i] as TraceEntry
    if (entry.object.resource !== 'events' || eventObjects-- > 0) kept.push(entry)
  }
  return kept.reverse()
}

export interface StoryQuestion {
  readonly group: string
  readonly resource: string
  readonly namespace: string
  readonly name: string
  /** Also what it owns, directly or not, and Events about these. */
  readonly owned: boolean
}
export interface Story {
  /** Oldest first; the newest TRACE_SHOWN. */
  readonly entries: readonly TraceEntry[]
  readonly omitted: number
}

/** A field that differs: '.spec.replicas', '.status.conditions[Ready].status'. JSON texts; null where it is absent. */
export interface PathChange {
  readonly path: string
  readonly before: string | null
  readonly after: string | null
}
/** A write, and why it was made. */
export interface CauseLink {
  readonly revision: number
  readonly timeMs: number
  readonly user: string
  readonly station: string
  readonly verb: string
  readonly object: ObjectName
  readonly cause: TraceCause | null
}
/** Everything about one write. */
export interface ChangeStory extends CauseLink {
  readonly paths: readonly PathChange[]
  /** YAML; null before a creation. For a deletion `after` is the last form, as watchers get it. */
  readonly before: string | null
  readonly after: string
  /** The writes that led here, nearest first, up to one that nothing in the cluster led to. */
  readonly chain: readonly CauseLink[]
  /** The chain goes on before the kept history. */
  readonly chainLost: boolean
  /** Writes that this one led to directly. */
  readonly effects: readonly CauseLink[]
  readonly moreEffects: number
}
