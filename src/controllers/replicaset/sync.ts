import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import type { Pod, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import type { LabelMatcher } from '../../apimachinery/selectors.ts'
import type { Client } from '../../client/client.ts'
import { Requeue } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { claimObjects } from '../shared/claim.ts'
import type { Expectations } from '../shared/expectations.ts'
import { controllerOf, isControlledBy, newControllerRef, orphansIn, ownedBy } from '../shared/owners.ts'
import { isNamespaceTerminating, podFromTemplate, type PodControl } from '../shared/pod-control.ts'
import { isPodActive, isPodTerminating, nextAvailabilityMs } from '../shared/pods.ts'
import { slowStart, together } from '../shared/slow-start.ts'
import { planReplicas } from './replicas.ts'
import type { SetKind } from './set-kind.ts'
import { calculateStatus, isStatusCurrent } from './status.ts'
import { pods } from '../../apimachinery/generated/resources.ts'

export interface SetParts<T extends ReplicaSet> {
  readonly sim: Simulation
  readonly client: Client
  readonly podControl: PodControl
  readonly kind: SetKind<T>
  readonly sets: Informer<T>
  readonly pods: Informer<Pod>
  readonly expectations: Expectations
  readonly written: Map<string, number>
  readonly queue: WorkQueue
}

/** One sync of one set. k8s 1.36: replicaset syncReplicaSet. */
export class ReplicaSetSync<T extends ReplicaSet> {
  private readonly parts: SetParts<T>
  private readonly set: T
  private readonly key: string

  constructor(parts: SetParts<T>, set: T) {
    this.parts = parts
    this.set = set
    this.key = keyOf(set)
  }

  *run(): Task {
    const { parts, set } = this
    const { namespace, uid, deletionTimestamp } = set.metadata
    const maySize = parts.expectations.satisfied(this.key)
    const matches = parts.kind.selectorOf(set)
    const owned = ownedBy(parts.pods, uid)
    const active = yield* this.claim([...owned, ...orphansIn(parts.pods, namespace)].filter(isPodActive), matches)
    const terminating = parts.kind.countsTerminating
      ? owned.filter((pod) => isPodTerminating(pod) && isControlledBy(pod, set) && matches(pod.metadata.labels)).length
      : undefined
    const failure = maySize && deletionTimestamp === undefined ? yield* this.manageReplicas(active) : null
    const nowMs = parts.sim.now
    const { replicas = 1, minReadySeconds = 0, template } = set.spec ?? {}
    const status = calculateStatus({
      status: set.status,
      generation: set.metadata.generation ?? 0,
      replicas,
      templateLabels: template?.metadata?.labels,
      minReadySeconds,
      active,
      terminating,
      failure: failure?.message ?? null,
      nowMs,
    })
    yield* this.updateStatus(status)
    if (failure) throw failure
    if (minReadySeconds > 0 && (status.readyReplicas ?? 0) !== (status.availableReplicas ?? 0))
      parts.queue.addAfter(this.key, nextAvailabilityMs(active, minReadySeconds, nowMs) ?? minReadySeconds * 1000)
  }

  private *claim(candidates: readonly Pod[], matches: LabelMatcher): Task<Pod[]> {
    const { client, kind } = this.parts
    return yield* claimObjects({
      client,
      owner: this.set,
      ownerRef: kind.ref,
      ref: pods,
      candidates,
      matches: (pod) => matches(pod.metadata.labels),
    })
  }

  /** Creates or deletes pods; gives the first refusal. k8s 1.36: replicaset manageReplicas. */
  private *manageReplicas(active: readonly Pod[]): Task<StatusError | Requeue | null> {
    const { parts } = this
    const plan = planReplicas(active, this.set.spec?.replicas ?? 1, () => this.relatedPods(), parts.sim.now)
    if (plan.create > 0) return yield* this.createPods(plan.create)
    if (plan.remove.length > 0) return yield* this.deletePods(plan.remove)
    return null
  }

  private *createPods(count: number): Task<StatusError | Requeue | null> {
    const { expectations, podControl, kind } = this.parts
    const { set, key } = this
    const pod = podFromTemplate(set.spec?.template ?? {}, set, newControllerRef(set, kind.ref))
    expectations.expectCreations(key, count)
    const { successes, error } = yield* slowStart(count, function* () {
      try {
        yield* podControl.create(pod, set)
      } catch (refusal) {
        if (!isNamespaceTerminating(refusal)) throw refusal
      }
    })
    expectations.creationObserved(key, count - successes)
    return error
  }

  private *deletePods(doomed: readonly Pod[]): Task<StatusError | Requeue | null> {
    const { expectations, podControl } = this.parts
    const { set, key } = this
    expectations.expectDeletions(key, doomed.map(keyOf))
    const { error } = yield* together(doomed.length, function* (i) {
      const pod = doomed[i]
      if (!pod) return
      try {
        yield* podControl.delete(pod.metadata.namespace ?? '', pod.metadata.name ?? '', set)
      } catch (refusal) {
        expectations.deletionObserved(key, keyOf(pod))
        if (!isNotFound(refusal)) throw refusal
      }
    })
    return error
  }

  /** The pods of all sets that this set's owner controls. k8s 1.36: replicaset getIndirectlyRelatedPods. */
  private relatedPods(): Pod[] {
    const { sets, pods: podInformer, kind } = this.parts
    const controller = controllerOf(this.set)
    // SIMPLIFIED: pods are found by owner, not by label alone; pods that match but belong to others do not count.
    if (!controller) return []
    return ownedBy(sets, controller.uid).flatMap((set) =>
      ownedBy(podInformer, set.metadata.uid).filter((pod) => kind.selectorOf(set)(pod.metadata.labels)),
    )
  }

  /** Writes the status if it differs; a lost race is tried once more on the newest object. */
  private *updateStatus(status: NonNullable<ReplicaSet['status']>): Task {
    const { client, kind, written } = this.parts
    if (isStatusCurrent(this.set.status, status)) return
    let stored: T
    try {
      stored = yield* client.updateStatus(kind.ref, { ...this.set, status })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      const { namespace = '', name = '' } = this.set.metadata
      const fresh = yield* client.get(kind.ref, namespace, name)
      stored = yield* client.updateStatus(kind.ref, { ...fresh, status })
    }
    written.set(this.key, Number(stored.metadata.resourceVersion))
  }
}
