/** Which PersistentVolume suits a claim. k8s 1.36: component-helpers storage/volume. */
import { compareQuantities } from '../apimachinery/quantity.ts'
import { selectorMatches } from '../apimachinery/selectors.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../apimachinery/generated/types.ts'
import { compileNodeSelector } from './node-affinity.ts'

export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'

type NodeTest = (node: Node) => boolean
const affinities = new WeakMap<PersistentVolume, NodeTest>()
const anyNode: NodeTest = () => true

/** Whether the volume can be used from the node. */
export function volumeReaches(volume: PersistentVolume, node: Node): boolean {
  let test = affinities.get(volume)
  if (!test) {
    const required = volume.spec?.nodeAffinity?.required
    test = required ? compileNodeSelector(required.nodeSelectorTerms) : anyNode
    affinities.set(volume, test)
  }
  return test(node)
}

export function classOfClaim({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? ''
}

export function classOfVolume({ metadata, spec }: PersistentVolume): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? ''
}

export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return !!spec?.volumeName && metadata.annotations?.[BIND_COMPLETED] !== undefined
}

/** Whether the volume is set aside for, or bound to, this claim. */
function isForClaim({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef
  if (!reference || reference.name !== metadata.name || reference.namespace !== metadata.namespace) return false
  return !reference.uid || reference.uid === metadata.uid
}

const requestOf = (claim: PersistentVolumeClaim) => claim.spec?.resources?.requests?.['storage'] ?? '0'
const capacityOf = (volume: PersistentVolume) => volume.spec?.capacity?.['storage'] ?? '0'

/** Smallest request first. */
export function byRequest(a: PersistentVolumeClaim, b: PersistentVolumeClaim): number {
  return compareQuantities(requestOf(a), requestOf(b))
}

function comesIntoQuestion(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.spec?.claimRef && !isForClaim(volume, claim)) return false
  if (compareQuantities(capacityOf(volume), requestOf(claim)) < 0) return false
  if ((volume.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) return false
  if ((volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) return false
  return volume.metadata.deletionTimestamp === undefined
}

/** The volume set aside for the claim, or the smallest free one that suits it and the node; null if there is none. */
export function findMatchingVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  node: Node,
  taken: ReadonlySet<string>,
): PersistentVolume | null {
  const wantedClass = classOfClaim(claim)
  const selector = claim.spec?.selector
  let smallest: PersistentVolume | null = null
  for (const volume of volumes) {
    if (taken.has(volume.metadata.name ?? '') || !comesIntoQuestion(volume, claim)) continue
    if (isForClaim(volume, claim)) return volumeReaches(volume, node) ? volume : null
    if (volume.status?.phase !== 'Available' || classOfVolume(volume) !== wantedClass) continue
    if (selector && !selectorMatches(selector, volume.metadata.labels)) continue
    if (!volumeReaches(volume, node)) continue
    if (!claim.spec?.accessModes?.every((mode) => volume.spec?.accessModes?.includes(mode))) continue
    if (!smallest || compareQuantities(capacityOf(smallest), capacityOf(volume)) > 0) smallest = volume
  }
  return smallest
}

/** The volume with the claim's reference in it, as the scheduler writes it to start the binding. */
export function bindVolumeToClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata
  const annotations = isForClaim(volume, claim)
    ? volume.metadata.annotations
    : { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' }
  return {
    ...volume,
    metadata: { ...volume.metadata, annotations },
    spec: {
      ...volume.spec,
      claimRef: { kind: 'PersistentVolumeClaim', namespace, name, uid, apiVersion: 'v1', resourceVersion },
    },
  }
}
