/** Statuses that a hollow node writes: what a real kubelet makes of a runtime that only pretends. */
import type { Container, ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from '../apimachinery/generated/types.ts'
import { formatTime } from '../sim/time.ts'
import { qosOf } from '../apiserver/kinds/shared/qos.ts'
import { mountsField, waitingStatus } from './container-waiting.ts'
import {
  containersReadyCondition,
  initializedCondition,
  isKubeletCondition,
  readyCondition,
  readyToStartCondition,
  scheduledCondition,
  withTransitionTimes,
} from './pod-conditions.ts'
import { podPhase } from './pod-phase.ts'
import { podResourceStatus } from './pod-resources.ts'
import { isSidecar } from './restart-rules.ts'

/** How far a hollow pod has come. */
export type HollowStage = 'waiting' | 'sandbox' | 'running' | 'failing' | 'ended'

export interface HollowView {
  readonly pod: Pod
  readonly stage: HollowStage
  readonly nowMs: number
  /** When the kubelet first saw the pod. */
  readonly seenText: string
  /** When the containers were started. */
  readonly startedText: string
  readonly restarts: number
  readonly hostIP: string
  readonly podIP: string
  /** A resize has been allocated that the runtime never carries out. */
  readonly resizing: boolean
  /** Why the pod failed, when it did not simply end. */
  readonly failure?: { readonly reason: string; readonly message: string }
}

const containerId = (pod: Pod, name: string, restarts: number) =>
  `fakeRuntime://${pod.metadata.name ?? ''}_${pod.metadata.namespace ?? ''}_${pod.metadata.uid ?? ''}_${restarts}_${name}_0`

function containerStatus(view: HollowView, container: Container, init: boolean): ContainerStatus {
  const { pod, stage, startedText, restarts } = view
  const sidecar = init && isSidecar(container)
  const waiting = waitingStatus(pod, container)
  const ready = !init
  if (stage === 'waiting' || stage === 'sandbox') return { ...waiting, ready }
  // The first init container runs for ever, so those behind it and the regular ones never start.
  if (blocked(pod, container)) return { ...waiting, ready }
  const containerID = containerId(pod, container.name, 0)
  const ended: ContainerState = {
    terminated: { exitCode: 0, startedAt: startedText, finishedAt: formatTime(view.nowMs), containerID },
  }
  return {
    name: container.name,
    state: stage === 'ended' ? ended : { running: { startedAt: startedText } },
    lastState: restarts > 0 ? { terminated: { exitCode: 0, startedAt: startedText, finishedAt: startedText, containerID } } : {},
    ready: ready || (init && !sidecar && stage === 'ended'),
    restartCount: restarts,
    image: container.image ?? '',
    imageID: container.image ?? '',
    containerID,
    ...(container.resources?.requests ? { allocatedResources: container.resources.requests } : {}),
    resources: container.resources ?? {},
    ...mountsField(container),
  }
}

function blocked(pod: Pod, container: Container): boolean {
  const plain = (pod.spec?.initContainers ?? []).filter((c) => !isSidecar(c))
  return plain.length > 0 && plain[0]?.name !== container.name && !isBefore(pod, container.name, plain[0]?.name ?? '')
}

function isBefore(pod: Pod, name: string, other: string): boolean {
  const names = (pod.spec?.initContainers ?? []).map((c) => c.name)
  return names.includes(name) && names.indexOf(name) < names.indexOf(other)
}

function conditions(view: HollowView, phase: string, statuses: readonly ContainerStatus[]): PodCondition[] {
  const { pod, stage } = view
  const old = pod.status?.conditions ?? []
  const generation = pod.metadata.generation
  const spec = pod.spec ?? { containers: [] }
  const input = { spec, phase: stage === 'failing' ? 'Failed' : phase, statuses, conditions: old, generation }
  const resizing: PodCondition[] = view.resizing
    ? [
        {
          type: 'PodResizeInProgress',
          observedGeneration: generation,
          status: 'True',
          lastTransitionTime: formatTime(view.nowMs),
        },
      ]
    : []
  return [
    ...old.filter((c) => !isKubeletCondition(c.type)),
    ...resizing,
    ...withTransitionTimes(
      [
        readyToStartCondition(input, stage === 'sandbox' || stage === 'running' || stage === 'failing'),
        initializedCondition({ ...input, phase }),
        readyCondition(input),
        containersReadyCondition(input),
        scheduledCondition(input),
      ],
      old,
      formatTime(view.nowMs),
    ),
  ]
}

/** The status that belongs to the pod's stage. */
export function hollowStatus(view: HollowView): PodStatus {
  const { pod, stage, hostIP, podIP, failure } = view
  const spec = pod.spec ?? { containers: [] }
  const containers = spec.containers.map((c) => containerStatus(view, c, false))
  const inits = (spec.initContainers ?? []).map((c) => containerStatus(view, c, true))
  const statuses = [...inits, ...containers]
  const ended = stage === 'ended'
  const live = stage === 'running' || stage === 'failing'
  const known = pod.status?.phase
  const phase =
    ended && failure
      ? 'Failed'
      : ended && (known === 'Succeeded' || known === 'Failed')
        ? known
        : podPhase({ spec, statuses: withStarted(statuses), terminal: ended, initialized: live })
  const shown = ended && phase === 'Pending' ? 'Failed' : phase
  const ip = live || ended ? (spec.hostNetwork ? hostIP : podIP) : ''
  return {
    ...pod.status,
    ...podResourceStatus(pod),
    observedGeneration: pod.metadata.generation,
    phase: shown,
    qosClass: qosOf(pod),
    conditions: conditions(view, shown, statuses),
    ...(ended && failure ? failure : {}),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}),
    startTime: pod.status?.startTime ?? view.seenText,
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: containers,
  }
}

/** Without a prober nothing sets `started`; sidecars count as started once a regular container runs. */
function withStarted(statuses: readonly ContainerStatus[]): readonly ContainerStatus[] {
  return statuses.map((s) => (s.state?.running ? { ...s, started: true } : s))
}
