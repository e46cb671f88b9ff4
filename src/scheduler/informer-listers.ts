import * as resources from '../apimachinery/generated/resources.ts'
import type { KubeObject, ResourceRef } from '../apimachinery/resource.ts'
import type { Informer, InformerFactory } from '../client/informer.ts'
import type { EventKind } from './events.ts'
import type { Listers } from './listers.ts'
import { classOfVolume } from './volume-matching.ts'

/** Resources besides pods and nodes whose changes may help a waiting pod. */
export const WATCHED: readonly (readonly [EventKind, ResourceRef])[] = [
  ['PersistentVolume', resources.persistentvolumes],
  ['PersistentVolumeClaim', resources.persistentvolumeclaims],
  ['StorageClass', resources.storageclasses],
  ['CSINode', resources.csinodes],
  ['CSIDriver', resources.csidrivers],
  ['CSIStorageCapacity', resources.csistoragecapacities],
  ['VolumeAttachment', resources.volumeattachments],
  ['ResourceClaim', resources.resourceclaims],
  ['DeviceClass', resources.deviceclasses],
] as readonly (readonly [EventKind, ResourceRef])[]

const BY_NAMESPACE = 'namespace'

/** The plugins' look-ups, answered from informers. */
export function informerListers(informers: InformerFactory): Listers {
  const named = <T extends KubeObject>(ref: ResourceRef<T>) => {
    const informer = informers.for(ref)
    return (name: string) => informer.get('', name)
  }
  const namespaced = <T extends KubeObject>(ref: ResourceRef<T>) => {
    const informer = informers.for(ref)
    return (namespace: string, name: string) => informer.get(namespace, name)
  }
  const indexed = <T extends KubeObject>(ref: ResourceRef<T>, index: string, keyOf: (object: T) => string): Informer<T> => {
    const informer = informers.for(ref)
    informer.addIndex(index, (object) => [keyOf(object)])
    return informer
  }
  const namespaces = informers.for(resources.namespaces)
  const services = indexed(resources.services, BY_NAMESPACE, ({ metadata }) => metadata.namespace ?? '')
  const volumes = indexed(resources.persistentvolumes, 'class', classOfVolume)
  const attachments = indexed(resources.volumeattachments, 'node', ({ spec }) => spec.nodeName)
  const capacities = informers.for(resources.csistoragecapacities)
  const budgets = informers.for(resources.poddisruptionbudgets)
  return {
    pod: namespaced(resources.pods),
    namespace: named(resources.namespaces),
    namespaces: () => [...namespaces.list()],
    services: (namespace) => services.byIndex(BY_NAMESPACE, namespace),
    replicationController: namespaced(resources.replicationcontrollers),
    replicaSet: namespaced(resources.replicasets),
    statefulSet: namespaced(resources.statefulsets),
    claim: namespaced(resources.persistentvolumeclaims),
    volume: named(resources.persistentvolumes),
    volumesOfClass: (storageClass) => volumes.byIndex('class', storageClass),
    storageClass: named(resources.storageclasses),
    csiNode: named(resources.csinodes),
    csiDriver: named(resources.csidrivers),
    csiStorageCapacities: () => [...capacities.list()],
    volumeAttachments: (nodeName) => attachments.byIndex('node', nodeName),
    disruptionBudgets: () => [...budgets.list()],
    resourceClaim: namespaced(resources.resourceclaims),
    deviceClass: named(resources.deviceclasses),
  }
}
