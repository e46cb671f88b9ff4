import type { Deployment, Pod, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { desiredReplicas } from './fenceposts.ts'
import { isActive, sizeOf, totalStatus } from './replica-sets.ts'
import type { ScaleStep } from './scale.ts'

/** Every old ReplicaSet goes to nothing first. k8s 1.36: deployment scaleDownOldReplicaSetsForRecreate. */
export function planStopOld(oldRSs: readonly ReplicaSet[]): ScaleStep[] {
  return oldRSs.filter(isActive).map((rs) => ({ name: rs.metadata.name ?? '', size: 0 }))
}

/**
 * Whether pods of old ReplicaSets still run, or one of these says so.
 * k8s 1.36: deployment oldPodsRunning.
 */
export function oldPodsRunning(oldRSs: readonly ReplicaSet[], podsOf: (rs: ReplicaSet) => readonly Pod[]): boolean {
  return totalStatus(oldRSs, 'replicas') > 0 || oldRSs.some((rs) => podsOf(rs).some((pod) => !isPodTerminal(pod)))
}

/** k8s 1.36: deployment scaleUpNewReplicaSetForRecreate. */
export function planStartNew(deployment: Deployment, newRS: ReplicaSet): ScaleStep[] {
  const size = desiredReplicas(deployment)
  return sizeOf(newRS) === size ? [] : [{ name: newRS.metadata.name ?? '', size }]
}
