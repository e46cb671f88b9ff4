import type { Node } from '../apimachinery/generated/types.ts'
import type { VolumeFiles } from './cri.ts'

/** A disk of the machine: folders that outlive pods, the kubelet and reboots. */
export interface NodeDisk {
  folder(path: string): VolumeFiles
  has(path: string): boolean
  remove(path: string): void
}

/** What a storage driver says of itself when it registers with the kubelet. k8s 1.36: CSI NodeGetInfo. */
export interface CsiDriverInfo {
  readonly name: string
  readonly nodeId: string
  readonly topologyKeys: readonly string[]
  /** How many volumes the machine can have attached. */
  readonly maxVolumes?: number
}

/** Folders kept in memory: a tmpfs, or a disk of one's own. */
export class Folders implements NodeDisk {
  private readonly folders = new Map<string, VolumeFiles>()

  folder(path: string): VolumeFiles {
    let files = this.folders.get(path)
    if (!files) this.folders.set(path, (files = new Map()))
    return files
  }

  has(path: string): boolean {
    return this.folders.has(path)
  }

  remove(path: string): void {
    this.folders.delete(path)
  }

  clear(): void {
    this.folders.clear()
  }
}

/** Attachable volumes that pods of the node use, and the storage drivers that run on it. */
export class NodeVolumes {
  /** Pods by uid, by the volume's unique name. */
  private readonly users = new Map<string, Set<string>>()
  readonly drivers = new Map<string, CsiDriverInfo>()
  private readonly node: () => Node | undefined
  private readonly onUse: () => void

  /** `onUse` is told when volumesInUse of the node's status has changed. */
  constructor(node: () => Node | undefined, onUse: () => void) {
    this.node = node
    this.onUse = onUse
  }

  use(volume: string, podUid: string): void {
    const users = this.users.get(volume)
    if (users) return void users.add(podUid)
    this.users.set(volume, new Set([podUid]))
    this.onUse()
  }

  /** The pod's volumes are unmounted. */
  letGo(podUid: string): void {
    let changed = false
    for (const [volume, users] of this.users) {
      if (!users.delete(podUid) || users.size > 0) continue
      this.users.delete(volume)
      changed = true
    }
    if (changed) this.onUse()
  }

  /** For the node's status. */
  inUse(): readonly string[] {
    return [...this.users.keys()].sort()
  }

  /** Whether others may rely on it that the volume is in use, and it is attached. k8s 1.36: VerifyControllerAttachedVolume. */
  isAttached(volume: string): boolean {
    const { volumesInUse = [], volumesAttached = [] } = this.node()?.status ?? {}
    return volumesInUse.includes(volume) && volumesAttached.some(({ name }) => name === volume)
  }

  forget(): void {
    this.users.clear()
  }
}

/** The name under which a node's status lists a volume of a CSI driver. k8s 1.36: GetUniqueVolumeNameFromSpec. */
export const csiVolumeName = (driver: string, handle: string): string => `kubernetes.io/csi/${driver}^${handle}`

/** Where an emptyDir is on the disk. */
export const emptyDirPath = (podUid: string, volume: string): string =>
  `/var/lib/kubelet/pods/${podUid}/volumes/kubernetes.io~empty-dir/${volume}`
