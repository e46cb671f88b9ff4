import type { DaemonSet, Deployment, StatefulSet } from '../apimachinery/generated/types.ts'

/** What `kubectl rollout status` prints for the present state, and whether it would stop waiting. */
export interface RolloutStatus {
  readonly message: string
  readonly done: boolean
  /** True when the rollout has failed (progress deadline exceeded). */
  readonly failed?: boolean
}

/** k8s 1.36: kubectl polymorphichelpers DeploymentStatusViewer. */
export function deploymentStatus(deployment: Deployment): RolloutStatus {
  const name = deployment.metadata.name ?? ''
  const { replicas: wanted = 1 } = deployment.spec ?? {}
  const {
    observedGeneration = 0,
    replicas = 0,
    updatedReplicas = 0,
    availableReplicas = 0,
    conditions = [],
  } = deployment.status ?? {}
  if ((deployment.metadata.generation ?? 0) > observedGeneration)
    return { message: 'Waiting for deployment spec update to be observed...', done: false }
  if (conditions.some((c) => c.type === 'Progressing' && c.reason === 'ProgressDeadlineExceeded'))
    return { message: `error: deployment "${name}" exceeded its progress deadline`, done: false, failed: true }
  const waiting = `Waiting for deployment "${name}" rollout to finish:`
  if (updatedReplicas < wanted)
    return { message: `${waiting} ${updatedReplicas} out of ${wanted} new replicas have been updated...`, done: false }
  if (replicas > updatedReplicas)
    return { message: `${waiting} ${replicas - updatedReplicas} old replicas are pending termination...`, done: false }
  if (availableReplicas < updatedReplicas)
    return { message: `${waiting} ${availableReplicas} of ${updatedReplicas} updated replicas are available...`, done: false }
  return { message: `deployment "${name}" successfully rolled out`, done: true }
}

/** k8s 1.36: kubectl polymorphichelpers DaemonSetStatusViewer. */
export function daemonSetStatus(daemonSet: DaemonSet): RolloutStatus {
  const name = daemonSet.metadata.name ?? ''
  if (daemonSet.spec?.updateStrategy?.type === 'OnDelete')
    return { message: 'error: rollout status is only available for RollingUpdate strategy type', done: true, failed: true }
  const {
    observedGeneration = 0,
    updatedNumberScheduled = 0,
    desiredNumberScheduled = 0,
    numberAvailable = 0,
  } = daemonSet.status ?? {}
  if ((daemonSet.metadata.generation ?? 0) > observedGeneration)
    return { message: 'Waiting for daemon set spec update to be observed...', done: false }
  const waiting = `Waiting for daemon set "${name}" rollout to finish:`
  if (updatedNumberScheduled < desiredNumberScheduled)
    return {
      message: `${waiting} ${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...`,
      done: false,
    }
  if (numberAvailable < desiredNumberScheduled)
    return { message: `${waiting} ${numberAvailable} of ${desiredNumberScheduled} updated pods are available...`, done: false }
  return { message: `daemon set "${name}" successfully rolled out`, done: true }
}

/** k8s 1.36: kubectl polymorphichelpers StatefulSetStatusViewer. */
export function statefulSetStatus(set: StatefulSet): RolloutStatus {
  if (set.spec?.updateStrategy?.type === 'OnDelete')
    return { message: 'error: rollout status is only available for RollingUpdate strategy type', done: true, failed: true }
  const {
    observedGeneration = 0,
    readyReplicas = 0,
    updatedReplicas = 0,
    currentRevision = '',
    updateRevision = '',
    currentReplicas = 0,
  } = set.status ?? {}
  if (observedGeneration === 0 || (set.metadata.generation ?? 0) > observedGeneration)
    return { message: 'Waiting for statefulset spec update to be observed...', done: false }
  const wanted = set.spec?.replicas
  if (wanted !== undefined && readyReplicas < wanted)
    return { message: `Waiting for ${wanted - readyReplicas} pods to be ready...`, done: false }
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition
  if (set.spec?.updateStrategy?.type === 'RollingUpdate' && partition !== undefined && partition > 0) {
    const due = (wanted ?? 1) - partition
    if (wanted !== undefined && updatedReplicas < due)
      return {
        message: `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${due} new pods have been updated...`,
        done: false,
      }
    return { message: `partitioned roll out complete: ${updatedReplicas} new pods have been updated...`, done: true }
  }
  if (updateRevision !== currentRevision)
    return {
      message: `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...`,
      done: false,
    }
  return { message: `statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...`, done: true }
}
