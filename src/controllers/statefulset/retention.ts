import { pods, statefulsets } from '../../apimachinery/generated/resources.ts'
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { newControllerRef } from '../shared/owners.ts'
import { isInRange } from './identity.ts'

/** Who owns a claim, so that it goes when the retention policy says. k8s 1.36: isClaimOwnerUpToDate and its like. */

const refers = (reference: OwnerReference, object: KubeObject, kind: string, apiVersion: string) =>
  reference.kind === kind && reference.apiVersion === apiVersion && reference.name === object.metadata.name

const toSet = (reference: OwnerReference, set: StatefulSet) => refers(reference, set, 'StatefulSet', 'apps/v1')
const toPod = (reference: OwnerReference, pod: Pod) => refers(reference, pod, 'Pod', 'v1')

function policyOf(set: StatefulSet) {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  return { whenDeleted, whenScaled }
}

const ownersOf = (claim: PersistentVolumeClaim) => claim.metadata.ownerReferences ?? []
const isOwned = (claim: PersistentVolumeClaim, owner: KubeObject) => ownersOf(claim).some((o) => o.uid === owner.metadata.uid)

/** Whether a claim still belongs to a former pod of that name, so that a new pod must wait for it to go. */
export function isStaleFor(set: StatefulSet, claim: PersistentVolumeClaim, pod: Pod): boolean {
  return policyOf(set).whenScaled === 'Delete' && ownersOf(claim).some((o) => toPod(o, pod) && o.uid !== pod.metadata.uid)
}

/** Whether another controller manages the claim. */
export function hasForeignController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { whenDeleted, whenScaled } = policyOf(set)
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false
  return ownersOf(claim).some((o) => {
    if (toSet(o, set)) return o.uid !== set.metadata.uid
    if (toPod(o, pod)) return o.uid !== pod.metadata.uid
    return o.controller === true
  })
}

/** The owners that the policy asks for: the set, the pod once it is scaled down, or nobody. */
function wantedOwners(set: StatefulSet, pod: Pod): OwnerReference[] {
  const { whenDeleted, whenScaled } = policyOf(set)
  const scaledDown = whenScaled === 'Delete' && !isInRange(set, pod)
  if (scaledDown) return [newControllerRef(pod, pods)]
  return whenDeleted === 'Delete' ? [newControllerRef(set, statefulsets)] : []
}

/** The claim's new owners, or null when they are right. */
export function planOwners(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): readonly OwnerReference[] | null {
  const owners = ownersOf(claim)
  const stale = owners.some((o) => (toSet(o, set) && o.uid !== set.metadata.uid) || (toPod(o, pod) && o.uid !== pod.metadata.uid))
  if (stale) return null
  const foreign = hasForeignController(claim, set, pod)
  const mine = isOwned(claim, set) || isOwned(claim, pod)
  const others = owners.filter((o) => !toSet(o, set) && !toPod(o, pod))
  if (foreign) return mine ? others : null
  const wanted = wantedOwners(set, pod)
  const present = owners.filter((o) => o.uid === set.metadata.uid || o.uid === pod.metadata.uid)
  const right =
    present.length === wanted.length &&
    wanted.every((w) => present.some((o) => o.uid === w.uid)) &&
    present.every((o) => o.controller === true)
  return right ? null : [...others, ...wanted]
}
