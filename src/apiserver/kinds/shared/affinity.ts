/** Where a pod may run: affinity, tolerations, spreading. Source: k8s 1.36 core validation. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type {
  Affinity,
  LabelSelector,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../../apimachinery/generated/types.ts'
import { isDns1123Label, isValidLabelValue } from '../../../apimachinery/names.ts'
import { checkOneOf, checkPositive, checkRequired, checkSubdomain, each, invalids } from './checks.ts'
import { checkLabelName, checkLabelSelector, hasInvalidSelectorValue } from './labels.ts'

function checkRequirement(r: NodeSelectorRequirement, field: string, anyValues: boolean): FieldError[] {
  const values = r.values ?? []
  const errors: FieldError[] = []
  const path = `${field}.values`
  switch (r.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(path, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) errors.push(forbidden(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(required(path, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(invalid(`${field}.operator`, r.operator ?? '', 'not a valid selector operator'))
  }
  errors.push(...checkLabelName(r.key ?? '', `${field}.key`))
  return anyValues ? errors : [...errors, ...values.flatMap((v, i) => invalids(`${path}[${i}]`, v, isValidLabelValue(v)))]
}

function checkFieldRequirement(r: NodeSelectorRequirement, field: string): FieldError[] {
  const values = r.values ?? []
  const errors: FieldError[] = []
  if (r.operator !== 'In' && r.operator !== 'NotIn') {
    errors.push(invalid(`${field}.operator`, r.operator ?? '', 'not a valid selector operator'))
  } else if (values.length !== 1) {
    errors.push(required(`${field}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
  }
  if (r.key !== 'metadata.name') return [...errors, invalid(`${field}.key`, r.key ?? '', 'not a valid field selector key')]
  return [...errors, ...values.flatMap((v, i) => checkSubdomain(v, `${field}.values[${i}]`))]
}

export function checkNodeSelectorTerm(term: NodeSelectorTerm, field: string, anyValues = false): FieldError[] {
  return [
    ...each(term.matchExpressions, (r, i) => checkRequirement(r, `${field}.matchExpressions[${i}]`, anyValues)),
    ...each(term.matchFields, (r, i) => checkFieldRequirement(r, `${field}.matchFields[${i}]`)),
  ]
}

export function checkNodeSelector(selector: NodeSelector, field: string, anyValues = false): FieldError[] {
  const path = `${field}.nodeSelectorTerms`
  if ((selector.nodeSelectorTerms ?? []).length === 0) return [required(path, 'must have at least one node selector term')]
  return each(selector.nodeSelectorTerms, (term, i) => checkNodeSelectorTerm(term, `${path}[${i}]`, anyValues))
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function checkWeight(weight: number | undefined, field: string): FieldError[] {
  const w = weight ?? 0
  return w < 1 || w > 100 ? [invalid(`${field}.weight`, w, 'must be in the range 1-100')] : []
}

function checkNodeAffinity(affinity: NodeAffinity, field: string, anyValues: boolean): FieldError[] {
  const needed = affinity[REQUIRED]
  return [
    ...(needed ? checkNodeSelector(needed, `${field}.${REQUIRED}`, anyValues) : []),
    ...each(affinity[PREFERRED], (term, i) => [
      ...checkWeight(term.weight, `${field}.${PREFERRED}[${i}]`),
      ...checkNodeSelectorTerm(term.preference ?? {}, `${field}.${PREFERRED}[${i}].preference`, true),
    ]),
  ]
}

function checkLabelKeys(keys: readonly string[], selector: LabelSelector | undefined, field: string): FieldError[] {
  if (keys.length === 0) return []
  if (selector === undefined) return [forbidden(field, 'must not be specified when labelSelector is not set')]
  return keys.flatMap((key, i) => checkLabelName(key, `${field}[${i}]`))
}

function checkMatchLabelKeys(
  match: readonly string[],
  mismatch: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  const errors = [
    ...checkLabelKeys(match, selector, `${field}.matchLabelKeys`),
    ...checkLabelKeys(mismatch, selector, `${field}.mismatchLabelKeys`),
  ]
  if (selector !== undefined) {
    // The keys become expressions of the selector when the pod is created: one that was there before shows as a double.
    const seen = new Set(Object.keys(selector.matchLabels ?? {}))
    for (const { key } of selector.matchExpressions ?? []) {
      const i = match.lastIndexOf(key)
      if (i >= 0 && seen.has(key)) errors.push(invalid(`${field}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'))
      seen.add(key)
    }
  }
  const both = match.flatMap((key, i) => (mismatch.includes(key) ? [{ key, i }] : []))
  const detail = 'exists in both matchLabelKeys and mismatchLabelKeys'
  return [...errors, ...both.map(({ key, i }) => invalid(`${field}.matchLabelKeys[${i}]`, key, detail))]
}

function checkPodTerm(term: PodAffinityTerm, field: string, anyValues: boolean): FieldError[] {
  const key = term.topologyKey ?? ''
  return [
    ...checkLabelSelector(term.labelSelector, `${field}.labelSelector`, anyValues),
    ...checkLabelSelector(term.namespaceSelector, `${field}.namespaceSelector`, anyValues),
    ...(term.namespaces ?? []).flatMap((name) => invalids(`${field}.namespace`, name, isDns1123Label(name))),
    ...checkMatchLabelKeys(term.matchLabelKeys ?? [], term.mismatchLabelKeys ?? [], term.labelSelector, field),
    ...checkRequired(key, `${field}.topologyKey`, 'can not be empty'),
    ...checkLabelName(key, `${field}.topologyKey`),
  ]
}

function checkPodAffinity(affinity: PodAffinity, field: string, anyValues: boolean): FieldError[] {
  return [
    ...each(affinity[REQUIRED], (term, i) => checkPodTerm(term, `${field}.${REQUIRED}[${i}]`, anyValues)),
    ...each(affinity[PREFERRED], (term, i) => [
      ...checkWeight(term.weight, `${field}.${PREFERRED}[${i}]`),
      ...checkPodTerm(term.podAffinityTerm ?? {}, `${field}.${PREFERRED}[${i}].podAffinityTerm`, anyValues),
    ]),
  ]
}

function podTerms(affinity: Affinity | undefined): readonly PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((a) => [
    ...(a?.[REQUIRED] ?? []),
    ...(a?.[PREFERRED] ?? []).map((t) => t.podAffinityTerm),
  ])
}

/** `old` is the affinity of the stored object: values that it has wrong may stay wrong. */
export function checkAffinity(affinity: Affinity | undefined, field: string, old: Affinity | undefined): FieldError[] {
  if (affinity === undefined) return []
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  const anySelector = podTerms(old).some(
    (t) => hasInvalidSelectorValue(t.labelSelector) || hasInvalidSelectorValue(t.namespaceSelector),
  )
  const oldTerms = old?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []
  const anyNode = oldTerms.some((t) =>
    (t.matchExpressions ?? []).some((e) => (e.values ?? []).some((v) => isValidLabelValue(v).length > 0)),
  )
  return [
    ...(nodeAffinity ? checkNodeAffinity(nodeAffinity, `${field}.nodeAffinity`, anyNode) : []),
    ...(podAffinity ? checkPodAffinity(podAffinity, `${field}.podAffinity`, anySelector) : []),
    ...(podAntiAffinity ? checkPodAffinity(podAntiAffinity, `${field}.podAntiAffinity`, anySelector) : []),
  ]
}

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function checkTolerations(tolerations: readonly Toleration[] | undefined, field: string): FieldError[] {
  return each(tolerations, (t, i) => {
    const path = `${field}[${i}]`
    const { key = '', operator = '', value = '', effect = '' } = t
    const errors = key === '' ? [] : checkLabelName(key, `${path}.key`)
    if (key === '' && operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(`${path}.operator`, operator, detail))
    }
    if (t.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    }
    if (operator === 'Equal' || operator === '') {
      const messages = isValidLabelValue(value)
      if (messages.length > 0) errors.push(invalid(`${path}.operator`, value, messages.join(';')))
    } else if (operator === 'Exists') {
      if (value !== '') errors.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"))
    } else {
      // Lt and Gt are an alpha feature; the text names them only when one of them was tried.
      const comparing = operator === 'Lt' || operator === 'Gt'
      errors.push(notSupported(`${path}.operator`, operator, comparing ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists']))
    }
    return effect === '' ? errors : [...errors, ...checkOneOf(effect, TAINT_EFFECTS, `${path}.effect`)]
  })
}

function checkMinDomains(constraint: TopologySpreadConstraint, field: string): FieldError[] {
  const min = constraint.minDomains
  if (min === undefined) return []
  const errors = checkPositive(min, field)
  if (constraint.whenUnsatisfiable === 'DoNotSchedule') return errors
  const action = constraint.whenUnsatisfiable ?? ''
  return [...errors, invalid(field, min, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`)]
}

function checkConstraint(c: TopologySpreadConstraint, rest: readonly TopologySpreadConstraint[], field: string): FieldError[] {
  const errors = [
    ...checkPositive(c.maxSkew ?? 0, `${field}.maxSkew`),
    ...checkRequired(c.topologyKey, `${field}.topologyKey`, 'can not be empty'),
    ...checkOneOf(c.whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway'], `${field}.whenUnsatisfiable`),
  ]
  if (rest.some((r) => r.topologyKey === c.topologyKey && r.whenUnsatisfiable === c.whenUnsatisfiable)) {
    errors.push(duplicate(`${field}.{topologyKey, whenUnsatisfiable}`, `{${c.topologyKey ?? ''}, ${c.whenUnsatisfiable ?? ''}}`))
  }
  errors.push(...checkMinDomains(c, `${field}.minDomains`))
  for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
    const policy = c[name]
    if (policy !== undefined) errors.push(...checkOneOf(policy, ['Honor', 'Ignore'], `${field}.${name}`))
  }
  return [...errors, ...checkMatchLabelKeys(c.matchLabelKeys ?? [], [], c.labelSelector, field)]
}

export function checkTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  field: string,
  old: readonly TopologySpreadConstraint[] | undefined,
): FieldError[] {
  const anySelector = (old ?? []).some((c) => checkLabelSelector(c.labelSelector, '').length > 0)
  return each(constraints, (c, i) => [
    ...checkConstraint(c, (constraints ?? []).slice(i + 1), `${field}[${i}]`),
    ...(anySelector ? [] : checkLabelSelector(c.labelSelector, `${field}[${i}].labelSelector`)),
  ])
}
