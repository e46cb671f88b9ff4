import { isNotFound } from '../../apimachinery/errors.ts'
import { csinodes, nodes, persistentvolumes, volumeattachments } from '../../apimachinery/generated/resources.ts'
import type { PersistentVolume, VolumeAttachment } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop, Requeue } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import { sleep, type Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { SIDECAR_LIMITS, type SidecarParts } from './sidecar.ts'
import { DISK_DRIVER, ZONE_LABEL, type ZoneDisk } from './zone-disks.ts'

const FINALIZER = `external-attacher/${DISK_DRIVER.replaceAll('.', '-')}`
const ATTACH_MS = 2000
const DETACH_MS = 1500

/**
 * Attaches disks to machines and detaches them, as VolumeAttachments ask. Source: external-attacher 4, csi_handler.go.
 */
export function attacher(parts: SidecarParts): readonly ControllerLoop[] {
  const { client, informers } = parts
  const attachments = informers.for(volumeattachments)
  const volumes = informers.for(persistentvolumes)
  const csiNodes = informers.for(csinodes)
  const nodeInformer = informers.for(nodes)
  const loop: ControllerLoop = new ControllerLoop(client.sim, {
    name: 'csi-attacher',
    workers: 10,
    limits: SIDECAR_LIMITS,
    *reconcile(key) {
      const attachment = attachments.getByKey(key)
      if (attachment?.spec?.attacher !== DISK_DRIVER) return
      if (attachment.metadata.deletionTimestamp !== undefined) yield* detach(attachment)
      else if (!attachment.status?.attached) yield* attach(attachment)
    },
  })
  const volumeOf = ({ spec }: VolumeAttachment) => volumes.get('', spec?.source.persistentVolumeName ?? '')
  const diskOf = (volume: PersistentVolume | undefined) => parts.stores.disks.get(volume?.spec?.csi?.volumeHandle ?? '')

  function* attach(attachment: VolumeAttachment): Task {
    let current = yield* withFinalizer(attachment)
    const volume = volumeOf(attachment)
    const node = attachment.spec?.nodeName ?? ''
    const disk = diskOf(volume)
    let problem = ''
    if (!volume) problem = `persistentvolume "${attachment.spec?.source.persistentVolumeName ?? ''}" not found`
    else if (!csiNodes.get('', node)?.spec?.drivers?.some(({ name }) => name === DISK_DRIVER))
      problem = `CSINode ${node} does not contain driver ${DISK_DRIVER}`
    else {
      yield* sleep(ATTACH_MS)
      problem = whyNot(disk, node, nodeInformer.get('', node)?.metadata.labels?.[ZONE_LABEL] ?? '', volume)
    }
    if (problem !== '') {
      const attachError = { message: problem, time: formatTime(client.sim.now) }
      yield* client.patch(volumeattachments, '', key(current), { status: { attached: false, attachError } }, 'merge', STATUS)
      throw new Requeue(problem)
    }
    disk?.attachedTo.add(node)
    const status = { attached: true, attachError: null }
    current = yield* client.patch(volumeattachments, '', key(current), { status }, 'merge', STATUS)
  }

  function* detach(attachment: VolumeAttachment): Task {
    const finalizers = attachment.metadata.finalizers ?? []
    if (!finalizers.includes(FINALIZER)) return
    yield* sleep(DETACH_MS)
    diskOf(volumeOf(attachment))?.attachedTo.delete(attachment.spec?.nodeName ?? '')
    try {
      const left = finalizers.filter((name) => name !== FINALIZER)
      yield* client.patch(
        volumeattachments,
        '',
        key(attachment),
        { metadata: { finalizers: left.length > 0 ? left : null } },
        'merge',
      )
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  function* withFinalizer(attachment: VolumeAttachment): Task<VolumeAttachment> {
    const { finalizers = [] } = attachment.metadata
    if (finalizers.includes(FINALIZER)) return attachment
    return yield* client.patch(
      volumeattachments,
      '',
      key(attachment),
      { metadata: { finalizers: [...finalizers, FINALIZER] } },
      'merge',
    )
  }

  watch(attachments, loop)
  return [loop]
}

const STATUS = { subresource: 'status' }
const key = ({ metadata }: VolumeAttachment) => metadata.name ?? ''

function watch(attachments: Informer<VolumeAttachment>, loop: ControllerLoop): void {
  attachments.addHandler({
    onAdd: (attachment) => loop.queue.add(keyOf(attachment)),
    onUpdate(attachment, old) {
      // Its own status writes do not bring it back before its time.
      if (attachment.metadata.deletionTimestamp !== old.metadata.deletionTimestamp) loop.queue.add(keyOf(attachment))
    },
  })
}

/** Why the cloud refuses, or ''. A disk that is attached elsewhere for writing by one stays there. */
function whyNot(disk: ZoneDisk | undefined, node: string, zone: string, volume: PersistentVolume): string {
  const handle = volume.spec?.csi?.volumeHandle ?? ''
  // A volume made by hand for a disk that nobody made: taken to exist.
  if (!disk) return ''
  if (disk.zone !== '' && disk.zone !== zone)
    return `rpc error: code = InvalidArgument desc = disk ${handle} is in zone ${disk.zone}, node ${node} is in ${zone === '' ? 'no zone' : `zone ${zone}`}`
  const others = [...disk.attachedTo].filter((other) => other !== node)
  const shared = volume.spec?.accessModes?.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany')
  return others.length > 0 && !shared
    ? `rpc error: code = FailedPrecondition desc = disk ${handle} is already attached to node ${others.join(', ')}`
    : ''
}
