import type { Taint, Toleration } from '../../apimachinery/generated/types.ts'

/** Whether a toleration covers a taint. k8s 1.36: api/core/v1 Toleration.ToleratesTaint. */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  const { operator = 'Equal', value = '' } = toleration
  if (operator === 'Exists') return true
  return (operator === 'Equal' || operator === '') && !!toleration.key && value === (taint.value ?? '')
}

/**
 * How long a pod may stay on a node with these NoExecute taints: 0 not at all, Infinity for ever, else milliseconds.
 * k8s 1.36: tainteviction processPodOnNode, getMinTolerationTime.
 */
export function tolerationMs(taints: readonly Taint[], tolerations: readonly Toleration[]): number {
  const used: Toleration[] = []
  for (const taint of taints) {
    const match = tolerations.find((toleration) => tolerates(toleration, taint))
    if (!match) return 0
    used.push(match)
  }
  const limits = used.flatMap(({ tolerationSeconds }) =>
    tolerationSeconds === undefined ? [] : [Math.max(0, tolerationSeconds) * 1000],
  )
  return Math.min(Infinity, ...limits)
}
