import { value } from '../../../apimachinery/quantity.ts'
import { compileSelector } from '../../../apimachinery/selectors.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Volume } from '../../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import type { Informer } from '../../../client/informer.ts'
import { controllerOf } from '../../shared/owners.ts'
import { compareText } from '../../shared/text.ts'

/** How volumes and claims fit together. k8s 1.36: component-helpers storage/volume. */

export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'
const DEFAULT_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

export const hasAnnotation = ({ metadata }: KubeObject, name: string): boolean => metadata.annotations?.[name] !== undefined

/** '' for none. */
export function classOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? ''
}

/** Whether a claim says something about its class, be it that it wants none. */
export function namesClass(claim: PersistentVolumeClaim): boolean {
  return hasAnnotation(claim, BETA_CLASS) || claim.spec?.storageClassName !== undefined
}

/** The newest of the default classes. k8s 1.36: volume util GetDefaultClass. */
export function defaultClass(classes: Iterable<StorageClass>): StorageClass | undefined {
  const defaults = [...classes].filter(({ metadata }) => DEFAULT_CLASS.some((name) => metadata.annotations?.[name] === 'true'))
  return defaults.toSorted(
    (a, b) =>
      compareText(b.metadata.creationTimestamp ?? '', a.metadata.creationTimestamp ?? '') ||
      compareText(a.metadata.name ?? '', b.metadata.name ?? ''),
  )[0]
}

/** Whether the volume is reserved for that claim. */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = spec ?? {}
  if (claimRef?.name !== metadata.name || claimRef?.namespace !== metadata.namespace) return false
  return !claimRef?.uid || claimRef.uid === metadata.uid
}

const sizeOf = (volume: PersistentVolume) => value(volume.spec?.capacity?.['storage'] ?? '0')
const requestOf = (claim: PersistentVolumeClaim) => value(claim.spec?.resources?.requests?.['storage'] ?? '0')
const modeOf = ({ spec }: PersistentVolumeClaim | PersistentVolume) => spec?.volumeMode ?? 'Filesystem'
const attributesOf = ({ spec }: PersistentVolumeClaim | PersistentVolume) => spec?.volumeAttributesClassName ?? ''

export const sameMode = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean => modeOf(claim) === modeOf(volume)

function offersModes(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode))
}

/** Why a claim can't have the volume that it names, or ''. k8s 1.36: checkVolumeSatisfyClaim. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string {
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`
  if (sizeOf(volume) < requestOf(claim)) return 'requested PV is too small'
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match'
  if (attributesOf(volume) !== attributesOf(claim)) return 'volumeAttributesClassName does not match'
  if (!sameMode(claim, volume)) return 'incompatible volumeMode'
  return offersModes(claim, volume) ? '' : 'incompatible accessMode'
}

/**
 * The volume for a claim: one that is reserved for it, or the smallest of those with the fewest access modes.
 * A claim that waits for its pod takes only reserved ones. k8s 1.36: findByClaim, FindMatchingVolume.
 */
export function bestVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  waits: boolean,
): PersistentVolume | undefined {
  const fitting = [...volumes].filter((volume) => fits(volume, claim))
  const modes = (volume: PersistentVolume) => volume.spec?.accessModes?.length ?? 0
  const selects = claim.spec?.selector ? compileSelector(claim.spec.selector) : () => true
  let best: PersistentVolume | undefined
  for (const volume of fitting.toSorted((a, b) => modes(a) - modes(b))) {
    if (best && modes(volume) > modes(best)) break
    if (isReservedFor(volume, claim)) return volume
    if (waits || volume.status?.phase !== 'Available' || !selects(volume.metadata.labels)) continue
    if (classOf(volume) !== classOf(claim)) continue
    if (!best || sizeOf(best) > sizeOf(volume)) best = volume
  }
  return best
}

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.spec?.claimRef && !isReservedFor(volume, claim)) return false
  return (
    volume.metadata.deletionTimestamp === undefined &&
    sizeOf(volume) >= requestOf(claim) &&
    sameMode(claim, volume) &&
    attributesOf(volume) === attributesOf(claim) &&
    offersModes(claim, volume)
  )
}

/** The claim that a pod's volume uses, '' for volumes without one. */
export function claimNameOf(pod: Pod, volume: Volume): string {
  if (volume.ephemeral) return `${pod.metadata.name ?? ''}-${volume.name}`
  return volume.persistentVolumeClaim?.claimName ?? ''
}

const INDEX = 'claim'

/** Prepares the pod informer for podsUsing(). */
export function indexByClaim(informer: Informer<Pod>): void {
  informer.addIndex(INDEX, (pod) =>
    (pod.spec?.volumes ?? []).flatMap((volume) => {
      const name = claimNameOf(pod, volume)
      return name === '' ? [] : [`${pod.metadata.namespace ?? ''}/${name}`]
    }),
  )
}

/** Pods that name the claim of that key, be it for an ephemeral volume. */
export function podsUsing(informer: Informer<Pod>, claimKey: string): Pod[] {
  return informer.byIndex(INDEX, claimKey)
}

/** Whether the claim was made for that pod's ephemeral volume. */
export function isClaimOf(pod: Pod, claim: PersistentVolumeClaim): boolean {
  return controllerOf(claim)?.uid === pod.metadata.uid && claim.metadata.namespace === pod.metadata.namespace
}
