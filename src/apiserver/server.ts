import { methodNotSupported, notFound } from '../apimachinery/errors.ts'
import type { Lease } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { Etcd } from '../etcd/etcd.ts'
import type { Simulation } from '../sim/simulation.ts'
import { formatMicroTime } from '../sim/time.ts'
import type { AdmissionPlugin } from './admission/plugin.ts'
import type { ApiRequest, ApiResult, DeleteOptions, KubeList, WatchHandle, WatchSink } from './api.ts'
import { LeaseHeartbeats } from './heartbeats.ts'
import type { Strategy } from './kinds/strategy.ts'
import { ResourceTable, type ResourceInfo } from './resources.ts'
import { createObject } from './rest/create.ts'
import { deleteAnswer, deleteEntry } from './rest/delete.ts'
import { listObjects, watchObjects } from './rest/list.ts'
import { patchObject } from './rest/patch.ts'
import { runSubresource } from './rest/subresources.ts'
import { currentEntry, updateObject } from './rest/update.ts'
import { bodyObject } from './rest/write.ts'
import type { Registry, RequestScope } from './rest/context.ts'
import { WatchCache } from './watch.ts'

export interface ApiServerOptions {
  readonly sim: Simulation
  readonly etcd: Etcd
  readonly strategies: readonly Strategy[]
  readonly admission: readonly AdmissionPlugin[]
  /** Milliseconds from a write to its delivery to a watcher. Default 2. */
  readonly watchDelayMs?: () => number
}

/** The only door to etcd. handle() and watch() are its whole surface. */
export class ApiServer implements Registry {
  readonly sim: Simulation
  readonly etcd: Etcd
  readonly resources: ResourceTable
  readonly admission: readonly AdmissionPlugin[]
  readonly heartbeats: LeaseHeartbeats
  private readonly caches = new Map<string, WatchCache>()
  private readonly watchDelayMs: () => number

  constructor(options: ApiServerOptions) {
    this.sim = options.sim
    this.etcd = options.etcd
    this.resources = new ResourceTable(options.strategies)
    this.admission = options.admission
    this.watchDelayMs = options.watchDelayMs ?? (() => 2)
    this.heartbeats = new LeaseHeartbeats(options.sim, (key, renewMs) => this.writeRenewal(key, renewMs))
  }

  /** Carries out one request (any verb but watch). Throws StatusError. */
  handle(request: ApiRequest): ApiResult {
    const scope = this.scopeOf(request)
    const { info } = scope
    if (request.subresource && request.subresource !== 'status') return this.answer(scope, 200, runSubresource(scope))
    switch (request.verb) {
      case 'get':
        return this.answer(scope, 200, currentEntry(scope).value)
      case 'list':
        return this.answer(scope, 200, listObjects(scope))
      case 'create':
        return this.answer(scope, 201, createObject(scope, this.decoded(scope, bodyObject(scope))))
      case 'update': {
        const body = this.decoded(scope, bodyObject(scope))
        return this.answer(
          scope,
          200,
          updateObject(scope, () => body),
        )
      }
      case 'patch':
        return this.answer(scope, 200, patchObject(scope))
      case 'delete': {
        const outcome = deleteEntry(scope, currentEntry(scope), (request.body ?? {}) as DeleteOptions)
        return this.answer(scope, 200, deleteAnswer(scope, outcome) as KubeObject)
      }
      case 'deletecollection':
        return this.answer(scope, 200, this.deleteCollection(scope))
      default:
        throw methodNotSupported(info, request.verb)
    }
  }

  /** Opens a watch. Throws StatusError when it is refused. */
  watch(request: ApiRequest, sink: WatchSink): WatchHandle {
    return watchObjects(this.scopeOf(request), sink)
  }

  watchCache(info: ResourceInfo): WatchCache {
    let cache = this.caches.get(info.bucket)
    if (!cache)
      this.caches.set(
        info.bucket,
        (cache = new WatchCache(this.sim, this.etcd, info.bucket, info.strategy.fields ?? {}, this.watchDelayMs)),
      )
    return cache
  }

  newUid(): string {
    const random = this.sim.random('apiserver/uid')
    let text = ''
    for (let i = 0; i < 4; i++) text += (random.int(0x100000000) + 0x100000000).toString(16).slice(1)
    const variant = ((parseInt(text.charAt(16), 16) & 3) | 8).toString(16)
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`
  }

  private writeRenewal(key: string, renewMs: number): void {
    const entry = this.etcd.get('leases.coordination.k8s.io', key)
    if (!entry) return
    const lease = entry.value as Lease
    this.etcd.put(
      'leases.coordination.k8s.io',
      key,
      undefined,
      (revision) => ({
        ...lease,
        metadata: { ...lease.metadata, resourceVersion: String(revision) },
        spec: { ...lease.spec, renewTime: formatMicroTime(renewMs) },
      }),
      { timeMs: this.sim.now, actor: lease.spec?.holderIdentity ?? '', cause: this.sim.cause },
    )
  }

  private scopeOf(request: ApiRequest): RequestScope {
    const info = this.resources.find(request.group, request.version, request.resource)
    if (!info) throw notFound({ group: request.group, resource: request.resource }, request.name ?? '')
    return { registry: this, request, info, warnings: [] }
  }

  private decoded(scope: RequestScope, body: KubeObject): KubeObject {
    return scope.info.strategy.defaults?.(body) ?? body
  }

  private deleteCollection(scope: RequestScope): KubeList {
    const list = listObjects(scope)
    const options = (scope.request.body ?? {}) as DeleteOptions
    const items = list.items.map((item) => {
      const itemScope: RequestScope = {
        ...scope,
        request: { ...scope.request, verb: 'delete', namespace: item.metadata.namespace, name: item.metadata.name },
      }
      return deleteEntry(itemScope, currentEntry(itemScope), options).object
    })
    return { ...list, items }
  }

  private answer(scope: RequestScope, code: number, object: KubeObject | KubeList): ApiResult {
    return { code, object, warnings: scope.warnings }
  }
}
