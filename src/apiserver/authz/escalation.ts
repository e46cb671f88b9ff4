import { forbidden } from '../../apimachinery/errors.ts'
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/plugin.ts'
import type { RequestScope } from '../rest/context.ts'
import type { RbacAuthorizer } from './rbac.ts'
import { compactRules, describeRule, missingRules } from './rules.ts'

/**
 * Nobody may give rights away that they don't have, unless they may 'escalate' the role or 'bind' it.
 * k8s 1.36: rbac policybased storages, ConfirmNoEscalation.
 */
export function escalationCheck(rbac: RbacAuthorizer): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    validate: (attributes) => {
      const { scope, operation, object } = attributes
      if (scope.info.group !== 'rbac.authorization.k8s.io' || !object || operation === 'DELETE') return
      if (scope.request.user.groups.includes('system:masters')) return
      if (scope.info.resource.endsWith('bindings')) checkBinding(rbac, attributes, object as RoleBinding)
      else checkRole(rbac, attributes, object as Role)
    },
  }
}

function checkRole(rbac: RbacAuthorizer, { scope, old }: AdmissionAttributes, role: Role | ClusterRole): void {
  const before = old as Role | undefined
  const aggregation = (role as ClusterRole).aggregationRule
  if (before && jsonEqual(before.rules, role.rules) && jsonEqual((before as ClusterRole).aggregationRule, aggregation)) return
  if (may(scope, 'escalate', scope.info.resource, role.metadata.name ?? '')) return
  const everything: PolicyRule[] = [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]
  if (aggregation && !jsonEqual((before as ClusterRole | undefined)?.aggregationRule, aggregation))
    confirm(rbac, scope, everything, role.metadata.name ?? '', 'must have cluster-admin privileges to use an aggregationRule: ')
  confirm(rbac, scope, role.rules ?? [], role.metadata.name ?? '')
}

function checkBinding(rbac: RbacAuthorizer, { scope, old }: AdmissionAttributes, binding: RoleBinding): void {
  const before = old as RoleBinding | undefined
  if (before && jsonEqual(before.subjects, binding.subjects) && jsonEqual(before.roleRef, binding.roleRef)) return
  const resource = binding.roleRef.kind === 'Role' ? 'roles' : 'clusterroles'
  if (may(scope, 'bind', resource, binding.roleRef.name)) return
  confirm(rbac, scope, rbac.rulesOf(binding.roleRef, binding.metadata.namespace ?? ''), binding.metadata.name ?? '')
}

function may({ registry, request }: RequestScope, verb: string, resource: string, name: string): boolean {
  const { verdict } = registry.authorizer.authorize({
    user: request.user,
    verb,
    namespace: request.namespace ?? '',
    group: 'rbac.authorization.k8s.io',
    resource,
    subresource: '',
    name,
  })
  return verdict === 'allow'
}

function confirm(
  rbac: RbacAuthorizer,
  { info, request }: RequestScope,
  wanted: readonly PolicyRule[],
  name: string,
  head = '',
): void {
  const { user } = request
  const missing = compactRules(missingRules(rbac.rulesFor(user, request.namespace ?? ''), wanted))
  if (missing.length === 0) return
  const groups = `[${user.groups.map((g) => JSON.stringify(g)).join(' ')}]`
  const list = [...new Set(missing.map(describeRule))].sort().join('\n')
  throw forbidden(
    info,
    name,
    `${head}user ${JSON.stringify(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${list}`,
  )
}
