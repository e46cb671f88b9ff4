import { StatusError } from '../../apimachinery/errors.ts'
import type { PolicyRule } from '../../apimachinery/generated/types.ts'
import type { Attributes, Authorizer, Decision } from './authorizer.ts'
import type { RbacAuthorizer } from './rbac.ts'
import { ruleAllows } from './rules.ts'

const ROLE = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' }

/**
 * Kubelets may do what the role system:node says. k8s 1.36: plugin/pkg/auth/authorizer/node.
 * SIMPLIFIED: which secrets and config maps a node's own pods refer to is not looked at.
 */
export class NodeAuthorizer implements Authorizer {
  private readonly rbac: RbacAuthorizer

  constructor(rbac: RbacAuthorizer) {
    this.rbac = rbac
  }

  authorize(attributes: Attributes): Decision {
    const { user } = attributes
    if (!user.name.startsWith('system:node:') || !user.groups.includes('system:nodes')) return { verdict: 'none', reason: '' }
    return { verdict: this.rules().some((rule) => ruleAllows(rule, attributes)) ? 'allow' : 'none', reason: '' }
  }

  private rules(): readonly PolicyRule[] {
    try {
      return this.rbac.rulesOf(ROLE, '')
    } catch (error) {
      if (error instanceof StatusError) return []
      throw error
    }
  }
}
