import { isConflict } from '../../apimachinery/errors.ts'
import { persistentvolumeclaims, persistentvolumes, storageclasses } from '../../apimachinery/generated/resources.ts'
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

/** Grows disks whose claims have grown; the node does the file system. Source: external-resizer 1, controller/resize_status.go. */
export function resizer(parts: SidecarParts): readonly ControllerLoop[] {
  const { client, informers, recorder, stores } = parts
  const claims = informers.for(persistentvolumeclaims)
  const volumes = informers.for(persistentvolumes)
  const classes = informers.for(storageclasses)
  const loop: ControllerLoop = new ControllerLoop(client.sim, {
    name: 'csi-resizer',
    workers: 10,
    limits: SIDECAR_LIMITS,
    *reconcile(key) {
      const claim = claims.getByKey(key)
      const volume = volumes.get('', claim?.spec?.volumeName ?? '')
      if (!claim || !volume || volume.spec?.csi?.driver !== DISK_DRIVER || !wantsMore(claim)) return
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
      if (requestOf(claim) !== requestOf(old)) loop.queue.add(keyOf(claim))
    },
  })
  return [loop]
}

const requestOf = ({ spec }: PersistentVolumeClaim) => spec?.resources?.requests?.['storage'] ?? '0'
const wantsMore = (claim: PersistentVolumeClaim) =>
  claim.status?.phase === 'Bound' && compareQuantities(requestOf(claim), claim.status.capacity?.['storage'] ?? '0') > 0
