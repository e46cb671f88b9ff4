import type { Etcd } from '../../etcd/etcd.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { PolicyRule } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { AdmissionPlugin } from '../admission/plugin.ts'
import type { WebhookCaller } from '../admission/webhook-caller.ts'
import type { ApiRequest, ApiResult, UserInfo } from '../api.ts'
import type { Authenticator } from '../authn/authenticator.ts'
import type { Authorizer } from '../authz/authorizer.ts'
import type { ContainerBackend } from '../connect/backend.ts'
import type { ManagedFieldsBook } from '../managed.ts'
import type { ResourceInfo, ResourceTable } from '../resources.ts'
import type { TokenIssuer } from '../authn/tokens.ts'
import type { WatchCache } from '../watch.ts'
import type { StoreHook } from './hooks.ts'

/** What the verbs share: the store, the clock, the resources, the admission chain. */
export interface Registry {
  readonly sim: Simulation
  readonly etcd: Etcd
  readonly resources: ResourceTable
  readonly admission: readonly AdmissionPlugin[]
  readonly hooks: ReadonlyMap<string, StoreHook>
  readonly managed: ManagedFieldsBook
  readonly tokens: TokenIssuer
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  /** The RBAC rules that hold for a user in a namespace. */
  rulesFor(user: UserInfo, namespace: string): readonly PolicyRule[]
  readonly backend: ContainerBackend
  readonly webhooks: WebhookCaller
  /** The watch caches know what was written after this revision. */
  readonly startRevision: number
  watchCache(info: ResourceInfo): WatchCache
  /** A fresh random UUID from the server's own stream. */
  newUid(): string
  /** Carries out a further request on the way of another one, as the server itself or for the same user. */
  handle(request: ApiRequest): ApiResult
}

/** One request on its way through the server. */
export interface RequestScope {
  readonly registry: Registry
  readonly request: ApiRequest
  readonly info: ResourceInfo
  /** Texts for the client's Warning header, collected on the way. */
  readonly warnings: string[]
}

/** etcd key of an object: 'namespace/name' or 'name'. */
export function storageKey(info: ResourceInfo, namespace: string | undefined, name: string): string {
  return info.namespaced ? `${namespace ?? ''}/${name}` : name
}

/** The object with other metadata fields; undefined removes a field. */
export function withMeta<T extends KubeObject>(
  object: T,
  meta: { readonly [K in keyof KubeObject['metadata']]?: KubeObject['metadata'][K] | undefined },
): T {
  const metadata: Record<string, unknown> = { ...object.metadata }
  for (const key in meta) {
    const value = meta[key as keyof typeof meta]
    // Removal makes an object slow for good: only what is there is removed.
    if (value !== undefined) metadata[key] = value
    else if (key in metadata) delete metadata[key]
  }
  return { ...object, metadata }
}

/** Reads an object straight from the store, for rules that look at others. */
export function lookUp<T extends KubeObject>(registry: Registry, bucket: string, namespace: string, name: string): T | undefined {
  return registry.etcd.get(bucket, namespace === '' ? name : `${namespace}/${name}`)?.value as T | undefined
}
