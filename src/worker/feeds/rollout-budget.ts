import { daemonsets, deployments, statefulsets } from '../../apimachinery/generated/resources.ts'
import type { DaemonSet, Deployment, IntOrString, StatefulSet } from '../../apimachinery/generated/types.ts'
import { scaledIntOrPercent } from '../../apimachinery/intstr.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import type { RolloutView } from '../rollout/protocol.ts'

type Budget = Pick<RolloutView, 'strategy' | 'desired' | 'maxTotal' | 'minAvailable' | 'maxSurge' | 'maxUnavailable'>

/** How many pods an update may have at most and at least. */
export function budgetOf(ref: ResourceRef, object: KubeObject): Budget {
  if (ref === daemonsets) {
    const { updateStrategy } = (object as DaemonSet).spec ?? {}
    const desired = (object as DaemonSet).status?.desiredNumberScheduled ?? 0
    const { maxSurge = 0, maxUnavailable = 1 } = updateStrategy?.rollingUpdate ?? {}
    return budget(updateStrategy?.type ?? '', desired, maxSurge, maxUnavailable)
  }
  if (ref === deployments) {
    const { strategy, replicas = 1 } = (object as Deployment).spec ?? {}
    if (strategy?.type === 'Recreate') return budget('Recreate', replicas, 0, '100%')
    const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {}
    return budget('RollingUpdate', replicas, maxSurge, maxUnavailable)
  }
  const { replicas = 1 } = (object as StatefulSet).spec ?? {}
  if (ref !== statefulsets) return noBudget(replicas)
  const { updateStrategy } = (object as StatefulSet).spec ?? {}
  return budget(updateStrategy?.type ?? '', replicas, 0, updateStrategy?.rollingUpdate?.maxUnavailable ?? 1)
}

/** For what does not roll out: just so many pods. */
export function noBudget(desired: number): Budget {
  return { strategy: '', desired, maxTotal: desired, minAvailable: desired, maxSurge: '', maxUnavailable: '' }
}

/** k8s 1.36: deployment util ResolveFenceposts (surge rounds up, unavailable down; not both zero). */
function budget(strategy: string, desired: number, surge: IntOrString, unavailable: IntOrString): Budget {
  const up = scaledIntOrPercent(surge, desired, 'up')
  const down = scaledIntOrPercent(unavailable, desired, 'down')
  const allowed = up === 0 && down === 0 ? 1 : Math.min(down, desired)
  return {
    strategy,
    desired,
    maxTotal: desired + up,
    minAvailable: desired - allowed,
    maxSurge: String(surge),
    maxUnavailable: String(unavailable),
  }
}
