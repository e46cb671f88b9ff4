import { badRequest, conflict, invalid, notFound } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KeyValue } from '../../etcd/etcd.ts'
import { validateMetadataUpdate } from '../kinds/shared/metadata.ts'
import { storageKey, withMeta, type RequestScope } from './context.ts'
import { admit, isDryRun, remove, settleAdmission, staleConflict, store, validateAdmission } from './write.ts'

/** Reads the object that the request names, or throws NotFound. */
export function currentEntry(scope: RequestScope): KeyValue {
  const { info, registry, request } = scope
  const name = request.name ?? ''
  const entry = registry.etcd.get(info.bucket, storageKey(info, request.namespace, name))
  if (!entry) throw notFound(info, name)
  return entry
}

/**
 * Replaces an object, or the part that a subresource covers. `change` makes the new object from the present one.
 * A change that changes nothing writes nothing. An object that is being deleted and loses its last finalizer goes.
 * k8s 1.36: registry Store.Update, rest.BeforeUpdate.
 */
export function updateObject(scope: RequestScope, change: (current: KubeObject) => KubeObject): KubeObject {
  const { info, registry, request } = scope
  const entry = currentEntry(scope)
  const old = entry.value
  let object = change(old)
  checkIdentity(scope, object, old)
  const context = { nowMs: registry.sim.now, subresource: request.subresource ?? '' }
  object = keepMetadata(object, old, info.apiVersion, info.kind)
  object = prepare(scope, object, old, context)
  object = admit(scope, 'UPDATE', object, old) ?? object
  const errors = validateUpdate(scope, object, old, context)
  if (errors.length > 0) throw invalid(info, old.metadata.name ?? '', errors)
  validateAdmission(scope, 'UPDATE', object, old)
  scope.warnings.push(...(info.strategy.warnings?.(object, old) ?? []))
  if (jsonEqual(object, old)) return old
  let stored: KubeObject | undefined
  try {
    stored = finishedDeleting(object) ? remove(scope, entry, object) : store(scope, object, entry.modRevision)
    return stored
  } finally {
    settleAdmission(scope, 'UPDATE', object, old, isDryRun(scope) ? undefined : stored)
  }
}

function checkIdentity(scope: RequestScope, object: KubeObject, old: KubeObject): void {
  const { info, request } = scope
  const meta = object.metadata
  if (meta.name !== request.name)
    throw badRequest(`the name of the object (${meta.name ?? ''}) does not match the name on the URL (${request.name ?? ''})`)
  if (info.namespaced && meta.namespace && meta.namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (meta.uid && meta.uid !== old.metadata.uid)
    throw conflict(
      info,
      meta.name ?? '',
      `Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
    )
  if (!meta.resourceVersion && info.strategy.allowUnconditionalUpdate === false)
    throw invalid(info, meta.name ?? '', [
      { type: 'Invalid', field: 'metadata.resourceVersion', message: 'Invalid value: 0: must be specified for an update' },
    ])
  if (meta.resourceVersion && meta.resourceVersion !== old.metadata.resourceVersion) throw staleConflict(scope, meta.name ?? '')
}

/** What no update may change is carried over. */
function keepMetadata(object: KubeObject, old: KubeObject, apiVersion: string, kind: string): KubeObject {
  const { uid, creationTimestamp, resourceVersion, namespace, deletionTimestamp, deletionGracePeriodSeconds, generation } =
    old.metadata
  return withMeta(
    { ...object, apiVersion, kind },
    {
      uid,
      creationTimestamp,
      resourceVersion,
      namespace,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      generation,
      selfLink: undefined,
    },
  )
}

function prepare(
  scope: RequestScope,
  object: KubeObject,
  old: KubeObject,
  context: { nowMs: number; subresource: string },
): KubeObject {
  const { strategy } = scope.info
  if (scope.request.subresource === 'status') {
    if (strategy.prepareForStatusUpdate) return strategy.prepareForStatusUpdate(object, old, context)
    return { ...old, metadata: object.metadata, status: (object as { status?: unknown }).status } as KubeObject
  }
  return strategy.prepareForUpdate?.(object, old, context) ?? object
}

function validateUpdate(
  scope: RequestScope,
  object: KubeObject,
  old: KubeObject,
  context: { nowMs: number; subresource: string },
) {
  const { strategy } = scope.info
  const own = scope.request.subresource === 'status' ? strategy.validateStatusUpdate : strategy.validateUpdate
  return [...validateMetadataUpdate(object, old), ...(own?.(object, old, context) ?? [])]
}

/** Whether nothing holds an object back any more that is being deleted. */
export function finishedDeleting(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata
  return deletionTimestamp !== undefined && (finalizers?.length ?? 0) === 0 && (deletionGracePeriodSeconds ?? 0) === 0
}
