import { forbidden, methodNotSupported, pathNotFound, StatusError } from '../apimachinery/errors.ts'
import type { Lease, PolicyRule } from '../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../apimachinery/resource.ts'
import type { Etcd } from '../etcd/etcd.ts'
import type { Simulation } from '../sim/simulation.ts'
import { formatMicroTime } from '../sim/time.ts'
import type { AdmissionPlugin } from './admission/plugin.ts'
import { NO_WEBHOOKS, type WebhookCaller } from './admission/webhook-caller.ts'
import { ApiServiceAvailability } from './aggregator/availability.ts'
import type { ApiRequest, ApiResult, KubeList, UserInfo, WatchHandle, WatchSink } from './api.ts'
import { TokenIssuer } from './authn/tokens.ts'
import { Authenticator } from './authn/authenticator.ts'
import { ALLOW_ALL, PRIVILEGED_GROUPS, forbiddenMessage, unionAuthorizer, type Authorizer } from './authz/authorizer.ts'
import { escalationCheck } from './authz/escalation.ts'
import { NodeAuthorizer } from './authz/node.ts'
import { RbacAuthorizer } from './authz/rbac.ts'
import { NO_BACKEND, type ContainerBackend } from './connect/backend.ts'
import { LeaseHeartbeats } from './heartbeats.ts'
import type { Strategy } from './kinds/strategy.ts'
import { ManagedFieldsBook } from './managed.ts'
import type { ApiObserver } from './observer.ts'
import { checkQuorum } from './quorum.ts'
import { ResourceTable, type ResourceInfo } from './resources.ts'
import { CustomResources } from './crd/custom-resources.ts'
import { customResourceDefinition } from './crd/strategy.ts'
import { bindPod } from './rest/binding.ts'
import type { Registry, RequestScope } from './rest/context.ts'
import { computedObjects } from './rest/computed.ts'
import { componentStatuses } from './rest/componentstatus.ts'
import { createObject } from './rest/create.ts'
import { decodedBody, fromStorage } from './rest/decode.ts'
import { deleteAnswer, deleteEntry, deleteOptions } from './rest/delete.ts'
import type { StoreHook } from './rest/hooks.ts'
import { checkListOptions, checkReached, listObjects, readVersion } from './rest/list.ts'
import { patchObject } from './rest/patch.ts'
import { runSubresource } from './rest/subresources.ts'
import { currentEntry, putObject } from './rest/update.ts'
import { runReview } from './rest/reviews.ts'
import { watchObjects } from './rest/watch.ts'
import { ServiceAllocation } from './services/allocation.ts'
import { WatchCache } from './watch.ts'

export interface ApiServerOptions {
  readonly sim: Simulation
  readonly etcd: Etcd
  readonly strategies: readonly Strategy[]
  readonly admission: readonly AdmissionPlugin[]
  /** Node and RBAC authorization, asked for every request; without, everybody may do everything. Default off. */
  readonly authorization?: boolean
  /** Bearer tokens of a token file. */
  readonly tokens?: ReadonlyMap<string, UserInfo>
  /** Milliseconds from a write to its delivery to a watcher. Default 2. */
  readonly watchDelayMs?: () => number
  /** Where cluster addresses come from. Default 10.96.0.0/12. */
  readonly serviceCidr?: string
}

/** The only door to etcd. handle() and watch() are its whole surface. */
export class ApiServer implements Registry {
  readonly sim: Simulation
  readonly etcd: Etcd
  readonly resources: ResourceTable
  readonly admission: readonly AdmissionPlugin[]
  readonly heartbeats: LeaseHeartbeats
  readonly managed = new ManagedFieldsBook()
  readonly tokens: TokenIssuer
  readonly hooks: ReadonlyMap<string, StoreHook>
  readonly authorizer: Authorizer
  readonly authenticator: Authenticator
  private readonly rbac: RbacAuthorizer
  /** Controllers that live inside the API server. */
  private readonly inside: readonly object[]
  /** The kubelets' side of log, exec and proxy; cluster/ sets it. */
  backend: ContainerBackend = NO_BACKEND
  /** The way to webhooks; cluster/ sets it. */
  webhooks: WebhookCaller = NO_WEBHOOKS
  /** The watch caches know what was written after this revision; bootstrap moves it. */
  startRevision = 0
  /** Who looks on; nobody, as a rule. */
  observer: ApiObserver | null = null
  /** Whether a request is under way that the observer will be told of. */
  busy = false
  private readonly caches = new Map<string, WatchCache>()
  private readonly watchDelayMs: () => number

