import { isNotFound, StatusError } from '../apimachinery/errors.ts'
import { pods } from '../apimachinery/generated/resources.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import type { EventType } from '../client/recorder.ts'
import { all, type Task } from '../sim/task.ts'
import type { Candidate } from './framework.ts'
import type { Listers } from './listers.ts'
import type { Nominator } from './nominator.ts'
import type { PodInfo } from './pod-info.ts'
import { patchStatus, tryPatchStatus } from './pod-status.ts'

interface EvictorParts {
  readonly client: Client
  /** Records an event about a pod in the name of the scheduler of another. */
  readonly record: (by: Pod, about: Pod, type: EventType, reason: string, message: string) => void
  readonly listers: Listers
  readonly nominator: Nominator
  /** Runs a task in the background. */
  readonly run: (task: Task) => void
  /** Puts the pod back into the queue at once. */
  readonly retry: (pod: PodInfo) => void
}

/**
 * Deletes the victims of a preemption while the scheduler goes on with other pods. k8s 1.36: preemption Executor
 * (asynchronous preemption).
 * SIMPLIFIED: a victim that is itself still being bound is deleted through the API, not stopped in memory.
 */
export class Evictor {
  private readonly parts: EvictorParts
  /** Preemptors under way, each with its last victim once that is the only one left. */
  private readonly running = new Map<string, PodInfo | null>()

  constructor(parts: EvictorParts) {
    this.parts = parts
  }

  /** Whether victims of this pod are still to be deleted. */
  isPreempting(podUid: string): boolean {
    const last = this.running.get(podUid)
    if (!last) return last === null
    const stored = this.parts.listers.pod(last.namespace, last.name)
    return stored !== undefined && stored.metadata.deletionTimestamp === undefined
  }

  /** Begins to make room for the pod on the candidate's node. */
  start(preemptor: PodInfo, candidate: Candidate): void {
    const victims = candidate.victims.filter(({ terminating }) => !terminating)
    if (victims.length === 0) return
    this.running.set(preemptor.uid, null)
    this.parts.run(this.evictAll(preemptor, victims, candidate.nodeName))
  }

  private *evictAll(preemptor: PodInfo, victims: readonly PodInfo[], nodeName: string): Task {
    try {
      yield* this.clearNominations(preemptor, nodeName)
      const last = victims.at(-1)
      yield* all(victims.slice(0, -1).map((victim) => this.evict(preemptor, victim, nodeName)))
      if (!last) return
      this.running.set(preemptor.uid, last)
      yield* this.evict(preemptor, last, nodeName)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.running.delete(preemptor.uid)
      this.parts.retry(preemptor)
    } finally {
      this.running.delete(preemptor.uid)
    }
  }

  /** Less important pods that wait for the same node had better look elsewhere. */
  private *clearNominations(preemptor: PodInfo, nodeName: string): Task {
    const nominated = [...(this.parts.nominator.podsFor(nodeName) ?? [])].filter((pod) => pod.priority < preemptor.priority)
    for (const { pod } of nominated) yield* tryPatchStatus(this.parts.client, pod, { nominatedNodeName: '' })
  }

  private *evict(preemptor: PodInfo, victim: PodInfo, nodeName: string): Task {
    const { client, record } = this.parts
    const message = `${preemptor.pod.spec?.schedulerName}: preempting to accommodate a higher priority pod`
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message }
    try {
      yield* patchStatus(client, victim.pod, { condition })
      yield* client.delete(pods, victim.namespace, victim.name)
    } catch (error) {
      if (!isNotFound(error)) throw error
      return
    }
    record(preemptor.pod, victim.pod, 'Normal', 'Preempted', `Preempted by pod ${preemptor.uid} on node ${nodeName}`)
  }
}
