import { forbidden, methodNotAllowed, pathNotFound } from '../apimachinery/errors.ts'
import type { JsonObject, KubeObject } from '../apimachinery/resource.ts'
import type { ApiRequest, KubeList, RequestOptions, Verb } from './api.ts'
import { forbiddenMessage } from './authz/authorizer.ts'
import { parseDeleteBody, parseObject, parsePatch, patchTypeOf } from './http/body.ts'
import { CONNECT, connect } from './http/connect.ts'
import { deprecation } from './http/deprecations.ts'
import { pageNotFound } from './http/health.ts'
import { userOf } from './http/identity.ts'
import { OBJECT_TRANSFORMS, QUESTION_TRANSFORMS, negotiate, type Wanted } from './http/negotiate.ts'
import { parseResourcePath, verbOf, type ResourcePath } from './http/path.ts'
import { Query, deleteRequestOptions, listOptions, writeOptions } from './http/query.ts'
import { isStatus, respond, respondError, shaped, warningHeaders } from './http/render.ts'
import { staticPath } from './http/static.ts'
import { headerOf, type HttpAnswer, type HttpRequest } from './http/types.ts'
import { watchStream } from './http/watch.ts'
import type { ResourceInfo } from './resources.ts'
import { bodyKindOf } from './rest/decode.ts'
import type { ApiServer } from './server.ts'

/**
 * Answers one HTTP request as kube-apiserver does: authentication, impersonation, authorization, content negotiation,
 * discovery, and all verbs on all resources. Knows neither sockets nor the host; a listener moves the bytes.
 */
export function handleHttp(api: ApiServer, request: HttpRequest): HttpAnswer {
  let query = new Query('')
  try {
    query = new Query(request.query)
    const path = parseResourcePath(request.path)
    return path ? handleResource(api, request, query, path) : handleOther(api, request, query)
  } catch (error) {
    return respondError(request, query, error)
  }
}

function handleOther(api: ApiServer, request: HttpRequest, query: Query): HttpAnswer {
  const verb = request.method.toLowerCase()
  const path = request.path
  const target = { verb, path, namespace: '', group: '', resource: '', subresource: '', name: '' }
  const user = userOf(api, request, target)
  const { verdict, reason } = api.authorizer.authorize({ ...target, user })
  if (verdict !== 'allow') {
    const message = forbiddenMessage({ ...target, user })
    throw forbidden(null, '', reason ? `${message}: ${reason}` : message)
  }
  return staticPath(api, request, query) ?? pageNotFound()
}

function handleResource(api: ApiServer, request: HttpRequest, query: Query, path: ResourcePath): HttpAnswer {
  const watching = query.flag('watch') ?? false
  const verb = verbOf(request.method, path, watching)
  const info = api.resources.find(path.group, path.version, path.resource)
  const name = path.name || nameOfSelector(query, verb)
  const namespace = path.resource === 'namespaces' ? path.name : path.namespace
  const target = { verb: verb ?? '', namespace, group: path.group, resource: path.resource, subresource: path.subresource, name }
  const user = userOf(api, request, target)
  const { verdict, reason } = api.authorizer.authorize({ ...target, user })
  if (verdict !== 'allow') {
    const message = forbiddenMessage({ ...target, user })
    throw forbidden(path, name, reason ? `${message}: ${reason}` : message)
  }
  if (!info) return unknownResource(api, path)
  checkRoute(info, path, verb)
  const apiRequest: ApiRequest = {
    verb: verb as Verb,
    user,
    userAgent: headerOf(request.headers, 'user-agent') ?? '',
    group: path.group,
    version: path.version,
    resource: path.resource,
    subresource: path.subresource || undefined,
    namespace: path.namespace || undefined,
    name: path.name || undefined,
    external: true,
  }
  if (CONNECT.has(path.subresource)) return connect(api, path, apiRequest, request, query)
  return handleObject(api, info, request, query, apiRequest)
}

/** A list for one name is asked for as that object. */
function nameOfSelector(query: Query, verb: Verb | undefined): string {
  if (verb !== 'list' && verb !== 'watch' && verb !== 'deletecollection') return ''
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1] ?? ''
}

