import type { Deployment, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { byCreation } from '../shared/text.ts'
import { revisionOf } from './annotations.ts'
import { sizeOf } from './replica-sets.ts'

const KEEP_ALL = 0x7fffffff

/**
 * The old ReplicaSets that the history limit lets go: the lowest revisions, and of these only empty ones.
 * k8s 1.36: deployment cleanupDeployment.
 */
export function planCleanup(deployment: Deployment, oldRSs: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit
  if (limit === undefined || limit === KEEP_ALL) return []
  const alive = oldRSs.filter((rs) => rs.metadata.deletionTimestamp === undefined)
  const surplus = alive.length - limit
  if (surplus <= 0) return []
  return alive
    .toSorted((a, b) => Number(revisionOf(a) - revisionOf(b)) || byCreation(a, b))
    .slice(0, surplus)
    .filter(
      (rs) =>
        (rs.status?.replicas ?? 0) === 0 &&
        sizeOf(rs) === 0 &&
        (rs.metadata.generation ?? 0) <= (rs.status?.observedGeneration ?? 0),
    )
}
