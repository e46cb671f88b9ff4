import { badRequest, conflict, invalid, notFound } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { KeyValue } from '../../etcd/etcd.ts'
import { validateMetadataUpdate } from '../kinds/shared/metadata.ts'
import type { FieldWrite } from '../managed.ts'
import { storageKey, withMeta, type RequestScope } from './context.ts'
import { createObject } from './create.ts'
import { dedupOwnerReferences } from './owners.ts'
import { admit, fieldWrite, isDryRun, remove, settleAdmission, staleConflict, store, validateAdmission } from './write.ts'

/** Reads the object that the request names, or throws NotFound. */
export function currentEntry(scope: RequestScope): KeyValue {
  const { info, registry, request } = scope
  const name = request.name ?? ''
  const entry = registry.etcd.get(info.bucket, storageKey(info, request.namespace, name))
  if (!entry) throw notFound(info, name)
  return entry
}

/** PUT: replaces the object by the request's body; some kinds are created when they are missing. */
export function putObject(scope: RequestScope, body: KubeObject): { readonly object: KubeObject; readonly created: boolean } {
  const { info, registry, request } = scope
  checkNames(scope, body)
  const present = registry.etcd.get(info.bucket, storageKey(info, request.namespace, request.name ?? ''))
  if (!present && info.strategy.allowCreateOnUpdate && !request.subresource) {
    const creation = { ...scope, request: { ...request, verb: 'create' as const } }
    return { object: createObject(creation, withMeta(body, { resourceVersion: undefined })), created: true }
  }
  const object = updateObject(scope, (current) => {
    checkUid(scope, body, current)
    return body
  })
  return { object, created: false }
}

/** k8s 1.36: handlers update, checkName and EnsureObjectNamespaceMatchesRequestNamespace. */
function checkNames({ info, request }: RequestScope, { metadata }: KubeObject): void {
  if (info.namespaced && metadata.namespace && metadata.namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (metadata.name !== undefined && metadata.name !== '' && metadata.name !== request.name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${request.name ?? ''})`)
  if (!metadata.name)
    throw badRequest(`the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${request.name ?? ''})`)
}

function checkUid({ info }: RequestScope, { metadata }: KubeObject, current: KubeObject): void {
  if (!metadata.uid || metadata.uid === current.metadata.uid) return
  const key = `/registry/${info.resource}/${info.namespaced ? `${current.metadata.namespace ?? ''}/` : ''}${metadata.name ?? ''}`
  throw conflict(
    info,
    metadata.name ?? '',
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${current.metadata.uid ?? ''}`,
  )
}

/** A part of an object under which admission knows it. */
export interface AdmittedPart {
  readonly scope: RequestScope
  readonly view: (object: KubeObject) => KubeObject
  /** The object with what admission made of the part. */
  readonly merge: (object: KubeObject, part: KubeObject) => KubeObject
}

function admitted(scope: RequestScope, object: KubeObject, old: KubeObject, part: AdmittedPart | undefined): KubeObject {
  if (!part) return admit(scope, 'UPDATE', object, old) ?? object
  const seen = part.view(object)
  const changed = admit(part.scope, 'UPDATE', seen, part.view(old))
  return changed && changed !== seen ? part.merge(object, changed) : object
}

/** What an update does beside its object. */
export interface UpdateOptions {
  /** How the change is noted in managedFields; by default as an Update by the request's manager. */
  readonly write?: (object: KubeObject, old: KubeObject) => FieldWrite
  /** What admission sees of the change, where that is not the object itself: the Scale of an object. */
  readonly admission?: AdmittedPart
  /** True when managedFields alone are a reason to write (server-side apply). */
  readonly ownershipChanged?: (old: KubeObject) => boolean
}

/**
 * Replaces an object, or the part that a subresource covers. `change` makes the new object, in its storage version,
 * from the present one. A change that changes nothing writes nothing. An object that is being deleted and loses its
 * last finalizer goes. k8s 1.36: registry Store.Update, rest.BeforeUpdate.
 */
export function updateObject(
  scope: RequestScope,
  change: (current: KubeObject) => KubeObject,
  options: UpdateOptions = {},
): KubeObject {
  const { info, registry } = scope
  const entry = currentEntry(scope)
  const old = entry.value
  const changed = change(old)
  const write = options.write?.(changed, old) ?? fieldWrite(scope, changed)
  const forgets = registry.managed.forgets(changed, old)
  let object = keepMetadata(changed, old, info.storage.apiVersion, info.kind, scope)
  object = admitted(scope, object, old, options.admission)
  checkResourceVersion(scope, changed, old)
  const begun = scope.request.subresource ? undefined : registry.hooks.get(info.bucket)?.beginUpdate?.(scope, object, old)
  let stored: KubeObject | undefined
  try {
    object = begun?.object ?? object
    object = prepareAndValidate(scope, object, old)
    const { admission: part } = options
    if (part) validateAdmission(part.scope, 'UPDATE', part.view(object), part.view(old))
    else validateAdmission(scope, 'UPDATE', object, old)
    if (jsonEqual(object, old) && !forgets && !movesFields(scope, changed, old, write, options)) return old
    try {
      stored = finishedDeleting(object) ? letGo(scope, entry, object) : store(scope, object, entry.modRevision, old, write)
      return stored
    } finally {
      settleAdmission(scope, 'UPDATE', object, old, isDryRun(scope) ? undefined : stored)
    }
  } finally {
    begun?.finish(isDryRun(scope) ? undefined : stored)
  }
}

