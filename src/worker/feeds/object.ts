import { events, nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { CoreV1Event, Pod } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import type { ResourceInfo } from '../../apiserver/resources.ts'
import { whereIsData } from '../../cluster/where-is-data.ts'
import { toYaml, withoutManagedFields } from '../../kubectl/manifest.ts'
import type { DataPlace, FeedData, ObjectLink } from '../protocol.ts'
import { eventRow } from './events.ts'
import type { Feed, FeedContext } from './feed.ts'
import { linksOf } from './links.ts'

/** One object with its YAML, events and relations; sent whole whenever one of them changed. */
export class ObjectFeed implements Feed {
  private readonly context: FeedContext
  private readonly info: ResourceInfo
  private readonly namespace: string
  private readonly name: string
  private readonly ends: (() => void)[] = []
  private dirty = true
  private last = ''

  constructor(context: FeedContext, info: ResourceInfo, namespace: string, name: string) {
    this.context = context
    this.info = info
    this.namespace = namespace
    this.name = name
    this.listen(info, (object) => object.metadata.name === name && (object.metadata.namespace ?? '') === namespace)
    this.listen(events, (event) => this.isAbout(event as CoreV1Event))
    // Relations can only change with an object of the same namespace, or a pod on this node.
    for (const ref of RELATED) this.listen(ref, (object) => this.mayRelate(object))
  }

  flush(): readonly FeedData[] {
    if (!this.dirty) return []
    this.dirty = false
    const object = this.context.informers.for(this.info).get(this.namespace, this.name) ?? null
    const about = [...this.context.informers.for(events).list()].filter((event) => this.isAbout(event))
    const links: readonly ObjectLink[] = object ? linksOf(this.context, this.info, object) : []
    const rows = about.map(eventRow).sort((a, b) => a.lastMs - b.lastMs)
    const where = this.whereIsData()
    const text = `${object?.metadata.resourceVersion ?? ''}${JSON.stringify(rows)}${JSON.stringify(links)}${JSON.stringify(where)}`
    if (text === this.last) return []
    this.last = text
    const yaml = object ? toYaml(withoutManagedFields({ ...object, apiVersion: this.info.apiVersion, kind: this.info.kind })) : ''
    return [{ feed: 'object', object: { object, links, events: rows, yaml, where } }]
  }

  private whereIsData(): readonly DataPlace[] | undefined {
    const kind = this.info.bucket === 'pods' ? 'pod' : this.info.bucket === 'persistentvolumeclaims' ? 'claim' : null
    if (kind === null) return undefined
    return whereIsData(this.context.cluster, this.namespace, `${kind}/${this.name}`)
  }

  stop(): void {
    for (const end of this.ends) end()
  }

  private listen(ref: ResourceRef, concerns: (object: KubeObject) => boolean): void {
    const mark = (object: KubeObject) => {
      if (!this.dirty && concerns(object)) this.dirty = true
    }
    this.ends.push(this.context.informers.for(ref).addHandler({ onAdd: mark, onUpdate: mark, onDelete: mark }))
  }

  private isAbout({ involvedObject }: CoreV1Event): boolean {
    return (
      involvedObject.kind === this.info.kind &&
      involvedObject.name === this.name &&
      (involvedObject.namespace ?? '') === this.namespace
    )
  }

  private mayRelate(object: KubeObject): boolean {
    if (this.info.bucket === 'nodes') return (object as Pod).spec?.nodeName === this.name
    return this.namespace === '' || object.metadata.namespace === undefined || object.metadata.namespace === this.namespace
  }
}

const RELATED: readonly ResourceRef[] = [pods, nodes]
