import type { KubeObject, ResourceRef } from '../apimachinery/resource.ts'
import type {
  ApiRequest,
  ApiResult,
  DeleteOptions,
  KubeList,
  PatchType,
  RequestOptions,
  RequestTravel,
  UserInfo,
  Verb,
  WatchHandle,
  WatchSink,
} from '../apiserver/api.ts'
import type { LeaseHeartbeats } from '../apiserver/heartbeats.ts'
import type { ApiObserver } from '../apiserver/observer.ts'
import { isStoreTimeout, STORE_TIMEOUT_MS } from '../apiserver/quorum.ts'
import type { Simulation } from '../sim/simulation.ts'
import { delay, type Task } from '../sim/task.ts'

/** The server's side of a connection: what a client needs of it. */
export interface ApiEndpoint {
  handle(request: ApiRequest): ApiResult
  watch(request: ApiRequest, sink: WatchSink): WatchHandle
  /** Lease renewals that are computed when read. */
  readonly heartbeats: LeaseHeartbeats
  /** Who looks on, if anybody does. */
  readonly observer?: ApiObserver | null
}

/** How long a request takes on its way. Milliseconds. */
export interface ClientLatency {
  /** One way between the client and the API server, its work included. */
  readonly transitMs: number
  /** What a write waits for etcd's disk. */
  readonly writeMs: number
}

export interface ClientOptions {
  readonly user: UserInfo
  readonly userAgent: string
  /** Requests a second that the client allows itself; Infinity for no limit. k8s 1.36: rest.Config QPS. */
  readonly qps?: number
  readonly burst?: number
  readonly latency?: ClientLatency
}

const DEFAULT_LATENCY: ClientLatency = { transitMs: 1, writeMs: 2 }

/** What a call may carry beside its object. */
export interface CallOptions extends RequestOptions {
  readonly subresource?: string
}

/**
 * A typed client. Every call is a task: it waits for the client's rate limit, travels to the API server, is carried
 * out there, and travels back. A refusal is thrown as StatusError.
 */
export class Client {
  readonly sim: Simulation
  readonly user: UserInfo
  private readonly api: ApiEndpoint
  private readonly userAgent: string
  private readonly latency: ClientLatency
  private readonly limiter: TokenBucket

  constructor(api: ApiEndpoint, sim: Simulation, options: ClientOptions) {
    this.api = api
    this.sim = sim
    this.user = options.user
    this.userAgent = options.userAgent
    this.latency = options.latency ?? DEFAULT_LATENCY
    this.limiter = new TokenBucket(sim, options.qps ?? Infinity, options.burst ?? Infinity)
  }

  *get<T extends KubeObject>(ref: ResourceRef<T>, namespace: string, name: string, options: CallOptions = {}): Task<T> {
    return (yield* this.send('get', ref, { namespace, name, options })) as T
  }

  *list<T extends KubeObject>(ref: ResourceRef<T>, namespace = '', options: CallOptions = {}): Task<KubeList<T>> {
    return (yield* this.send('list', ref, { namespace, options })) as KubeList<T>
  }

  *create<T extends KubeObject>(ref: ResourceRef<T>, object: T, options: CallOptions = {}): Task<T> {
    return (yield* this.send('create', ref, {
      namespace: object.metadata.namespace ?? '',
      name: options.subresource ? object.metadata.name : undefined,
      body: object,
      options,
    })) as T
  }

  /** POST to a subresource of a named object (binding, eviction, token). The body need not be of the resource's own kind. */
  *createSubresource(
    ref: ResourceRef,
    namespace: string,
    name: string,
    subresource: string,
    body: KubeObject,
    options: CallOptions = {},
  ): Task<KubeObject> {
    return (yield* this.send('create', ref, { namespace, name, body, options: { ...options, subresource } })) as KubeObject
  }

  *update<T extends KubeObject>(ref: ResourceRef<T>, object: T, options: CallOptions = {}): Task<T> {
    const { namespace = '', name } = object.metadata
    return (yield* this.send('update', ref, { namespace, name, body: object, options })) as T
  }

  *updateStatus<T extends KubeObject>(ref: ResourceRef<T>, object: T): Task<T> {
    return yield* this.update(ref, object, { subresource: 'status' })
  }

