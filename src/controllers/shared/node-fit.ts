import type { Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from '../../apimachinery/generated/types.ts'
import { mapSelects, nodeRequirementMatches } from '../../apimachinery/selectors.ts'

/** Whether a toleration covers a taint. k8s 1.36: api/core/v1 Toleration.ToleratesTaint. */
function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  return operator === 'Exists' || ((!operator || operator === 'Equal') && (value ?? '') === (taint.value ?? ''))
}

/** Whether one of the taints with one of these effects is not tolerated. */
export function hasUntoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly string[],
): boolean {
  return taints.some((taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)))
}

function termMatches({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every((requirement) => nodeRequirementMatches(requirement, node.metadata.labels)) &&
    matchFields.every((requirement) => nodeRequirementMatches(requirement, { 'metadata.name': node.metadata.name ?? '' }))
  )
}

/** Whether node selector and required node affinity admit the node. k8s 1.36: nodeaffinity GetRequiredNodeAffinity. */
export function matchesNodeAffinity(spec: PodSpec, node: Node): boolean {
  if (!mapSelects(spec.nodeSelector, node.metadata.labels)) return false
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || required.nodeSelectorTerms.some((term) => termMatches(term, node))
}
