import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Pod, ReplicaSetCondition, ReplicaSetStatus } from '../../apimachinery/generated/types.ts'
import { mapSelects, type Labels } from '../../apimachinery/selectors.ts'
import { formatTime } from '../../sim/time.ts'
import { isPodAvailable, isPodReady } from '../shared/pods.ts'
import { omitEmpty } from '../shared/text.ts'

/** What a ReplicaSet's or ReplicationController's status is computed from. */
export interface StatusInput {
  readonly status: ReplicaSetStatus | undefined
  readonly generation: number
  readonly replicas: number
  readonly templateLabels: Labels | undefined
  readonly minReadySeconds: number
  readonly active: readonly Pod[]
  /** Terminating pods; undefined for kinds that do not count them. */
  readonly terminating: number | undefined
  /** Why creating or deleting pods failed in this sync, or null. */
  readonly failure: string | null
  readonly nowMs: number
}

/** k8s 1.36: replicaset calculateStatus. */
export function calculateStatus(input: StatusInput): ReplicaSetStatus {
  const { active, terminating, nowMs } = input
  let fullyLabeledReplicas = 0
  let readyReplicas = 0
  let availableReplicas = 0
  for (const pod of active) {
    if (mapSelects(input.templateLabels, pod.metadata.labels)) fullyLabeledReplicas++
    if (isPodReady(pod)) readyReplicas++
    if (isPodAvailable(pod, input.minReadySeconds, nowMs)) availableReplicas++
  }
  return {
    replicas: active.length,
    ...omitEmpty({
      fullyLabeledReplicas,
      readyReplicas,
      availableReplicas,
      observedGeneration: input.generation,
      conditions: withFailure(input),
    }),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
  }
}

function withFailure({ status, active, replicas, failure, nowMs }: StatusInput): readonly ReplicaSetCondition[] {
  const conditions = status?.conditions ?? []
  const present = conditions.some((condition) => condition.type === 'ReplicaFailure')
  if (failure !== null && !present) {
    const reason = active.length < replicas ? 'FailedCreate' : active.length > replicas ? 'FailedDelete' : ''
    const condition = { type: 'ReplicaFailure', status: 'True', lastTransitionTime: formatTime(nowMs), reason, message: failure }
    return [...conditions, omitEmpty(condition)]
  }
  return failure === null && present ? conditions.filter((condition) => condition.type !== 'ReplicaFailure') : conditions
}

/** Whether the status need not be written. */
export function isStatusCurrent(old: ReplicaSetStatus | undefined, status: ReplicaSetStatus): boolean {
  return jsonEqual({ replicas: 0, ...old }, status)
}