  *patch<T extends KubeObject>(
    ref: ResourceRef<T>,
    namespace: string,
    name: string,
    patch: unknown,
    patchType: PatchType = 'strategic',
    options: CallOptions = {},
  ): Task<T> {
    return (yield* this.send('patch', ref, { namespace, name, body: patch, patchType, options })) as T
  }

  *delete(ref: ResourceRef, namespace: string, name: string, options: DeleteOptions = {}): Task {
    yield* this.send('delete', ref, { namespace, name, body: options })
  }

  *deleteCollection(ref: ResourceRef, namespace: string, options: DeleteOptions = {}, selection: CallOptions = {}): Task {
    yield* this.send('deletecollection', ref, { namespace, body: options, options: selection })
  }

  /** Lists without delay: what a watch cache starts from. Not rate limited. */
  listNow<T extends KubeObject>(ref: ResourceRef<T>, namespace: string, options: RequestOptions): KubeList<T> {
    return this.api.handle(this.request('list', ref, { namespace, options })).object as KubeList<T>
  }

  watch<T extends KubeObject>(ref: ResourceRef<T>, namespace: string, options: RequestOptions, sink: WatchSink): WatchHandle {
    return this.api.watch(this.request('watch', ref, { namespace, options }), sink)
  }

  /** Lease renewals that are computed when read; see LeaseHeartbeats. */
  get heartbeats(): LeaseHeartbeats {
    return this.api.heartbeats
  }

  private *send(verb: Verb, ref: ResourceRef, parts: RequestParts): Task<ApiResult['object']> {
    const queued = this.limiter.take()
    const { transitMs, writeMs } = this.latency
    const sentMs = this.sim.now
    yield delay(queued + transitMs)
    const travel = this.api.observer ? { sentMs, transitMs, writeMs } : undefined
    const request = this.request(verb, ref, parts, travel)
    let result: ApiResult
    try {
      result = this.api.handle(request)
    } catch (error) {
      yield delay(isStoreTimeout(error) ? transitMs + STORE_TIMEOUT_MS : transitMs)
      throw error
    }
    yield delay(verb === 'get' || verb === 'list' ? transitMs : transitMs + writeMs)
    return result.object
  }

  private request(verb: Verb, ref: ResourceRef, parts: RequestParts, travel?: RequestTravel): ApiRequest {
    let options: CallOptions = parts.options ?? NO_OPTIONS
    const { subresource } = options
    if (subresource !== undefined) {
      const { subresource: _, ...others } = options
      options = others
    }
    return {
      verb,
      user: this.user,
      userAgent: this.userAgent,
      group: ref.group,
      version: ref.version,
      resource: ref.resource,
      namespace: parts.namespace,
      name: parts.name,
      subresource,
      body: parts.body,
      patchType: parts.patchType,
      options,
      travel,
    }
  }
}

const NO_OPTIONS: CallOptions = {}

interface RequestParts {
  readonly namespace: string
  readonly name?: string | undefined
  readonly body?: unknown
  readonly patchType?: PatchType
  readonly options?: CallOptions
}

/** Token bucket on simulated time. k8s 1.36: client-go flowcontrol token bucket rate limiter. */
export class TokenBucket {
  private readonly sim: Simulation
  private readonly qps: number
  private readonly burst: number
  private tokens: number
  private updatedMs: number

  constructor(sim: Simulation, qps: number, burst: number) {
    this.sim = sim
    this.qps = qps
    this.burst = burst
    this.tokens = burst
    this.updatedMs = sim.now
  }

  /** Reserves one token; gives how many milliseconds the caller must wait for it. */
  take(): number {
    if (this.qps === Infinity) return 0
    this.refill()
    this.tokens -= 1
    return this.tokens >= 0 ? 0 : (-this.tokens / this.qps) * 1000
  }

  /** Takes a token only if one is there now. */
  tryTake(): boolean {
    if (this.qps === Infinity) return true
    this.refill()
    if (this.tokens < 1) return false
    this.tokens -= 1
    return true
  }

  private refill(): void {
    const { now } = this.sim
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.updatedMs) / 1000) * this.qps)
    this.updatedMs = now
  }
}
