import { StatusError, badRequest } from '../../apimachinery/errors.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { DecodeError, decode } from '../../apimachinery/schema/decode.ts'
import type { Model } from '../../apimachinery/schema/schema.ts'
import type { ResourceInfo } from '../resources.ts'
import type { RequestScope } from './context.ts'
import { bodyObject } from './write.ts'

/** The kind of body that a request carries: the resource's own, or that of a subresource. */
export interface BodyKind {
  readonly apiVersion: string
  readonly kind: string
  readonly model: Model | string
}

const OTHER_BODIES: { readonly [subresource: string]: BodyKind } = {
  scale: { apiVersion: 'autoscaling/v1', kind: 'Scale', model: 'V1Scale' },
  eviction: { apiVersion: 'policy/v1', kind: 'Eviction', model: 'V1Eviction' },
  token: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', model: 'AuthenticationV1TokenRequest' },
  binding: { apiVersion: 'v1', kind: 'Binding', model: 'V1Binding' },
}

export function bodyKindOf(info: ResourceInfo, subresource: string | undefined): BodyKind {
  const other = subresource ? OTHER_BODIES[subresource] : undefined
  return other ?? { apiVersion: info.apiVersion, kind: info.kind, model: info.schema ?? info.model }
}

/**
 * The request's body as an object with defaults, in the storage version. Bodies from outside are checked against the
 * schema; in-process ones are taken as they are. k8s 1.36: handlers create and update, transformDecodeError.
 */
export function decodedBody(scope: RequestScope): KubeObject {
  const { info, request } = scope
  const body = bodyObject(scope)
  const kind = bodyKindOf(info, request.subresource)
  const checked = request.external ? decodeAs(scope, kind, body) : body
  return kind.kind === info.kind ? toStorage(info, checked) : checked
}

/** From the version of the request to the stored one, with defaults. */
export function toStorage(info: ResourceInfo, object: KubeObject): KubeObject {
  const converted = info.convert ? info.convert.toStorage(object) : object
  return info.strategy.defaults?.(converted) ?? converted
}

/** From the stored version to the one asked for. */
export function fromStorage<T extends KubeObject>(info: ResourceInfo, object: T): T {
  return info.convert ? (info.convert.fromStorage(object) as T) : object
}

const versionOf = (apiVersion: string) => apiVersion.slice(apiVersion.indexOf('/') + 1)

function decodeAs(scope: RequestScope, kind: BodyKind, body: KubeObject): KubeObject {
  const { request } = scope
  const given = body as { apiVersion?: unknown; kind?: unknown }
  const refuse = (why: string, name = String(given.kind ?? kind.kind)) =>
    badRequest(`${name} in version ${JSON.stringify(versionOf(kind.apiVersion))} cannot be handled as a ${kind.kind}: ${why}`)
  checkKind(scope, kind, given, refuse)
  try {
    const { object, warnings } = decode(kind.model, body, {
      strictness: request.options?.fieldValidation ?? 'Warn',
      ...(request.duplicates ? { duplicates: request.duplicates } : {}),
    })
    scope.warnings.push(...warnings)
    const checked = { ...object, apiVersion: kind.apiVersion, kind: kind.kind }
    return withMetadata(checked)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw refuse(error.message, kind.kind)
  }
}

const withMetadata = (object: JsonObject): KubeObject =>
  ('metadata' in object ? object : { ...object, metadata: {} }) as unknown as KubeObject

function checkKind(
  scope: RequestScope,
  kind: BodyKind,
  given: { apiVersion?: unknown; kind?: unknown },
  refuse: (why: string, name?: string) => StatusError,
): void {
  const apiVersion = given.apiVersion ?? ''
  const name = given.kind ?? ''
  if (typeof apiVersion !== 'string' || typeof name !== 'string') return
  // Both may be left out of the body: the path says what it is.
  const wantKind = name === '' ? kind.kind : name
  const wantVersion = apiVersion === '' ? kind.apiVersion : apiVersion
  if (wantKind === kind.kind && wantVersion === kind.apiVersion) return
  const known = scope.registry.resources.findKind(wantVersion, wantKind)
  if (known && known.group === scope.info.group && wantKind === kind.kind)
    throw badRequest(`the API version in the data (${wantVersion}) does not match the expected API version (${kind.apiVersion})`)
  if (!known)
    throw refuse(
      `no kind ${JSON.stringify(wantKind)} is registered for version ${JSON.stringify(wantVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
      wantKind,
    )
  const go = (group: string) => (group === '' ? 'core' : (group.split('.', 1)[0] ?? ''))
  throw refuse(
    `converting (${versionOf(wantVersion)}.${wantKind}) to (${go(scope.info.group)}.${kind.kind}): unknown conversion`,
    wantKind,
  )
}
