import { badRequest, conflict, invalid as invalidError } from '../../apimachinery/errors.ts'
import { invalid, notSupported } from '../../apimachinery/field-errors.ts'
import type { Namespace } from '../../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import type { KeyValue } from '../../etcd/etcd.ts'
import { formatTime, parseTime } from '../../sim/time.ts'
import type { DeleteOptions } from '../api.ts'
import { CRD_FINALIZER } from '../crd/finalizer.ts'
import { withMeta, type RequestScope } from './context.ts'
import { finishedDeleting, namespaceFinalizers } from './update.ts'
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
  checkOptions(options)
  checkPreconditions(scope, old, options)
  validateAdmission(scope, 'DELETE', undefined, old)
  if (scope.info.bucket === 'namespaces') return deleteNamespace(scope, entry, options)
  warnOfOrphans(scope, options)
  const object = beginDeletion(scope, old, options)
  const gone = finishedDeleting(object)
  // Without a grace period or finalizers the object goes as it is.
  if (gone && !scope.info.strategy.gracePeriodSeconds) return settle(scope, entry, old, true)
  if (!gone && object === old) return { object: old, gone: false }
  return settle(scope, entry, object, gone)
}

/** k8s 1.36: batch/job storage Delete. */
function warnOfOrphans({ info, warnings }: RequestScope, { propagationPolicy, orphanDependents }: DeleteOptions): void {
  if (info.bucket !== 'jobs.batch' || propagationPolicy !== undefined || orphanDependents !== undefined) return
  warnings.push(
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  )
}

function settle(scope: RequestScope, entry: KeyValue, object: KubeObject, gone: boolean): DeleteOutcome {
  // The end of a grace period is a write of its own before the object goes.
  const marked = gone && object !== entry.value ? store(scope, object, entry.modRevision, entry.value, 'unseen') : undefined
  const current = (marked && scope.registry.etcd.get(scope.info.bucket, entry.key)) ?? entry
  const stored = gone ? remove(scope, current, marked ?? object) : store(scope, object, entry.modRevision, entry.value, 'unseen')
  if (gone) settleAdmission(scope, 'DELETE', undefined, entry.value, stored)
  return { object: stored, gone }
}

const POLICIES = ['Foreground', 'Background', 'Orphan']

