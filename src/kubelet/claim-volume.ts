import { StatusError } from '../apimachinery/errors.ts'
import { csidrivers, persistentvolumeclaims, persistentvolumes } from '../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../apimachinery/generated/types.ts'
import { compareQuantities } from '../apimachinery/quantity.ts'
import { sleep, type Task } from '../sim/task.ts'
import type { VolumeFiles } from './cri.ts'
import type { NodeServices } from './node-services.ts'
import { csiVolumeName } from './node-volumes.ts'
import { MountError } from './volumes.ts'

/** What NodeStageVolume and NodePublishVolume of a driver take: format or check the file system, mount it. */
const STAGE_MS = 500
const EXPAND_MS = 500

/** The volume of one claim on its way into a pod: attached by others, then mounted here. */
export class ClaimVolume {
  private readonly node: NodeServices
  private readonly pod: () => Pod
  private readonly claimName: string
  private ignore: (() => void) | null = null
  files: VolumeFiles | undefined
  /** Once the claim is bound. */
  volumeName: string | undefined

  constructor(node: NodeServices, pod: () => Pod, claimName: string) {
    this.node = node
    this.pod = pod
    this.claimName = claimName
  }

  /** 'unbound' and 'unattached': try again later. Throws MountError. */
  *setUp(): Task<'mounted' | 'unbound' | 'unattached'> {
    const found = yield* this.read()
    if (!found) return 'unbound'
    const { volume } = found
    const { csi } = volume.spec ?? {}
    const name = volume.metadata.name ?? ''
    this.volumeName = name
    if (csi) {
      const attachable = yield* this.isAttachable(csi.driver)
      if (attachable) {
        const unique = csiVolumeName(csi.driver, csi.volumeHandle)
        this.node.volumes.use(unique, this.pod().metadata.uid ?? '')
        if (!this.node.volumes.isAttached(unique)) return 'unattached'
      }
      if (!this.node.volumes.drivers.has(csi.driver)) throw noDriver(csi.driver, attachable)
      yield* sleep(STAGE_MS)
      this.ignore?.()
      this.ignore = this.node.onVolumeGrown(name, () => void this.node.sim.spawn(this.grow()))
    }
    this.files = this.node.volumeStore(name)
    if (csi) yield* this.grow()
    return 'mounted'
  }

  release(): void {
    this.ignore?.()
    this.ignore = null
  }

  /** The claim and its volume; undefined while it has none. */
  private *read(): Task<{ claim: PersistentVolumeClaim; volume: PersistentVolume } | undefined> {
    try {
      const claim = yield* this.node.client.get(persistentvolumeclaims, this.pod().metadata.namespace ?? '', this.claimName)
      const name = claim.spec?.volumeName
      if (claim.status?.phase !== 'Bound' || !name) return undefined
      return { claim, volume: yield* this.node.client.get(persistentvolumes, '', name) }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return undefined
    }
  }

  /** A driver without a CSIDriver object is taken to need attaching. k8s 1.36: csi skipAttach. */
  private *isAttachable(driver: string): Task<boolean> {
    try {
      const { spec } = yield* this.node.client.get(csidrivers, '', driver)
      return spec?.attachRequired !== false
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return true
    }
  }

  /** Makes the file system as large as its disk. k8s 1.36: NodeExpander. */
  private *grow(): Task {
    const found = yield* this.read()
    if (!found) return
    const size = found.volume.spec?.capacity?.['storage'] ?? '0'
    const { status } = found.claim
    if (compareQuantities(size, status?.capacity?.['storage'] ?? '0') <= 0) return
    yield* sleep(EXPAND_MS)
    const { namespace = '', name = '' } = found.claim.metadata
    const conditions = (status?.conditions ?? [])
      .filter(({ type }) => type === 'FileSystemResizePending' || type === 'Resizing')
      .map(({ type }) => ({ $patch: 'delete', type }))
    const patch = {
      capacity: { storage: size },
      allocatedResourceStatuses: null,
      ...(conditions.length > 0 ? { conditions } : {}),
    }
    try {
      yield* this.node.client.patch(persistentvolumeclaims, namespace, name, { status: patch }, 'strategic', {
        subresource: 'status',
      })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return
    }
    const text = `MountVolume.NodeExpandVolume succeeded for volume "${found.volume.metadata.name ?? ''}" ${this.node.nodeName}`
    this.node.recorder.event(this.pod(), 'Normal', 'FileSystemResizeSuccessful', text)
    this.node.recorder.event(found.claim, 'Normal', 'FileSystemResizeSuccessful', text)
  }
}

function noDriver(driver: string, attachable: boolean): MountError {
  const why = `driver name ${driver} not found in the list of registered CSI drivers`
  return attachable
    ? new MountError(`kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: ${why}`, 'MountDevice')
    : new MountError(`kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: ${why}`)
}
