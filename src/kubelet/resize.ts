/**
 * Changing the resources of running containers. Source: k8s 1.36 kuberuntime computePodResizeAction.
 * SIMPLIFIED: done at once and without conditions: PodResizePending (deferred, infeasible) and PodResizeInProgress are
 * not shown, and room on the node is not asked about again.
 */
import { jsonEqual } from '../apimachinery/equal.ts'
import type { Container, Pod, ResourceRequirements } from '../apimachinery/generated/types.ts'
import { milliValue, value } from '../apimachinery/quantity.ts'
import type { CriPod, RuntimeService } from './cri.ts'
import type { KillOrder } from './pod-actions.ts'

/** What each running container was given, by container id. */
export type AppliedResources = Map<string, ResourceRequirements>

function needsRestart(container: Container, before: ResourceRequirements): boolean {
  return ['cpu', 'memory'].some((resource) => {
    const policy = container.resizePolicy?.find((p) => p.resourceName === resource)?.restartPolicy
    if (policy !== 'RestartContainer') return false
    const { limits, requests } = container.resources ?? {}
    return limits?.[resource] !== before.limits?.[resource] || requests?.[resource] !== before.requests?.[resource]
  })
}

/** Applies new sizes where the policy allows it; gives the containers that have to be restarted for theirs. */
export function resizeContainers(
  runtime: RuntimeService,
  pod: Pod,
  cri: CriPod | undefined,
  applied: AppliedResources,
): readonly KillOrder[] {
  const orders: KillOrder[] = []
  for (const container of pod.spec?.containers ?? []) {
    const running = cri?.containers.find((c) => c.name === container.name && c.state === 'running')
    if (!running) continue
    const wanted = container.resources ?? {}
    const before = applied.get(running.id)
    applied.set(running.id, wanted)
    if (!before || jsonEqual(before, wanted)) continue
    if (needsRestart(container, before)) {
      const message = `Container ${container.name} resize requires restart`
      orders.push({ container, id: running.id, message, reason: 'other' })
      continue
    }
    const { memory = '0', cpu = '0' } = wanted.limits ?? {}
    const cpuRequestMilli = milliValue(wanted.requests?.['cpu'] ?? '0')
    runtime.updateResources(running.id, { memoryBytes: value(memory), cpuMilli: milliValue(cpu), cpuRequestMilli })
  }
  return orders
}
