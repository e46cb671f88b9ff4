/** The status that the kubelet gives a pod. Source: k8s 1.36 kubelet generateAPIPodStatus. */
import type { ContainerStatus, Pod, PodStatus } from '../apimachinery/generated/types.ts'
import { qosOf } from '../apiserver/kinds/shared/qos.ts'
import { containerStatuses, type StatusSource, type WaitingReason } from './container-status.ts'
import type { CriPod } from './cri.ts'
import {
  containersReadyCondition,
  initializedCondition,
  isKubeletCondition,
  readyCondition,
  readyToStartCondition,
  scheduledCondition,
} from './pod-conditions.ts'
import { ephemeralContainers, isStaticPod, isTerminalPhase, readySandbox } from './pod-facts.ts'
import { podPhase } from './pod-phase.ts'
import { podResourceStatus } from './pod-resources.ts'

/** Fills `started` and `ready` of container statuses. */
export interface Readiness {
  apply(statuses: readonly ContainerStatus[], init: boolean): ContainerStatus[]
}

export interface PodStatusInput {
  readonly pod: Pod
  readonly cri: CriPod | undefined
  readonly runtimeName: string
  readonly hostIP: string
  /** The status that the kubelet generated last; the API's when it has none. */
  readonly old: PodStatus
  readonly reasons: ReadonlyMap<string, WaitingReason>
  readonly readiness: Readiness
  /** Nothing will be started any more. */
  readonly terminal: boolean
  /** Set when the kubelet itself ends the pod: deadline, eviction, shutdown. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined
}

/** A new status; times of transitions are still to be set. */
export function generatePodStatus(input: PodStatusInput): PodStatus {
  const { pod, cri, old, readiness, hostIP, failure } = input
  const spec = pod.spec ?? { containers: [] }
  const source = (statuses: StatusSource['old']): StatusSource => ({ ...input, old: statuses })
  const containers = readiness.apply(containerStatuses(source(old.containerStatuses), spec.containers, false), false)
  const inits = readiness.apply(containerStatuses(source(old.initContainerStatuses), spec.initContainers ?? [], true), true)
  const ephemeral = containerStatuses(source(old.ephemeralContainerStatuses), ephemeralContainers(pod), false)
  const statuses = [...inits, ...containers]
  const sandbox = readySandbox(cri)
  const initialized = spec.containers.some((c) =>
    cri?.containers.some((r) => r.name === c.name && r.sandboxId === sandbox?.id && r.startedMs > 0),
  )
  let phase: string = podPhase({ spec, statuses, terminal: input.terminal, initialized, isStatic: isStaticPod(pod) })
  if (!isTerminalPhase(phase) && isTerminalPhase(old.phase)) phase = old.phase ?? phase
  if (isTerminalPhase(pod.status?.phase)) phase = pod.status?.phase ?? phase
  let reason = phase === old.phase ? old.reason || pod.status?.reason : undefined
  let message = phase === old.phase ? old.message || pod.status?.message : undefined
  if (failure) {
    phase = 'Failed'
    reason = failure.reason
    message = failure.message
  }
  const ip = spec.hostNetwork ? hostIP : (sandbox ?? cri?.sandboxes[0])?.ip
  const given = pod.status?.conditions ?? []
  const conditions = { spec, phase, statuses, conditions: old.conditions ?? given, generation: pod.metadata.generation }
  const disruption = old.conditions?.find((c) => c.type === 'DisruptionTarget')
  return {
    phase,
    qosClass: qosOf(pod),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    conditions: [
      ...given.filter((c) => !isKubeletCondition(c.type) && c.type !== 'DisruptionTarget'),
      ...(disruption ? [disruption] : []),
      readyToStartCondition(conditions, sandbox !== undefined),
      initializedCondition(conditions),
      readyCondition({ ...conditions, conditions: given }),
      containersReadyCondition(conditions),
      scheduledCondition(conditions),
    ],
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}),
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: containers.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    ...podResourceStatus(pod),
  }
}
