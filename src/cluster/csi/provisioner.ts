import { isAlreadyExists, isNotFound } from '../../apimachinery/errors.ts'
import {
  csinodes,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  storageclasses,
} from '../../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../apimachinery/generated/types.ts'
import { formatQuantity, quantityOf, value } from '../../apimachinery/quantity.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import type { VolumeFiles } from '../../kubelet/cri.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { SIDECAR_LIMITS, type SidecarParts } from './sidecar.ts'
import { snapshotContent } from './snapshot-kinds.ts'
import { DISK_DRIVER, ZONE_LABEL } from './zone-disks.ts'

const PROVISIONER = ['volume.kubernetes.io/storage-provisioner', 'volume.beta.kubernetes.io/storage-provisioner']
const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
const FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer'
const GIB = 1024 ** 3
const CREATE_MS = 1500
const DELETE_MS = 1000

/**
 * Makes a disk and a PersistentVolume for each claim of the driver's classes, and removes both when the claim is gone.
 * Source: external-provisioner 5, sig-storage-lib-external-provisioner.
 */
export function provisioner(parts: SidecarParts): readonly ControllerLoop[] {
  const { client, informers } = parts
  const claims = informers.for(persistentvolumeclaims)
  const volumes = informers.for(persistentvolumes)
  const work = new Provisioning(parts)
  const loop = (name: string, reconcile: (key: string) => Task) =>
    new ControllerLoop(client.sim, { name, workers: 4, limits: SIDECAR_LIMITS, reconcile })
  const claimLoop = loop('csi-provisioner-claims', (key) => work.provision(key))
  const volumeLoop = loop('csi-provisioner-volumes', (key) => work.remove(key))
  const wakeClaim = (claim: PersistentVolumeClaim) => claimLoop.queue.add(keyOf(claim))
  const wakeVolume = (volume: PersistentVolume) => volumeLoop.queue.add(keyOf(volume))
  claims.addHandler({ onAdd: wakeClaim, onUpdate: wakeClaim })
  volumes.addHandler({ onAdd: wakeVolume, onUpdate: wakeVolume })
  return [claimLoop, volumeLoop]
}

class Provisioning {
  private readonly parts: SidecarParts
  private readonly claims
  private readonly volumes
  private readonly classes
  private readonly nodes
  private readonly csiNodes

  constructor(parts: SidecarParts) {
    const { informers } = parts
    this.parts = parts
    this.claims = informers.for(persistentvolumeclaims)
    this.volumes = informers.for(persistentvolumes)
    this.classes = informers.for(storageclasses)
    this.nodes = informers.for(nodes)
    this.csiNodes = informers.for(csinodes)
  }

