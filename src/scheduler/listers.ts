import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  DeviceClass,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  ResourceV1ResourceClaim as ResourceClaim,
  Service,
  StatefulSet,
  StorageClass,
  VolumeAttachment,
} from '../apimachinery/generated/types.ts'

/** What the plugins look up besides nodes and pods; in the cluster the informers' caches. */
export interface Listers {
  pod(namespace: string, name: string): Pod | undefined
  namespace(name: string): Namespace | undefined
  namespaces(): readonly Namespace[]
  services(namespace: string): readonly Service[]
  replicationController(namespace: string, name: string): ReplicationController | undefined
  replicaSet(namespace: string, name: string): ReplicaSet | undefined
  statefulSet(namespace: string, name: string): StatefulSet | undefined
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  volumesOfClass(storageClass: string): readonly PersistentVolume[]
  storageClass(name: string): StorageClass | undefined
  csiNode(name: string): CSINode | undefined
  csiDriver(name: string): CSIDriver | undefined
  csiStorageCapacities(): readonly CSIStorageCapacity[]
  volumeAttachments(nodeName: string): readonly VolumeAttachment[]
  disruptionBudgets(): readonly PodDisruptionBudget[]
  resourceClaim(namespace: string, name: string): ResourceClaim | undefined
  deviceClass(name: string): DeviceClass | undefined
}