/**
 * The watch shows the object as it was stored last, the answer as it would have been stored.
 * k8s 1.36: registry deleteWithoutFinalizers.
 */
function letGo(scope: RequestScope, entry: KeyValue, object: KubeObject): KubeObject {
  remove(scope, entry, entry.value)
  return object
}

/** Ownership may change though the object does not; in-process clients don't care. */
function movesFields(
  scope: RequestScope,
  changed: KubeObject,
  old: KubeObject,
  write: FieldWrite,
  options: UpdateOptions,
): boolean {
  if (options.ownershipChanged) return options.ownershipChanged(old)
  if (!scope.request.external) return false
  const { managedFields: _, ...metadata } = changed.metadata
  return !jsonEqual({ ...changed, metadata }, old) && scope.registry.managed.movesFields(old, write)
}

function prepareAndValidate(scope: RequestScope, given: KubeObject, old: KubeObject): KubeObject {
  const { info, registry, request } = scope
  const context = { nowMs: registry.sim.now, subresource: request.subresource ?? '' }
  const object = restoreMetadata(prepare(scope, given, old, context), old)
  const errors = validateUpdate(scope, object, old, context)
  if (errors.length > 0) throw invalid({ group: info.storage.group, kind: info.kind }, old.metadata.name ?? '', errors)
  const warnings = request.external && request.subresource !== 'status' ? info.strategy.warnings?.(object, old) : undefined
  if (warnings) scope.warnings.push(...warnings)
  return object
}

function checkResourceVersion(scope: RequestScope, { metadata }: KubeObject, old: KubeObject): void {
  const { info } = scope
  if (!metadata.resourceVersion && info.strategy.allowUnconditionalUpdate === false)
    throw invalid({ group: info.group, kind: info.resource }, old.metadata.name ?? '', [
      { type: 'Invalid', field: 'metadata.resourceVersion', message: 'Invalid value: 0: must be specified for an update' },
    ])
  if (metadata.resourceVersion && metadata.resourceVersion !== old.metadata.resourceVersion)
    throw staleConflict(scope, old.metadata.name ?? '')
}

/** What the registry carries over before the strategy sees the object. */
function keepMetadata(object: KubeObject, old: KubeObject, apiVersion: string, kind: string, scope: RequestScope): KubeObject {
  const { generation, resourceVersion, namespace } = old.metadata
  return withMeta(
    { ...object, apiVersion, kind },
    {
      resourceVersion,
      generation,
      namespace: object.metadata.namespace || namespace,
      selfLink: undefined,
      managedFields: undefined,
      ownerReferences: dedupOwnerReferences(scope, object.metadata.ownerReferences),
    },
  )
}

/** What no update may change is carried over; the rest of metadata is for validation to refuse. */
function restoreMetadata(object: KubeObject, old: KubeObject): KubeObject {
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = old.metadata
  const meta = object.metadata
  if (
    meta.uid === uid &&
    meta.creationTimestamp === creationTimestamp &&
    meta.deletionTimestamp === deletionTimestamp &&
    meta.deletionGracePeriodSeconds === deletionGracePeriodSeconds
  )
    return object
  return withMeta(object, {
    uid: meta.uid || uid,
    creationTimestamp,
    deletionTimestamp: deletionTimestamp ?? meta.deletionTimestamp,
    deletionGracePeriodSeconds: meta.deletionGracePeriodSeconds ?? deletionGracePeriodSeconds,
  })
}

interface Context {
  readonly nowMs: number
  readonly subresource: string
}

function prepare(scope: RequestScope, object: KubeObject, old: KubeObject, context: Context): KubeObject {
  const { strategy } = scope.info
  if (scope.request.subresource === 'status') {
    if (strategy.prepareForStatusUpdate) return strategy.prepareForStatusUpdate(object, old, context)
    const { status } = object as { status?: unknown }
    const { status: _, ...rest } = old as KubeObject & { status?: unknown }
    return { ...rest, metadata: object.metadata, ...(status === undefined ? {} : { status }) }
  }
  return strategy.prepareForUpdate?.(object, old, context) ?? object
}

function validateUpdate(scope: RequestScope, object: KubeObject, old: KubeObject, context: Context) {
  const { strategy } = scope.info
  const own = scope.request.subresource === 'status' ? strategy.validateStatusUpdate : strategy.validateUpdate
  const meta = validateMetadataUpdate(object, old)
  const errors = own?.(object, old, context)
  // The registry checks metadata, and then every strategy does so again: the causes come twice.
  return [...meta, ...meta, ...(errors ?? [])]
}

/**
 * Whether nothing holds an object back any more that is being deleted.
 * k8s 1.36: ShouldDeleteDuringUpdate, ShouldDeleteNamespaceDuringUpdate.
 */
export function finishedDeleting(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0 || (deletionGracePeriodSeconds ?? 0) > 0) return false
  return object.kind !== 'Namespace' || object.apiVersion !== 'v1' || namespaceFinalizers(object) === 0
}

export function namespaceFinalizers(object: KubeObject): number {
  return (object as { spec?: { finalizers?: readonly string[] } }).spec?.finalizers?.length ?? 0
}