  *provision(key: string): Task {
    const claim = this.claims.getByKey(key)
    const storageClass = this.classes.get('', claim?.spec?.storageClassName ?? '')
    if (!claim || !storageClass || !this.isMine(claim, storageClass)) return
    const { recorder, client, stores } = this.parts
    recorder.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${key}"`)
    let zone: string
    let content: VolumeFiles | undefined
    try {
      zone = this.zoneFor(claim, storageClass)
      content = yield* this.contentFor(claim)
    } catch (error) {
      if (!(error instanceof Requeue)) throw error
      const text = `failed to provision volume with StorageClass "${storageClass.metadata.name ?? ''}": ${error.message}`
      recorder.event(claim, 'Warning', 'ProvisioningFailed', text)
      throw error
    }
    yield* sleep(CREATE_MS)
    const asked = value(claim.spec?.resources?.requests?.['storage'] ?? '0')
    const bytes = Math.max(1, Math.ceil(Number(asked) / GIB)) * GIB
    const disk = stores.disks.create(zone, bytes, content)
    const volume = volumeFor(claim, storageClass, disk.id, zone, bytes)
    try {
      yield* client.create(persistentvolumes, volume)
    } catch (error) {
      stores.disks.remove(disk.id)
      if (!isAlreadyExists(error)) throw error
      return
    }
    recorder.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name ?? ''}`)
  }

  /** A claim whose class waits is for us once the scheduler has chosen a node for its pod. */
  private isMine({ metadata, spec }: PersistentVolumeClaim, { volumeBindingMode }: StorageClass): boolean {
    const { annotations, uid = '' } = metadata
    if (metadata.deletionTimestamp !== undefined || spec?.volumeName || this.volumes.get('', `pvc-${uid}`)) return false
    if (!PROVISIONER.some((name) => annotations?.[name] === DISK_DRIVER)) return false
    return volumeBindingMode !== 'WaitForFirstConsumer' || annotations?.[SELECTED_NODE] !== undefined
  }

  /** The chosen node's zone, or one of those that the class allows. k8s: external-provisioner GenerateAccessibilityRequirements. */
  private zoneFor(claim: PersistentVolumeClaim, storageClass: StorageClass): string {
    const chosen = claim.metadata.annotations?.[SELECTED_NODE]
    if (chosen !== undefined) {
      if (!this.hasDriver(chosen))
        throw new Requeue(`error generating accessibility requirements: no topology key found on CSINode ${chosen}`)
      return this.zoneOf(chosen)
    }
    const allowed = (storageClass.allowedTopologies ?? []).flatMap(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.filter(({ key }) => key === ZONE_LABEL).flatMap(({ values }) => values),
    )
    const present = [...this.csiNodes.list()].map(({ metadata }) => metadata.name ?? '').filter((name) => this.hasDriver(name))
    if (present.length === 0) throw new Requeue('error generating accessibility requirements: no available topology found')
    const zones = [...new Set(allowed.length > 0 ? allowed : present.map((name) => this.zoneOf(name)))].sort()
    // Claims of one StatefulSet are spread over the zones by their number.
    const number = Number(/-(\d+)$/.exec(claim.metadata.name ?? '')?.[1] ?? 0)
    return zones[number % zones.length] ?? ''
  }

  private hasDriver(node: string): boolean {
    return this.csiNodes.get('', node)?.spec?.drivers?.some(({ name }) => name === DISK_DRIVER) === true
  }

  private zoneOf(node: string): string {
    return this.nodes.get('', node)?.metadata.labels?.[ZONE_LABEL] ?? ''
  }

  /** What the new disk begins with: another claim's bytes, a snapshot's, or none. Throws Requeue. */
  private *contentFor({ metadata, spec }: PersistentVolumeClaim): Task<VolumeFiles | undefined> {
    const source = spec?.dataSource ?? spec?.dataSourceRef
    if (!source) return undefined
    const { namespace = '' } = metadata
    if (source.kind === 'VolumeSnapshot') {
      const handle = yield* snapshotContent(this.parts.client, namespace, source.name)
      const taken = handle === undefined ? undefined : this.parts.stores.disks.getSnapshot(handle)
      if (taken) return taken.files
      throw new Requeue(
        `error getting handle for DataSource Type VolumeSnapshot by Name ${source.name}: snapshot ${source.name} is not Ready`,
      )
    }
    const other = this.claims.get(namespace, source.name)
    const handle = this.volumes.get('', other?.spec?.volumeName ?? '')?.spec?.csi?.volumeHandle
    const files = handle === undefined ? undefined : this.parts.stores.disks.get(handle)?.files
    if (files) return files
    throw new Requeue(
      `error getting handle for DataSource Type PersistentVolumeClaim by Name ${source.name}: the PVC ${source.name} is not bound to a volume of this driver`,
    )
  }

  *remove(key: string): Task {
    const volume = this.volumes.getByKey(key)
    if (!volume || !shouldRemove(volume)) return
    const { client, stores, recorder } = this.parts
    const handle = volume.spec?.csi?.volumeHandle ?? ''
    yield* sleep(DELETE_MS)
    if (!stores.disks.remove(handle)) {
      const node = [...(stores.disks.get(handle)?.attachedTo ?? [])][0] ?? ''
      const text = `persistentvolume ${key} is still attached to node ${node}`
      recorder.event(volume, 'Warning', 'VolumeFailedDelete', text)
      throw new Requeue(text)
    }
    try {
      if (volume.metadata.deletionTimestamp === undefined) yield* client.delete(persistentvolumes, '', key)
      const current = yield* client.get(persistentvolumes, '', key)
      const finalizers = (current.metadata.finalizers ?? []).filter((name) => name !== FINALIZER)
      if (finalizers.length < (current.metadata.finalizers?.length ?? 0))
        yield* client.update(persistentvolumes, { ...current, metadata: { ...current.metadata, finalizers } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function shouldRemove({ metadata, spec, status }: PersistentVolume): boolean {
  if (metadata.annotations?.[PROVISIONED_BY] !== DISK_DRIVER || spec?.persistentVolumeReclaimPolicy !== 'Delete') return false
  if (metadata.deletionTimestamp !== undefined)
    return metadata.finalizers?.includes(FINALIZER) === true && status?.phase !== 'Bound'
  return status?.phase === 'Released' || status?.phase === 'Failed'
}

function volumeFor(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  volumeHandle: string,
  zone: string,
  bytes: number,
): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const terms = [{ matchExpressions: [{ key: ZONE_LABEL, operator: 'In', values: [zone] }] }]
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${uid}`,
      annotations: {
        [PROVISIONED_BY]: DISK_DRIVER,
        'volume.kubernetes.io/provisioner-deletion-secret-name': '',
        'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
      },
      finalizers: [FINALIZER],
    },
    spec: {
      accessModes: claim.spec?.accessModes,
      capacity: { storage: formatQuantity(quantityOf(bytes, 'BinarySI')) },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, resourceVersion, uid },
      csi: {
        driver: DISK_DRIVER,
        fsType: storageClass.parameters?.['csi.storage.k8s.io/fstype'] ?? 'ext4',
        volumeHandle,
        volumeAttributes: { 'storage.kubernetes.io/csiProvisionerIdentity': `1-8081-${DISK_DRIVER}` },
      },
      ...(zone === '' ? {} : { nodeAffinity: { required: { nodeSelectorTerms: terms } } }),
      ...(storageClass.mountOptions ? { mountOptions: storageClass.mountOptions } : {}),
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      ...(claim.spec?.volumeAttributesClassName ? { volumeAttributesClassName: claim.spec.volumeAttributesClassName } : {}),
      volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
    },
  }
}
