import { pods } from '../apimachinery/generated/resources.ts'
import type { Pod, PodCondition } from '../apimachinery/generated/types.ts'
import { StatusError } from '../apimachinery/errors.ts'
import type { Client } from '../client/client.ts'
import type { Task } from '../sim/task.ts'
import { formatTime } from '../sim/time.ts'

interface StatusChange {
  readonly condition?: { readonly type: string; readonly status: string; readonly reason: string; readonly message: string }
  /** '' takes the nomination back; undefined leaves it. */
  readonly nominatedNodeName?: string
}

/** The patch that brings the change about; null if the pod says so already. k8s 1.36: updatePod, UpdatePodCondition. */
function statusPatch({ metadata, status }: Pod, { condition, nominatedNodeName }: StatusChange, nowMs: number): object | null {
  const patch: { conditions?: readonly PodCondition[]; nominatedNodeName?: string | null } = {}
  const old = status?.conditions?.find(({ type }) => type === condition?.type)
  const same = old?.status === condition?.status && old?.reason === condition?.reason && old?.message === condition?.message
  if (condition && !same) {
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : formatTime(nowMs)
    patch.conditions = [{ ...condition, lastTransitionTime, observedGeneration: metadata.generation }]
  }
  if (nominatedNodeName !== undefined && nominatedNodeName !== (status?.nominatedNodeName ?? ''))
    patch.nominatedNodeName = nominatedNodeName || null
  return Object.keys(patch).length > 0 ? { status: patch } : null
}

/** Writes the change to the pod's status, if it is one. Throws StatusError. */
export function* patchStatus(client: Client, pod: Pod, change: StatusChange): Task {
  const patch = statusPatch(pod, change, client.sim.now)
  const { namespace = '', name = '' } = pod.metadata
  if (patch) yield* client.patch(pods, namespace, name, patch, 'strategic', { subresource: 'status' })
}

/** The same where a refusal does not matter: the next attempt writes again. */
export function* tryPatchStatus(client: Client, pod: Pod, change: StatusChange): Task {
  try {
    yield* patchStatus(client, pod, change)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
  }
}
