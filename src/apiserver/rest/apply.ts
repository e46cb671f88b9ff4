import { badRequest, conflict } from '../../apimachinery/errors.ts'
import { applyConfiguration } from '../../apimachinery/managedfields/apply.ts'
import type { Managers } from '../../apimachinery/managedfields/managers.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { DecodeError, decode } from '../../apimachinery/schema/decode.ts'
import { formatTime } from '../../sim/time.ts'
import { sameOwners } from '../managed.ts'
import { resetOf } from '../ownership.ts'
import { storageKey, type RequestScope } from './context.ts'
import { createObject } from './create.ts'
import { bodyKindOf, fromStorage, toStorage } from './decode.ts'
import { updateObject } from './update.ts'
import { fieldWrite } from './write.ts'

interface ApplyResult {
  readonly object: KubeObject
  readonly managers: Managers
}

/** Server-side apply: creates the object, or merges the configuration into it. k8s 1.36: handlers applyPatcher. */
export function applyObject(scope: RequestScope): { readonly object: KubeObject; readonly created: boolean } {
  const { info, registry, request } = scope
  const config = configuration(scope)
  const present = registry.etcd.get(info.bucket, storageKey(info, request.namespace, request.name ?? ''))
  if (!present) {
    if (request.subresource) throw notThere(scope)
    if (config.metadata?.uid) throw uidGone(scope, config)
    const { object, managers } = applyTo(scope, config, undefined)
    const write = { ...fieldWrite(scope, object), managers }
    const named = { ...object, metadata: { ...object.metadata, name: object.metadata.name ?? request.name } }
    return { object: createObject({ ...scope, request: { ...request, verb: 'create' } }, named, write), created: true }
  }
  let result: ApplyResult | undefined
  const object = updateObject(
    scope,
    (current) => {
      result = applyTo(scope, config, current)
      return result.object
    },
    {
      write: (after) => ({ ...fieldWrite(scope, after), managers: result?.managers ?? new Map() }),
      ownershipChanged: (old) => !sameOwners(registry.managed.managersOf(old), result?.managers ?? new Map()),
    },
  )
  return { object, created: false }
}

interface Configuration extends JsonObject {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly uid?: string }
}

function configuration({ info, request }: RequestScope): Configuration {
  const { body } = request
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('error decoding YAML: the body is no object')
  const config = body as Configuration
  const { namespace } = config.metadata ?? {}
  if (info.namespaced && namespace && namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  return config
}

function notThere({ info, request }: RequestScope) {
  return conflict(info, request.name ?? '', 'the object does not exist')
}

function uidGone({ info, request }: RequestScope, config: Configuration) {
  return conflict(
    info,
    request.name ?? '',
    `uid mismatch: the provided object specified uid ${config.metadata?.uid ?? ''}, and no existing object was found`,
  )
}

function applyTo(scope: RequestScope, config: Configuration, stored: KubeObject | undefined): ApplyResult {
  const { info, registry, request } = scope
  const kind = bodyKindOf(info, request.subresource)
  const live = stored && (fromStorage(info, stored) as unknown as JsonObject)
  const { object, managers } = applyConfiguration({
    live,
    config,
    managers: registry.managed.managersOf(stored),
    manager: request.options?.fieldManager ?? '',
    force: request.options?.force ?? false,
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    subresource: request.subresource ?? '',
    timeText: formatTime(registry.sim.now),
    model: kind.model,
    reset: resetOf(info, request.subresource ?? ''),
  })
  const name = (object.metadata as { name?: string } | undefined)?.name
  if (name && name !== request.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name ?? ''})`)
  return { object: toStorage(info, decoded(scope, object)), managers }
}

function decoded(scope: RequestScope, object: JsonObject): KubeObject {
  const { info, request } = scope
  try {
    const { object: plain, warnings } = decode(info.schema ?? info.model, object, {
      strictness: request.options?.fieldValidation ?? 'Warn',
    })
    scope.warnings.push(...warnings)
    return plain as unknown as KubeObject
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message)
    throw error
  }
}
