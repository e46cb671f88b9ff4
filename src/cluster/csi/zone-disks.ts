import type { VolumeFiles } from '../../kubelet/cri.ts'

/** The driver's name: of its CSIDriver object, of the provisioner in its StorageClasses, of its attacher. */
export const DISK_DRIVER = 'disk.csi.kubarium.dev'
export const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** A disk as a cloud has them: in one zone, attached to at most one machine. */
export interface ZoneDisk {
  readonly id: string
  /** '' where the machines have no zones. */
  readonly zone: string
  bytes: number
  readonly files: VolumeFiles
  readonly attachedTo: Set<string>
}

/** A snapshot lies beside the disks and outlives the one that it was taken of. */
export interface DiskSnapshot {
  readonly id: string
  readonly diskId: string
  readonly bytes: number
  readonly files: VolumeFiles
}

/** The disks and snapshots of the simulated cloud. They know nothing of Kubernetes. */
export class ZoneDisks {
  private readonly disks = new Map<string, ZoneDisk>()
  private readonly snapshots = new Map<string, DiskSnapshot>()
  private count = 0

  create(zone: string, bytes: number, content: VolumeFiles = new Map()): ZoneDisk {
    const id = `disk-${String(++this.count).padStart(4, '0')}`
    const disk: ZoneDisk = { id, zone, bytes, files: new Map(content), attachedTo: new Set() }
    this.disks.set(id, disk)
    return disk
  }

  list(): IterableIterator<ZoneDisk> {
    return this.disks.values()
  }

  get(id: string): ZoneDisk | undefined {
    return this.disks.get(id)
  }

  /** False while the disk is attached somewhere. */
  remove(id: string): boolean {
    if ((this.disks.get(id)?.attachedTo.size ?? 0) > 0) return false
    this.disks.delete(id)
    return true
  }

  snapshot(diskId: string): DiskSnapshot | undefined {
    const disk = this.disks.get(diskId)
    if (!disk) return undefined
    const taken: DiskSnapshot = {
      id: `snap-${String(++this.count).padStart(4, '0')}`,
      diskId,
      bytes: disk.bytes,
      files: new Map(disk.files),
    }
    this.snapshots.set(taken.id, taken)
    return taken
  }

  getSnapshot(id: string): DiskSnapshot | undefined {
    return this.snapshots.get(id)
  }

  removeSnapshot(id: string): void {
    this.snapshots.delete(id)
  }

  /** The machine is gone for good: nothing is attached to it any more. */
  machineGone(node: string): void {
    for (const disk of this.disks.values()) disk.attachedTo.delete(node)
  }
}
