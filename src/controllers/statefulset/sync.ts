import { isAlreadyExists, isConflict, isNotFound, StatusError } from '../../apimachinery/errors.ts'
import {
  controllerrevisions,
  persistentvolumeclaims,
  pods as podsRef,
  statefulsets,
} from '../../apimachinery/generated/resources.ts'
import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
  StatefulSetStatus,
} from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import type { Client } from '../../client/client.ts'
import { Requeue } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { claimObjects } from '../shared/claim.ts'
import { byRevision, chooseRevision, storeRevision, truncateHistory } from './revisions.ts'
import { orphansIn, ownedBy } from '../shared/owners.ts'
import type { OwnWrites, SeenRevision } from '../shared/own-writes.ts'
import { nextAvailabilityMs } from '../shared/pods.ts'
import { slowStart } from '../shared/slow-start.ts'
import { omitEmpty } from '../shared/text.ts'
import { claimsOf, hasIdentity, hasStorage, isMember, ordinalOf, revisionOf, withIdentity, withStorage } from './identity.ts'
import { completeUpdate, planStatefulSet, type StatefulAction } from './plan.ts'
import { hasForeignController, isStaleFor, planOwners } from './retention.ts'

export interface StatefulParts {
  readonly sim: Simulation
  readonly client: Client
  readonly recorder: EventRecorder
  readonly pods: Informer<Pod>
  readonly revisions: Informer<ControllerRevision>
  readonly claims: Informer<PersistentVolumeClaim>
  readonly ownWrites: OwnWrites
  readonly seenPods: SeenRevision
  readonly seenSets: SeenRevision
  readonly queue: WorkQueue
}

const DEFAULT_HISTORY = 10
const STATUS_RETRIES = 4
type Verb = 'create' | 'update' | 'delete'

/** One sync of one StatefulSet. k8s 1.36: statefulset sync, UpdateStatefulSet. */
export class StatefulSetSync {
  private readonly parts: StatefulParts
  private readonly set: StatefulSet

  constructor(parts: StatefulParts, set: StatefulSet) {
    this.parts = parts
    this.set = set
  }

  *run(): Task {
    const { set, parts } = this
    const revisions = yield* this.claimRevisions()
    const pods = yield* this.claimPods()
    const { current, update, collisionCount } = yield* this.resolveRevisions(revisions)
    const nowMs = parts.sim.now
    const plan = planStatefulSet({
      set,
      current,
      update,
      collisionCount,
      pods,
      hasStaleClaim: (pod) => this.claimsFor(pod).some((claim) => isStaleFor(set, claim, pod)),
      claimsRetained: (pod) => this.claimsFor(pod).every((claim) => planOwners(claim, set, pod) === null),
      nowMs,
    })
    let failure: unknown = yield* this.carryOut(plan.actions)
    if (!failure) failure = yield* this.carryOut(plan.updates)
    const status = completeUpdate(set, plan.status)
    yield* this.writeStatus(status)
    if (failure) throw failure
    const live = new Set([current.metadata.name, update.metadata.name, ...pods.map(revisionOf)])
    const limit = set.spec?.revisionHistoryLimit ?? DEFAULT_HISTORY
    yield* truncateHistory(parts.client, revisions, (revision) => live.has(revision.metadata.name), limit)
    const { minReadySeconds = 0 } = set.spec ?? {}
    if (minReadySeconds > 0 && status.readyReplicas !== status.availableReplicas)
      parts.queue.addAfter(keyOf(set), nextAvailabilityMs(pods, minReadySeconds, nowMs) ?? minReadySeconds * 1000)
  }

  private *claimRevisions(): Task<ControllerRevision[]> {
    const { revisions, client } = this.parts
    const { set } = this
    const matches = compileSelector(set.spec?.selector)
    const claimed = yield* claimObjects({
      client,
      owner: set,
      ownerRef: statefulsets,
      ref: controllerrevisions,
      candidates: [...ownedBy(revisions, set.metadata.uid), ...orphansIn(revisions, set.metadata.namespace)].filter((revision) =>
        matches(revision.metadata.labels),
      ),
      matches: (revision) => matches(revision.metadata.labels),
    })
    return claimed.toSorted(byRevision)
  }

