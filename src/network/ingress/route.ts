/** Where nginx sends a request: server by host, location by path, upstream by canary rules; or what it answers itself. */
import { inCidr } from '../address.ts'
import type { Canary } from './annotations.ts'
import { CATCH_ALL, type Location, type NginxModel, type Server } from './model.ts'

export interface IncomingRequest {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly bodyBytes: number
  readonly clientAddress: string
}

export type RouteDecision =
  | { readonly kind: 'answer'; readonly status: number; readonly location?: string; readonly ingress: string }
  | { readonly kind: 'proxy'; readonly upstream: string; readonly path: string; readonly location: Location }

/** `dice`: [0, 1), for canaries by weight. */
export function route(model: NginxModel, request: IncomingRequest, dice: () => number): RouteDecision {
  const server = serverFor(model, request.host)
  const [path = '/', ...rest] = request.path.split('?')
  const query = rest.length > 0 ? `?${rest.join('?')}` : ''
  const location = locationFor(server, path)
  if (!location) return { kind: 'answer', status: 404, ingress: '' }
  const own = ownAnswer(server, location, request, path)
  if (own) return { kind: 'answer', ...own, ingress: location.ingress }
  const upstream = location.alternatives.find(({ canary }) => takesCanary(canary, request, dice))?.upstream ?? location.upstream
  return { kind: 'proxy', upstream, path: rewrite(location, path) + query, location }
}

/** By exact name, alias, then the wildcard of one level; else the catch-all. */
export function serverFor({ servers }: NginxModel, host: string): Server {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  const wildcard = name.replace(/^[^.]+/, '*')
  const find = (wanted: string) => servers.find((server) => server.host === wanted || server.aliases.includes(wanted))
  const found = find(name) ?? find(wildcard) ?? find(CATCH_ALL)
  return found ?? { host: CATCH_ALL, aliases: [], certificate: undefined, tls: false, regex: false, locations: [] }
}

/** k8s Ingress path types as nginx locations: exact ones first, then the longest prefix; regular expressions in their order. */
function locationFor({ locations, regex }: Server, path: string): Location | undefined {
  const exact = locations.find((each) => each.pathType === 'Exact' && each.path === path)
  if (exact) return exact
  const others = locations.filter(({ pathType }) => pathType !== 'Exact')
  if (regex) return others.find((each) => compile(each.path)?.test(path) ?? false)
  return others.find((each) => matchesPrefix(each, path))
}

function matchesPrefix({ path, pathType }: Location, given: string): boolean {
  if (pathType === 'ImplementationSpecific') return given.startsWith(path)
  const base = path.replace(/\/$/, '')
  return given === base || given.startsWith(`${base}/`)
}

/** A path as nginx's case-insensitive regular expression; null when it can't be read as one. */
export function compile(path: string): RegExp | null {
  try {
    return new RegExp(`^${path}`, 'i')
  } catch {
    return null
  }
}

function rewrite({ settings, path: pattern }: Location, path: string): string {
  if (settings.rewriteTarget === '') return path
  const groups = compile(pattern)?.exec(path)
  if (!groups) return path
  const target = settings.rewriteTarget.replace(/\$(\d)/g, (_, digit: string) => groups[Number(digit)] ?? '')
  return target.startsWith('/') ? target : `/${target}`
}

function ownAnswer(
  server: Server,
  { settings }: Location,
  request: IncomingRequest,
  path: string,
): { readonly status: number; readonly location?: string } | undefined {
  const { allowedSources, permanentRedirect, temporalRedirect, appRoot, bodySize } = settings
  if (allowedSources.length > 0 && !allowedSources.some((cidr) => inCidr(request.clientAddress, cidr))) return { status: 403 }
  const isSecured = settings.forceSslRedirect || (settings.sslRedirect && server.tls)
  if (request.scheme === 'http' && isSecured)
    return { status: 308, location: `https://${request.host.replace(/:\d+$/, '')}${request.path}` }
  if (permanentRedirect !== '') return { status: settings.permanentRedirectCode, location: permanentRedirect }
  if (temporalRedirect !== '') return { status: 302, location: temporalRedirect }
  if (appRoot !== '' && path === '/') return { status: 302, location: `${request.scheme}://${request.host}${appRoot}` }
  if (bodySize > 0 && request.bodyBytes > bodySize) return { status: 413 }
  return undefined
}

/** Header first, then cookie, then weight. */
function takesCanary(canary: Canary, request: IncomingRequest, dice: () => number): boolean {
  const { header, headerValue, headerPattern, cookie, weight, weightTotal } = canary
  if (header !== '') {
    const value = request.headers[header.toLowerCase()]
    if (value !== undefined) {
      if (headerValue !== '') {
        if (value === headerValue) return true
      } else if (headerPattern !== '') {
        if (compile(headerPattern)?.test(value)) return true
      } else if (value === 'always') return true
      else if (value === 'never') return false
    }
  }
  if (cookie !== '') {
    const value = new RegExp(`(?:^|;\\s*)${cookie.replace(/[^\w-]/g, '')}=([^;]*)`).exec(request.headers['cookie'] ?? '')?.[1]
    if (value === 'always') return true
    if (value === 'never') return false
  }
  return dice() * weightTotal < weight
}
