import type { UserInfo } from '../api.ts'

/** What a request wants to do. k8s 1.36: authorizer.Attributes. */
export interface Attributes {
  readonly user: UserInfo
  readonly verb: string
  /** '' for cluster scope. */
  readonly namespace: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** Set for paths that are no resources; the resource parts are then ''. */
  readonly path?: string
  readonly version?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

/** 'none': nobody allowed it; like 'deny' to the caller. */
export interface Decision {
  readonly verdict: 'allow' | 'deny' | 'none'
  readonly reason: string
  readonly error?: string
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision
}

/** Lets everybody do everything. */
export const ALLOW_ALL: Authorizer = { authorize: () => ({ verdict: 'allow', reason: '' }) }

/** Asks one after the other; the first that decides has it. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(attributes) {
      const reasons: string[] = []
      const errors: string[] = []
      for (const authorizer of authorizers) {
        const decision = authorizer.authorize(attributes)
        if (decision.verdict !== 'none') return decision
        if (decision.reason) reasons.push(decision.reason)
        if (decision.error) errors.push(decision.error)
      }
      return {
        verdict: 'none',
        reason: reasons.join('\n'),
        ...(errors.length > 0 ? { error: errors.length === 1 ? errors[0] : `[${errors.join(', ')}]` } : {}),
      }
    },
  }
}

/** Members of system:masters may do everything. k8s 1.36: PrivilegedGroups. */
export const PRIVILEGED_GROUPS: Authorizer = {
  authorize: ({ user }) => ({ verdict: user.groups.includes('system:masters') ? 'allow' : 'none', reason: '' }),
}

/** The text that follows 'pods is forbidden: '. k8s 1.36: responsewriters forbiddenMessage. */
export function forbiddenMessage(attributes: Attributes): string {
  const { user, verb, path, resource, subresource, group, namespace } = attributes
  const who = `User ${JSON.stringify(user.name)}`
  if (path !== undefined) return `${who} cannot ${verb} path ${JSON.stringify(path)}`
  const what = JSON.stringify(subresource ? `${resource}/${subresource}` : resource)
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope'
  return `${who} cannot ${verb} resource ${what} in API group ${JSON.stringify(group)} ${where}`
}