  private *claimPods(): Task<Pod[]> {
    const { pods, client } = this.parts
    const { set } = this
    const matches = compileSelector(set.spec?.selector)
    const orphans = orphansIn(pods, set.metadata.namespace).filter((pod) => isMember(set, pod))
    return yield* claimObjects({
      client,
      owner: set,
      ownerRef: statefulsets,
      ref: podsRef,
      candidates: [...ownedBy(pods, set.metadata.uid), ...orphans],
      matches: (pod) => matches(pod.metadata.labels) && isMember(set, pod),
    })
  }

  /** k8s 1.36: statefulset getStatefulSetRevisions. */
  private *resolveRevisions(revisions: readonly ControllerRevision[]) {
    const { set, parts } = this
    const chosen = chooseRevision(set, revisions)
    let update = chosen.revision
    let collisionCount = set.status?.collisionCount ?? 0
    if (chosen.choice === 'renumber')
      update = yield* parts.client.update(controllerrevisions, { ...update, revision: chosen.number })
    else if (chosen.choice === 'create') {
      const stored = yield* storeRevision(parts.client, set, update.revision)
      update = stored.revision
      collisionCount = stored.collisionCount
    }
    const current = revisions.find((revision) => revision.metadata.name === set.status?.currentRevision) ?? update
    return { current, update, collisionCount }
  }

  /** The first refusal, or null. */
  private *carryOut(actions: readonly StatefulAction[]): Task<StatusError | Requeue | null> {
    if (this.set.spec?.podManagementPolicy === 'Parallel') {
      const outcome = yield* slowStart(actions.length, (i) => this.performAt(actions, i))
      return outcome.error
    }
    for (const action of actions) {
      try {
        yield* this.perform(action)
      } catch (error) {
        if (error instanceof StatusError || error instanceof Requeue) return error
        throw error
      }
    }
    return null
  }

  private *performAt(actions: readonly StatefulAction[], index: number): Task {
    const action = actions[index]
    if (action) yield* this.perform(action)
  }

  private *perform({ act, pod }: StatefulAction): Task {
    if (act === 'create') yield* this.createPod(pod)
    else if (act === 'delete') yield* this.deletePod(pod)
    else if (act === 'conform') yield* this.conform(pod)
    else {
      if (act === 'claims') yield* this.createClaims(pod)
      yield* this.retainClaims(pod)
    }
  }

  private *createPod(pod: Pod): Task {
    let created: Pod
    try {
      yield* this.createClaims(pod)
      const { generateName: _, ...metadata } = pod.metadata
      created = yield* this.parts.client.create(podsRef, {
        ...pod,
        metadata: { generateName: pod.metadata.generateName, ...metadata },
      })
      this.parts.ownWrites.wrote(keyOf(this.set), this.parts.seenPods, created)
    } catch (error) {
      if (!isAlreadyExists(error)) this.record('create', pod, error)
      throw error
    }
    yield* this.retainClaimsOf(created)
    this.record('create', pod, null)
  }

  /** As retainClaims; a failure is told as one of the pod's update. k8s 1.36: UpdatePodClaimForRetentionPolicy. */
  private *retainClaimsOf(pod: Pod): Task {
    try {
      yield* this.retainClaims(pod)
    } catch (error) {
      this.record('update', pod, error)
      throw error
    }
  }

  private *deletePod(pod: Pod): Task {
    try {
      yield* this.parts.client.delete(podsRef, pod.metadata.namespace ?? '', pod.metadata.name ?? '')
    } catch (error) {
      if (!isNotFound(error)) {
        this.record('delete', pod, error)
        throw error
      }
    }
    this.record('delete', pod, null)
  }

  /** Gives a pod its name labels and volumes back. k8s 1.36: UpdateStatefulPod. */
  private *conform(pod: Pod): Task {
    if (!hasStorage(this.set, pod)) yield* this.createClaims(pod)
    yield* this.retainClaimsOf(pod)
    let present = pod
    for (let attempt = 0; ; attempt++) {
      const right = hasIdentity(this.set, present) && hasStorage(this.set, present)
      const wanted = right ? present : withStorage(this.set, withIdentity(this.set, present))
      if (right) return
      try {
        const stored = yield* this.parts.client.update(podsRef, wanted)
        this.parts.ownWrites.wrote(keyOf(this.set), this.parts.seenPods, stored)
        return this.record('update', pod, null)
      } catch (error) {
        if (!isConflict(error) || attempt >= 4) {
          this.record('update', pod, error)
          throw error
        }
      }
      present = yield* this.parts.client.get(podsRef, pod.metadata.namespace ?? '', pod.metadata.name ?? '')
    }
  }

