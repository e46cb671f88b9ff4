import type { PersistentVolume } from '../apimachinery/generated/types.ts'
import type { Etcd } from '../etcd/etcd.ts'
import type { VolumeFiles } from '../kubelet/cri.ts'

/** What persistent volumes hold: on the disk of a node for local ones, out of the cluster for all others. */
export class VolumeStores {
  private readonly etcd: Etcd
  private readonly disks = new Map<string, Map<string, VolumeFiles>>()
  private readonly outside = new Map<string, VolumeFiles>()

  constructor(etcd: Etcd) {
    this.etcd = etcd
  }

  /** The files of a volume as a node sees them; they may be changed. */
  files(node: string, volumeName: string): VolumeFiles {
    const volume = this.etcd.get('persistentvolumes', volumeName)?.value as PersistentVolume | undefined
    const path = localPath(volume)
    return path === undefined ? filesIn(this.outside, handleOf(volume) ?? volumeName) : filesIn(this.diskOf(node), path)
  }

  /** Removes a local volume's directory from the disk of a node. */
  discard(node: string, volume: PersistentVolume): void {
    this.disks.get(node)?.delete(localPath(volume) ?? '')
  }

  /** The machine is gone, and its disk with it. */
  removeDisk(node: string): void {
    this.disks.delete(node)
  }

  private diskOf(node: string): Map<string, VolumeFiles> {
    let disk = this.disks.get(node)
    if (!disk) this.disks.set(node, (disk = new Map()))
    return disk
  }
}

const localPath = (volume: PersistentVolume | undefined) => volume?.spec?.hostPath?.path ?? volume?.spec?.local?.path

/** Two PersistentVolumes may stand for the same storage. */
function handleOf(volume: PersistentVolume | undefined): string | undefined {
  const { csi, nfs } = volume?.spec ?? {}
  if (csi) return `csi ${csi.driver} ${csi.volumeHandle}`
  return nfs && `nfs ${nfs.server}:${nfs.path}`
}

function filesIn(folders: Map<string, VolumeFiles>, name: string): VolumeFiles {
  let files = folders.get(name)
  if (!files) folders.set(name, (files = new Map()))
  return files
}
