import { isAlreadyExists, isNotFound } from '../../apimachinery/errors.ts'
import { persistentvolumeclaims, persistentvolumes } from '../../apimachinery/generated/resources.ts'
import { formatQuantity, quantityOf } from '../../apimachinery/quantity.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { SIDECAR_LIMITS, type SidecarParts } from './sidecar.ts'
import {
  volumesnapshotclasses,
  volumesnapshotcontents,
  volumesnapshots,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from './snapshot-kinds.ts'
import { DISK_DRIVER } from './zone-disks.ts'

const SNAPSHOT_MS = 1500
const BOUND = 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection'
const CONTENT_BOUND = 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection'
const DEFAULT_CLASS = 'snapshot.storage.kubernetes.io/is-default-class'
const STATUS = { subresource: 'status' }

/**
 * Takes snapshots of disks and gives them up again. Source: external-snapshotter 8.
 * SIMPLIFIED: the common controller and the driver's helper are one; only snapshots taken of claims are handled.
 */
export function snapshotter(parts: SidecarParts): readonly ControllerLoop[] {
  const { client, informers } = parts
  const snapshots = informers.for(volumesnapshots)
  const contents = informers.for(volumesnapshotcontents)
  const classes = informers.for(volumesnapshotclasses)
  const work = new Snapshotting(parts)
  const loop: ControllerLoop = new ControllerLoop(client.sim, {
    name: 'snapshot-controller',
    workers: 4,
    limits: SIDECAR_LIMITS,
    *reconcile(key) {
      const snapshot = snapshots.getByKey(key)
      if (!snapshot) return
      if (snapshot.metadata.deletionTimestamp !== undefined) return yield* work.release(snapshot)
      if (snapshot.status?.readyToUse || !snapshot.spec?.source.persistentVolumeClaimName) return
      const named = snapshot.spec.volumeSnapshotClassName
      const chosen = [...classes.list()].find(({ metadata }) =>
        named === undefined ? metadata.annotations?.[DEFAULT_CLASS] === 'true' : metadata.name === named,
      )
      if (chosen?.driver !== DISK_DRIVER)
        return yield* work.fail(snapshot, `failed to get snapshot class ${named ?? ''}: volumesnapshotclass not found`)
      yield* work.take(snapshot, chosen.metadata.name ?? '', chosen.deletionPolicy)
    },
  })
  const wake = (snapshot: VolumeSnapshot) => loop.queue.add(keyOf(snapshot))
  snapshots.addHandler({ onAdd: wake, onUpdate: wake })
  const contentLoop: ControllerLoop = new ControllerLoop(client.sim, {
    name: 'snapshot-contents',
    workers: 4,
    limits: SIDECAR_LIMITS,
    *reconcile(key) {
      const content = contents.getByKey(key)
      if (content?.metadata.deletionTimestamp !== undefined) yield* work.forget(content)
    },
  })
  const wakeContent = (content: VolumeSnapshotContent) => contentLoop.queue.add(keyOf(content))
  contents.addHandler({ onAdd: wakeContent, onUpdate: wakeContent })
  return [loop, contentLoop]
}

class Snapshotting {
  private readonly parts: SidecarParts

  constructor(parts: SidecarParts) {
    this.parts = parts
  }

  *take(snapshot: VolumeSnapshot, className: string, deletionPolicy: 'Delete' | 'Retain'): Task {
    const { client, recorder, stores } = this.parts
    const { namespace = '', name = '', uid = '' } = snapshot.metadata
    const claimName = snapshot.spec?.source.persistentVolumeClaimName ?? ''
    const handle = yield* this.handleOf(namespace, claimName)
    if (handle === undefined) return yield* this.fail(snapshot, `the PVC ${claimName} is not bound to a volume of ${DISK_DRIVER}`)
    if (!snapshot.metadata.finalizers?.includes(BOUND)) {
      const finalizers = [...(snapshot.metadata.finalizers ?? []), BOUND]
      yield* client.patch(volumesnapshots, namespace, name, { metadata: { finalizers } }, 'merge')
      recorder.event(
        snapshot,
        'Normal',
        'CreatingSnapshot',
        `Waiting for a snapshot ${namespace}/${name} to be created by the CSI driver.`,
      )
    }
    const contentName = `snapcontent-${uid}`
    const content: VolumeSnapshotContent = {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotContent',
      metadata: { name: contentName, finalizers: [CONTENT_BOUND] },
      spec: {
        deletionPolicy,
        driver: DISK_DRIVER,
        source: { volumeHandle: handle },
        volumeSnapshotClassName: className,
        volumeSnapshotRef: { namespace, name, uid },
      },
    }
    try {
      yield* client.create(volumesnapshotcontents, content)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    const status = { boundVolumeSnapshotContentName: contentName, readyToUse: false }
    yield* client.patch(volumesnapshots, namespace, name, { status }, 'merge', STATUS)
    yield* sleep(SNAPSHOT_MS)
    const taken = stores.disks.snapshot(handle)
    if (!taken) return yield* this.fail(snapshot, `rpc error: code = NotFound desc = disk ${handle} not found`)
    const creationTime = formatTime(client.sim.now)
    const ready = { snapshotHandle: taken.id, readyToUse: true, restoreSize: taken.bytes }
    yield* client.patch(volumesnapshotcontents, '', contentName, { status: ready }, 'merge', STATUS)
    const restoreSize = formatQuantity(quantityOf(taken.bytes, 'BinarySI'))
    yield* client.patch(
      volumesnapshots,
      namespace,
      name,
      { status: { creationTime, readyToUse: true, restoreSize } },
      'merge',
      STATUS,
    )
    recorder.event(
      snapshot,
      'Normal',
      'SnapshotCreated',
      `Snapshot ${namespace}/${name} was successfully created by the CSI driver.`,
    )
    recorder.event(snapshot, 'Normal', 'SnapshotReady', `Snapshot ${namespace}/${name} is ready to use.`)
  }

  *fail(snapshot: VolumeSnapshot, message: string): Task {
    const { client, recorder } = this.parts
    const { namespace = '', name = '' } = snapshot.metadata
    if (snapshot.status?.error?.message === message) return
    recorder.event(
      snapshot,
      'Warning',
      'SnapshotContentCreationFailed',
      `Failed to create snapshot content with error ${message}`,
    )
    const error = { message, time: formatTime(client.sim.now) }
    yield* client.patch(volumesnapshots, namespace, name, { status: { error, readyToUse: false } }, 'merge', STATUS)
  }

  /** The snapshot object goes; what it stands for goes with it if the policy says so. */
  *release(snapshot: VolumeSnapshot): Task {
    const { client } = this.parts
    const { namespace = '', name = '', finalizers = [] } = snapshot.metadata
    const contentName = snapshot.status?.boundVolumeSnapshotContentName ?? ''
    try {
      if (contentName !== '') {
        const content = yield* client.get(volumesnapshotcontents, '', contentName)
        if (content.spec?.deletionPolicy === 'Delete') yield* client.delete(volumesnapshotcontents, '', contentName)
      }
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    if (!finalizers.includes(BOUND)) return
    yield* client.patch(
      volumesnapshots,
      namespace,
      name,
      { metadata: { finalizers: finalizers.filter((f) => f !== BOUND) } },
      'merge',
    )
  }

  *forget(content: VolumeSnapshotContent): Task {
    const { client, stores } = this.parts
    const { name = '', finalizers = [] } = content.metadata
    if (!finalizers.includes(CONTENT_BOUND)) return
    if (content.spec?.deletionPolicy === 'Delete') stores.disks.removeSnapshot(content.status?.snapshotHandle ?? '')
    try {
      const left = finalizers.filter((f) => f !== CONTENT_BOUND)
      yield* client.patch(volumesnapshotcontents, '', name, { metadata: { finalizers: left } }, 'merge')
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  private *handleOf(namespace: string, claimName: string): Task<string | undefined> {
    const { client } = this.parts
    try {
      const claim = yield* client.get(persistentvolumeclaims, namespace, claimName)
      if (!claim.spec?.volumeName) return undefined
      const { spec } = yield* client.get(persistentvolumes, '', claim.spec.volumeName)
      return spec?.csi?.driver === DISK_DRIVER ? spec.csi.volumeHandle : undefined
    } catch (error) {
      if (!isNotFound(error)) throw error
      return undefined
    }
  }
}