  private claimsFor(pod: Pod): PersistentVolumeClaim[] {
    return [...claimsOf(this.set, ordinalOf(pod)).values()].flatMap(({ metadata }) => {
      const claim = this.parts.claims.get(metadata.namespace ?? '', metadata.name ?? '')
      return claim ? [claim] : []
    })
  }

  private *createClaims(pod: Pod): Task {
    const problems: string[] = []
    for (const claim of claimsOf(this.set, ordinalOf(pod)).values()) {
      const { namespace = '', name = '' } = claim.metadata
      const existing = this.parts.claims.get(namespace, name)
      if (existing?.metadata.deletionTimestamp !== undefined) problems.push(`pvc ${name} is being deleted`)
      if (existing) continue
      try {
        yield* this.parts.client.create(persistentvolumeclaims, claim)
        this.recordClaim(pod, name, null)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        problems.push(`failed to create PVC ${name}: ${error.message}`)
        if (!isAlreadyExists(error)) this.recordClaim(pod, name, error)
      }
    }
    if (problems.length > 0) throw new Requeue(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`)
  }

  private *retainClaims(pod: Pod): Task {
    for (const claim of this.claimsFor(pod)) {
      const name = claim.metadata.name ?? ''
      if (hasForeignController(claim, this.set, pod)) {
        const text = `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
        this.parts.recorder.event(this.set, 'Warning', 'ConflictingController', text)
      }
      const owners = planOwners(claim, this.set, pod)
      if (!owners) continue
      const { ownerReferences: _, ...metadata } = claim.metadata
      const next = owners.length > 0 ? { ...metadata, ownerReferences: owners } : metadata
      try {
        yield* this.parts.client.update(persistentvolumeclaims, { ...claim, metadata: next })
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        const text = `could not update claim ${name} for delete policy ownerRefs: ${error.message}`
        throw new StatusError({ ...error.status, message: text })
      }
    }
  }

  private *writeStatus(status: StatefulSetStatus): Task {
    const { replicas = 0, collisionCount = 0, ...rest } = status
    const next: StatefulSetStatus = { replicas, ...omitEmpty(rest), collisionCount }
    const { conditions: _, collisionCount: _count, ...before } = this.set.status ?? {}
    const { collisionCount: _c, ...comparable } = next
    if (jsonEqual(comparable, omitEmptyStatus(before))) return
    const stored = yield* this.storeStatus(next)
    this.parts.ownWrites.wrote(keyOf(this.set), this.parts.seenSets, stored)
  }

  /** A lost race is tried again on the newest object. */
  private *storeStatus(status: StatefulSetStatus): Task<StatefulSet> {
    const { client } = this.parts
    const { namespace = '', name = '' } = this.set.metadata
    let set = this.set
    for (let retry = 0; ; retry++) {
      try {
        return yield* client.updateStatus(statefulsets, { ...set, status })
      } catch (error) {
        if (!isConflict(error) || retry >= STATUS_RETRIES) throw error
      }
      set = yield* client.get(statefulsets, namespace, name)
    }
  }

  private record(verb: Verb, pod: Pod, error: unknown): void {
    const title = verb.charAt(0).toUpperCase() + verb.slice(1)
    const what = `${title} Pod ${pod.metadata.name ?? ''} in StatefulSet ${this.set.metadata.name ?? ''}`
    if (error === null) this.parts.recorder.event(this.set, 'Normal', `Successful${title}`, `${what} successful`)
    else if (error instanceof Error)
      this.parts.recorder.event(this.set, 'Warning', `Failed${title}`, `${what} failed error: ${error.message}`)
  }

  private recordClaim(pod: Pod, claim: string, error: StatusError | null): void {
    const of = `Pod ${pod.metadata.name ?? ''} in StatefulSet ${this.set.metadata.name ?? ''}`
    if (error === null) this.parts.recorder.event(this.set, 'Normal', 'SuccessfulCreate', `Create Claim ${claim} ${of} success`)
    else
      this.parts.recorder.event(
        this.set,
        'Warning',
        'FailedCreate',
        `Create Claim ${claim} for ${of} failed error: ${error.message}`,
      )
  }
}

function omitEmptyStatus({ replicas = 0, ...rest }: Partial<StatefulSetStatus>): Partial<StatefulSetStatus> {
  return { replicas, ...omitEmpty(rest) }
}
