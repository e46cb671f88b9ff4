import { compileSelector, formatRequirements, requirementsMatch, requirementsOf } from '../apimachinery/selectors.ts'
import type { LabelMatcher, Labels, LabelSelectorLike, Requirement } from '../apimachinery/selectors.ts'

/** A label selector made ready for many matches. */
export interface Selector {
  readonly matches: LabelMatcher
  /** True if it has no requirement and so selects everything. Plugins treat that as a special case. */
  readonly isEmpty: boolean
  /** Equal selectors have equal keys. */
  readonly key: string
}

const NOTHING: Selector = { matches: () => false, isEmpty: false, key: '!' }

/** Absent selects nothing, empty selects everything. Throws SelectorError for one that is not valid. */
export function selectorOf(selector: LabelSelectorLike | undefined): Selector {
  if (!selector) return NOTHING
  const { matchLabels, matchExpressions = [] } = selector
  const isEmpty = matchExpressions.length === 0 && (!matchLabels || Object.keys(matchLabels).length === 0)
  return { matches: compileSelector(selector), isEmpty, key: JSON.stringify([matchLabels, matchExpressions]) }
}

/** A selector from requirements that are already checked. */
export function selectorOfRequirements(requirements: readonly Requirement[]): Selector {
  const plain = requirements.every(({ operator, values }) => operator === '=' && values.length === 1)
  const pairs = requirements.map(({ key, values }) => [key, values[0]] as const)
  return {
    matches: plain
      ? (labels) => pairs.every(([key, value]) => labels?.[key] === value)
      : (labels) => requirementsMatch(requirements, labels),
    isEmpty: requirements.length === 0,
    key: formatRequirements(requirements),
  }
}

/** The selector with further labels demanded; one that selects nothing stays so. k8s 1.36: mergeLabelSetWithSelector. */
export function withLabels(selector: LabelSelectorLike | undefined, labels: Labels): Selector {
  if (!selector) return NOTHING
  const extra = Object.entries(labels).map(([key, value]): Requirement => ({ key, operator: '=', values: [value] }))
  return selectorOfRequirements([...extra, ...requirementsOf(selector)])
}
