import type { JSONSchemaProps } from '../apimachinery/generated/types.ts'
import generated from '../apimachinery/generated/resources.json' with { type: 'json' }
import { apiVersionOf, type KubeObject, type ResourceRef } from '../apimachinery/resource.ts'
import type { Model } from '../apimachinery/schema/schema.ts'
import { CONVERSIONS, type Conversion } from './convert/conversions.ts'
import type { Strategy } from './kinds/strategy.ts'

export interface SubresourceInfo {
  readonly name: string
  readonly kind: string
  /** Schema model of its body; '' when it has none (log, exec). */
  readonly model: string
  readonly verbs: readonly string[]
}

/** What custom resources have beside the rest. */
export interface CustomInfo {
  readonly listKind: string
  /** Warning for a version that the definition calls deprecated. */
  readonly deprecation?: string
  readonly singular: string
  /** The version's schema as its definition has it. */
  readonly openApi: JSONSchemaProps | undefined
}

/** What another server behind this one works out when it is asked; nobody stores it. */
export interface ComputedInfo {
  /** All objects there are now. */
  list(): readonly KubeObject[]
  /** groupPriorityMinimum of the APIService. */
  readonly groupPriority: number
}

/** A served resource: the generated description joined with its strategy. */
export interface ResourceInfo extends ResourceRef {
  readonly apiVersion: string
  /** Schema model, e.g. V1Deployment. */
  readonly model: string
  /** The schema of a custom resource. */
  readonly schema?: Model
  readonly verbs: readonly string[]
  readonly subresources: ReadonlyMap<string, SubresourceInfo>
  /** Where etcd keeps it; versions of one resource share it. */
  readonly bucket: string
  /** The version in which it is stored. */
  readonly storage: { readonly group: string; readonly apiVersion: string }
  /** Set when the stored version is another one. */
  readonly convert?: Conversion
  readonly strategy: Strategy
  readonly custom?: CustomInfo
  readonly computed?: ComputedInfo
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
  private readonly byKind = new Map<string, ResourceInfo>()
  /** Raised on every change, for caches of what is made from the table. */
  generation = 0

  constructor(strategies: readonly Strategy[]) {
    const byResource = new Map(strategies.map((strategy) => [`${strategy.group}/${strategy.resource}`, strategy]))
    for (const r of generated) {
      const conversion = CONVERSIONS[`${r.group}/${r.version}/${r.plural}`]
      const group = conversion?.storage.group ?? r.group
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
        storage: conversion?.storage ?? { group: r.group, apiVersion: apiVersionOf(r) },
        ...(conversion ? { convert: conversion } : {}),
        strategy: byResource.get(`${r.group}/${r.plural}`) ??
          byResource.get(`${group}/${r.plural}`) ?? { group, resource: r.plural },
      })
    }
  }

  find(group: string, version: string, resource: string): ResourceInfo | undefined {
    return this.byKey.get(`${group}/${version}/${resource}`)
  }

  findKind(apiVersion: string, kind: string): ResourceInfo | undefined {
    return this.byKind.get(`${apiVersion}/${kind}`)
  }

  all(): IterableIterator<ResourceInfo> {
    return this.byKey.values()
  }

  add(info: ResourceInfo): void {
    this.byKey.set(`${info.group}/${info.version}/${info.resource}`, info)
    this.byKind.set(`${info.apiVersion}/${info.kind}`, info)
    this.generation++
  }

  remove(group: string, version: string, resource: string): void {
    const info = this.find(group, version, resource)
    if (!info) return
    this.byKey.delete(`${group}/${version}/${resource}`)
    this.byKind.delete(`${info.apiVersion}/${info.kind}`)
    this.generation++
  }
}

/** The kind of a list of these. */
export function listKindOf(info: ResourceInfo): string {
  return info.custom?.listKind ?? `${info.kind}List`
}
