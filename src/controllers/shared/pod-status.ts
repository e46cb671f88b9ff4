import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod, PodCondition } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { podCondition } from './pods.ts'

/** The condition that says why a pod is about to be taken away. k8s 1.36: DisruptionTarget. */
export function disruptionTarget(pod: Pod, nowMs: number, reason: string, message: string): PodCondition {
  const old = podCondition(pod, 'DisruptionTarget')
  const time = formatTime(nowMs)
  return {
    type: 'DisruptionTarget',
    status: 'True',
    reason,
    message,
    observedGeneration: pod.metadata.generation,
    lastTransitionTime: old?.status === 'True' ? old.lastTransitionTime : time,
  } as PodCondition
}

/** Patches a pod's status: conditions are merged by type, other fields replace. k8s 1.36: util/pod PatchPodStatus. */
export function* patchPodStatus(client: Client, pod: Pod, status: Partial<NonNullable<Pod['status']>>): Task {
  const { namespace = '', name = '', uid } = pod.metadata
  yield* client.patch(pods, namespace, name, { metadata: { uid }, status }, 'strategic', { subresource: 'status' })
}
