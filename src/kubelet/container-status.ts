/** Container statuses as the API shows them. Source: k8s 1.36 kubelet convertToAPIContainerStatuses. */
import type { Container, ContainerState, ContainerStatus, Pod } from '../apimachinery/generated/types.ts'
import { formatTime } from '../sim/time.ts'
import { mountsField, waitingStatus } from './container-waiting.ts'
import type { CriContainer, CriPod } from './cri.ts'
import { newest, shouldBeStarted } from './pod-facts.ts'

export interface WaitingReason {
  readonly reason: string
  readonly message: string
}

export interface StatusSource {
  readonly pod: Pod
  readonly cri: CriPod | undefined
  readonly runtimeName: string
  /** Why a container could not be started last time. */
  readonly reasons: ReadonlyMap<string, WaitingReason>
  readonly old: readonly ContainerStatus[] | undefined
}

function stateOf(c: CriContainer, runtimeName: string): ContainerState {
  if (c.state === 'running') return { running: { startedAt: formatTime(c.startedMs) } }
  if (c.state === 'created') return { waiting: {} }
  return {
    terminated: {
      exitCode: c.exitCode,
      ...(c.reason ? { reason: c.reason } : {}),
      ...(c.message ? { message: c.message } : {}),
      startedAt: formatTime(c.startedMs),
      finishedAt: formatTime(c.finishedMs),
      containerID: `${runtimeName}://${c.id}`,
    },
  }
}

const LOST = {
  terminated: {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was deleted.  The container used to be Running',
    startedAt: undefined,
    finishedAt: undefined,
  },
}

/** The status of a container of which the runtime knows nothing. */
function unseen(source: StatusSource, container: Container, old: ContainerStatus | undefined): ContainerStatus {
  const waiting = waitingStatus(source.pod, container)
  if (!old) return waiting
  if (old.state?.terminated) return old
  const kept = { ...waiting, restartCount: old.restartCount, lastState: old.lastState ?? {} }
  if (!old.state?.running || old.lastState?.terminated) return kept
  const deleted = source.pod.metadata.deletionTimestamp !== undefined
  return { ...kept, lastState: LOST, restartCount: kept.restartCount + (deleted ? 0 : 1) }
}

function seen(source: StatusSource, container: Container, c: CriContainer, old: ContainerStatus | undefined): ContainerStatus {
  const { runtimeName, cri } = source
  const containerID = `${runtimeName}://${c.id}`
  const before = cri?.containers.find((other) => other.name === c.name && other !== c)
  const lastState: ContainerState = before
    ? stateOf(before, runtimeName)
    : old && old.containerID !== containerID && old.state?.terminated
      ? { terminated: old.state.terminated }
      : (old?.lastState ?? {})
  return {
    name: c.name,
    state: stateOf(c, runtimeName),
    lastState,
    ready: false,
    restartCount: Math.max(c.attempt, old?.restartCount ?? 0),
    image: c.image,
    imageID: c.imageRef,
    containerID,
    ...(c.state === 'running' && old?.containerID === containerID && old.started !== undefined ? { started: old.started } : {}),
    ...(container.resources?.requests ? { allocatedResources: container.resources.requests } : {}),
    resources: container.resources ?? {},
    ...mountsField(container),
    user: { linux: { gid: 0, supplementalGroups: [0], uid: container.securityContext?.runAsUser ?? 0 } },
  }
}

/** One status per container, in the order given. `started` and `ready` are for the prober to fill. */
export function containerStatuses(source: StatusSource, containers: readonly Container[], init: boolean): ContainerStatus[] {
  const { pod, cri, reasons } = source
  return containers.map((container) => {
    const old = source.old?.find((s) => s.name === container.name)
    const c = newest(cri, container.name)
    const status = c ? seen(source, container, c, old) : unseen(source, container, old)
    if (init && c?.state === 'exited' && c.exitCode === 0) return status
    const waiting = shouldBeStarted(pod, container, cri) ? reasons.get(container.name) : undefined
    if (!waiting) return status
    return {
      ...status,
      state: { waiting: { reason: waiting.reason, ...(waiting.message ? { message: waiting.message } : {}) } },
      ...(status.state?.terminated ? { lastState: { terminated: status.state.terminated } } : {}),
    }
  })
}
