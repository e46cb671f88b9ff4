import type { Deployment, IntOrString } from '../../apimachinery/generated/types.ts'
import { scaledIntOrPercent } from '../../apimachinery/intstr.ts'

/**
 * How many pods may be above and below the wanted number. Surge rounds up, unavailability down; when both come to
 * nothing, one pod may be missing. k8s 1.36: deployment util ResolveFenceposts.
 */
export function resolveFenceposts(
  maxSurge: IntOrString | undefined,
  maxUnavailable: IntOrString | undefined,
  desired: number,
): { readonly surge: number; readonly unavailable: number } {
  const surge = scaledIntOrPercent(maxSurge ?? 0, desired, 'up')
  const unavailable = scaledIntOrPercent(maxUnavailable ?? 0, desired, 'down')
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

export const desiredReplicas = (deployment: Deployment): number => deployment.spec?.replicas ?? 1

export const isRollingUpdate = (deployment: Deployment): boolean =>
  (deployment.spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate'

function fencepostsOf(deployment: Deployment) {
  const { maxSurge, maxUnavailable } = deployment.spec?.strategy?.rollingUpdate ?? {}
  return resolveFenceposts(maxSurge, maxUnavailable, desiredReplicas(deployment))
}

/** k8s 1.36: deployment util MaxSurge. */
export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fencepostsOf(deployment).surge : 0
}

/** k8s 1.36: deployment util MaxUnavailable. */
export function maxUnavailable(deployment: Deployment): number {
  const desired = desiredReplicas(deployment)
  return isRollingUpdate(deployment) && desired > 0 ? Math.min(fencepostsOf(deployment).unavailable, desired) : 0
}

/** k8s 1.36: deployment util MinAvailable. */
export function minAvailable(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? desiredReplicas(deployment) - maxUnavailable(deployment) : 0
}
