import { StatusError } from '../../apimachinery/errors.ts'
import type { PolicyRule } from '../../apimachinery/generated/types.ts'
import type { Attributes, Authorizer, Decision } from './authorizer.ts'
import type { RbacAuthorizer } from './rbac.ts'
import { ruleAllows } from './rules.ts'

const ROLE = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' }

const ALLOW: Decision = { verdict: 'allow', reason: '' }
const NONE: Decision = { verdict: 'none', reason: '' }
const NO_RULES: readonly PolicyRule[] = []

/**
 * Kubelets may do what the role system:node says. k8s 1.36: plugin/pkg/auth/authorizer/node.
 * SIMPLIFIED: which secrets and config maps a node's own pods refer to is not looked at.
 */
export class NodeAuthorizer implements Authorizer {
  private readonly rbac: RbacAuthorizer
  /** The same for every node, by what is asked. */
  private readonly decisions = new Map<string, Decision>()
  private decidedBy: readonly PolicyRule[] | null = null

  constructor(rbac: RbacAuthorizer) {
    this.rbac = rbac
  }

  authorize(attributes: Attributes): Decision {
    const { user } = attributes
    if (!user.name.startsWith('system:node:') || !user.groups.includes('system:nodes')) return { verdict: 'none', reason: '' }
    const rules = this.rules()
    if (rules !== this.decidedBy) {
      this.decidedBy = rules
      this.decisions.clear()
    }
    const { verb, group, resource, subresource, path } = attributes
    const key = `${verb}\n${group}\n${resource}\n${subresource}\n${path ?? ''}`
    let decision = this.decisions.get(key)
    if (decision) return decision
    decision = rules.some((rule) => ruleAllows(rule, attributes)) ? ALLOW : NONE
    // The role names no objects; should somebody change it so that it does, nothing is remembered.
    if (!rules.some((rule) => rule.resourceNames?.length)) this.decisions.set(key, decision)
    return decision
  }

  private rules(): readonly PolicyRule[] {
    try {
      return this.rbac.rulesOf(ROLE, '')
    } catch (error) {
      if (error instanceof StatusError) return NO_RULES
      throw error
    }
  }
}
