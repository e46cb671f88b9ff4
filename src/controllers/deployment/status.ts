import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../apimachinery/generated/types.ts'
import { formatTime } from '../../sim/time.ts'
import { omitEmpty } from '../shared/text.ts'
import { desiredReplicas, maxUnavailable } from './fenceposts.ts'
import { allOf, totalSize, totalStatus, totalTerminating, type ReplicaSets } from './replica-sets.ts'

type Conditions = readonly DeploymentCondition[]

export function conditionOf(conditions: Conditions | undefined, type: string): DeploymentCondition | undefined {
  return conditions?.find((condition) => condition.type === type)
}

export function withoutCondition(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type)
}

export function newCondition(nowMs: number, type: string, status: string, reason: string, message: string): DeploymentCondition {
  const time = formatTime(nowMs)
  return { type, status, reason, message, lastUpdateTime: time, lastTransitionTime: time }
}

/**
 * Sets a condition. One with the same status and reason stays as it is; the transition time follows the status only.
 * k8s 1.36: deployment util SetDeploymentCondition.
 */
export function setCondition(conditions: Conditions, condition: DeploymentCondition): Conditions {
  const current = conditionOf(conditions, condition.type)
  if (current && current.status === condition.status && current.reason === condition.reason) return conditions
  const kept = current?.status === condition.status ? { ...condition, lastTransitionTime: current.lastTransitionTime } : condition
  return [...withoutCondition(conditions, condition.type), kept]
}

/** k8s 1.36: deployment calculateStatus. */
export function calculateStatus(deployment: Deployment, sets: ReplicaSets, nowMs: number): DeploymentStatus {
  const all = allOf(sets)
  const availableReplicas = totalStatus(all, 'availableReplicas')
  const enough = availableReplicas >= desiredReplicas(deployment) - maxUnavailable(deployment)
  const available = enough
    ? newCondition(nowMs, 'Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
    : newCondition(nowMs, 'Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.')
  const { collisionCount, conditions = [] } = deployment.status ?? {}
  const terminatingReplicas = totalTerminating(all)
  return {
    ...omitEmpty<DeploymentStatus>({
      observedGeneration: deployment.metadata.generation,
      replicas: totalStatus(all, 'replicas'),
      updatedReplicas: sets.newRS?.status?.replicas,
      readyReplicas: totalStatus(all, 'readyReplicas'),
      availableReplicas,
      unavailableReplicas: Math.max(0, totalSize(all) - availableReplicas),
      conditions: setCondition(conditions, available),
    }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }),
  }
}

/** All pods are of the new template and available. k8s 1.36: deployment util DeploymentComplete. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const desired = desiredReplicas(deployment)
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = status ?? {}
  return (
    updatedReplicas === desired &&
    replicas === desired &&
    availableReplicas === desired &&
    observedGeneration >= (deployment.metadata.generation ?? 0)
  )
}
