import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { controllerrevisions, daemonsets, pods } from '../../apimachinery/generated/resources.ts'
import type { ControllerRevision, DaemonSet, DaemonSetStatus, Node, Pod } from '../../apimachinery/generated/types.ts'
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
import type { Expectations } from '../shared/expectations.ts'
import { newControllerRef, orphansIn, ownedBy } from '../shared/owners.ts'
import type { OwnWrites, SeenRevision } from '../shared/own-writes.ts'
import { isNamespaceTerminating, podFromTemplate, type PodControl } from '../shared/pod-control.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { slowStart, together } from '../shared/slow-start.ts'
import type { FailedPodBackoff } from './backoff.ts'
import { constructHistory, surplusRevisions } from './history.ts'
import { planNode, strandedPods, type DaemonPlan, type PodsByNode } from './placement.ts'
import { revisionHash, revisionTemplate, targetNodeOf, templateForNode } from './pod-template.ts'
import { allowsSurge, planRoll } from './rolling.ts'
import { countDaemonPods } from './status.ts'

/** The most pods that one sync creates, and deletes. */
const BURST = 250

export interface DaemonSetParts {
  readonly sim: Simulation
  readonly client: Client
  readonly recorder: EventRecorder
  readonly podControl: PodControl
  readonly nodes: Informer<Node>
  readonly pods: Informer<Pod>
  readonly revisions: Informer<ControllerRevision>
  readonly expectations: Expectations
  readonly ownWrites: OwnWrites
  readonly seenPods: SeenRevision
  readonly seenSets: SeenRevision
  readonly backoff: FailedPodBackoff
  readonly queue: WorkQueue
}

/** One sync of one DaemonSet. k8s 1.36: daemon syncDaemonSet. */
export class DaemonSetSync {
  private readonly parts: DaemonSetParts
  private readonly ds: DaemonSet
  private readonly key: string

  constructor(parts: DaemonSetParts, ds: DaemonSet) {
    this.parts = parts
    this.ds = ds
    this.key = keyOf(ds)
  }

