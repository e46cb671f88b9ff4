import { methodNotAllowed } from '../../apimachinery/errors.ts'
import { ISSUER, publicKeys } from '../authn/tokens.ts'
import type { Registry } from '../rest/context.ts'
import { VERSION, aggregatedDiscovery, coreVersions, groupList, oneGroup, resourceList, rootPaths } from './discovery.ts'
import { health, pageNotFound } from './health.ts'
import { DISCOVERY_TRANSFORMS, negotiate } from './negotiate.ts'
import { openApi } from './openapi.ts'
import type { Query } from './query.ts'
import { respond } from './render.ts'
import { headerOf, type HttpRequest, type HttpResponse } from './types.ts'

const SERVER_ADDRESS = '10.0.0.1:6443'
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** Paths that are no resources: discovery, health, version, OpenAPI. Undefined when there is no such path. */
export function staticPath(registry: Registry, request: HttpRequest, query: Query): HttpResponse | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed()
  const path = request.path.replace(/\/+$/, '') || '/'
  return (
    health(path, query) ??
    discovery(registry, path, request, query) ??
    openApi(registry, path, request, query) ??
    others(registry, path, request, query)
  )
}

function discovery(registry: Registry, path: string, request: HttpRequest, query: Query): HttpResponse | undefined {
  const { resources } = registry
  const accept = headerOf(request.headers, 'accept')
  if (path === '/api' || path === '/apis') {
    const wanted = negotiate(accept, DISCOVERY_TRANSFORMS)
    if (wanted.as !== '')
      return respond(request, query, 200, aggregatedDiscovery(resources, path === '/api'), 'json', { 'content-type': AGGREGATED })
    return respond(request, query, 200, path === '/api' ? coreVersions(SERVER_ADDRESS) : groupList(resources), wanted.media)
  }
  const parts = path.split('/').slice(1)
  if (parts[0] === 'api' && parts.length === 2) return orMissing(request, query, resourceList(resources, '', parts[1] ?? ''))
  if (parts[0] !== 'apis') return undefined
  if (parts.length === 2) return orMissing(request, query, oneGroup(resources, parts[1] ?? ''))
  return parts.length === 3 ? orMissing(request, query, resourceList(resources, parts[1] ?? '', parts[2] ?? '')) : undefined
}

function orMissing(request: HttpRequest, query: Query, content: unknown): HttpResponse {
  if (content === undefined) return pageNotFound()
  const { media } = negotiate(headerOf(request.headers, 'accept'), [])
  return respond(request, query, 200, content, media)
}

function others(registry: Registry, path: string, request: HttpRequest, query: Query): HttpResponse | undefined {
  switch (path) {
    case '/':
      return respond(request, query, 200, rootPaths(registry.resources))
    case '/version':
      return respond(request, query, 200, VERSION)
    case '/.well-known/openid-configuration':
      return respond(request, query, 200, {
        issuer: ISSUER,
        jwks_uri: `https://${SERVER_ADDRESS}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      })
    case '/openid/v1/jwks':
      return respond(request, query, 200, publicKeys(), 'json', { 'content-type': 'application/jwk-set+json' })
    default:
      return undefined
  }
}
