import { badRequest, invalid as invalidError, notFound } from '../../apimachinery/errors.ts'
import { invalid } from '../../apimachinery/field-errors.ts'
import { jsonPatch } from '../../apimachinery/patch/json-patch.ts'
import { formatGo } from '../../apimachinery/patch/lists.ts'
import { mergePatch } from '../../apimachinery/patch/merge-patch.ts'
import { strategicMergePatch } from '../../apimachinery/patch/strategic.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { DecodeError, decode } from '../../apimachinery/schema/decode.ts'
import { applyObject } from './apply.ts'
import { storageKey, type RequestScope } from './context.ts'
import { bodyKindOf, decodedBody, fromStorage, toStorage, type BodyKind } from './decode.ts'
import { updateObject } from './update.ts'

/** PATCH: the present object, changed as the patch says, is stored as an update. Apply may create. */
export function patchObject(scope: RequestScope): { readonly object: KubeObject; readonly created: boolean } {
  const { info, registry, request } = scope
  if (request.patchType === 'apply') return applyObject(scope)
  if (!registry.etcd.get(info.bucket, storageKey(info, request.namespace, request.name ?? '')))
    throw notFound(info, request.name ?? '')
  return { object: updateObject(scope, changeFromRequest(scope)), created: false }
}

/**
 * What an update (its body) or patch makes of an object: from stored version to stored version for the resource's own
 * kind, as it is for the kinds of subresources.
 */
export function changeFromRequest(scope: RequestScope): (current: KubeObject) => KubeObject {
  const { info, request } = scope
  if (request.verb !== 'patch') {
    const body = decodedBody(scope)
    return () => body
  }
  const kind = bodyKindOf(info, request.subresource)
  const own = kind.kind === info.kind
  return (stored) => {
    const shown = own ? fromStorage(info, withManaged(scope, stored)) : stored
    const patched = decodedPatch(scope, kind, shown, applyPatch(scope, kind, shown))
    checkNamespace(scope, patched)
    return own ? toStorage(info, patched) : patched
  }
}

/** managedFields are shown to patches that come from outside: they may test or reset them. */
function withManaged(scope: RequestScope, object: KubeObject): KubeObject {
  return scope.request.external ? scope.registry.managed.withManagedFields(object) : object
}

function checkNamespace({ info, request }: RequestScope, { metadata }: KubeObject): void {
  if (info.namespaced && metadata.namespace && metadata.namespace !== request.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

function applyPatch({ info, request }: RequestScope, kind: BodyKind, shown: KubeObject): unknown {
  const { body, patchType } = request
  if (body === undefined) throw badRequest('the body of the request was empty')
  if (patchType === 'json') return jsonPatch(shown, body)
  if (patchType === 'strategic' && !info.custom) return strategicMergePatch(shown, body, kind.model)
  return mergePatch(shown, body)
}

/** k8s 1.36: handlers/patch.go: jsonPatcher, strategicPatchObject. */
function decodedPatch(scope: RequestScope, kind: BodyKind, shown: KubeObject, patched: unknown): KubeObject {
  const { info, request } = scope
  if (!request.external) return withoutEmptyMetadata(patched as KubeObject)
  const refuse = (why: string) => {
    const value =
      request.patchType === 'strategic' && !info.custom
        ? formatGo(request.body)
        : JSON.stringify(goOrder(patched, Array.isArray(request.body) ? {} : request.body))
    return invalidError({ group: '', kind: '' }, '', [invalid('patch', value, why)])
  }
  const { apiVersion, kind: name } = (patched ?? {}) as { apiVersion?: unknown; kind?: unknown }
  try {
    const { object, warnings } = decode(kind.model, patched, {
      strictness: request.options?.fieldValidation ?? 'Warn',
      ...(request.duplicates ? { duplicates: request.duplicates } : {}),
      ...(request.patchType === 'strategic' && !info.custom ? { source: 'map' as const } : {}),
    })
    if (apiVersion !== shown.apiVersion || name !== shown.kind)
      throw refuse(otherKind(scope, kind, patched, String(apiVersion), String(name)))
    scope.warnings.push(...warnings)
    return ('metadata' in object ? object : { ...object, metadata: {} }) as unknown as KubeObject
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message)
    throw error
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const _ in value) return false
  return true
}

/** A patch from within is not decoded; what it empties goes, as decoding would have it. */
function withoutEmptyMetadata(object: KubeObject): KubeObject {
  const { metadata } = object
  for (const key in metadata)
    if (isEmpty(metadata[key as keyof typeof metadata])) {
      const kept = Object.fromEntries(Object.entries(metadata).filter(([, value]) => !isEmpty(value)))
      return { ...object, metadata: kept }
    }
  return object
}

/** Why an object cannot become one of another kind: it is read as that kind, and then has to be converted. */
function otherKind(scope: RequestScope, kind: BodyKind, patched: unknown, apiVersion: string, name: string): string {
  const other = scope.registry.resources.findKind(apiVersion, name)
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  if (!other)
    return `no kind ${JSON.stringify(name)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`
  try {
    decode(other.schema ?? other.model, patched, { strictness: 'Ignore' })
  } catch (error) {
    if (error instanceof DecodeError) return error.message
    throw error
  }
  const go = scope.info.group === '' ? 'core' : (scope.info.group.split('.', 1)[0] ?? '')
  return `converting (${version}.${name}) to (${go}.${kind.kind}): unknown conversion`
}

const META_ORDER = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

/**
 * The patched object as Go prints it: fields of the objects that the patch went into in alphabetical order, untouched
 * ones in the order of the type. SIMPLIFIED: of types, only the order of metadata is known.
 */
function goOrder(value: unknown, patch: unknown): unknown {
  if (!isObject(value) || !isObject(patch)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(
    keys.map((key) => [
      key,
      key === 'metadata' && patch[key] === undefined ? metaOrder(value[key]) : goOrder(value[key], patch[key]),
    ]),
  )
}

function metaOrder(metadata: unknown): unknown {
  if (!isObject(metadata)) return metadata
  return Object.fromEntries(META_ORDER.flatMap((key) => (metadata[key] === undefined ? [] : [[key, metadata[key]]])))
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