  *run(): Task {
    const { ds, key } = this
    const { client, recorder, expectations } = this.parts
    if (jsonEqual(ds.spec?.selector, {})) {
      const text = 'This daemon set is selecting all pods. A non-empty selector is required.'
      return recorder.event(ds, 'Warning', 'SelectingAll', text)
    }
    if (ds.metadata.deletionTimestamp !== undefined) return
    const { current, old } = yield* constructHistory(client, ds, yield* this.claimRevisions(), () => this.claimPods())
    const hash = revisionHash(current)
    if (!expectations.satisfied(key)) return yield* this.updateStatus(hash, false)
    let failure: unknown
    try {
      yield* this.manage(hash)
      if (expectations.satisfied(key) && ds.spec?.updateStrategy?.type === 'RollingUpdate') yield* this.roll(hash)
      yield* this.cleanUp(old)
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof Requeue)) throw error
      failure = error
    }
    yield* this.updateStatus(hash, true)
    if (failure) throw failure
  }

  private *claimRevisions(): Task<ControllerRevision[]> {
    const { client, revisions } = this.parts
    const { ds } = this
    const matches = compileSelector(ds.spec?.selector)
    return yield* claimObjects({
      client,
      owner: ds,
      ownerRef: daemonsets,
      ref: controllerrevisions,
      candidates: [...ownedBy(revisions, ds.metadata.uid), ...orphansIn(revisions, ds.metadata.namespace)],
      matches: (revision) => matches(revision.metadata.labels),
    })
  }

  private *claimPods(): Task<Pod[]> {
    const { client, pods: podInformer } = this.parts
    const { ds } = this
    const matches = compileSelector(ds.spec?.selector)
    return yield* claimObjects({
      client,
      owner: ds,
      ownerRef: daemonsets,
      ref: pods,
      candidates: [...ownedBy(podInformer, ds.metadata.uid), ...orphansIn(podInformer, ds.metadata.namespace)],
      matches: (pod) => matches(pod.metadata.labels),
    })
  }

  private *podsByNode(): Task<PodsByNode> {
    const byNode = new Map<string, Pod[]>()
    for (const pod of yield* this.claimPods()) {
      // Finished and going: the kubelet or the pod garbage collector has it.
      if (isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined) continue
      const nodeName = targetNodeOf(pod)
      if (nodeName === '') continue
      const onNode = byNode.get(nodeName)
      if (onNode) onNode.push(pod)
      else byNode.set(nodeName, [pod])
    }
    return byNode
  }

  /** Brings a pod to each node that wants one and takes it from the others. */
  private *manage(hash: string): Task {
    const { ds } = this
    const { sim, nodes, recorder } = this.parts
    const podsByNode = yield* this.podsByNode()
    const plan: DaemonPlan = { create: [], remove: [], finished: [] }
    const input = {
      ds,
      hash,
      surges: allowsSurge(ds),
      nowMs: sim.now,
      mayReplaceFailed: (nodeName: string) => this.mayReplaceFailed(nodeName),
    }
    for (const node of nodes.list()) planNode(plan, node, podsByNode.get(node.metadata.name ?? ''), input)
    for (const { pod, nodeName } of plan.finished) {
      const failed = pod.status?.phase === 'Failed'
      const which = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''} on node ${nodeName}`
      if (failed) recorder.event(ds, 'Warning', 'FailedDaemonPod', `Found failed daemon pod ${which}, will try to kill it`)
      else recorder.event(ds, 'Normal', 'SucceededDaemonPod', `Found succeeded daemon pod ${which}, will try to delete it`)
    }
    const stranded = strandedPods(podsByNode, (name) => nodes.get('', name) !== undefined)
    yield* this.apply(plan.create, [...plan.remove, ...stranded], hash)
  }

  /** Counts a node's failed pod, or has the DaemonSet looked at again when its back-off is over. */
  private mayReplaceFailed(nodeName: string): boolean {
    const { backoff, queue, sim } = this.parts
    const key = `${this.ds.metadata.uid ?? ''}/${this.ds.status?.observedGeneration ?? 0}/${nodeName}`
    const waitMs = backoff.remainingMs(key, sim.now)
    if (waitMs > 0) queue.addAfter(this.key, waitMs)
    else backoff.next(key, sim.now)
    return waitMs === 0
  }

  private *roll(hash: string): Task {
    const { nodes, sim } = this.parts
    const byName = new Map([...nodes.list()].map((node) => [node.metadata.name ?? '', node]))
    const podsByNode = yield* this.podsByNode()
    const plan = planRoll({ ds: this.ds, hash, nodes: byName, podsByNode, nowMs: sim.now })
    yield* this.apply(plan.create, plan.remove, hash)
  }

  /** Creates and deletes pods. k8s 1.36: daemon syncNodes. */
  private *apply(create: readonly string[], remove: readonly string[], hash: string): Task {
    const { expectations, podControl } = this.parts
    const { ds, key } = this
    const targets = create.slice(0, BURST)
    const doomed = remove.slice(0, BURST)
    const { namespace = '' } = ds.metadata
    expectations.expect(
      key,
      targets.length,
      doomed.map((name) => `${namespace}/${name}`),
    )
    const template = revisionTemplate(ds, hash)
    const created = yield* slowStart(targets.length, (i) => this.createPod(templateForNode(template, targets[i] ?? '')))
    expectations.creationObserved(key, targets.length - created.successes)
    const deleted = yield* together(doomed.length, function* (i) {
      const name = doomed[i] ?? ''
      try {
        yield* podControl.delete(namespace, name, ds)
      } catch (error) {
        expectations.deletionObserved(key, `${namespace}/${name}`)
        if (!isNotFound(error)) throw error
      }
    })
    const failure = created.error ?? deleted.error
    if (failure) throw failure
  }

  private *createPod(template: NonNullable<DaemonSet['spec']>['template']): Task {
    const { podControl, ownWrites, seenPods } = this.parts
    const { ds } = this
    try {
      const pod = yield* podControl.create(podFromTemplate(template, ds, newControllerRef(ds, daemonsets)), ds)
      ownWrites.wrote(this.key, seenPods, pod)
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error
    }
  }

  private *cleanUp(old: readonly ControllerRevision[]): Task {
    const claimed = yield* this.claimPods()
    for (const { metadata } of surplusRevisions(this.ds, old, claimed))
      yield* this.parts.client.delete(controllerrevisions, metadata.namespace ?? '', metadata.name ?? '')
  }

  private *updateStatus(hash: string, processed: boolean): Task {
    const { ds, key } = this
    const { nodes, sim, queue } = this.parts
    const counted = countDaemonPods(ds, nodes.list(), yield* this.podsByNode(), hash, sim.now)
    const { generation = 0 } = ds.metadata
    const unseen = (ds.status?.observedGeneration ?? 0) < generation
    if (unseen || !jsonEqual(counted, ds.status))
      yield* this.store(processed ? { ...counted, observedGeneration: generation } : counted)
    const { minReadySeconds = 0 } = ds.spec ?? {}
    if (minReadySeconds > 0 && counted.numberReady !== (counted.numberAvailable ?? 0)) queue.addAfter(key, minReadySeconds * 1000)
  }

  /** Writes the status; a lost race is tried once more on the newest object. */
  private *store(status: DaemonSetStatus): Task {
    const { client, ownWrites, seenSets } = this.parts
    let stored: DaemonSet
    try {
      stored = yield* client.updateStatus(daemonsets, { ...this.ds, status })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      const { namespace = '', name = '' } = this.ds.metadata
      const fresh = yield* client.get(daemonsets, namespace, name)
      stored = yield* client.updateStatus(daemonsets, { ...fresh, status: { ...fresh.status, ...status } })
    }
    ownWrites.wrote(this.key, seenSets, stored)
  }
}
