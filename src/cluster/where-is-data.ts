import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../apimachinery/generated/types.ts'
import type { Etcd } from '../etcd/etcd.ts'
import type { VolumeFiles } from '../kubelet/cri.ts'
import { emptyDirPath } from '../kubelet/node-volumes.ts'
import { DISK_DRIVER } from './csi/zone-disks.ts'
import type { VolumeStores } from './volume-stores.ts'

/**
 * What becomes of bytes: they stay and can be read, they stay but can't be read until something happens, or they are
 * gone; 'none': that can't happen to them.
 */
export type Fate = 'survives' | 'lost' | 'untilNodeBack' | 'untilDetached' | 'none'

/** Where the bytes of one volume, or of what a container writes beside its volumes, are. */
export interface DataPlace {
  /** The volume's name in the pod; for a claim its own name; '' for the containers' own layer. */
  readonly volume: string
  readonly medium: 'layer' | 'nodeDisk' | 'memory' | 'zoneDisk' | 'nfs' | 'api' | 'outside' | 'nowhere'
  /** The node, the zone, or the server; '' where that says nothing. */
  readonly where: string
  /** A path there, or the disk's own name. */
  readonly path: string
  readonly claim: string
  readonly persistentVolume: string
  /** How many files it holds now; -1: not known. */
  readonly files: number
  readonly containerRestart: Fate
  readonly podDeletion: Fate
  readonly nodeLoss: Fate
  readonly claimDeletion: Fate
}

interface Sources {
  readonly etcd: Etcd
  readonly volumes: VolumeStores
}

const EMPTY = { where: '', path: '', claim: '', persistentVolume: '', files: -1 }
const ALL: Pick<DataPlace, 'containerRestart' | 'podDeletion' | 'nodeLoss'> = {
  containerRestart: 'survives',
  podDeletion: 'survives',
  nodeLoss: 'survives',
}

/** Where the data of a pod ('pod/name') or a claim ('claim/name') are; a bare name is a pod's or else a claim's. Reads only. */
export function whereIsData(sources: Sources, namespace: string, claimOrPod: string): readonly DataPlace[] {
  const [kind, name] = claimOrPod.includes('/') ? claimOrPod.split('/') : ['', claimOrPod]
  const key = `${namespace}/${name ?? ''}`
  const pod = kind === 'claim' ? undefined : (sources.etcd.get('pods', key)?.value as Pod | undefined)
  if (pod) return [...(pod.spec?.volumes ?? []).map((volume) => placeOf(sources, pod, volume)), layerOf(pod)]
  const found = kind === 'pod' ? undefined : sources.etcd.get('persistentvolumeclaims', key)
  return found ? [claimPlace(sources, name ?? '', found.value as PersistentVolumeClaim, '')] : []
}

const layerOf = (pod: Pod): DataPlace => ({
  ...EMPTY,
  volume: '',
  medium: 'layer',
  where: pod.spec?.nodeName ?? '',
  containerRestart: 'lost',
  podDeletion: 'lost',
  nodeLoss: 'lost',
  claimDeletion: 'none',
})

const count = (files: VolumeFiles | undefined) => files?.size ?? 0

function placeOf(sources: Sources, pod: Pod, volume: Volume): DataPlace {
  const { namespace = '', name: podName = '', uid = '' } = pod.metadata
  const node = pod.spec?.nodeName ?? ''
  const base = { ...EMPTY, volume: volume.name, claimDeletion: 'none' } as const
  const claimName = volume.ephemeral ? `${podName}-${volume.name}` : volume.persistentVolumeClaim?.claimName
  if (claimName !== undefined) {
    const claim = sources.etcd.get('persistentvolumeclaims', `${namespace}/${claimName}`)?.value as
      | PersistentVolumeClaim
      | undefined
    const place = claim
      ? claimPlace(sources, volume.name, claim, node)
      : { ...base, ...ALL, medium: 'nowhere' as const, claim: claimName }
    // Kubernetes removes the claim together with the pod that it was made for.
    return volume.ephemeral ? { ...place, podDeletion: place.claimDeletion === 'survives' ? 'survives' : 'lost' } : place
  }
  if (volume.emptyDir) {
    const path = emptyDirPath(uid, volume.name)
    const inMemory = volume.emptyDir.medium === 'Memory'
    const files =
      inMemory || node === ''
        ? -1
        : count(sources.volumes.disk(node).has(path) ? sources.volumes.disk(node).folder(path) : undefined)
    return {
      ...base,
      ...ALL,
      medium: inMemory ? 'memory' : 'nodeDisk',
      where: node,
      path,
      files,
      podDeletion: 'lost',
      nodeLoss: 'lost',
    }
  }
  if (volume.hostPath) {
    const { path } = volume.hostPath
    const files = node !== '' && sources.volumes.disk(node).has(path) ? sources.volumes.disk(node).folder(path).size : 0
    return { ...base, ...ALL, medium: 'nodeDisk', where: node, path, files, nodeLoss: 'untilNodeBack' }
  }
  if (volume.nfs) {
    const { server, path } = volume.nfs
    return { ...base, ...ALL, medium: 'nfs', where: server, path, files: sources.volumes.nfs(server, path).size }
  }
  const fromApi = volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI
  return { ...base, ...ALL, medium: fromApi ? 'api' : 'outside' }
}

function claimPlace(sources: Sources, volumeName: string, claim: PersistentVolumeClaim, node: string): DataPlace {
  const claimName = claim.metadata.name ?? ''
  const name = claim.spec?.volumeName ?? ''
  const volume = sources.etcd.get('persistentvolumes', name)?.value as PersistentVolume | undefined
  const base = { ...EMPTY, ...ALL, volume: volumeName, claim: claimName, persistentVolume: name }
  if (!volume) return { ...base, medium: 'nowhere', claimDeletion: 'none' }
  const claimDeletion: Fate = volume.spec?.persistentVolumeReclaimPolicy === 'Retain' ? 'survives' : 'lost'
  const { csi, nfs, hostPath, local } = volume.spec ?? {}
  const path = hostPath?.path ?? local?.path
  if (path !== undefined) {
    const where = node !== '' ? node : (affinityOf(volume)[0] ?? '')
    const files = where === '' ? -1 : sources.volumes.files(where, name).size
    return { ...base, medium: 'nodeDisk', where, path, files, nodeLoss: 'untilNodeBack', claimDeletion }
  }
  const files = sources.volumes.files(node, name).size
  if (nfs) return { ...base, medium: 'nfs', where: nfs.server, path: nfs.path, files, claimDeletion }
  if (csi?.driver !== DISK_DRIVER) return { ...base, medium: 'outside', path: csi?.volumeHandle ?? '', files, claimDeletion }
  const zone = sources.volumes.disks.get(csi.volumeHandle)?.zone ?? affinityOf(volume)[0] ?? ''
  return { ...base, medium: 'zoneDisk', where: zone, path: csi.volumeHandle, files, nodeLoss: 'untilDetached', claimDeletion }
}

/** The nodes or zones that a volume is bound to. */
function affinityOf({ spec }: PersistentVolume): readonly string[] {
  return (spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions = [] }) =>
    matchExpressions.flatMap(({ values = [] }) => values),
  )
}
