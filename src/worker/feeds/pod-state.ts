import { POD_STATES, type PodState } from '../protocol.ts'

const CODE = Object.fromEntries(POD_STATES.map((state, code) => [state, code])) as { readonly [state in PodState]: number }

const IMAGE_TROUBLE = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ImageInspectError',
  'RegistryUnavailable',
])
const STARTING = new Set(['ContainerCreating', 'PodInitializing', 'ContainerStatusUnknown'])
const FAILED = new Set([
  'Evicted',
  'Failed',
  'NodeAffinity',
  'OutOfcpu',
  'OutOfmemory',
  'OutOfpods',
  'UnexpectedAdmissionError',
  'Preempting',
  'Terminated',
  'NodeShutdown',
  'Shutdown',
  'DeadlineExceeded',
  'TopologyAffinityError',
])

/** What the word in kubectl's STATUS column and the READY counts mean, as an index into POD_STATES. */
export function podStateCode(pod: {
  readonly status: string
  readonly ready: number
  readonly containers: number
  readonly hasNode: boolean
}): number {
  return CODE[podState(pod)]
}

function podState({
  status,
  ready,
  containers,
  hasNode,
}: {
  readonly status: string
  readonly ready: number
  readonly containers: number
  readonly hasNode: boolean
}): PodState {
  if (status === 'Terminating') return 'terminating'
  if (status === 'Unknown' || status === 'NodeLost') return 'unknown'
  if (status === 'Running') return ready >= containers ? 'ready' : 'notReady'
  if (status === 'NotReady') return 'notReady'
  if (status === 'Completed' || status === 'Succeeded') return 'completed'
  if (FAILED.has(status)) return 'failed'
  if (status === 'Pending' || status === 'SchedulingGated') return hasNode ? 'starting' : 'pending'
  const reason = status.replace(/^Init:/, '')
  if (IMAGE_TROUBLE.has(reason)) return 'image'
  if (STARTING.has(reason) || /^\d+\/\d+$/.test(reason)) return 'starting'
  return 'crash'
}
