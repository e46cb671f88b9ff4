/** What Deployments, ReplicaSets and their like have in common. Source: k8s 1.36 apps validation and strategies. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { invalid } from '../../../apimachinery/field-errors.ts'
import type { IntOrString, LabelSelector, PodTemplateSpec } from '../../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../../apimachinery/equal.ts'
import { isDns1123Label, isValidPercent } from '../../../apimachinery/names.ts'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import { checkNotNegative, invalids } from './checks.ts'
import { isUsableSelector } from './labels.ts'
import { checkEndless, checkPodTemplate, checkTemplateLabels, printableSelector } from './pod-template.ts'
import { podWarnings } from './pod-warnings.ts'

/** Template of a Deployment or ReplicaSet. The text about deadlines names ReplicaSet in both, as in Kubernetes. */
export function checkReplicaTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
  field: string,
  old: PodTemplateSpec | undefined,
): FieldError[] {
  if (selector !== undefined && !isUsableSelector(selector)) {
    return [invalid(`${field}.selector`, printableSelector(selector), 'invalid label selector')]
  }
  const path = `${field}.template`
  return [
    ...checkTemplateLabels(selector, template, path),
    ...checkPodTemplate(template, path, old),
    ...checkEndless(template, 'ReplicaSet', path),
  ]
}

type Counts = { readonly [name: string]: unknown }

/** Counters of a status: none negative. */
export function checkCounts(status: Counts, names: readonly string[], field = 'status'): FieldError[] {
  return names.flatMap((name) => checkNotNegative(status[name] as number | undefined, `${field}.${name}`))
}

/** No counter above the number of replicas, none available that isn't ready. `readyName` is how the text calls readiness. */
export function checkReplicaCounts(status: Counts, parts: readonly string[], readyName = 'readyReplicas'): FieldError[] {
  const count = (name: string) => (status[name] as number | undefined) ?? 0
  const errors = parts
    .filter((name) => count(name) > count('replicas'))
    .map((name) => invalid(`status.${name}`, count(name), 'cannot be greater than status.replicas'))
  if (count('availableReplicas') > count('readyReplicas')) {
    errors.push(invalid('status.availableReplicas', count('availableReplicas'), `cannot be greater than ${readyName}`))
  }
  return errors
}

export function checkCollisionCount(now: number | undefined, old: number | undefined): FieldError[] {
  if (old === undefined || (now !== undefined && now >= old)) return []
  return [invalid('status.collisionCount', now ?? 0, 'cannot be decremented')]
}

export function checkIntOrPercent(value: IntOrString, field: string): FieldError[] {
  if (typeof value === 'number') return checkNotNegative(value, field)
  return invalids(field, value, isValidPercent(value))
}

/** The number before the percent sign, or the number itself. 0 for a text that is neither. */
export function numberOf(value: IntOrString): number {
  if (typeof value === 'number') return value
  return isValidPercent(value).length > 0 ? 0 : Number(value.slice(0, -1))
}

export function checkAtMost100(value: IntOrString, field: string): FieldError[] {
  return typeof value === 'string' && numberOf(value) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : []
}

/** For kinds whose name ends in host names. */
export function podNameWarning(object: KubeObject): string[] {
  const messages = isDns1123Label(object.metadata.name ?? '')
  if (messages.length === 0) return []
  const text = 'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended'
  return [`metadata.name: ${text}: [${messages.join(' ')}]`]
}

interface WithTemplate extends KubeObject {
  readonly spec?: { readonly template?: PodTemplateSpec }
}

export function templateWarnings(template: PodTemplateSpec | undefined, prefix: string): string[] {
  return template === undefined ? [] : podWarnings(template.spec ?? { containers: [] }, template.metadata ?? {}, `${prefix}.`)
}

/** On create, and on updates that change the spec. */
export function workloadWarnings(object: WithTemplate, old: WithTemplate | undefined): string[] {
  if (old !== undefined && jsonEqual(object.spec, old.spec)) return []
  const ofName = old === undefined ? podNameWarning(object) : []
  return [...ofName, ...templateWarnings(object.spec?.template, 'spec.template')]
}
