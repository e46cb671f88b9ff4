import { jobs, replicasets } from '../../apimachinery/generated/resources.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { InformerFactory } from '../../client/informer.ts'

/** The controller at the top of an object's chain: 'Deployment/web' for a pod of its ReplicaSet; '' without one. */
export function topOwner(informers: InformerFactory, object: KubeObject): string {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller)
  if (!owner) return ''
  const between = owner.kind === 'ReplicaSet' ? replicasets : owner.kind === 'Job' ? jobs : undefined
  const parent = between && informers.for(between as typeof replicasets).get(object.metadata.namespace ?? '', owner.name)
  return (parent && topOwner(informers, parent)) || `${owner.kind}/${owner.name}`
}
