import { isInvalid, isNotFound, StatusError } from '../../apimachinery/errors.ts'
import type { OwnerReference } from '../../apimachinery/generated/types.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import { Requeue } from '../../client/controller.ts'
import type { Task } from '../../sim/task.ts'
import { controllerOf, newControllerRef } from './owners.ts'

/** What to do about an object that might be the owner's. */
export type Claim = 'keep' | 'ignore' | 'adopt' | 'release'

/** k8s 1.36: controller BaseControllerRefManager.ClaimObject. */
export function planClaim(object: KubeObject, owner: KubeObject, matches: boolean): Claim {
  const controller = controllerOf(object)
  const ownerGoes = owner.metadata.deletionTimestamp !== undefined
  if (controller) {
    if (controller.uid !== owner.metadata.uid) return 'ignore'
    if (matches) return 'keep'
    return ownerGoes ? 'ignore' : 'release'
  }
  if (ownerGoes || !matches || object.metadata.deletionTimestamp !== undefined) return 'ignore'
  return owner.metadata.namespace === object.metadata.namespace ? 'adopt' : 'ignore'
}

export interface ClaimOptions<T extends KubeObject, O extends KubeObject> {
  readonly client: Client
  readonly owner: O
  readonly ownerRef: ResourceRef<O>
  readonly ref: ResourceRef<T>
  readonly candidates: readonly T[]
  readonly matches: (object: T) => boolean
  /** Finalizer that goes with ownership (Jobs). */
  readonly finalizer?: string
}

/**
 * Adopts matching orphans, releases owned objects that no longer match, and gives those that are owned.
 * k8s 1.36: controller PodControllerRefManager, ReplicaSetControllerRefManager.
 */
export function* claimObjects<T extends KubeObject, O extends KubeObject>(options: ClaimOptions<T, O>): Task<T[]> {
  const { candidates, owner, matches } = options
  const claimed: T[] = []
  const errors: string[] = []
  let mayAdopt: string | null | undefined
  for (const object of candidates) {
    const claim = planClaim(object, owner, matches(object))
    if (claim === 'keep') claimed.push(object)
    if (claim === 'keep' || claim === 'ignore') continue
    try {
      if (claim === 'release') yield* release(options, object)
      else {
        mayAdopt ??= yield* recheckDeletion(options)
        if (mayAdopt)
          throw new Requeue(`can't adopt ${options.ref.kind} ${nameOf(object)} (${object.metadata.uid ?? ''}): ${mayAdopt}`)
        yield* adopt(options, object)
        claimed.push(object)
      }
    } catch (error) {
      if (isNotFound(error)) continue
      if (!(error instanceof StatusError) && !(error instanceof Requeue)) throw error
      errors.push(error.message)
    }
  }
  if (errors.length > 0) throw new Requeue(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`)
  return claimed
}

const nameOf = (object: KubeObject) => `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`

/** Reads the owner afresh: '' if it may adopt, else why not. k8s 1.36: controller RecheckDeletionTimestamp. */
function* recheckDeletion<T extends KubeObject, O extends KubeObject>({
  client,
  owner,
  ownerRef,
}: ClaimOptions<T, O>): Task<string> {
  const { namespace = '', name = '', uid } = owner.metadata
  const fresh = yield* client.get(ownerRef, namespace, name)
  if (fresh.metadata.uid !== uid)
    return `original ${ownerRef.kind} ${nameOf(owner)} is gone: got uid ${fresh.metadata.uid ?? ''}, wanted ${uid ?? ''}`
  const { deletionTimestamp } = fresh.metadata
  return deletionTimestamp === undefined ? '' : `${nameOf(owner)} has just been deleted at ${deletionTimestamp}`
}

function* adopt<T extends KubeObject, O extends KubeObject>(options: ClaimOptions<T, O>, object: T): Task {
  const { client, owner, ownerRef, ref, finalizer } = options
  const reference: OwnerReference = newControllerRef(owner, ownerRef)
  const { namespace = '', name = '', uid } = object.metadata
  yield* client.patch(ref, namespace, name, {
    metadata: { uid, ownerReferences: [reference], ...(finalizer ? { finalizers: [finalizer] } : {}) },
  })
}

function* release<T extends KubeObject, O extends KubeObject>(options: ClaimOptions<T, O>, object: T): Task {
  const { client, owner, ref, finalizer } = options
  const { namespace = '', name = '', uid } = object.metadata
  const metadata = {
    uid,
    ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }],
    ...(finalizer ? { '$deleteFromPrimitiveList/finalizers': [finalizer] } : {}),
  }
  try {
    yield* client.patch(ref, namespace, name, { metadata })
  } catch (error) {
    // Gone, or another one of the same name: nothing is left to release.
    if (!isNotFound(error) && !isInvalid(error)) throw error
  }
}
