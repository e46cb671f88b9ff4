import type { Container, Pod } from '../apimachinery/generated/types.ts'
import { value } from '../apimachinery/quantity.ts'

const GUARANTEED = -997
const BEST_EFFORT = 1000

/**
 * Whom the kernel kills first when memory runs out. k8s 1.36: qos GetContainerOOMScoreAdjust.
 * SIMPLIFIED: resources of the pod as a whole and sidecars are not looked at.
 */
export function oomScore(pod: Pod, container: Container, memoryBytes: number): number {
  const qos = pod.status?.qosClass
  if (pod.spec?.priorityClassName === 'system-node-critical' || qos === 'Guaranteed') return GUARANTEED
  if (qos === 'BestEffort') return BEST_EFFORT
  const wanted = value(container.resources?.requests?.['memory'] ?? '0')
  const score = 1000 - Math.floor((1000 * wanted) / memoryBytes)
  // Between those of the other classes.
  return Math.min(Math.max(score, 1000 + GUARANTEED), BEST_EFFORT - 1)
}
