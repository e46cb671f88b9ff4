import type { Deployment, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { scaledIntOrPercent } from '../../apimachinery/intstr.ts'
import { byCreation } from '../shared/text.ts'
import { desiredReplicas, maxUnavailable } from './fenceposts.ts'
import { allOf, isActive, sizeOf, totalSize, totalStatus, type ReplicaSets } from './replica-sets.ts'
import { resized, type ScaleStep } from './scale.ts'

/**
 * The size that the new ReplicaSet should have now: as much as the surge leaves room for, never more than wanted.
 * Worked example: 10 wanted, surge 25% (3), old 10, new 0: 13 may exist, so 3.
 * k8s 1.36: deployment util NewRSNewReplicas.
 */
export function newReplicaSetSize(deployment: Deployment, sets: readonly ReplicaSet[], newSize: number): number {
  const desired = desiredReplicas(deployment)
  if (deployment.spec?.strategy?.type === 'Recreate') return desired
  const surge = scaledIntOrPercent(deployment.spec?.strategy?.rollingUpdate?.maxSurge ?? 0, desired, 'up')
  const room = desired + surge - totalSize(sets)
  return room <= 0 ? newSize : newSize + Math.min(room, desired - newSize)
}

/** Brings the new ReplicaSet up (or down to the wanted size). k8s 1.36: deployment reconcileNewReplicaSet. */
export function planScaleUp(deployment: Deployment, sets: ReplicaSets): ScaleStep[] {
  const { newRS } = sets
  const desired = desiredReplicas(deployment)
  if (!newRS || sizeOf(newRS) === desired) return []
  const size = sizeOf(newRS) > desired ? desired : newReplicaSetSize(deployment, allOf(sets), sizeOf(newRS))
  return size === sizeOf(newRS) ? [] : [{ name: newRS.metadata.name ?? '', size }]
}

/**
 * Takes pods from old ReplicaSets: first those that are not available anyway, then as many as availability allows.
 * Pods of the new one that are not available yet count against it. k8s 1.36: deployment reconcileOldReplicaSets.
 */
export function planScaleDown(deployment: Deployment, { newRS, oldRSs }: ReplicaSets): ScaleStep[] {
  const old = oldRSs.filter(isActive).toSorted(byCreation)
  if (!newRS || old.length === 0) return []
  const floor = desiredReplicas(deployment) - maxUnavailable(deployment)
  const unavailableNew = sizeOf(newRS) - (newRS.status?.availableReplicas ?? 0)
  const budget = totalSize(old) + sizeOf(newRS) - floor - unavailableNew
  if (budget <= 0) return []
  const cleanup = planCleanup(old, budget)
  const cleaned = old.map((rs) => {
    const step = cleanup.find((s) => s.name === rs.metadata.name)
    return step ? resized(rs, step.size) : rs
  })
  return [...cleanup, ...planAvailable(cleaned, newRS, floor)]
}

/** k8s 1.36: deployment cleanupUnhealthyReplicas. */
function planCleanup(old: readonly ReplicaSet[], budget: number): ScaleStep[] {
  const steps: ScaleStep[] = []
  let left = budget
  for (const rs of old) {
    if (left <= 0) break
    const unhealthy = sizeOf(rs) - (rs.status?.availableReplicas ?? 0)
    if (sizeOf(rs) === 0 || unhealthy === 0) continue
    const count = Math.min(left, unhealthy)
    if (count < 0) break
    steps.push({ name: rs.metadata.name ?? '', size: sizeOf(rs) - count })
    left -= count
  }
  return steps
}

/** k8s 1.36: deployment scaleDownOldReplicaSetsForRollingUpdate. */
function planAvailable(old: readonly ReplicaSet[], newRS: ReplicaSet, floor: number): ScaleStep[] {
  const steps: ScaleStep[] = []
  let left = totalStatus([...old, newRS], 'availableReplicas') - floor
  for (const rs of old) {
    if (left <= 0) break
    if (sizeOf(rs) === 0) continue
    const count = Math.min(sizeOf(rs), left)
    steps.push({ name: rs.metadata.name ?? '', size: sizeOf(rs) - count })
    left -= count
  }
  return steps
}
