import { bucketOf, type ResourceInfo } from '../../apiserver/resources.ts'
import type { ApiServer } from '../../apiserver/server.ts'
import type { Change } from '../../etcd/etcd.ts'
import type { ObjectName } from './protocol.ts'

/** Kinds and preferred versions of resources, for naming objects. */
export class ObjectNames {
  private readonly api: ApiServer
  private infos = new Map<string, ResourceInfo>()
  private generation = -1

  constructor(api: ApiServer) {
    this.api = api
  }

  of(group: string, version: string, resource: string, namespace: string, name: string): ObjectName {
    const kind = this.api.resources.find(group, version, resource)?.kind ?? ''
    return { group, version, resource, kind, namespace, name }
  }

  /** The object that is kept in this bucket; bucket '' leaves the resource open. */
  ofBucket(bucket: string, namespace: string, name: string): ObjectName {
    const info = this.info(bucket)
    const { group = '', version = '', resource = '', kind = '' } = info ?? {}
    return { group, version, resource, kind, namespace, name }
  }

  ofChange({ bucket, value }: Change): ObjectName {
    return this.ofBucket(bucket, value.metadata.namespace ?? '', value.metadata.name ?? '')
  }

  private info(bucket: string): ResourceInfo | undefined {
    const { resources } = this.api
    if (this.generation !== resources.generation) {
      this.generation = resources.generation
      this.infos = new Map()
      for (const info of resources.all())
        if (!this.infos.has(info.bucket) && info.bucket === bucketOf(info.group, info.resource)) this.infos.set(info.bucket, info)
    }
    return this.infos.get(bucket)
  }
}
