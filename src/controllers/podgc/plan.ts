import type { Pod } from '../../apimachinery/generated/types.ts'
import { compareText } from '../shared/text.ts'

/** Finished pods beyond that number are deleted, oldest first. k8s 1.36: --terminated-pod-gc-threshold. */
export const TERMINATED_POD_THRESHOLD = 12_500

export function isTerminated(pod: Pod): boolean {
  const phase = pod.status?.phase
  return phase !== 'Pending' && phase !== 'Running' && phase !== 'Unknown'
}

/** Evicted pods first, then the oldest. k8s 1.36: podgc byEvictionAndCreationTimestamp. */
export function byEvictionAndAge(a: Pod, b: Pod): number {
  const evicted = (pod: Pod) => (pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted' ? 0 : 1)
  return (
    evicted(a) - evicted(b) ||
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compareText(a.metadata.name ?? '', b.metadata.name ?? '')
  )
}
