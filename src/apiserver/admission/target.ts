/** What a write is about, as policies and webhooks see it. */
import type { Namespace } from '../../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/resource.ts'
import { lookUp } from '../rest/context.ts'
import { bodyKindOf, fromStorage, toStorage } from '../rest/decode.ts'
import type { ResourceInfo } from '../resources.ts'
import type { AdmissionAttributes } from './plugin.ts'

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface GroupVersionResource {
  readonly group: string
  readonly version: string
  readonly resource: string
}

/** One write, with what rules look at. */
export interface Target {
  readonly attributes: AdmissionAttributes
  readonly kind: GroupVersionKind
  readonly resource: GroupVersionResource
  readonly subresource: string
  /** That of the object; a namespace is in itself. */
  readonly namespace: string
  readonly name: string
}

/** A version of the resource under which a rule matched. */
export interface Match {
  readonly info: ResourceInfo
  readonly resource: GroupVersionResource
  readonly kind: GroupVersionKind
}

function kindFrom(apiVersion: string, kind: string): GroupVersionKind {
  const slash = apiVersion.indexOf('/')
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind }
}

const CONNECT_KINDS: { readonly [subresource: string]: string } = {
  exec: 'PodExecOptions',
  attach: 'PodAttachOptions',
  portforward: 'PodPortForwardOptions',
  proxy: 'PodProxyOptions',
}

export function targetOf(attributes: AdmissionAttributes): Target {
  const { scope, object, old, operation } = attributes
  const { info, request } = scope
  const { group, version, resource, subresource = '' } = request
  const meta = object?.metadata ?? old?.metadata
  const body = bodyKindOf(info, subresource)
  const connect = operation === 'CONNECT' ? CONNECT_KINDS[subresource] : undefined
  const name = request.name || meta?.name || ''
  return {
    attributes,
    kind: connect === undefined ? kindFrom(body.apiVersion, body.kind) : kindFrom(info.apiVersion, connect),
    resource: { group, version, resource },
    subresource,
    namespace: info.bucket === 'namespaces' ? name : (request.namespace ?? ''),
    name,
  }
}

const EXEMPT = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])

/** Whether policies and webhooks have no say, lest they lock themselves. k8s 1.36: IsExemptAdmissionConfigurationResource. */
export function isExempt({ scope }: AdmissionAttributes): boolean {
  return scope.info.group === 'admissionregistration.k8s.io' && EXEMPT.has(scope.info.resource)
}

/** The match under the request's own version. */
export function ownMatch({ attributes, resource, kind }: Target): Match {
  return { info: attributes.scope.info, resource, kind }
}

/** The same resource in its other versions. */
export function equivalents(target: Target): Match[] {
  const { info, registry } = target.attributes.scope
  const others = [...registry.resources.all()].filter((other) => other.bucket === info.bucket && other !== info)
  return others
    .filter((other) => target.subresource === '' || other.subresources.has(target.subresource))
    .map((other) => {
      const kind =
        other.kind === info.kind && target.kind.kind === info.kind ? kindFrom(other.apiVersion, other.kind) : target.kind
      return { info: other, kind, resource: { group: other.group, version: other.version, resource: other.resource } }
    })
}

/** An object of the resource's own kind in the version of a match; others are as they are. */
export function shownAs<T extends KubeObject | undefined>(object: T, { info }: Match): T {
  return object && object.kind === info.kind ? (fromStorage(info, object) as T) : object
}

/** The way back. */
export function storedFrom(object: KubeObject, { info }: Match): KubeObject {
  return object.kind === info.kind ? toStorage(info, object) : object
}

export function namespaceOf({ attributes, namespace, kind }: Target): Namespace | undefined {
  if (namespace === '' || (kind.kind === 'Namespace' && kind.group === '')) return undefined
  return lookUp<Namespace>(attributes.scope.registry, 'namespaces', '', namespace)
}

/** Options of the request as an object. */
function optionsOf({ scope, operation }: AdmissionAttributes): JsonObject | undefined {
  const { options = {}, body, verb } = scope.request
  const kinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' }
  const kind = verb === 'patch' ? 'PatchOptions' : kinds[operation]
  if (kind === '') return undefined
  const own = operation === 'DELETE' && typeof body === 'object' && body !== null ? body : {}
  const { fieldManager, fieldValidation, force, dryRun } = options
  return {
    ...own,
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(fieldManager ? { fieldManager } : {}),
    ...(fieldValidation ? { fieldValidation } : {}),
    ...(force ? { force } : {}),
  }
}

/** admission.k8s.io AdmissionRequest without uid and objects. k8s 1.36: CreateV1AdmissionReview, CreateAdmissionRequest. */
export function admissionRequest(target: Target, match: Match): JsonObject {
  const { attributes, subresource } = target
  const { user, options } = attributes.scope.request
  const requestOptions = optionsOf(attributes)
  return {
    kind: match.kind,
    resource: match.resource,
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: target.kind,
    requestResource: target.resource,
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(target.name === '' ? {} : { name: target.name }),
    ...(target.namespace === '' ? {} : { namespace: target.namespace }),
    operation: attributes.operation,
    userInfo: {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: user.groups,
      ...(user.extra ? { extra: user.extra } : {}),
    },
    dryRun: options?.dryRun === true,
    ...(requestOptions ? { options: requestOptions } : {}),
  }
}
