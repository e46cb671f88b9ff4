/** Which writes a rule is for. Source: k8s 1.36 webhook/predicates, policy/matching. */
import type {
  LabelSelector,
  MatchResources,
  Namespace,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../apimachinery/generated/types.ts'
import { notFound } from '../../apimachinery/errors.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import { lookUp } from '../rest/context.ts'
import { equivalents, ownMatch, type GroupVersionResource, type Match, type Target } from './target.ts'

const has = (items: readonly string[] | undefined, wanted: string) =>
  items?.some((item) => item === '*' || item === wanted) ?? false

function inScope({ scope }: RuleWithOperations, target: Target): boolean {
  if (scope === undefined || scope === '*') return true
  const namespaced = target.resource.resource !== 'namespaces' && target.namespace !== ''
  return scope === (namespaced ? 'Namespaced' : 'Cluster')
}

export function ruleMatches(rule: RuleWithOperations, target: Target, resource: GroupVersionResource = target.resource): boolean {
  if (!inScope(rule, target) || !has(rule.operations, target.attributes.operation)) return false
  if (!has(rule.apiGroups, resource.group) || !has(rule.apiVersions, resource.version)) return false
  return (rule.resources ?? []).some((text) => {
    const [name = '', sub = ''] = text.split('/')
    return (name === '*' || name === resource.resource) && (sub === '*' || sub === target.subresource)
  })
}

/** The version under which the first rule that fits does so. Other versions count unless the policy is Exact. */
export function matchRules(
  rules: readonly (RuleWithOperations & Pick<NamedRuleWithOperations, 'resourceNames'>)[] | undefined,
  matchPolicy: string | undefined,
  target: Target,
): Match | undefined {
  if (!rules?.length) return undefined
  const named = ({ resourceNames }: NamedRuleWithOperations) => !resourceNames?.length || resourceNames.includes(target.name)
  if (rules.some((rule) => ruleMatches(rule, target) && named(rule))) return ownMatch(target)
  if (matchPolicy !== 'Equivalent') return undefined
  const others = equivalents(target)
  for (const rule of rules) {
    const match = others.find(({ resource }) => ruleMatches(rule, target, resource))
    if (match && named(rule)) return match
  }
  return undefined
}

const isEmpty = (selector: LabelSelector | undefined) =>
  !selector || (!Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length)

/** Throws NotFound when the namespace is gone. */
export function namespaceSelected(selector: LabelSelector | undefined, target: Target): boolean {
  const { namespace, attributes } = target
  if (namespace === '' || isEmpty(selector)) return true
  const { info, registry } = attributes.scope
  const own = info.bucket === 'namespaces' ? (attributes.object ?? attributes.old) : undefined
  const found = own ?? lookUp<Namespace>(registry, 'namespaces', '', namespace)
  if (!found) throw notFound({ group: '', resource: 'namespaces' }, namespace)
  return compileSelector(selector)(found.metadata.labels)
}

export function objectSelected(selector: LabelSelector | undefined, { attributes }: Target): boolean {
  if (isEmpty(selector)) return true
  const matches = compileSelector(selector)
  const { object, old } = attributes
  return (object !== undefined && matches(object.metadata?.labels)) || (old !== undefined && matches(old.metadata?.labels))
}

/** How the write matches a policy's or binding's resources; undefined: it does not. */
export function matchResources(resources: MatchResources | undefined, target: Target): Match | undefined {
  if (!resources) return ownMatch(target)
  const { matchPolicy, excludeResourceRules, resourceRules } = resources
  const matched = resourceRules?.length ? matchRules(resourceRules, matchPolicy, target) : ownMatch(target)
  if (!matched || matchRules(excludeResourceRules, matchPolicy, target)) return undefined
  if (!objectSelected(resources.objectSelector, target) || !namespaceSelected(resources.namespaceSelector, target))
    return undefined
  return matched
}