  constructor(options: ApiServerOptions) {
    this.sim = options.sim
    this.etcd = options.etcd
    this.resources = new ResourceTable([...options.strategies, customResourceDefinition])
    this.rbac = new RbacAuthorizer(options.etcd)
    this.admission = options.authorization ? [...options.admission, escalationCheck(this.rbac)] : options.admission
    this.watchDelayMs = options.watchDelayMs ?? (() => 2)
    this.tokens = new TokenIssuer(options.sim)
    this.heartbeats = new LeaseHeartbeats(options.sim, (key, renewMs) => this.writeRenewal(key, renewMs))
    this.hooks = new Map<string, StoreHook>([['services', new ServiceAllocation(this, options.serviceCidr ?? '10.96.0.0/12')]])
    this.inside = [new CustomResources(this), new ApiServiceAvailability(this)]
    this.authorizer = options.authorization
      ? unionAuthorizer([PRIVILEGED_GROUPS, new NodeAuthorizer(this.rbac), this.rbac])
      : ALLOW_ALL
    this.authenticator = new Authenticator(this, options.tokens ?? new Map())
  }

  /** Carries out one request (any verb but watch). Throws StatusError. */
  handle(request: ApiRequest): ApiResult {
    const { observer } = this
    return observer && !this.busy ? this.observed(observer, request, () => this.carryOut(request)) : this.carryOut(request)
  }

  private carryOut(request: ApiRequest): ApiResult {
    checkQuorum(this.etcd, request)
    const scope = this.scopeOf(request)
    const { info } = scope
    if (request.subresource && request.subresource !== 'status') {
      const { code, object } = runSubresource(scope)
      return this.answer(scope, code, object)
    }
    if (info.computed) return this.answer(scope, 200, computedObjects(scope, info.computed))
    if (info.bucket === 'componentstatuses') return this.answer(scope, 200, componentStatuses(scope))
    switch (request.verb) {
      case 'get':
        checkReached(readVersion(request.options?.resourceVersion), this.etcd.revision)
        return this.answer(scope, 200, this.shown(info, currentEntry(scope).value))
      case 'list':
        checkListOptions(request.options ?? {}, false)
        return this.answer(scope, 200, this.shownList(info, listObjects(scope)))
      case 'create':
        return this.create(scope)
      case 'update':
        return this.put(scope)
      case 'patch': {
        const { object, created } = patchObject(scope)
        return this.answer(scope, created ? 201 : 200, this.shown(info, object))
      }
      case 'delete': {
        const outcome = deleteEntry(scope, currentEntry(scope), deleteOptions(request.body))
        return this.answer(scope, 200, deleteAnswer(scope, { ...outcome, object: this.shown(info, outcome.object) }))
      }
      case 'deletecollection':
        return this.answer(scope, 200, this.deleteCollection(scope))
      default:
        throw methodNotSupported(info, request.verb)
    }
  }

  /** Opens a watch. Throws StatusError when it is refused. */
  watch(request: ApiRequest, sink: WatchSink): WatchHandle {
    const open = () => watchObjects(this.scopeOf(request), sink)
    return this.observer ? this.observed(this.observer, request, open) : open()
  }

  /** Tells the observer what came of the request. */
  private observed<T extends object>(observer: ApiObserver, request: ApiRequest, action: () => T): T {
    const revisionBefore = this.etcd.revision
    const tell = (code: number, message: string) => {
      this.busy = false
      observer.answered(request, { code, message, revisionBefore, revisionAfter: this.etcd.revision })
    }
    this.busy = true
    try {
      const result = action()
      tell('code' in result && typeof result.code === 'number' ? result.code : 200, '')
      return result
    } catch (error) {
      if (error instanceof StatusError) tell(error.code, error.message)
      throw error
    } finally {
      this.busy = false
    }
  }

  /** The request with what it needs on its way; throws NotFound for a resource that is not served. */
  scopeOf(request: ApiRequest): RequestScope {
    const info = this.resources.find(request.group, request.version, request.resource)
    if (!info) throw pathNotFound()
    this.authorize(request)
    return { registry: this, request, info, warnings: [] }
  }

  rulesFor(user: UserInfo, namespace: string): readonly PolicyRule[] {
    return this.rbac.rulesFor(user, namespace)
  }

