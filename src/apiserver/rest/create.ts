import { StatusError, alreadyExists, badRequest, generateNameConflict, invalid, unclassified } from '../../apimachinery/errors.ts'
import { generateName } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { formatTime } from '../../sim/time.ts'
import { validateMetadata } from '../kinds/shared/metadata.ts'
import type { FieldWrite } from '../managed.ts'
import { dedupOwnerReferences } from './owners.ts'
import { storageKey, withMeta, type RequestScope } from './context.ts'
import type { BegunWrite } from './hooks.ts'
import { admit, fieldWrite, isDryRun, settleAdmission, store, validateAdmission } from './write.ts'

/** How often a generated name is drawn anew when it is taken. k8s 1.36: maxNameGenerationCreateAttempts. */
const NAME_ATTEMPTS = 8

/**
 * Creates one object that has been decoded and defaulted, in its storage version.
 * k8s 1.36: handlers create, registry Store.Create, rest.BeforeCreate.
 */
export function createObject(scope: RequestScope, input: KubeObject, write = fieldWrite(scope, input)): KubeObject {
  const { info } = scope
  const drawn = !input.metadata.name && !!input.metadata.generateName
  for (let attempt = 1; ; attempt++) {
    try {
      return createOnce(scope, input, write)
    } catch (error) {
      if (!drawn || !(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error
      if (attempt >= NAME_ATTEMPTS) throw generateNameConflict(info, error.status.details?.name ?? '', 1)
    }
  }
}

function createOnce(scope: RequestScope, input: KubeObject, write: FieldWrite): KubeObject {
  const { info, registry } = scope
  const { strategy } = info
  const context = { nowMs: registry.sim.now, subresource: '' }
  let object = stamp(scope, input)
  object = admit(scope, 'CREATE', object, undefined) ?? object
  const begun: BegunWrite | undefined = registry.hooks.get(info.bucket)?.beginCreate?.(scope, object)
  let stored: KubeObject | undefined
  try {
    object = begun?.object ?? object
    object = strategy.prepareForCreate?.(object, context) ?? object
    const errors = [
      ...validateMetadata(object, info.namespaced, strategy.validateName),
      ...(strategy.validate?.(object, context) ?? []),
    ]
    if (errors.length > 0) throw invalid({ group: info.storage.group, kind: info.kind }, object.metadata.name ?? '', errors)
    // In-process clients see no warnings.
    const warnings = scope.request.external ? strategy.warnings?.(object, undefined) : undefined
    if (warnings) scope.warnings.push(...warnings)
    stored = validatedStore(scope, object, write)
    return stored
  } finally {
    begun?.finish(isDryRun(scope) ? undefined : stored)
  }
}

/** Asks validating admission, then stores. */
function validatedStore(scope: RequestScope, object: KubeObject, write: FieldWrite): KubeObject {
  const { info, registry } = scope
  let stored: KubeObject | undefined
  validateAdmission(scope, 'CREATE', object, undefined)
  try {
    refuseTaken(
      scope,
      registry.etcd.get(info.bucket, storageKey(info, object.metadata.namespace, object.metadata.name ?? ''))?.value,
    )
    if (object.metadata.resourceVersion) throw unclassified('resourceVersion should not be set on objects to be created')
    stored = store(scope, object, 0, undefined, write)
    return stored
  } finally {
    settleAdmission(scope, 'CREATE', object, undefined, isDryRun(scope) ? undefined : stored)
  }
}

function refuseTaken(scope: RequestScope, present: KubeObject | undefined): void {
  if (!present) return
  const error = alreadyExists(scope.info, present.metadata.name ?? '')
  if (!present.metadata.deletionTimestamp) throw error
  throw new StatusError({ ...error.status, message: `object is being deleted: ${error.message}` })
}

/** Gives the object its name, namespace, uid and creation time. */
function stamp(scope: RequestScope, input: KubeObject): KubeObject {
  const { info, registry, request } = scope
  const meta = input.metadata
  const namespace = info.namespaced ? meta.namespace || request.namespace : undefined
  if (info.namespaced && namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  const random = registry.sim.random('apiserver/names')
  const name = meta.name || (meta.generateName ? generateName(meta.generateName, (bound) => random.int(bound)) : undefined)
  return withMeta(
    { ...input, apiVersion: info.storage.apiVersion, kind: info.kind },
    {
      name,
      namespace,
      uid: registry.newUid(),
      creationTimestamp: formatTime(registry.sim.now),
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
      selfLink: undefined,
      managedFields: undefined,
      ownerReferences: dedupOwnerReferences(scope, meta.ownerReferences),
    },
  )
}
