import { isAlreadyExists, isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { deployments, replicasets } from '../../apimachinery/generated/resources.ts'
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import { claimObjects } from '../shared/claim.ts'
import { orphansIn, ownedBy } from '../shared/owners.ts'
import { isNamespaceTerminating } from '../shared/pod-control.ts'
import { quote } from '../shared/text.ts'
import { maxRevision, newReplicaSetAnnotations, REVISION } from './annotations.ts'
import { planCleanup } from './history.ts'
import { buildReplicaSet } from './new-replica-set.ts'
import { hasProgressDeadline, pauseCondition, progressCheckMs, rolloutStatus } from './progress.ts'
import { oldPodsRunning, planStartNew, planStopOld } from './recreate.ts'
import { classify, equalIgnoreHash, sizeOf, type ReplicaSets } from './replica-sets.ts'
import { planScaleDown, planScaleUp } from './rolling.ts'
import { applyStep, isScalingEvent, planScale, scaleMessage, type ScaleStep } from './scale.ts'
import { calculateStatus, conditionOf, isComplete, newCondition, setCondition } from './status.ts'

export interface DeploymentParts {
  readonly sim: Simulation
  readonly client: Client
  readonly recorder: EventRecorder
  readonly replicaSets: Informer<ReplicaSet>
  readonly pods: Informer<Pod>
  readonly queue: WorkQueue
}

/**
 * One sync of one Deployment. `deployment` is what the cache held, with what this sync has written into it; its
 * resourceVersion stays the cache's, so that a second status write in one sync meets a conflict and is repeated by
 * the next sync, as in Kubernetes. k8s 1.36: deployment syncDeployment.
 * SIMPLIFIED: the rollback annotation of extensions/v1beta1 is ignored, since that API is not served.
 */
export class DeploymentSync {
  private readonly parts: DeploymentParts
  private deployment: Deployment
  /** The ReplicaSets that belong to it, as last read or written. */
  private sets: readonly ReplicaSet[] = []

  constructor(parts: DeploymentParts, deployment: Deployment) {
    this.parts = parts
    this.deployment = deployment
  }

  *run(): Task {
    try {
      yield* this.sync()
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error
    }
  }

  private *sync(): Task {
    if (this.selectsAll()) return yield* this.refuseSelector()
    this.sets = yield* this.claim()
    if (this.deployment.metadata.deletionTimestamp !== undefined) {
      const sets = yield* this.syncRevision(false)
      return yield* this.writeStatus(calculateStatus(this.deployment, sets, this.parts.sim.now))
    }
    yield* this.checkPaused()
    if (this.deployment.spec?.paused) return yield* this.resize()
    const sets = yield* this.syncRevision(false)
    if (isScalingEvent(this.deployment, sets)) return yield* this.resize()
    if (this.deployment.spec?.strategy?.type === 'Recreate') yield* this.recreate()
    else yield* this.roll()
  }

  private selectsAll(): boolean {
    const { matchLabels = {}, matchExpressions = [] } = this.deployment.spec?.selector ?? {}
    return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
  }

  private *refuseSelector(): Task {
    const text = 'This deployment is selecting all pods. A non-empty selector is required.'
    this.parts.recorder.event(this.deployment, 'Warning', 'SelectingAll', text)
    const { generation = 0 } = this.deployment.metadata
    if ((this.deployment.status?.observedGeneration ?? 0) < generation)
      yield* this.writeStatus({ ...this.deployment.status, observedGeneration: generation })
  }

  private *claim(): Task<ReplicaSet[]> {
    const { client, replicaSets } = this.parts
    const owner = this.deployment
    const matches = compileSelector(owner.spec?.selector)
    return yield* claimObjects({
      client,
      owner,
      ownerRef: deployments,
      ref: replicasets,
      candidates: [...ownedBy(replicaSets, owner.metadata.uid), ...orphansIn(replicaSets, owner.metadata.namespace)],
      matches: (rs) => matches(rs.metadata.labels),
    })
  }

  private *checkPaused(): Task {
    const condition = pauseCondition(this.deployment, this.parts.sim.now)
    if (!condition) return
    const conditions = setCondition(this.deployment.status?.conditions ?? [], condition)
    yield* this.store({ ...this.deployment, status: { ...this.deployment.status, conditions } })
  }

  /** Sizes ReplicaSets after a change of the Deployment's size or while it is paused. k8s 1.36: deployment sync. */
  private *resize(): Task {
    const sets = yield* this.syncRevision(false)
    yield* this.scale(planScale(this.deployment, sets))
    if (this.deployment.spec?.paused) yield* this.cleanUp(sets.oldRSs)
    yield* this.writeStatus(calculateStatus(this.deployment, sets, this.parts.sim.now))
  }

  /** k8s 1.36: deployment rolloutRolling. */
  private *roll(): Task {
    const sets = yield* this.syncRevision(true)
    if (yield* this.scale(planScaleUp(this.deployment, sets))) return yield* this.finish(sets)
    if (yield* this.scaleDown(planScaleDown(this.deployment, sets))) return yield* this.finish(sets)
    if (isComplete(this.deployment, this.deployment.status)) yield* this.cleanUp(sets.oldRSs)
    yield* this.finish(sets)
  }

  /** k8s 1.36: deployment rolloutRecreate. */
  private *recreate(): Task {
    let sets = yield* this.syncRevision(false)
    if (yield* this.scale(planStopOld(sets.oldRSs))) return yield* this.finish(sets)
    if (oldPodsRunning(sets.oldRSs, (rs) => ownedBy(this.parts.pods, rs.metadata.uid))) return yield* this.finish(sets)
    if (!sets.newRS) sets = yield* this.syncRevision(true)
    if (sets.newRS) yield* this.scale(planStartNew(this.deployment, sets.newRS))
    if (isComplete(this.deployment, this.deployment.status)) yield* this.cleanUp(sets.oldRSs)
    yield* this.finish(sets)
  }

  /**
   * Finds the new ReplicaSet, brings its annotations and the Deployment's revision up to date, or makes it.
   * k8s 1.36: deployment getAllReplicaSetsAndSyncRevision, getNewReplicaSet.
   */
  private *syncRevision(create: boolean): Task<ReplicaSets> {
    const { newRS, oldRSs } = classify(this.deployment, this.sets)
    const revision = maxRevision(oldRSs) + 1n
    if (newRS) return { newRS: yield* this.refresh(newRS, revision), oldRSs }
    return { newRS: create ? yield* this.create(oldRSs, revision) : undefined, oldRSs }
  }

  private *refresh(newRS: ReplicaSet, revision: bigint): Task<ReplicaSet> {
    const annotations = newReplicaSetAnnotations(this.deployment, newRS.metadata.annotations, revision, true)
    const minReadySeconds = this.deployment.spec?.minReadySeconds ?? 0
    if (!jsonEqual(annotations, newRS.metadata.annotations ?? {}) || minReadySeconds !== (newRS.spec?.minReadySeconds ?? 0)) {
      const { minReadySeconds: _, ...spec } = newRS.spec ?? { selector: {} }
      return yield* this.storeReplicaSet({
        ...newRS,
        metadata: { ...newRS.metadata, annotations },
        spec: minReadySeconds > 0 ? { ...spec, minReadySeconds } : spec,
      })
    }
    const marked = this.withRevision(newRS.metadata.annotations?.[REVISION] ?? '')
    const known = conditionOf(this.deployment.status?.conditions, 'Progressing')
    if (hasProgressDeadline(this.deployment) && !known)
      yield* this.store(
        this.withProgress(marked, 'True', 'FoundNewReplicaSet', `Found new replica set ${quote(newRS.metadata.name)}`),
      )
    else if (marked !== this.deployment) yield* this.store(marked)
    return newRS
  }

  private *create(oldRSs: readonly ReplicaSet[], revision: bigint): Task<ReplicaSet> {
    const wanted = buildReplicaSet(this.deployment, oldRSs, revision)
    const name = wanted.metadata.name ?? ''
    let created: ReplicaSet
    let fresh = true
    try {
      created = yield* this.parts.client.create(replicasets, wanted)
    } catch (error) {
      if (!(error instanceof StatusError) || isNamespaceTerminating(error)) throw error
      if (!isAlreadyExists(error)) {
        yield* this.reportFailedCreate(name, error)
        throw error
      }
      created = yield* this.resolveCollision(name, error)
      fresh = false
    }
    if (fresh) this.sets = [...this.sets, created]
    if (fresh && sizeOf(created) > 0)
      this.parts.recorder.event(this.deployment, 'Normal', 'ScalingReplicaSet', scaleMessage(name, 0, sizeOf(created)))
    const marked = this.withRevision(String(revision))
    if (fresh && hasProgressDeadline(this.deployment))
      yield* this.store(this.withProgress(marked, 'True', 'NewReplicaSetCreated', `Created new replica set ${quote(name)}`))
    else if (marked !== this.deployment) yield* this.store(marked)
    return created
  }

  /** Another ReplicaSet has the name: it is ours, or a hash collision, which a higher count resolves. */
  private *resolveCollision(name: string, error: StatusError): Task<ReplicaSet> {
    const { namespace = '', uid } = this.deployment.metadata
    const existing = this.parts.replicaSets.get(namespace, name)
    if (!existing) throw error
    const owner = existing.metadata.ownerReferences?.find((reference) => reference.controller)
    if (owner?.uid === uid && equalIgnoreHash(this.deployment.spec?.template, existing.spec?.template)) return existing
    const { status } = this.deployment
    yield* this.store({ ...this.deployment, status: { ...status, collisionCount: (status?.collisionCount ?? 0) + 1 } })
    throw error
  }

  private *reportFailedCreate(name: string, error: StatusError): Task {
    const message = `Failed to create new replica set ${quote(name)}: ${error.message}`
    if (hasProgressDeadline(this.deployment)) {
      try {
        yield* this.store(this.withProgress(this.deployment, 'False', 'ReplicaSetCreateError', message))
      } catch (refusal) {
        // The create's own refusal is the one to report.
        if (!(refusal instanceof StatusError)) throw refusal
      }
    }
    this.parts.recorder.event(this.deployment, 'Warning', 'ReplicaSetCreateError', message)
  }

  /** Carries steps out one after the other; whether any changed a size. */
  private *scale(steps: readonly ScaleStep[]): Task<boolean> {
    let scaled = false
    for (const step of steps) {
      const rs = this.sets.find((set) => set.metadata.name === step.name)
      const changed = rs && applyStep(this.deployment, rs, step)
      if (!rs || !changed) continue
      yield* this.storeReplicaSet(changed)
      if (sizeOf(rs) === step.size) continue
      scaled = true
      this.parts.recorder.event(this.deployment, 'Normal', 'ScalingReplicaSet', scaleMessage(step.name, sizeOf(rs), step.size))
    }
    return scaled
  }

  /** As scale(); a refusal ends it, and the next sync goes on. */
  private *scaleDown(steps: readonly ScaleStep[]): Task<boolean> {
    try {
      yield* this.scale(steps)
      return steps.length > 0
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return false
    }
  }

  private *cleanUp(oldRSs: readonly ReplicaSet[]): Task {
    for (const { metadata } of planCleanup(this.deployment, oldRSs)) {
      try {
        yield* this.parts.client.delete(replicasets, metadata.namespace ?? '', metadata.name ?? '')
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }

  /** Writes the status, computed from the ReplicaSets as they were before this sync scaled them. */
  private *finish(sets: ReplicaSets): Task {
    const { sim, queue } = this.parts
    const status = rolloutStatus(this.deployment, sets, sim.now)
    if (!jsonEqual(status, this.deployment.status ?? {})) return yield* this.writeStatus(status)
    const delayMs = progressCheckMs(this.deployment, status, sim.now)
    if (delayMs !== undefined) queue.addAfter(keyOf(this.deployment), delayMs)
  }

  private withRevision(revision: string): Deployment {
    const { metadata } = this.deployment
    if ((metadata.annotations?.[REVISION] ?? '') === revision) return this.deployment
    return { ...this.deployment, metadata: { ...metadata, annotations: { ...metadata.annotations, [REVISION]: revision } } }
  }

  private withProgress(deployment: Deployment, status: string, reason: string, message: string): Deployment {
    const condition = newCondition(this.parts.sim.now, 'Progressing', status, reason, message)
    const conditions = setCondition(deployment.status?.conditions ?? [], condition)
    return { ...deployment, status: { ...deployment.status, conditions } }
  }

  private *writeStatus(status: DeploymentStatus): Task {
    if (!jsonEqual(status, this.deployment.status ?? {})) yield* this.store({ ...this.deployment, status })
  }

  /** Writes annotations and status through the status subresource. */
  private *store(deployment: Deployment): Task {
    this.deployment = deployment
    yield* this.parts.client.updateStatus(deployments, deployment)
  }

  private *storeReplicaSet(rs: ReplicaSet): Task<ReplicaSet> {
    const stored = yield* this.parts.client.update(replicasets, rs)
    this.sets = this.sets.map((set) => (set.metadata.uid === stored.metadata.uid ? stored : set))
    return stored
  }
}
