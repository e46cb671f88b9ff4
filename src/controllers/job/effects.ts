import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { jobs, pods as podsRef } from '../../apimachinery/generated/resources.ts'
import type { Job, Pod } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import { Requeue } from '../../client/controller.ts'
import type { EventRecorder, EventType } from '../../client/recorder.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Task } from '../../sim/task.ts'
import type { Expectations } from '../shared/expectations.ts'
import type { OwnWrites, SeenRevision } from '../shared/own-writes.ts'
import { isNamespaceTerminating, type PodControl } from '../shared/pod-control.ts'
import { isPodReady } from '../shared/pods.ts'
import { slowStart, together } from '../shared/slow-start.ts'
import type { BackoffRecord } from './backoff.ts'
import type { JobFacts } from './facts.ts'
import { jobPod, jobPodTemplate } from './pod-template.ts'
import { isTracked, TRACKING_FINALIZER, uidOf } from './pods.ts'
import type { Created, Deleted, JobEffects } from './sync.ts'

export interface JobParts {
  readonly client: Client
  readonly recorder: EventRecorder
  readonly podControl: PodControl
  readonly expectations: Expectations
  readonly ownWrites: OwnWrites
  readonly seenPods: SeenRevision
  readonly seenJobs: SeenRevision
  readonly queue: WorkQueue
  /** Uids of pods per Job key whose finalizer was removed and whose update has not come back. */
  readonly released: Map<string, Set<string>>
  readonly backoffs: Map<string, BackoffRecord>
  /** Uids of Jobs that have ended; the cache may not know yet. */
  readonly finishedJobs: Set<string>
}

/** Removes the tracking finalizer of a pod. Throws the refusal. */
export function* releasePod(client: Client, pod: Pod): Task<Pod | null> {
  if (!isTracked(pod)) return null
  const { namespace = '', name = '' } = pod.metadata
  const metadata = { '$deleteFromPrimitiveList/finalizers': [TRACKING_FINALIZER] }
  return yield* client.patch(podsRef, namespace, name, { metadata })
}

/** A sync's effects on the API server. */
export class ApiJobEffects implements JobEffects {
  private readonly parts: JobParts
  private readonly job: Job
  private readonly key: string

  constructor(parts: JobParts, job: Job) {
    this.parts = parts
    this.job = job
    this.key = keyOf(job)
  }

  *deleteActive(doomed: readonly Pod[]): Task<Deleted> {
    return yield* this.deleteEach(doomed, (pod) => this.deletePod(pod))
  }

  *deleteSurplus(doomed: readonly Pod[]): Task<Deleted> {
    this.parts.expectations.expectDeletions(this.key, doomed.map(keyOf))
    return yield* this.deleteEach(doomed, (pod) => this.releaseAndDelete(pod))
  }

  private *deleteEach(doomed: readonly Pod[], remove: (pod: Pod) => Task): Task<Deleted> {
    let ready = 0
    const { successes, error } = yield* together(doomed.length, function* (i) {
      const pod = doomed[i]
      if (!pod) return
      if (isPodReady(pod)) ready++
      yield* remove(pod)
    })
    return { count: successes, ready, error }
  }

  private *deletePod(pod: Pod): Task {
    try {
      yield* this.parts.podControl.delete(pod.metadata.namespace ?? '', pod.metadata.name ?? '', this.job)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  private *releaseAndDelete(pod: Pod): Task {
    const { client, podControl, expectations, ownWrites, seenPods } = this.parts
    try {
      const patched = yield* releasePod(client, pod)
      if (patched) ownWrites.wrote(this.key, seenPods, patched)
      yield* podControl.delete(pod.metadata.namespace ?? '', pod.metadata.name ?? '', this.job)
    } catch (error) {
      expectations.deletionObserved(this.key, keyOf(pod))
      if (!isNotFound(error)) throw error
    }
  }

  *create(facts: JobFacts, count: number, indexes: readonly number[] | undefined): Task<Created> {
    const { expectations } = this.parts
    const template = jobPodTemplate(this.job)
    expectations.expectCreations(this.key, count)
    const { successes, error } = yield* slowStart(count, (i) => {
      const index = indexes?.[i]
      const replaced = index === undefined ? undefined : facts.indexed?.awaitingReplacement.get(index)
      return this.createPod(jobPod(this.job, template, index, replaced))
    })
    expectations.creationObserved(this.key, count - successes)
    return { count: successes, error }
  }

  private *createPod(pod: Pod): Task {
    const { podControl, ownWrites, seenPods } = this.parts
    try {
      ownWrites.wrote(this.key, seenPods, yield* podControl.create(pod, this.job))
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error
    }
  }

  *updateStatus(job: Job): Task<Job> {
    const stored = yield* this.parts.client.updateStatus(jobs, job)
    this.parts.ownWrites.wrote(this.key, this.parts.seenJobs, stored)
    return stored
  }

  *release(doomed: readonly Pod[]): Task<{ readonly uids: readonly string[]; readonly error: StatusError | Requeue | null }> {
    if (doomed.length === 0) return { uids: [], error: null }
    const { released } = this.parts
    const expected = released.get(this.key) ?? new Set()
    released.set(this.key, expected)
    for (const pod of doomed) expected.add(uidOf(pod))
    const uids: string[] = []
    const { error } = yield* together(doomed.length, (i) => this.releaseOne(doomed[i], expected, uids))
    return { uids, error }
  }

  private *releaseOne(pod: Pod | undefined, expected: Set<string>, uids: string[]): Task {
    const { client, ownWrites, seenPods } = this.parts
    if (!pod) return
    try {
      const patched = yield* releasePod(client, pod)
      if (patched) ownWrites.wrote(this.key, seenPods, patched)
    } catch (error) {
      expected.delete(uidOf(pod))
      if (!isNotFound(error)) throw error
    }
    uids.push(uidOf(pod))
  }

  remember(record: BackoffRecord): void {
    this.parts.backoffs.set(this.key, record)
  }

  again(delayMs: number): void {
    this.parts.queue.addAfter(this.key, delayMs)
  }

  event(job: Job, type: EventType, reason: string, message: string): void {
    this.parts.recorder.event(job, type, reason, message)
  }

  finished(job: Job): void {
    this.parts.finishedJobs.add(job.metadata.uid ?? '')
  }
}
