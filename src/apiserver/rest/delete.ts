import { badRequest, conflict } from '../../apimachinery/errors.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import type { KeyValue } from '../../etcd/etcd.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import type { DeleteOptions } from '../api.ts'
import { withMeta, type RequestScope } from './context.ts'
import { finishedDeleting } from './update.ts'
import { remove, settleAdmission, store, validateAdmission } from './write.ts'

export interface DeleteOutcome {
  /** The object as it is now, or as it last was. */
  readonly object: KubeObject
  /** False while finalizers or a grace period keep it. */
  readonly gone: boolean
}

/**
 * Deletes, or begins to delete: a grace period, finalizers and the propagation policy decide.
 * k8s 1.36: registry Store.Delete, rest.BeforeDelete, deletionFinalizersForGarbageCollection.
 */
export function deleteEntry(scope: RequestScope, entry: KeyValue, options: DeleteOptions): DeleteOutcome {
  const old = entry.value
  checkPreconditions(scope, old, options)
  validateAdmission(scope, 'DELETE', undefined, old)
  const object = beginDeletion(scope, withPropagation(scope, old, options), options)
  const gone = finishedDeleting(object)
  if (!gone && object === old) return { object: old, gone: false }
  const stored = gone ? remove(scope, entry, object) : store(scope, object, entry.modRevision)
  if (gone) settleAdmission(scope, 'DELETE', undefined, old, stored)
  return { object: stored, gone }
}

function checkPreconditions(scope: RequestScope, old: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const name = old.metadata.name ?? ''
  if (uid !== undefined && uid !== old.metadata.uid)
    throw conflict(
      scope.info,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
    )
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
    throw conflict(
      scope.info,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion ?? ''}`,
    )
  if (options.propagationPolicy !== undefined && options.orphanDependents !== undefined)
    throw badRequest('orphanDependents and deletionPropagation cannot be both set')
}

/** Sets or clears the finalizers 'orphan' and 'foregroundDeletion' as the propagation policy asks. */
function withPropagation(scope: RequestScope, old: KubeObject, options: DeleteOptions): KubeObject {
  const present = old.metadata.finalizers ?? []
  const policy =
    options.propagationPolicy ??
    (options.orphanDependents === true ? 'Orphan' : options.orphanDependents === false ? 'Background' : undefined)
  let orphan = present.includes('orphan')
  let foreground = present.includes('foregroundDeletion')
  if (policy !== undefined) {
    orphan = policy === 'Orphan'
    foreground = policy === 'Foreground'
  } else if (!orphan && !foreground) orphan = scope.info.strategy.defaultPropagation === 'orphan'
  const wanted = present.filter((f) => (f !== 'orphan' || orphan) && (f !== 'foregroundDeletion' || foreground))
  if (orphan && !wanted.includes('orphan')) wanted.push('orphan')
  if (foreground && !wanted.includes('foregroundDeletion')) wanted.push('foregroundDeletion')
  if (wanted.length === present.length && wanted.every((f) => present.includes(f))) return old
  return withMeta(old, { finalizers: wanted.length > 0 ? wanted : undefined })
}

function beginDeletion(scope: RequestScope, object: KubeObject, options: DeleteOptions): KubeObject {
  const now = scope.registry.sim.now
  const { deletionTimestamp, deletionGracePeriodSeconds: pendingGrace = 0, generation } = object.metadata
  const graceful = scope.info.strategy.gracePeriodSeconds
  const grace = graceful?.(object, options.gracePeriodSeconds) ?? 0
  if (deletionTimestamp !== undefined) {
    // A second delete can only shorten the grace period.
    if (!graceful || options.gracePeriodSeconds === undefined || pendingGrace === 0 || grace >= pendingGrace) return object
    const began = parseTime(deletionTimestamp) - pendingGrace * 1000
    const until = Math.max(began + grace * 1000, now)
    return withMeta(object, { deletionTimestamp: formatTime(until), deletionGracePeriodSeconds: grace })
  }
  return withMeta(object, {
    deletionTimestamp: formatTime(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
    generation: generation !== undefined && generation > 0 ? generation + 1 : generation,
  })
}

/** What DELETE answers: the object while it lingers, else a Status with what is gone. */
export function deleteAnswer(scope: RequestScope, outcome: DeleteOutcome): KubeObject | JsonObject {
  // k8s 1.36: strategies with graceful deletion (pods) and namespaces answer the object, the rest a Status.
  if (!outcome.gone || scope.info.strategy.gracePeriodSeconds) return outcome.object
  const { name, uid } = outcome.object.metadata
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(scope.info.group ? { group: scope.info.group } : {}), kind: scope.info.resource, uid },
  }
}