/** k8s 1.36: ValidateDeleteOptions. */
function checkOptions(options: DeleteOptions): void {
  const errors = []
  if (options.propagationPolicy !== undefined && options.orphanDependents !== undefined)
    errors.push(
      invalid('propagationPolicy', options.propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'),
    )
  if (options.propagationPolicy !== undefined && !POLICIES.includes(options.propagationPolicy))
    errors.push(notSupported('propagationPolicy', options.propagationPolicy, [...POLICIES, 'nil']))
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
}

function checkPreconditions(scope: RequestScope, old: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const { info } = scope
  const name = old.metadata.name ?? ''
  const refuse = (what: string, given: string, recorded: string, maybe: string) => {
    if (info.bucket === 'namespaces')
      return conflict(info, name, `Precondition failed: ${what} in precondition: ${given}, ${what} in object meta: ${recorded}`)
    const cause = `the ${what} in the precondition (${given}) does not match the ${what} in record (${recorded}). The object might have been ${maybe}`
    return conflict({ group: info.group, resource: info.kind }, name, cause)
  }
  if (uid !== undefined && uid !== old.metadata.uid)
    throw refuse('UID', uid, old.metadata.uid ?? '', 'deleted and then recreated')
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
    throw refuse('ResourceVersion', resourceVersion, old.metadata.resourceVersion ?? '', 'modified')
}

/** The first delete only marks a namespace; it goes when its finalizers are gone. k8s 1.36: namespace storage Delete. */
function deleteNamespace(scope: RequestScope, entry: KeyValue, options: DeleteOptions): DeleteOutcome {
  const old = entry.value as Namespace
  if (old.metadata.deletionTimestamp === undefined) {
    const marked = withMeta(withPropagation(scope, old, options), { deletionTimestamp: formatTime(scope.registry.sim.now) })
    return settle(scope, entry, { ...marked, status: { ...old.status, phase: 'Terminating' } } as KubeObject, false)
  }
  if (namespaceFinalizers(old) > 0 || (old.metadata.finalizers?.length ?? 0) > 0) return { object: old, gone: false }
  return settle(scope, entry, old, true)
}

/** Sets or clears the finalizers 'orphan' and 'foregroundDeletion' as the propagation policy asks. */
function withPropagation(scope: RequestScope, old: KubeObject, options: DeleteOptions): KubeObject {
  if (scope.info.group === '' && scope.info.resource === 'events') return old
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
  const wanted = present.filter((f) => f !== 'orphan' && f !== 'foregroundDeletion')
  if (orphan) wanted.push('orphan')
  if (foreground) wanted.push('foregroundDeletion')
  if (wanted.length === present.length && wanted.every((f) => present.includes(f))) return old
  return withMeta(old, { finalizers: wanted.length > 0 ? wanted : undefined })
}

function beginDeletion(scope: RequestScope, old: KubeObject, options: DeleteOptions): KubeObject {
  const now = scope.registry.sim.now
  const { deletionTimestamp, deletionGracePeriodSeconds: pendingGrace = 0, generation } = old.metadata
  const asked = options.gracePeriodSeconds === undefined ? undefined : Math.trunc(options.gracePeriodSeconds)
  const requested = asked !== undefined && asked < 0 ? 1 : asked
  if (deletionTimestamp !== undefined && pendingGrace > 0) {
    // A second delete can only shorten the grace period.
    if (requested === undefined || requested >= pendingGrace) return old
    const began = parseTime(deletionTimestamp) - pendingGrace * 1000
    const until = began + requested * 1000
    const grace = until < now && requested !== 0 ? 1 : requested
    return withMeta(withPropagation(scope, old, options), {
      deletionTimestamp: formatTime(Math.max(until, now)),
      deletionGracePeriodSeconds: grace,
    })
  }
  const object = withCleanup(scope, withPropagation(scope, old, options))
  if (deletionTimestamp !== undefined) return object
  const grace = scope.info.strategy.gracePeriodSeconds?.(old, requested) ?? 0
  return withMeta(object, {
    deletionTimestamp: formatTime(now + grace * 1000),
    deletionGracePeriodSeconds: grace,
    generation: generation !== undefined && generation > 0 ? generation + 1 : generation,
  })
}

/** A definition waits until its objects are gone. k8s 1.36: apiextensions customresourcedefinition REST.Delete. */
function withCleanup({ info }: RequestScope, object: KubeObject): KubeObject {
  if (info.bucket !== 'customresourcedefinitions.apiextensions.k8s.io' || object.metadata.deletionTimestamp !== undefined)
    return object
  return withMeta(object, { finalizers: [...new Set([...(object.metadata.finalizers ?? []), CRD_FINALIZER])] })
}

/** Resources whose DELETE answers with the object that went. k8s 1.36: ReturnDeletedObject in pkg/registry. */
const RETURNS_OBJECT: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'namespaces',
  'serviceaccounts',
  'persistentvolumes',
  'persistentvolumeclaims',
  'podtemplates',
  'resourcequotas',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
  'resourceslices.resource.k8s.io',
  'deviceclasses.resource.k8s.io',
])

/** What DELETE answers: the object while it lingers, else a Status with what is gone. */
export function deleteAnswer(scope: RequestScope, outcome: DeleteOutcome): KubeObject | JsonObject {
  const { info } = scope
  if (!outcome.gone || RETURNS_OBJECT.has(info.bucket)) return outcome.object
  const { name, uid } = outcome.object.metadata
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(info.group ? { group: info.group } : {}), kind: info.resource, uid },
  }
}

/** DeleteOptions from a request body; what is no object is refused. */
export function deleteOptions(body: unknown): DeleteOptions {
  if (body === undefined || body === null) return {}
  if (typeof body !== 'object' || Array.isArray(body)) throw badRequest('the body of the request must be DeleteOptions')
  return body as DeleteOptions
}
