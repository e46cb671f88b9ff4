import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacV1Subject as Subject,
  Role,
  RoleBinding,
  RoleRef,
} from '../../apimachinery/generated/types.ts'
import { notFound } from '../../apimachinery/errors.ts'
import type { Change, Etcd } from '../../etcd/etcd.ts'
import type { UserInfo } from '../api.ts'
import type { Attributes, Authorizer, Decision } from './authorizer.ts'
import { ruleAllows } from './rules.ts'

const API_GROUP = 'rbac.authorization.k8s.io'
const ROLES = `roles.${API_GROUP}`
const CLUSTER_ROLES = `clusterroles.${API_GROUP}`
const BINDINGS = `rolebindings.${API_GROUP}`
const CLUSTER_BINDINGS = `clusterrolebindings.${API_GROUP}`

/** A binding as the index keeps it: for one of its subjects. */
interface Grant {
  readonly binding: RoleBinding | ClusterRoleBinding
  /** '' for cluster role bindings. */
  readonly namespace: string
  readonly subject: Subject
}

interface RuleVisit {
  readonly rules: readonly PolicyRule[]
  readonly grant: Grant
  readonly error?: string
}

/**
 * Role-based access control. Bindings are indexed by subject, so a decision costs what the user's own bindings cost;
 * decisions are remembered until a role or binding changes. k8s 1.36: plugin/pkg/auth/authorizer/rbac.
 */
export class RbacAuthorizer implements Authorizer {
  private readonly etcd: Etcd
  /** 'namespace|Kind/name' to the grants, in name order of the bindings. */
  private index: Map<string, Grant[]> | null = null
  private decisions = new Map<string, Decision>()
  private readonly userKeys = new WeakMap<UserInfo, string>()
  /** Whether the decision under way looked at a rule that names objects. */
  private namesMatter = false

  constructor(etcd: Etcd) {
    this.etcd = etcd
    const forget = (_: Change) => {
      if (this.decisions.size > 0) this.decisions = new Map()
    }
    const reindex = (change: Change) => {
      forget(change)
      this.index = null
    }
    for (const bucket of [ROLES, CLUSTER_ROLES]) etcd.watch(bucket, forget)
    for (const bucket of [BINDINGS, CLUSTER_BINDINGS]) etcd.watch(bucket, reindex)
  }

  authorize(attributes: Attributes): Decision {
    const { user, verb, namespace, group, resource, subresource, name, path } = attributes
    // Most decisions hold for every name: they are kept without it.
    const general = `${this.userKey(user)}\n${verb}\n${namespace}\n${group}\n${resource}\n${subresource}\n${path ?? ''}`
    const known = this.decisions.get(general) ?? this.decisions.get(`${general}\n${name}`)
    if (known) return known
    this.namesMatter = false
    const decision = this.decide(attributes)
    if (this.decisions.size > 50_000) this.decisions = new Map()
    this.decisions.set(this.namesMatter ? `${general}\n${name}` : general, decision)
    return decision
  }

  /** A client keeps its user: the text is made once for each. */
  private userKey(user: UserInfo): string {
    let key = this.userKeys.get(user)
    if (key === undefined) this.userKeys.set(user, (key = `${user.name}\n${user.groups.join(',')}`))
    return key
  }

  private decide(attributes: Attributes): Decision {
    const errors: string[] = []
    for (const visit of this.visit(attributes.user, attributes.namespace)) {
      if (visit.error) errors.push(visit.error)
      if (visit.rules.some((rule) => this.allows(rule, attributes)))
        return { verdict: 'allow', reason: `RBAC: allowed by ${describe(visit.grant)}` }
    }
    const text = errors.length > 1 ? `[${[...new Set(errors)].join(', ')}]` : errors[0]
    return { verdict: 'none', reason: text ? `RBAC: ${text}` : '' }
  }

  private allows(rule: PolicyRule, attributes: Attributes): boolean {
    if (!rule.resourceNames?.length) return ruleAllows(rule, attributes)
    // A rule for some names decides nothing about requests that it would not allow for any name.
    if (ruleAllows({ ...rule, resourceNames: [] }, attributes)) this.namesMatter = true
    return ruleAllows(rule, attributes)
  }

  /** All rules that hold for the user in a namespace ('' for cluster scope). */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[] {
    return [...this.visit(user, namespace)].flatMap(({ rules }) => rules)
  }

  /** The rules of the role that a binding names. Throws NotFound. */
  rulesOf(ref: RoleRef, namespace: string): readonly PolicyRule[] {
    if (ref.kind === 'Role') {
      const role = this.etcd.get(ROLES, `${namespace}/${ref.name}`)?.value as Role | undefined
      if (!role) throw notFound({ group: API_GROUP, resource: 'role' }, ref.name)
      return role.rules ?? []
    }
    const role = this.etcd.get(CLUSTER_ROLES, ref.name)?.value as ClusterRole | undefined
    if (!role) throw notFound({ group: API_GROUP, resource: 'clusterrole' }, ref.name)
    return role.rules ?? []
  }

  private *visit(user: UserInfo, namespace: string): Generator<RuleVisit> {
    for (const scope of namespace === '' ? [''] : ['', namespace]) {
      for (const grant of this.grantsOf(user, scope)) {
        try {
          yield { rules: this.rulesOf(grant.binding.roleRef, grant.namespace), grant }
        } catch (error) {
          yield { rules: [], grant, error: error instanceof Error ? error.message : String(error) }
        }
      }
    }
  }

  private grantsOf(user: UserInfo, namespace: string): readonly Grant[] {
    const index = this.indexed()
    const found: Grant[] = []
    for (const key of [`User/${user.name}`, ...user.groups.map((group) => `Group/${group}`)])
      found.push(...(index.get(`${namespace}|${key}`) ?? []))
    return found
  }

  private indexed(): Map<string, Grant[]> {
    if (this.index) return this.index
    const index = new Map<string, Grant[]>()
    const note = (binding: RoleBinding | ClusterRoleBinding, namespace: string) => {
      for (const subject of binding.subjects ?? []) {
        const key = `${namespace}|${subjectKey(subject, namespace)}`
        const grants = index.get(key)
        if (grants) grants.push({ binding, namespace, subject })
        else index.set(key, [{ binding, namespace, subject }])
      }
    }
    for (const { value } of this.etcd.range(CLUSTER_BINDINGS)) note(value as ClusterRoleBinding, '')
    for (const { value } of this.etcd.range(BINDINGS)) note(value as RoleBinding, value.metadata.namespace ?? '')
    return (this.index = index)
  }
}

/** Service accounts are users with a name of a certain form. */
function subjectKey(subject: Subject, namespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind}/${subject.name}`
  return `User/system:serviceaccount:${subject.namespace || namespace}:${subject.name}`
}

function describe({ binding, namespace, subject }: Grant): string {
  const quote = (text: string) => JSON.stringify(text)
  const { name = '' } = binding.metadata
  const which = namespace === '' ? `ClusterRoleBinding ${quote(name)}` : `RoleBinding ${quote(`${name}/${namespace}`)}`
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? namespace}` : subject.name
  return `${which} of ${binding.roleRef.kind} ${quote(binding.roleRef.name)} to ${subject.kind} ${quote(who)}`
}
