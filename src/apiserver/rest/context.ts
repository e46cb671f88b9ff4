import type { Etcd } from '../../etcd/etcd.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { AdmissionPlugin } from '../admission/plugin.ts'
import type { ApiRequest } from '../api.ts'
import type { ResourceInfo, ResourceTable } from '../resources.ts'
import type { WatchCache } from '../watch.ts'

/** What the verbs share: the store, the clock, the resources, the admission chain. */
export interface Registry {
  readonly sim: Simulation
  readonly etcd: Etcd
  readonly resources: ResourceTable
  readonly admission: readonly AdmissionPlugin[]
  watchCache(info: ResourceInfo): WatchCache
  /** A fresh random UUID from the server's own stream. */
  newUid(): string
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
  for (const [key, value] of Object.entries(meta)) {
    if (value === undefined) delete metadata[key]
    else metadata[key] = value
  }
  return { ...object, metadata }
}
