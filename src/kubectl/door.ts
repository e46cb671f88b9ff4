import type { JsonObject } from '../apimachinery/resource.ts'

/** One request as kubectl makes it over HTTP. */
export interface DoorRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With query. */
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
  readonly accept?: string
}

export interface DoorReply {
  readonly code: number
  readonly body: JsonObject
  readonly warnings: readonly string[]
}

/** A resource as discovery tells it. */
export interface DiscoveredResource {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  /** Schema model of the built-in kinds; '' for custom ones. */
  readonly model: string
}

/** What kubectl needs of a cluster: a simulated one, a served one, or a real one behind a proxy. */
export interface Door {
  call(request: DoorRequest): DoorReply
  findKind(apiVersion: string, kind: string): DiscoveredResource | undefined
}

/** '/apis/apps/v1/namespaces/default/deployments/web' */
export function pathOf(resource: DiscoveredResource, namespace: string, name = '', subresource = ''): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const scope = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const tail = name === '' ? '' : `/${encodeURIComponent(name)}${subresource === '' ? '' : `/${subresource}`}`
  return `${root}${scope}/${resource.resource}${tail}`
}

/** 'deployment.apps/web', as kubectl names things in its output. */
export function displayName(resource: DiscoveredResource, name: string): string {
  const singular = resource.kind.toLowerCase()
  return `${singular}${resource.group === '' ? '' : `.${resource.group}`}/${name}`
}
