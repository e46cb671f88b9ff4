import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PreferredSchedulingTerm,
} from '../apimachinery/generated/types.ts'

type Labels = { readonly [key: string]: string }
type NodeTest = (node: Node) => boolean

const NO_LABELS: Labels = {}
const INTEGER = /^[+-]?[0-9]+$/

/** A requirement's test of a label's value, or null if the requirement is malformed: such a term matches nothing. */
function requirementTest({ operator, values = [] }: NodeSelectorRequirement): ((value: string | undefined) => boolean) | null {
  switch (operator) {
    case 'In':
      return values.length === 0 ? null : (value) => value !== undefined && values.includes(value)
    case 'NotIn':
      return values.length === 0 ? null : (value) => value === undefined || !values.includes(value)
    case 'Exists':
      return values.length > 0 ? null : (value) => value !== undefined
    case 'DoesNotExist':
      return values.length > 0 ? null : (value) => value === undefined
    case 'Gt':
    case 'Lt': {
      const [bound] = values
      if (values.length !== 1 || bound === undefined || !INTEGER.test(bound)) return null
      const limit = Number(bound)
      return (value) =>
        value !== undefined && INTEGER.test(value) && (operator === 'Gt' ? Number(value) > limit : Number(value) < limit)
    }
    default:
      return null
  }
}

/** matchFields knows metadata.name with one value, equal or not. */
function fieldTest({ key, operator, values = [] }: NodeSelectorRequirement): NodeTest | null {
  if ((operator !== 'In' && operator !== 'NotIn') || values.length !== 1) return null
  const wanted = operator === 'In'
  return (node) => ((key === 'metadata.name' ? (node.metadata.name ?? '') : '') === values[0]) === wanted
}

/** A term's test, or null when it is empty or malformed and so selects nothing. */
function compileTerm(term: NodeSelectorTerm): NodeTest | null {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length + matchFields.length === 0) return null
  const tests: NodeTest[] = []
  for (const expression of matchExpressions) {
    const test = requirementTest(expression)
    if (!test) return null
    const { key } = expression
    tests.push((node) => test((node.metadata.labels ?? NO_LABELS)[key]))
  }
  for (const field of matchFields) {
    const test = fieldTest(field)
    if (!test) return null
    tests.push(test)
  }
  const [only] = tests
  return only && tests.length === 1 ? only : (node) => tests.every((test) => test(node))
}

/** Terms are alternatives; no term at all selects nothing. */
export function compileNodeSelector(terms: readonly NodeSelectorTerm[] | undefined): NodeTest {
  const tests = (terms ?? []).map(compileTerm).filter((test) => test !== null)
  return (node) => tests.some((test) => test(node))
}

/**
 * The pod's nodeSelector and required node affinity as one test; null when it has neither.
 * k8s 1.36: component-helpers nodeaffinity.GetRequiredNodeAffinity.
 */
export function requiredNodeAffinity(pod: Pod): NodeTest | null {
  const { nodeSelector, affinity } = pod.spec ?? {}
  const pairs = Object.entries(nodeSelector ?? {})
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (pairs.length === 0 && !required) return null
  const matchesTerms = required ? compileNodeSelector(required.nodeSelectorTerms) : null
  return (node) => {
    const labels = node.metadata.labels ?? NO_LABELS
    for (const [key, value] of pairs) if (labels[key] !== value) return false
    return matchesTerms === null || matchesTerms(node)
  }
}

/** Sum of the weights of the preferences that the node meets; null when there is none to meet. */
export function preferredNodeAffinity(terms: readonly PreferredSchedulingTerm[] | undefined): ((node: Node) => number) | null {
  if (!terms) return null
  const weighted = terms.flatMap((term) => {
    const test = term.weight === 0 ? null : compileTerm(term.preference)
    return test ? [{ test, weight: term.weight }] : []
  })
  return (node) => weighted.reduce((sum, { test, weight }) => (test(node) ? sum + weight : sum), 0)
}
