import type { PolicyRule as RbacRule } from '../../apimachinery/generated/types.ts'
import type { Attributes } from './authorizer.ts'

const has = (list: readonly string[] | undefined, value: string) => list?.includes(value) ?? false

/** '/healthz' matches '/healthz' and '/heal*'. */
export function pathMatches(patterns: readonly string[] | undefined, path: string): boolean {
  return (
    patterns?.some(
      (p) => p === '*' || p === path || (p.endsWith('*') && path.startsWith(p.slice(0, p.replace(/\*+$/, '').length))),
    ) ?? false
  )
}

/** k8s 1.36: rbac RuleAllows. */
export function ruleAllows(rule: RbacRule, attributes: Attributes): boolean {
  const { verb, path, group, resource, subresource, name } = attributes
  if (!has(rule.verbs, '*') && !has(rule.verbs, verb)) return false
  if (path !== undefined) return pathMatches(rule.nonResourceURLs, path)
  if (!has(rule.apiGroups, '*') && !has(rule.apiGroups, group)) return false
  if (!resourceMatches(rule.resources, resource, subresource)) return false
  return !rule.resourceNames?.length || rule.resourceNames.includes(name)
}

function resourceMatches(patterns: readonly string[] | undefined, resource: string, subresource: string): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  return has(patterns, '*') || has(patterns, combined) || (subresource !== '' && has(patterns, `*/${subresource}`))
}

/** One verb, one resource, one name at most each. k8s 1.36: BreakdownRule. */
function breakDown(rule: RbacRule): RbacRule[] {
  const small: RbacRule[] = []
  for (const group of rule.apiGroups ?? [])
    for (const resource of rule.resources ?? [])
      for (const verb of rule.verbs) {
        const one = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (!rule.resourceNames?.length) small.push(one)
        else for (const name of rule.resourceNames) small.push({ ...one, resourceNames: [name] })
      }
  for (const url of rule.nonResourceURLs ?? [])
    for (const verb of rule.verbs) small.push({ nonResourceURLs: [url], verbs: [verb] })
  return small
}

/** k8s 1.36: ruleCovers; `sub` is a broken-down rule. */
function covers(owner: RbacRule, sub: RbacRule): boolean {
  if (!has(owner.verbs, '*') && !sub.verbs.every((verb) => has(owner.verbs, verb))) return false
  if (sub.nonResourceURLs?.length)
    return sub.nonResourceURLs.every((url) => has(owner.nonResourceURLs, url) || pathMatches(owner.nonResourceURLs, url))
  if (!has(owner.apiGroups, '*') && !sub.apiGroups?.every((group) => has(owner.apiGroups, group))) return false
  const resource = sub.resources?.[0] ?? ''
  const slash = resource.indexOf('/')
  const matches =
    has(owner.resources, '*') ||
    has(owner.resources, resource) ||
    (slash >= 0 && has(owner.resources, `*${resource.slice(slash)}`))
  if (!matches) return false
  if (!sub.resourceNames?.length) return !owner.resourceNames?.length
  return !owner.resourceNames?.length || sub.resourceNames.every((name) => has(owner.resourceNames, name))
}

/** What of `wanted` the owner's rules don't cover, in small pieces. k8s 1.36: validation.Covers. */
export function missingRules(owned: readonly RbacRule[], wanted: readonly RbacRule[]): RbacRule[] {
  return wanted.flatMap(breakDown).filter((sub) => !owned.some((owner) => covers(owner, sub)))
}

/** Rules for the same resource in one, with all their verbs. k8s 1.36: CompactRules. */
export function compactRules(rules: readonly RbacRule[]): RbacRule[] {
  const complex: RbacRule[] = []
  const simple = new Map<string, RbacRule>()
  for (const rule of rules) {
    const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
    if (resourceNames.length > 1 || nonResourceURLs.length > 0 || apiGroups.length !== 1 || resources.length !== 1) {
      complex.push(rule)
      continue
    }
    const key = JSON.stringify([apiGroups[0], resources[0], resourceNames[0]])
    const before = simple.get(key)
    simple.set(key, before ? { ...before, verbs: [...new Set([...before.verbs, ...rule.verbs])] } : rule)
  }
  return [...complex, ...simple.values()]
}

const quoted = (list: readonly string[]) => `[${list.map((s) => JSON.stringify(s)).join(' ')}]`

/** '{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}'. k8s 1.36: CompactString. */
export function describeRule(rule: RbacRule): string {
  const parts: string[] = []
  const add = (name: string, list: readonly string[] | undefined) => list?.length && parts.push(`${name}:${quoted(list)}`)
  add('APIGroups', rule.apiGroups)
  add('Resources', rule.resources)
  add('NonResourceURLs', rule.nonResourceURLs)
  add('ResourceNames', rule.resourceNames)
  add('Verbs', rule.verbs)
  return `{${parts.join(', ')}}`
}
