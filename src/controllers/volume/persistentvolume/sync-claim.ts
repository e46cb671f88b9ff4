import { StatusError } from '../../../apimachinery/errors.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../apimachinery/generated/types.ts'
import { keyOf } from '../../../apimachinery/resource.ts'
import { Requeue } from '../../../client/controller.ts'
import type { Task } from '../../../sim/task.ts'
import { isPodTerminal } from '../../shared/pods.ts'
import { quote } from '../../shared/text.ts'
import {
  bestVolume,
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  classOf,
  defaultClass,
  hasAnnotation,
  isReservedFor,
  mismatch,
  namesClass,
  podsUsing,
  SELECTED_NODE,
} from '../shared/claims.ts'
import { Binding, type BinderParts } from './binding.ts'

const PROVISIONER = ['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner']
/** Provisioners of old that CSI drivers stand in for. k8s 1.36: csi-translation-lib. */
const MIGRATED: { readonly [name: string]: string } = {
  'kubernetes.io/aws-ebs': 'ebs.csi.aws.com',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
}

/** One sync of one claim. k8s 1.36: persistentvolume syncClaim. */
export class ClaimSync {
  private readonly parts: BinderParts
  private readonly binding: Binding
  private readonly claim: PersistentVolumeClaim

  constructor(parts: BinderParts, claim: PersistentVolumeClaim) {
    this.parts = parts
    this.binding = new Binding(parts)
    this.claim = claim
  }

  *run(): Task {
    if (hasAnnotation(this.claim, BIND_COMPLETED)) return yield* this.checkBound()
    const { volumeName } = this.claim.spec ?? {}
    if (volumeName) yield* this.takeNamed(this.parts.volumes.get(volumeName), volumeName)
    else yield* this.search()
  }

  private *checkBound(): Task {
    const { claim, binding } = this
    const { volumeName } = claim.spec ?? {}
    if (!volumeName)
      return yield* binding.loseClaim(
        claim,
        'ClaimLost',
        'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
      )
    const volume = this.parts.volumes.get(volumeName)
    if (!volume)
      return yield* binding.loseClaim(
        claim,
        'ClaimLost',
        'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
      )
    const { claimRef } = volume.spec ?? {}
    if (!claimRef || claimRef.uid === claim.metadata.uid) return yield* binding.bind(volume, claim)
    const text = 'Two claims are bound to the same volume, this one is bound incorrectly'
    yield* binding.loseClaim(claim, 'ClaimMisbound', text)
  }

  /** The claim names its volume. */
  private *takeNamed(volume: PersistentVolume | undefined, name: string): Task {
    const { claim, binding } = this
    const { recorder } = this.parts
    if (!volume) return yield* this.stayPending()
    if (!volume.spec?.claimRef) {
      const why = mismatch(volume, claim)
      if (why === '') return yield* binding.bind(volume, claim)
      recorder.event(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume ${quote(name)}: ${why}`)
      return yield* this.stayPending()
    }
    if (isReservedFor(volume, claim)) return yield* binding.bind(volume, claim)
    recorder.event(claim, 'Warning', 'FailedBinding', `volume ${quote(name)} already bound to a different claim.`)
    if (!hasAnnotation(claim, BOUND_BY_CONTROLLER)) return yield* this.stayPending()
    const { namespace = '', name: other = '' } = volume.spec.claimRef
    const text = `invalid binding of claim ${quote(keyOf(claim))} to volume ${quote(name)}: volume already claimed by ${quote(`${namespace}/${other}`)}`
    throw new Requeue(text)
  }

  private *search(): Task {
    const { claim, binding, parts } = this
    const waits = parts.classes.get('', classOf(claim))?.volumeBindingMode === 'WaitForFirstConsumer'
    const volume = bestVolume(claim, parts.volumes.values(), waits)
    if (volume) return yield* binding.bind(volume, claim)
    const fallback = namesClass(claim) ? undefined : defaultClass(parts.classes.list())
    if (fallback) {
      yield* binding.updateClaim({ ...claim, spec: { ...claim.spec, storageClassName: fallback.metadata.name } })
      return
    }
    this.lookAgain()
    if (waits && !hasAnnotation(claim, SELECTED_NODE)) this.explainWait()
    else if (classOf(claim) !== '') return yield* this.provision()
    else {
      const text = 'no persistent volumes available for this claim and no storage class is set'
      parts.recorder.event(claim, 'Normal', 'FailedBinding', text)
    }
    yield* this.stayPending()
  }

  private *stayPending(): Task {
    yield* this.binding.setClaimStatus(this.claim, 'Pending')
  }

  /** A claim without a volume says so again at each periodic look. */
  private lookAgain(): void {
    this.parts.claimQueue.addAfter(keyOf(this.claim), this.parts.untilResyncMs())
  }

  private explainWait(): void {
    const { claim, parts } = this
    const waiting = podsUsing(parts.pods, keyOf(claim)).filter((pod) => !pod.spec?.nodeName && !isPodTerminal(pod))
    const names = waiting.map(({ metadata }) => metadata.name ?? '')
    if (names.length === 0) {
      const text = 'waiting for first consumer to be created before binding'
      return parts.recorder.event(claim, 'Normal', 'WaitForFirstConsumer', text)
    }
    const text = `waiting for ${names.length > 1 ? 'pods' : 'pod'} ${names.join(',')} to be scheduled`
    parts.recorder.event(claim, 'Normal', 'WaitForPodScheduled', text)
  }

  /** Leaves the making of a volume to the class's provisioner. k8s 1.36: provisionClaim, provisionClaimOperationExternal. */
  private *provision(): Task {
    const { claim, parts } = this
    const name = classOf(claim)
    const found = parts.classes.get('', name)
    if (!found) return this.refuse(`storageclass.storage.k8s.io ${quote(name)} not found`)
    const provisioner = MIGRATED[found.provisioner] ?? found.provisioner
    if (provisioner.startsWith('kubernetes.io/')) return this.refuse(`no volume plugin matched name: ${provisioner}`)
    try {
      yield* this.markProvisioner(provisioner)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return this.refuse(`Error saving claim: ${error.message}`)
    }
    const text =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
      'If volume creation is delayed, please verify that the provisioner is running and correctly registered.'
    parts.recorder.event(claim, 'Normal', 'ExternalProvisioning', text)
  }

  private *markProvisioner(provisioner: string): Task {
    const { claim } = this
    if (PROVISIONER.every((name) => claim.metadata.annotations?.[name] === provisioner)) return
    const marks = Object.fromEntries(PROVISIONER.map((name) => [name, provisioner]))
    const annotations = { ...claim.metadata.annotations, ...marks }
    yield* this.binding.updateClaim({ ...claim, metadata: { ...claim.metadata, annotations } })
  }

  private refuse(message: string): void {
    this.parts.recorder.event(this.claim, 'Warning', 'ProvisioningFailed', message)
  }
}
