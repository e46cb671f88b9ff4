import type { Taint, Toleration } from '../apimachinery/generated/types.ts'

/**
 * Whether one toleration covers a taint. k8s 1.36: Toleration.ToleratesTaint; the Gt and Lt operators are behind a gate
 * that is off.
 */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  const operator = toleration.operator || 'Equal'
  return operator === 'Exists' || (operator === 'Equal' && (toleration.value ?? '') === (taint.value ?? ''))
}

export function isTolerated(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint))
}

/** True if a NoSchedule or NoExecute taint keeps the pod away. */
export function hasUntoleratedTaint(taints: readonly Taint[], tolerations: readonly Toleration[]): boolean {
  for (const taint of taints)
    if ((taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !isTolerated(tolerations, taint)) return true
  return false
}