/** A group that is not served has no handler at all; a version or resource of a known one is refused politely. */
function unknownResource(api: ApiServer, path: ResourcePath): HttpAnswer {
  for (const info of api.resources.all()) if (info.group === path.group) throw pathNotFound()
  return pageNotFound()
}

/** Throws 404 for paths and 405 for methods that don't exist. */
function checkRoute(info: ResourceInfo, path: ResourcePath, verb: Verb | undefined): void {
  if (!info.namespaced && path.namespace !== '') throw pathNotFound()
  if (info.namespaced && path.namespace === '' && path.name !== '') throw pathNotFound()
  const sub = path.subresource === '' ? undefined : info.subresources.get(path.subresource)
  if (path.subresource !== '' && !sub) throw pathNotFound()
  if (path.rest !== '' && path.subresource !== 'proxy') throw pathNotFound()
  if (path.subresource !== '' && CONNECT.has(path.subresource)) return
  if (!verb) throw methodNotAllowed()
  if (info.namespaced && path.namespace === '' && verb !== 'list' && verb !== 'watch') throw methodNotAllowed()
  if (verb === 'create' && path.name !== '' && !sub) throw methodNotAllowed()
  if ((verb === 'update' || verb === 'patch') && path.name === '') throw methodNotAllowed()
  const verbs = sub ? sub.verbs : info.verbs
  if (!verbs.includes(verb)) throw methodNotAllowed()
}

function handleObject(api: ApiServer, info: ResourceInfo, request: HttpRequest, query: Query, base: ApiRequest): HttpAnswer {
  const wanted = negotiate(
    headerOf(request.headers, 'accept'),
    info.verbs.includes('get') ? OBJECT_TRANSFORMS : QUESTION_TRANSFORMS,
  )
  const deprecated = deprecation(info)
  const warnings = deprecated ? [deprecated] : []
  if (base.verb === 'watch')
    return watchStream(api, info, { ...base, options: listOptions(query) }, wanted, query, warningHeaders(warnings))
  const { code, object, warnings: found = [] } = api.handle(withBody(info, request, query, base))
  const content = rendered(api, info, base, object, wanted, query)
  return respond(request, query, code, content, wanted.media, warningHeaders([...warnings, ...found]))
}

function rendered(
  api: ApiServer,
  info: ResourceInfo,
  { subresource }: ApiRequest,
  object: KubeObject | KubeList | JsonObject,
  wanted: Wanted,
  query: Query,
): unknown {
  if (isStatus(object)) return object
  const { kind } = bodyKindOf(info, subresource)
  if (subresource && kind !== info.kind) return api.managed.withManagedFields(object as KubeObject)
  return shaped(api, info, object, wanted, query)
}

/** The request with its options and body, each as its verb has them. */
function withBody(info: ResourceInfo, request: HttpRequest, query: Query, base: ApiRequest): ApiRequest {
  switch (base.verb) {
    case 'create':
    case 'update': {
      const options = writeOptions(query, base.verb === 'create' ? 'CreateOptions' : 'UpdateOptions')
      return withParsed(base, options, parseObject(request, bodyKindOf(info, base.subresource).kind))
    }
    case 'patch': {
      const patchType = patchTypeOf(request, info.custom !== undefined)
      const options = writeOptions(query, 'PatchOptions', patchType)
      return { ...withParsed(base, options, parsePatch(request, patchType)), patchType }
    }
    case 'delete':
    case 'deletecollection': {
      const { options: body, dryRun } = deleteRequestOptions(query, parseDeleteBody(request))
      const selection = base.verb === 'deletecollection' ? listOptions(query) : {}
      return { ...base, body, options: { ...selection, ...(dryRun ? { dryRun } : {}) } }
    }
    default:
      return { ...base, options: listOptions(query) }
  }
}

function withParsed(
  base: ApiRequest,
  options: RequestOptions,
  body: { readonly value: unknown; readonly duplicates?: ReadonlyMap<object, readonly string[]> },
): ApiRequest {
  return { ...base, options, body: body.value, ...(body.duplicates?.size ? { duplicates: body.duplicates } : {}) }
}
