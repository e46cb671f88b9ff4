import type { ObjectMeta } from './generated/types.ts'

/** A JSON object whose fields are not known statically. Immutable by convention everywhere in the engine. */
export type JsonObject = { readonly [key: string]: unknown }

/** Any API object as it is stored and sent: plain JSON, never changed in place. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: ObjectMeta
}

/**
 * Names one served resource (group, version, plural) and carries the TypeScript type of its objects.
 * The built-in ones are constants in generated/resources.ts; custom resources make their own.
 */
export interface ResourceRef<T = KubeObject> {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  /** The plural in lower case, as in URLs. */
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  /** Type carrier only; never set. */
  readonly __type?: T
}

/** 'v1' or 'apps/v1', as in the apiVersion field. */
export function apiVersionOf(ref: { readonly group: string; readonly version: string }): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`
}

/** 'namespace/name', or just 'name' for cluster-scoped objects: the key that caches and queues use. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata
  return namespace ? `${namespace}/${name}` : (name ?? '')
}

/** Splits what keyOf made. Cluster-scoped keys give namespace ''. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
