import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { podCondition } from '../shared/pods.ts'

/** Sets the Ready condition of a silent node's pods to False. k8s 1.36: util/node MarkPodsNotReady. */
export function* markPodsNotReady(client: Client, recorder: EventRecorder, list: readonly Pod[]): Task {
  let failure: StatusError | null = null
  for (const pod of list) {
    const ready = podCondition(pod, 'Ready')
    if (!ready || ready.status === 'False') continue
    const lastTransitionTime = formatTime(client.sim.now)
    const conditions = (pod.status?.conditions ?? []).map((condition) =>
      condition === ready ? { ...ready, status: 'False', lastTransitionTime } : condition,
    )
    try {
      yield* client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } })
    } catch (error) {
      if (isNotFound(error)) continue
      if (!(error instanceof StatusError)) throw error
      failure ??= error
    }
    recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
  }
  if (failure) throw failure
}
