import type { ContainerStatus, Pod, PodStatus } from '../apimachinery/generated/types.ts'
import { isStaticPod, isTerminalPhase } from './pod-facts.ts'
import { isSidecar } from './restart-rules.ts'

const UNKNOWN: ContainerStatus['state'] = {
  terminated: {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
  },
}

const end = (status: ContainerStatus): ContainerStatus => (status.state?.terminated ? status : { ...status, state: UNKNOWN })

/** Whether a regular container ever got its chance. */
function hasInitialized(pod: Pod): boolean {
  const inits = pod.spec?.initContainers ?? []
  if (inits.length === 0) return true
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  if (containerStatuses.some((s) => s.lastState?.terminated || !s.state?.waiting)) return true
  const last = initContainerStatuses.at(-1)
  const spec = inits.find((c) => c.name === last?.name)
  if (!last || !spec) return false
  if (isSidecar(spec)) return last.state?.running !== undefined && last.started === true
  return last.state?.terminated?.exitCode === 0 || last.lastState?.terminated?.exitCode === 0
}

function startedInits(statuses: readonly ContainerStatus[]): number {
  const last = statuses.findLastIndex((s) => !s.state?.waiting || s.lastState?.terminated)
  return last >= 0 ? last + 1 : Math.min(1, statuses.length)
}

/**
 * The last status of a pod: every container that may have run has ended, and so has the pod.
 * k8s 1.36: kubelet status manager TerminatePod.
 */
export function finalStatus(pod: Pod, status: PodStatus): PodStatus {
  const inits = status.initContainerStatuses
  const reached = inits ? startedInits(inits) : 0
  return {
    ...status,
    ...(status.containerStatuses && hasInitialized(pod) ? { containerStatuses: status.containerStatuses.map(end) } : {}),
    ...(inits ? { initContainerStatuses: inits.map((s, i) => (i < reached ? end(s) : s)) } : {}),
    ...(isStaticPod(pod) || isTerminalPhase(status.phase) ? {} : { phase: 'Failed' }),
  }
}
