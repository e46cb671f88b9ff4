import { alreadyExists, badRequest, invalid } from '../../apimachinery/errors.ts'
import { generateName } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { formatTime } from '../../sim/time.ts'
import { validateMetadata } from '../kinds/shared/metadata.ts'
import { storageKey, withMeta, type RequestScope } from './context.ts'
import { admit, isDryRun, settleAdmission, store, validateAdmission } from './write.ts'

/**
 * Creates one object that has been decoded and defaulted.
 * k8s 1.36: registry Store.Create, rest.BeforeCreate.
 */
export function createObject(scope: RequestScope, input: KubeObject): KubeObject {
  const { info, registry } = scope
  const { strategy } = info
  const context = { nowMs: registry.sim.now, subresource: '' }
  let object = stamp(scope, input)
  object = admit(scope, 'CREATE', object, undefined) ?? object
  object = strategy.prepareForCreate?.(object, context) ?? object
  const errors = [
    ...validateMetadata(object, info.namespaced, strategy.validateName),
    ...(strategy.validate?.(object, context) ?? []),
  ]
  if (errors.length > 0) throw invalid(info, object.metadata.name ?? '', errors)
  validateAdmission(scope, 'CREATE', object, undefined)
  scope.warnings.push(...(strategy.warnings?.(object, undefined) ?? []))
  let stored: KubeObject | undefined
  try {
    if (registry.etcd.get(info.bucket, storageKey(info, object.metadata.namespace, object.metadata.name ?? '')))
      throw alreadyExists(info, object.metadata.name ?? '')
    stored = store(scope, object, 0)
    return stored
  } finally {
    settleAdmission(scope, 'CREATE', object, undefined, isDryRun(scope) ? undefined : stored)
  }
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
    { ...input, apiVersion: info.apiVersion, kind: info.kind },
    {
      name,
      namespace,
      uid: registry.newUid(),
      creationTimestamp: formatTime(registry.sim.now),
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
      selfLink: undefined,
      generation: undefined,
      resourceVersion: undefined,
    },
  )
}
