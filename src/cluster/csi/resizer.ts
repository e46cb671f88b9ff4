import { isConflict } from '../../apimachinery/errors.ts'
import {
  persistentvolumeclaims,
  persistentvolumes,
  storageclasses,
  volumeattributesclasses,
} from '../../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../apimachinery/generated/types.ts'
import { compareQuantities, formatQuantity, quantityOf, value } from '../../apimachinery/quantity.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { SIDECAR_LIMITS, type SidecarParts } from './sidecar.ts'
import { DISK_DRIVER } from './zone-disks.ts'

const EXPAND_MS = 1500
const GIB = 1024 ** 3
const WAITING = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.'

/** Grows disks whose claims have grown, and changes their attributes. Source: external-resizer 2, controller/resize_status.go. */
export function resizer(parts: SidecarParts): readonly ControllerLoop[] {
  const { client, informers, recorder, stores } = parts
  const claims = informers.for(persistentvolumeclaims)
  const volumes = informers.for(persistentvolumes)
  const classes = informers.for(storageclasses)
  const attributes = informers.for(volumeattributesclasses)
  const loop: ControllerLoop = new ControllerLoop(client.sim, {
    name: 'csi-resizer',
    workers: 10,
    limits: SIDECAR_LIMITS,
    *reconcile(key) {
      const claim = claims.getByKey(key)
      const volume = volumes.get('', claim?.spec?.volumeName ?? '')
      if (!claim || !volume || volume.spec?.csi?.driver !== DISK_DRIVER) return
      if (wantsOtherClass(claim)) yield* modify(claim, volume)
      if (!wantsMore(claim)) return
      if (compareQuantities(requestOf(claim), volume.spec.capacity?.['storage'] ?? '0') <= 0) return
      if (classes.get('', claim.spec?.storageClassName ?? '')?.allowVolumeExpansion === false) return
      yield* expand(claim, volume)
    },
  })

  function* expand(claim: PersistentVolumeClaim, volume: PersistentVolume): Task {
    const name = volume.metadata.name ?? ''
    recorder.event(claim, 'Normal', 'Resizing', `External resizer is resizing volume ${name}`)
    yield* setStatus(claim, 'Resizing', 'ControllerResizeInProgress', '')
    yield* sleep(EXPAND_MS)
    const disk = stores.disks.get(volume.spec?.csi?.volumeHandle ?? '')
    const bytes = Math.ceil(Number(value(requestOf(claim))) / GIB) * GIB
    if (disk) disk.bytes = Math.max(disk.bytes, bytes)
    const capacity = { storage: formatQuantity(quantityOf(bytes, 'BinarySI')) }
    yield* client.patch(persistentvolumes, '', name, { spec: { capacity } })
    recorder.event(claim, 'Normal', 'FileSystemResizeRequired', 'Require file system resize of volume on node')
    yield* setStatus(claim, 'FileSystemResizePending', 'NodeResizePending', WAITING)
    stores.grown(name)
  }

  /** Gives a volume the attributes of another class. Source: external-resizer 2, controller/modify_volume.go. */
  function* modify(claim: PersistentVolumeClaim, volume: PersistentVolume): Task {
    const name = volume.metadata.name ?? ''
    const { namespace = '', name: claimName = '' } = claim.metadata
    const wanted = claim.spec?.volumeAttributesClassName ?? ''
    const known = attributes.get('', wanted)
    const pending = { targetVolumeAttributesClassName: wanted, status: known ? 'InProgress' : 'Pending' }
    const write = (status: object) =>
      client.patch(persistentvolumeclaims, namespace, claimName, { status }, 'merge', { subresource: 'status' })
    yield* write({ modifyVolumeStatus: pending })
    if (!known) {
      recorder.event(claim, 'Warning', 'VolumeModifyFailed', `VAC ${wanted} does not exist.`)
      throw new Requeue(`volumeattributesclass ${wanted} does not exist`)
    }
    recorder.event(claim, 'Normal', 'VolumeModify', `external resizer is modifying volume ${name} with vac ${wanted}`)
    yield* sleep(EXPAND_MS)
    yield* client.patch(persistentvolumes, '', name, { spec: { volumeAttributesClassName: wanted } }, 'merge')
    yield* write({ currentVolumeAttributesClassName: wanted, modifyVolumeStatus: null })
    const text = `external resizer modified volume ${name} with vac ${wanted} successfully`
    recorder.event(claim, 'Normal', 'VolumeModifySuccessful', text)
  }

  function* setStatus({ metadata }: PersistentVolumeClaim, type: string, resource: string, message: string): Task {
    const { namespace = '', name = '' } = metadata
    const current = yield* client.get(persistentvolumeclaims, namespace, name)
    const now = formatTime(client.sim.now)
    const fresh = { type, status: 'True', lastTransitionTime: now, ...(message === '' ? {} : { message }) }
    const others = (current.status?.conditions ?? []).filter((c) => c.type !== 'Resizing' && c.type !== 'FileSystemResizePending')
    const status = {
      ...current.status,
      conditions: [...others, fresh],
      allocatedResources: { storage: requestOf(current) },
      allocatedResourceStatuses: { storage: resource },
    }
    try {
      yield* client.updateStatus(persistentvolumeclaims, { ...current, status })
    } catch (error) {
      if (isConflict(error)) throw new Requeue('the claim has changed meanwhile')
      throw error
    }
  }

  claims.addHandler({
    onAdd: (claim) => loop.queue.add(keyOf(claim)),
    onUpdate(claim, old) {
      const isOther = claim.spec?.volumeAttributesClassName !== old.spec?.volumeAttributesClassName
      const isBound = claim.status?.phase !== old.status?.phase
      if (requestOf(claim) !== requestOf(old) || isOther || isBound) loop.queue.add(keyOf(claim))
    },
  })
  return [loop]
}

const requestOf = ({ spec }: PersistentVolumeClaim) => spec?.resources?.requests?.['storage'] ?? '0'
const wantsOtherClass = ({ spec, status }: PersistentVolumeClaim) =>
  status?.phase === 'Bound' &&
  !!spec?.volumeAttributesClassName &&
  spec.volumeAttributesClassName !== status.currentVolumeAttributesClassName
const wantsMore = (claim: PersistentVolumeClaim) =>
  claim.status?.phase === 'Bound' && compareQuantities(requestOf(claim), claim.status.capacity?.['storage'] ?? '0') > 0
