/** What a pod's inside shows when zoomed in: its sandbox and containers, from the Pod object. */
import type { KubeObject } from '../../../apimachinery/resource.ts'
import type { ContainerStatus, Pod } from '../../../apimachinery/generated/types.ts'

export interface ContainerBox {
  readonly role: 'pause' | 'init' | 'sidecar' | 'container'
  readonly name: string
  readonly image: string
  /** kubectl's word: Running, Waiting's or Terminated's reason. */
  readonly status: string
  /** Index into POD_STATES, for the shape. */
  readonly state: number
  readonly restarts: number
}

const READY = 0
const NOT_READY = 1
const STARTING = 3
const CRASH = 4
const IMAGE = 5
const COMPLETED = 7
const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
  'ErrImageNeverPull',
])

export function podInside(object: KubeObject | null): readonly ContainerBox[] {
  if (!object) return []
  const { spec, status } = object as Pod
  if (!spec) return []
  const statuses = new Map<string, ContainerStatus>()
  for (const one of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) statuses.set(one.name, one)
  const boxes: ContainerBox[] = []
  const sandbox = Boolean(status?.podIP) || [...statuses.values()].some((one) => one.state?.running)
  boxes.push({
    role: 'pause',
    name: 'pause',
    image: '',
    status: sandbox ? 'Running' : 'Waiting',
    state: sandbox ? READY : STARTING,
    restarts: 0,
  })
  for (const { name, image, restartPolicy } of spec.initContainers ?? [])
    boxes.push(boxOf(restartPolicy === 'Always' ? 'sidecar' : 'init', name, image ?? '', statuses.get(name)))
  for (const { name, image } of spec.containers) boxes.push(boxOf('container', name, image ?? '', statuses.get(name)))
  return boxes
}

function boxOf(role: ContainerBox['role'], name: string, image: string, status: ContainerStatus | undefined): ContainerBox {
  const base = { role, name, image, restarts: status?.restartCount ?? 0 }
  const state = status?.state
  if (state?.running) return { ...base, status: 'Running', state: status?.ready ? READY : NOT_READY }
  if (state?.terminated) {
    const { exitCode, reason } = state.terminated
    return { ...base, status: reason ?? (exitCode === 0 ? 'Completed' : 'Error'), state: exitCode === 0 ? COMPLETED : CRASH }
  }
  const reason = state?.waiting?.reason ?? 'Waiting'
  const code = IMAGE_REASONS.has(reason) ? IMAGE : reason === 'CrashLoopBackOff' ? CRASH : STARTING
  return { ...base, status: reason, state: code }
}
