import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { persistentvolumeclaims, persistentvolumes } from '../../../apimachinery/generated/resources.ts'
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
  Pod,
  StorageClass,
} from '../../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../../apimachinery/equal.ts'
import type { Client } from '../../../client/client.ts'
import type { Informer } from '../../../client/informer.ts'
import type { EventRecorder, EventType } from '../../../client/recorder.ts'
import type { WorkQueue } from '../../../client/workqueue.ts'
import type { Simulation } from '../../../sim/simulation.ts'
import type { Task } from '../../../sim/task.ts'
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, hasAnnotation } from '../shared/claims.ts'
import type { Latest } from './latest.ts'

export interface BinderParts {
  readonly sim: Simulation
  readonly client: Client
  readonly recorder: EventRecorder
  readonly volumes: Latest<PersistentVolume>
  readonly claims: Latest<PersistentVolumeClaim>
  readonly classes: Informer<StorageClass>
  readonly pods: Informer<Pod>
  readonly claimQueue: WorkQueue
  /** Milliseconds until the next periodic look at everything. */
  readonly untilResyncMs: () => number
}

/** The writes that bind and unbind. k8s 1.36: persistentvolume bind, unbindVolume and the like. */
export class Binding {
  private readonly parts: BinderParts

  constructor(parts: BinderParts) {
    this.parts = parts
  }

  /** Reserves the volume, marks it bound, gives it to the claim, marks the claim bound; whatever of it is left to do. */
  *bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Task {
    const reserved = yield* this.reserve(volume, claim)
    const bound = yield* this.setPhase(reserved, 'Bound')
    const owner = yield* this.give(claim, bound)
    yield* this.setClaimStatus(owner, 'Bound', bound)
  }

  private *reserve(volume: PersistentVolume, claim: PersistentVolumeClaim): Task<PersistentVolume> {
    const { claimRef } = volume.spec ?? {}
    const { name, namespace, uid, resourceVersion } = claim.metadata
    const isNew = !claimRef || claimRef.name !== name || claimRef.namespace !== namespace
    if (!isNew && claimRef.uid === uid) return volume
    const annotations: { readonly [name: string]: string } =
      isNew && !hasAnnotation(volume, BOUND_BY_CONTROLLER) ? { [BOUND_BY_CONTROLLER]: 'yes' } : {}
    const reference = { kind: 'PersistentVolumeClaim', namespace, name, uid, apiVersion: 'v1', resourceVersion }
    return yield* this.updateVolume({
      ...volume,
      metadata: { ...volume.metadata, annotations: { ...volume.metadata.annotations, ...annotations } },
      spec: { ...volume.spec, claimRef: reference },
    })
  }

  private *give(claim: PersistentVolumeClaim, volume: PersistentVolume): Task<PersistentVolumeClaim> {
    const chosen = claim.spec?.volumeName !== volume.metadata.name
    if (!chosen && hasAnnotation(claim, BIND_COMPLETED)) return claim
    const annotations = {
      ...claim.metadata.annotations,
      ...(chosen ? { [BOUND_BY_CONTROLLER]: claim.metadata.annotations?.[BOUND_BY_CONTROLLER] ?? 'yes' } : {}),
      [BIND_COMPLETED]: claim.metadata.annotations?.[BIND_COMPLETED] ?? 'yes',
    }
    return yield* this.updateClaim({
      ...claim,
      metadata: { ...claim.metadata, annotations },
      spec: { ...claim.spec, volumeName: volume.metadata.name },
    })
  }

  /** Frees a volume; one that its creator reserved stays reserved for the name. */
  *unbind(volume: PersistentVolume): Task {
    const { [BOUND_BY_CONTROLLER]: ours, ...annotations } = volume.metadata.annotations ?? {}
    const { claimRef, ...spec } = volume.spec ?? {}
    const { uid: _, ...reference } = claimRef ?? {}
    const { annotations: _all, ...metadata } = volume.metadata
    const freed =
      ours === undefined
        ? { ...volume, spec: { ...spec, claimRef: reference } }
        : {
            ...volume,
            metadata: Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata,
            spec,
          }
    yield* this.setPhase(yield* this.updateVolume(freed), 'Available')
  }

  *updateVolume(volume: PersistentVolume): Task<PersistentVolume> {
    return this.parts.volumes.put(yield* this.parts.client.update(persistentvolumes, volume))
  }

  *updateClaim(claim: PersistentVolumeClaim): Task<PersistentVolumeClaim> {
    return this.parts.claims.put(yield* this.parts.client.update(persistentvolumeclaims, claim))
  }

  *setPhase(volume: PersistentVolume, phase: string, message = ''): Task<PersistentVolume> {
    if (volume.status?.phase === phase) return volume
    const { message: _, ...status } = volume.status ?? {}
    const next = { ...volume, status: { ...status, phase, ...(message === '' ? {} : { message }) } }
    return this.parts.volumes.put(yield* this.parts.client.updateStatus(persistentvolumes, next))
  }

  *setPhaseWithEvent(volume: PersistentVolume, phase: string, type: EventType, reason: string, message: string): Task {
    if (volume.status?.phase === phase) return
    const stored = yield* this.setPhase(volume, phase, message)
    this.parts.recorder.event(stored, type, reason, message)
  }

  /** The claim's phase and what its volume offers; without a volume nothing. */
  *setClaimStatus(claim: PersistentVolumeClaim, phase: string, volume?: PersistentVolume): Task<PersistentVolumeClaim> {
    const status = volume ? boundStatus(claim, phase, volume) : withoutVolume(claim, phase)
    if (jsonEqual(status, claim.status ?? {})) return claim
    return this.parts.claims.put(yield* this.parts.client.updateStatus(persistentvolumeclaims, { ...claim, status }))
  }

  *loseClaim(claim: PersistentVolumeClaim, reason: string, message: string): Task {
    if (claim.status?.phase === 'Lost') return
    const stored = yield* this.setClaimStatus(claim, 'Lost')
    this.parts.recorder.event(stored, 'Warning', reason, message)
  }
}

function withoutVolume({ status }: PersistentVolumeClaim, phase: string): PersistentVolumeClaimStatus {
  const { accessModes: _, capacity: _c, currentVolumeAttributesClassName: _a, ...rest } = status ?? {}
  return { ...rest, phase }
}

/** The size is taken over when the claim is bound; afterwards whoever resizes keeps it. */
function boundStatus(
  { status = {} }: PersistentVolumeClaim,
  phase: string,
  { spec }: PersistentVolume,
): PersistentVolumeClaimStatus {
  const next = { ...status, phase, accessModes: spec?.accessModes }
  if (status.phase === phase) return next
  const offered = spec?.capacity?.['storage'] ?? '0'
  const known = status.capacity?.['storage']
  const sized = known !== undefined && compareQuantities(known, offered) === 0 ? next : { ...next, capacity: spec?.capacity }
  const attributes = spec?.volumeAttributesClassName
  return status.phase === 'Pending' && attributes !== undefined
    ? { ...sized, currentVolumeAttributesClassName: attributes }
    : sized
}
