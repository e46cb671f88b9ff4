/** What goes into the API server and what comes out. Every actor, in process or over HTTP, ends here. */
import type { JsonObject, KubeObject } from '../apimachinery/resource.ts'
import type { Cause } from '../sim/simulation.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export interface UserInfo {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: { readonly [key: string]: readonly string[] }
}

/** JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch, server-side apply. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface RequestOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: string
  readonly limit?: number
  readonly continue?: string
  readonly timeoutSeconds?: number
  readonly allowWatchBookmarks?: boolean
  readonly sendInitialEvents?: boolean
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
  readonly force?: boolean
}

/** metav1.DeleteOptions. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  readonly orphanDependents?: boolean
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export interface ApiRequest {
  readonly verb: Verb
  readonly user: UserInfo
  /** First word names the default field manager, e.g. 'kubectl-client-side-apply' or 'kube-scheduler'. */
  readonly userAgent: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource?: string
  /** '' or absent for cluster-scoped resources and for lists over all namespaces. */
  readonly namespace?: string
  readonly name?: string
  /** The object of a create or update, the patch of a patch, DeleteOptions of a delete. */
  readonly body?: unknown
  readonly patchType?: PatchType
  readonly options?: RequestOptions
  /**
   * True when `body` comes from outside: it is then decoded against the schema, checked strictly as asked, and
   * defaulted. In-process components build typed objects and skip the decoding, never the rest.
   */
  readonly external?: boolean
  /** Fields that occur twice in the text of an outside `body`, by the object they are in. */
  readonly duplicates?: ReadonlyMap<object, readonly string[]>
  /** Told by in-process clients while somebody observes the server. */
  readonly travel?: RequestTravel | undefined
}

/** How long a request is on its way. */
export interface RequestTravel {
  /** When the client wanted to send it; its rate limit may have kept it. */
  readonly sentMs: number
  /** One way between client and server. */
  readonly transitMs: number
  /** What a write waits for the store. */
  readonly writeMs: number
}

export interface ApiResult {
  readonly code: number
  /** An object, a list, or a Status. */
  readonly object: KubeObject | KubeList | JsonObject
  readonly warnings?: readonly string[]
}

export interface KubeList<T = KubeObject> {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string; readonly remainingItemCount?: number }
  readonly items: readonly T[]
}

export interface WatchEvent<T = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
  /** Revision of the change; for initial events that of the object. */
  readonly revision: number
  /** The object before, for MODIFIED and DELETED. */
  readonly previous?: T
}

export interface WatchHandle {
  stop(): void
}

/** Gets events in order, in batches; each batch arrives `watchDelayMs` after its first change. */
export type WatchSink = (events: readonly WatchEvent[]) => void

/** A watch event's cause, for the receiver's work. */
export function watchCause(event: WatchEvent): Cause {
  return { trigger: 'watch', revision: event.revision }
}
