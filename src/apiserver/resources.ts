import generated from '../apimachinery/generated/resources.json' with { type: 'json' }
import { apiVersionOf, type ResourceRef } from '../apimachinery/resource.ts'
import type { Strategy } from './kinds/strategy.ts'

export interface SubresourceInfo {
  readonly name: string
  readonly kind: string
  /** Schema model of its body; '' when it has none (log, exec). */
  readonly model: string
  readonly verbs: readonly string[]
}

/** A served resource: the generated description joined with its strategy. */
export interface ResourceInfo extends ResourceRef {
  readonly apiVersion: string
  /** Schema model, e.g. V1Deployment. */
  readonly model: string
  readonly verbs: readonly string[]
  readonly subresources: ReadonlyMap<string, SubresourceInfo>
  /** Where etcd keeps it; versions of one resource share it. */
  readonly bucket: string
  readonly strategy: Strategy
}

/** 'pods', 'deployments.apps': also how the resource is called in messages. */
export function bucketOf(group: string, resource: string): string {
  // events.k8s.io/v1 events are core events by another name.
  if (group === '' || group === 'events.k8s.io') return resource
  return `${resource}.${group}`
}

/** All resources that the server knows now: the built-in ones, and custom ones as they come and go. */
export class ResourceTable {
  private readonly byKey = new Map<string, ResourceInfo>()

  constructor(strategies: readonly Strategy[]) {
    const byResource = new Map(strategies.map((strategy) => [`${strategy.group}/${strategy.resource}`, strategy]))
    for (const r of generated) {
      this.add({
        group: r.group,
        version: r.version,
        resource: r.plural,
        kind: r.kind,
        namespaced: r.namespaced,
        apiVersion: apiVersionOf(r),
        model: r.model,
        verbs: r.verbs,
        subresources: new Map(r.subresources.map((s) => [s.name, s])),
        bucket: bucketOf(r.group, r.plural),
        strategy: byResource.get(`${r.group}/${r.plural}`) ?? { group: r.group, resource: r.plural },
      })
    }
  }

  find(group: string, version: string, resource: string): ResourceInfo | undefined {
    return this.byKey.get(`${group}/${version}/${resource}`)
  }

  findKind(apiVersion: string, kind: string): ResourceInfo | undefined {
    for (const info of this.byKey.values()) if (info.kind === kind && info.apiVersion === apiVersion) return info
    return undefined
  }

  all(): IterableIterator<ResourceInfo> {
    return this.byKey.values()
  }

  add(info: ResourceInfo): void {
    this.byKey.set(`${info.group}/${info.version}/${info.resource}`, info)
  }

  remove(group: string, version: string, resource: string): void {
    this.byKey.delete(`${group}/${version}/${resource}`)
  }
}
