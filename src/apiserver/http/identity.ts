import { forbidden, internal, unauthorized } from '../../apimachinery/errors.ts'
import type { UserInfo } from '../api.ts'
import { ANONYMOUS, authenticated } from '../authn/authenticator.ts'
import { forbiddenMessage, type Attributes } from '../authz/authorizer.ts'
import type { Registry } from '../rest/context.ts'
import { headerList, headerOf, type HttpRequest } from './types.ts'

/** Who sends this request, after impersonation. Throws Unauthorized or Forbidden. */
export function userOf(registry: Registry, request: HttpRequest, target: Omit<Attributes, 'user'>): UserInfo {
  return impersonated(registry, request, authenticate(registry, request), target)
}

function authenticate(registry: Registry, request: HttpRequest): UserInfo {
  const header = headerOf(request.headers, 'authorization') ?? ''
  const token = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1]
  if (token !== undefined) {
    const found = registry.authenticator.token(token)
    if (found) return found.user
    if (!request.user) throw unauthorized()
  }
  return request.user ? authenticated(request.user) : ANONYMOUS
}

const EXTRA = 'impersonate-extra-'

/**
 * k8s 1.36: filters/impersonation. With constrained impersonation the right is asked for per verb of the request,
 * then for the old verb 'impersonate'.
 */
function impersonated(registry: Registry, request: HttpRequest, user: UserInfo, target: Omit<Attributes, 'user'>): UserInfo {
  const { headers } = request
  const name = headerOf(headers, 'impersonate-user') ?? ''
  const groups = headerList(headers, 'impersonate-group')
  const uid = headerOf(headers, 'impersonate-uid')
  const extras = Object.keys(headers).filter((header) => header.startsWith(EXTRA))
  if (name === '') {
    if (groups.length === 0 && uid === undefined && extras.length === 0) return user
    throw internal('requested impersonation without impersonating a user')
  }
  checkAllowed(registry, user, name, groups, target)
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name)
  const base = account && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`] : groups
  const anonymous = name === ANONYMOUS.name
  const marker = anonymous ? 'system:unauthenticated' : 'system:authenticated'
  const all = base.includes(marker) || base.includes('system:unauthenticated') ? base : [...base, marker]
  const extra = Object.fromEntries(
    extras.map((header) => [decodeURIComponent(header.slice(EXTRA.length)), headerList(headers, header)]),
  )
  return { name, groups: all, ...(uid ? { uid } : {}), ...(extras.length > 0 ? { extra } : {}) }
}

function checkAllowed(
  registry: Registry,
  user: UserInfo,
  name: string,
  groups: readonly string[],
  target: Omit<Attributes, 'user'>,
): void {
  if (user.groups.includes('system:masters')) return
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name)
  const asked: Omit<Attributes, 'user' | 'verb'>[] = [
    account
      ? { namespace: account[1] ?? '', group: '', resource: 'serviceaccounts', subresource: '', name: account[2] ?? '' }
      : { namespace: '', group: '', resource: 'users', subresource: '', name },
    ...groups.map((group) => ({ namespace: '', group: '', resource: 'groups', subresource: '', name: group })),
  ]
  for (const attributes of asked) {
    if (registry.authorizer.authorize({ ...attributes, user, verb: 'impersonate' }).verdict === 'allow') continue
    const verb = `impersonate-on:user-info:${target.verb}`
    throw forbidden(
      target.path === undefined ? { group: target.group, resource: target.resource } : null,
      target.name,
      forbiddenMessage({ ...target, user, verb }),
    )
  }
}
