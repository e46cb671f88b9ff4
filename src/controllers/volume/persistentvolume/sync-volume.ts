import { isNotFound } from '../../../apimachinery/errors.ts'
import { persistentvolumeclaims, persistentvolumes } from '../../../apimachinery/generated/resources.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../apimachinery/generated/types.ts'
import { keyOf } from '../../../apimachinery/resource.ts'
import type { Task } from '../../../sim/task.ts'
import { quote } from '../../shared/text.ts'
import { hasAnnotation, PROVISIONED_BY, sameMode } from '../shared/claims.ts'
import { Binding, type BinderParts } from './binding.ts'

/** One sync of one volume. k8s 1.36: persistentvolume syncVolume. */
export class VolumeSync {
  private readonly parts: BinderParts
  private readonly binding: Binding
  private readonly volume: PersistentVolume

  constructor(parts: BinderParts, volume: PersistentVolume) {
    this.parts = parts
    this.binding = new Binding(parts)
    this.volume = volume
  }

  *run(): Task {
    const { volume, binding, parts } = this
    if (!volume.spec?.claimRef?.uid) return yield* this.setAvailable()
    const claim = yield* this.findClaim()
    if (!claim) return yield* this.release()
    if (!claim.spec?.volumeName) {
      if (!sameMode(claim, volume)) return this.reportMode(claim)
      return parts.claimQueue.add(keyOf(claim))
    }
    if (claim.spec.volumeName === volume.metadata.name) {
      yield* binding.setPhase(volume, 'Bound')
      return
    }
    // The claim has another volume: one that was made for it goes, any other is free again.
    if (hasAnnotation(volume, PROVISIONED_BY) && volume.spec.persistentVolumeReclaimPolicy === 'Delete') yield* this.release()
    else yield* binding.unbind(volume)
  }

  private *setAvailable(): Task {
    yield* this.binding.setPhase(this.volume, 'Available')
  }

  /** The claim that the volume is reserved for, if it is still the same one. */
  private *findClaim(): Task<PersistentVolumeClaim | undefined> {
    const { volume, parts } = this
    const { namespace = '', name = '', uid } = volume.spec?.claimRef ?? {}
    const known = parts.claims.get(`${namespace}/${name}`)
    if (known?.metadata.uid === uid) return known
    const { phase } = volume.status ?? {}
    if (!known && (phase === 'Released' || phase === 'Failed')) return undefined
    try {
      const fresh = yield* parts.client.get(persistentvolumeclaims, namespace, name)
      return fresh.metadata.uid === uid ? fresh : undefined
    } catch (error) {
      if (!isNotFound(error)) throw error
      return undefined
    }
  }

  private reportMode(claim: PersistentVolumeClaim): void {
    const { recorder } = this.parts
    const { name } = this.volume.metadata
    const volumeText = `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${quote(claim.metadata.name)} due to incompatible volumeMode.`
    recorder.event(this.volume, 'Warning', 'VolumeMismatch', volumeText)
    const claimText = `Cannot bind PersistentVolume ${quote(name)} to requested PersistentVolumeClaim due to incompatible volumeMode.`
    recorder.event(claim, 'Warning', 'VolumeMismatch', claimText)
  }

  private *release(): Task {
    const { phase } = this.volume.status ?? {}
    const ended = phase === 'Released' || phase === 'Failed'
    const volume = ended ? this.volume : yield* this.binding.setPhase(this.volume, 'Released')
    yield* this.reclaim(volume)
  }

  /** k8s 1.36: reclaimVolume. */
  private *reclaim(volume: PersistentVolume): Task {
    const policy = volume.spec?.persistentVolumeReclaimPolicy ?? 'Retain'
    if (policy === 'Recycle') return yield* this.recycle(volume)
    if (policy === 'Delete') return yield* this.remove(volume)
    if (policy === 'Retain') return
    const text = 'Volume has unrecognized PersistentVolumeReclaimPolicy'
    yield* this.binding.setPhaseWithEvent(volume, 'Failed', 'Warning', 'VolumeUnknownReclaimPolicy', text)
  }

  /** SIMPLIFIED: a recycled volume is empty at once; no recycler pod runs. */
  private *recycle(volume: PersistentVolume): Task {
    if (!volume.spec?.hostPath && !volume.spec?.nfs) {
      const text = 'No recycler plugin found for the volume!'
      return yield* this.binding.setPhaseWithEvent(volume, 'Failed', 'Warning', 'VolumeFailedRecycle', text)
    }
    this.parts.recorder.event(volume, 'Normal', 'VolumeRecycled', 'Volume recycled')
    yield* this.binding.unbind(volume)
  }

  /** Volumes of external provisioners are deleted by those. k8s 1.36: deleteVolumeOperation. */
  private *remove(volume: PersistentVolume): Task {
    const by = volume.metadata.annotations?.[PROVISIONED_BY]
    if (by !== undefined && !by.startsWith('kubernetes.io/')) return
    const why = whyNotDeletable(volume)
    if (why !== '') return yield* this.binding.setPhaseWithEvent(volume, 'Failed', 'Warning', 'VolumeFailedDelete', why)
    if (volume.metadata.deletionTimestamp === undefined)
      yield* this.parts.client.delete(persistentvolumes, '', volume.metadata.name ?? '')
  }
}

/** SIMPLIFIED: the host path deleter of Kubernetes knows /tmp only; here /mnt is as good. */
function whyNotDeletable({ spec }: PersistentVolume): string {
  if (!spec?.hostPath) return 'error getting deleter volume plugin for volume: no deletable volume plugin matched'
  const { path } = spec.hostPath
  return /\/(tmp|mnt)\/.+/.test(path) ? '' : `host_path deleter only supports /tmp/.+ but received provided ${path}`
}
