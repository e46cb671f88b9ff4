import type { Pod } from '../../apimachinery/generated/types.ts'
import { byDeletionPreference, podsPerNode } from './deletion-order.ts'

/** The most pods that one sync creates or deletes. */
const BURST_REPLICAS = 500

/** What to do about a set's number of pods. */
export interface ReplicaPlan {
  readonly create: number
  readonly remove: readonly Pod[]
}

/**
 * How many pods to create, or which to delete. `related` gives the pods of all sets of the same owner; it is asked
 * only when there is a choice. k8s 1.36: replicaset manageReplicas, getPodsToDelete.
 */
export function planReplicas(
  active: readonly Pod[],
  replicas: number,
  related: () => readonly Pod[],
  nowMs: number,
): ReplicaPlan {
  const surplus = Math.min(active.length - replicas, BURST_REPLICAS)
  if (surplus <= 0) return { create: Math.min(-surplus, BURST_REPLICAS), remove: [] }
  if (surplus === active.length) return { create: 0, remove: active }
  return { create: 0, remove: byDeletionPreference(active, podsPerNode(related()), nowMs).slice(0, surplus) }
}
