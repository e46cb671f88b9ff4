import type { PersistentVolume } from '../apimachinery/generated/types.ts'
import type { Etcd } from '../etcd/etcd.ts'
import type { VolumeFiles } from '../kubelet/cri.ts'
import { Folders, type NodeDisk } from '../kubelet/node-volumes.ts'
import { ZoneDisks } from './csi/zone-disks.ts'

/** What volumes hold: on the disk of a node, on disks of a zone, on NFS servers, or elsewhere out of the cluster. */
export class VolumeStores {
  readonly disks = new ZoneDisks()
  private readonly etcd: Etcd
  private readonly machines = new Map<string, Folders>()
  private readonly servers = new Folders()
  private readonly outside = new Folders()
  private readonly listeners = new Map<string, Set<() => void>>()

  constructor(etcd: Etcd) {
    this.etcd = etcd
  }

  /** The files of a volume as a node sees them; they may be changed. */
  files(node: string, volumeName: string): VolumeFiles {
    const volume = this.etcd.get('persistentvolumes', volumeName)?.value as PersistentVolume | undefined
    const path = localPath(volume)
    if (path !== undefined) return this.disk(node).folder(path)
    const { csi, nfs } = volume?.spec ?? {}
    if (nfs) return this.nfs(nfs.server, nfs.path)
    if (!csi) return this.outside.folder(volumeName)
    // Two PersistentVolumes may stand for the same disk.
    return this.disks.get(csi.volumeHandle)?.files ?? this.outside.folder(`csi ${csi.driver} ${csi.volumeHandle}`)
  }

  /** What an NFS server exports under a path. */
  nfs(server: string, path: string): VolumeFiles {
    return this.servers.folder(`${server}:${path}`)
  }

  /** Removes a local volume's directory from the disk of a node. */
  discard(node: string, volume: PersistentVolume): void {
    this.machines.get(node)?.remove(localPath(volume) ?? '')
  }

  /** The disk of a machine. */
  disk(node: string): NodeDisk {
    let disk = this.machines.get(node)
    if (!disk) this.machines.set(node, (disk = new Folders()))
    return disk
  }

  /** The machine is gone, and its disk with it. */
  removeDisk(node: string): void {
    this.machines.delete(node)
    this.disks.machineGone(node)
  }

  /** Calls back whenever a volume has grown, until the returned function is called. */
  onGrown(volumeName: string, listener: () => void): () => void {
    let set = this.listeners.get(volumeName)
    if (!set) this.listeners.set(volumeName, (set = new Set()))
    set.add(listener)
    return () => {
      set.delete(listener)
      if (set.size === 0) this.listeners.delete(volumeName)
    }
  }

  grown(volumeName: string): void {
    for (const listener of [...(this.listeners.get(volumeName) ?? [])]) listener()
  }
}

const localPath = (volume: PersistentVolume | undefined) => volume?.spec?.hostPath?.path ?? volume?.spec?.local?.path