  /** Throws Forbidden unless the user may do this. */
  private authorize(request: ApiRequest): void {
    if (this.authorizer === ALLOW_ALL || request.user.groups.includes('system:masters')) return
    const { group, resource, subresource = '', namespace = '', name = '', user, verb } = request
    const attributes = { user, verb, namespace, group, resource, subresource, name }
    const { verdict, reason } = this.authorizer.authorize(attributes)
    if (verdict === 'allow') return
    throw forbidden(
      { group, resource },
      name,
      reason ? `${forbiddenMessage(attributes)}: ${reason}` : forbiddenMessage(attributes),
    )
  }

  watchCache(info: ResourceInfo): WatchCache {
    let cache = this.caches.get(info.bucket)
    if (!cache)
      this.caches.set(
        info.bucket,
        (cache = new WatchCache(this.sim, this.etcd, info.bucket, info.strategy.fields ?? {}, this.watchDelayMs, this)),
      )
    return cache
  }

  newUid(): string {
    const random = this.sim.random('apiserver/uid')
    let text = ''
    for (let i = 0; i < 4; i++) {
      const part = random.int(0x100000000)
      text +=
        (HEX[part >>> 24] ?? '') + (HEX[(part >>> 16) & 255] ?? '') + (HEX[(part >>> 8) & 255] ?? '') + (HEX[part & 255] ?? '')
    }
    const variant = ((parseInt(text.charAt(16), 16) & 3) | 8).toString(16)
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`
  }

  private create(scope: RequestScope): ApiResult {
    const { info } = scope
    if (info.bucket === 'bindings') return this.answer(scope, 201, bindPod(scope))
    const review = runReview(scope)
    if (review) return this.answer(scope, 201, review)
    return this.answer(scope, 201, this.shown(info, createObject(scope, decodedBody(scope))))
  }

  /** A stored object as readers see it: in the version asked for, heartbeats worked out. */
  private shown(info: ResourceInfo, object: KubeObject): KubeObject {
    if (info.convert) {
      const shown = fromStorage(info, object)
      this.managed.carry(shown, object)
      return shown
    }
    if (info.bucket === LEASES) return this.renewed(object)
    const shown = this.hooks.get(info.bucket)?.shown?.(object) ?? object
    if (shown !== object) this.managed.carry(shown, object)
    return shown
  }

  private shownList(info: ResourceInfo, list: KubeList): KubeList {
    if (info.bucket !== LEASES && !this.hooks.get(info.bucket)?.shown) return list
    return { ...list, items: list.items.map((item) => this.shown(info, item)) }
  }

  /** The lease with the renewTime that its heartbeat gives it now. */
  private renewed(object: KubeObject): KubeObject {
    const renewMs = this.heartbeats.renewMs(`${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`)
    if (renewMs === undefined) return object
    const lease = object as Lease
    const shown: Lease = { ...lease, spec: { ...lease.spec, renewTime: formatMicroTime(renewMs) } }
    this.managed.carry(shown, object)
    return shown
  }

  private writeRenewal(key: string, renewMs: number): void {
    const entry = this.etcd.get(LEASES, key)
    if (!entry) return
    const lease = entry.value as Lease
    this.etcd.put(
      LEASES,
      key,
      undefined,
      (revision) => {
        const ended: Lease = {
          ...lease,
          metadata: { ...lease.metadata, resourceVersion: String(revision) },
          spec: { ...lease.spec, renewTime: formatMicroTime(renewMs) },
        }
        this.managed.carry(ended, lease)
        return ended
      },
      { timeMs: this.sim.now, actor: lease.spec?.holderIdentity ?? '', cause: this.sim.cause },
    )
  }

  private put(scope: RequestScope): ApiResult {
    const { object, created } = putObject(scope, decodedBody(scope))
    return this.answer(scope, created ? 201 : 200, this.shown(scope.info, object))
  }

  private deleteCollection(scope: RequestScope): KubeList {
    const list = listObjects(scope)
    const options = deleteOptions(scope.request.body)
    const items = list.items.map((item) => {
      const itemScope: RequestScope = {
        ...scope,
        request: { ...scope.request, verb: 'delete', namespace: item.metadata.namespace, name: item.metadata.name },
      }
      return this.shown(scope.info, deleteEntry(itemScope, currentEntry(itemScope), options).object)
    })
    return { ...list, items }
  }

  private answer(scope: RequestScope, code: number, object: KubeObject | KubeList | JsonObject): ApiResult {
    return { code, object, warnings: scope.warnings }
  }
}

/** Bytes in hexadecimal, '00' to 'ff'. */
const HEX = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1))

const LEASES = 'leases.coordination.k8s.io'
