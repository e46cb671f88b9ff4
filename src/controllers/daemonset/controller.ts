import { jsonEqual } from '../../apimachinery/equal.ts'
import { controllerrevisions, daemonsets, nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey, type KubeObject } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { Expectations } from '../shared/expectations.ts'
import { indexByNode, podsOnNode } from '../shared/nodes.ts'
import { controllerOf, indexByController, indexByNamespace, inNamespace, resolveOwner } from '../shared/owners.ts'
import { OwnWrites, trackRevision } from '../shared/own-writes.ts'
import { PodControl } from '../shared/pod-control.ts'
import { isPodReady } from '../shared/pods.ts'
import { FailedPodBackoff } from './backoff.ts'
import { nodeFit } from './placement.ts'
import { DaemonSetSync, type DaemonSetParts } from './sync.ts'

const WORKERS = 2

/** Runs one pod of each DaemonSet on every node that fits. k8s 1.36: pkg/controller/daemon. */
export function daemonSetController(context: ControllerContext): Controller {
  const { informers, sim } = context
  const client = context.client('daemon-set-controller')
  const recorder = context.recorder(client, 'daemonset-controller')
  const sets = informers.for(daemonsets)
  const podInformer = informers.for(pods)
  const revisions = informers.for(controllerrevisions)
  indexByNamespace(sets)
  indexByController(podInformer)
  indexByNode(podInformer)
  indexByController(revisions)
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'daemonset',
    workers: WORKERS,
    *reconcile(key) {
      if (!parts.ownWrites.isVisible(key)) return
      const { namespace, name } = splitKey(key)
      const ds = sets.get(namespace, name)
      if (ds) yield* new DaemonSetSync(parts, ds).run()
      else forget(parts, key)
    },
  })
  const parts: DaemonSetParts = {
    sim,
    client,
    recorder,
    podControl: new PodControl(client, recorder),
    nodes: informers.for(nodes),
    pods: podInformer,
    revisions,
    expectations: new Expectations(sim),
    ownWrites: new OwnWrites(),
    seenPods: trackRevision(podInformer),
    seenSets: trackRevision(sets),
    backoff: new FailedPodBackoff(),
    queue: loop.queue,
  }
  watchSets(parts, sets)
  watchPods(parts, sets)
  watchRevisions(parts, sets)
  const nodeLoop = watchNodes(parts, sets)
  return controllerFrom('daemonset-controller', [loop, nodeLoop])
}

function forget({ expectations, ownWrites }: DaemonSetParts, key: string): void {
  expectations.forget(key)
  ownWrites.forget(key)
}

function watchSets(parts: DaemonSetParts, sets: Informer<DaemonSet>): void {
  const gone = (ds: DaemonSet) => {
    forget(parts, keyOf(ds))
    parts.backoff.forget(`${ds.metadata.uid ?? ''}/`)
    parts.queue.add(keyOf(ds))
  }
  sets.addHandler({
    onAdd: (ds) => parts.queue.add(keyOf(ds)),
    onUpdate(ds, old) {
      if (ds.metadata.uid !== old.metadata.uid) gone(old)
      parts.queue.add(keyOf(ds))
    },
    onDelete: gone,
  })
}

/** Wakes the owner of an object, or those who may adopt it. */
class Waker {
  private readonly sets: Informer<DaemonSet>
  private readonly queue: WorkQueue

  constructor(sets: Informer<DaemonSet>, queue: WorkQueue) {
    this.sets = sets
    this.queue = queue
  }

  ownerOf(object: KubeObject): DaemonSet | undefined {
    return resolveOwner(this.sets, object.metadata.namespace, controllerOf(object))
  }

  wake(ds: DaemonSet | undefined): void {
    if (ds) this.queue.add(keyOf(ds))
  }

  wakeMatching({ metadata }: KubeObject): void {
    for (const ds of inNamespace(this.sets, metadata.namespace))
      if (!jsonEqual(ds.spec?.selector, {}) && compileSelector(ds.spec?.selector)(metadata.labels)) this.wake(ds)
  }

  /** After an update: old and new owner, or for an orphan whoever matches it now. */
  wakeForUpdate(object: KubeObject, old: KubeObject): void {
    const moved = !jsonEqual(controllerOf(object), controllerOf(old))
    if (moved) this.wake(this.ownerOf(old))
    if (controllerOf(object)) this.wake(this.ownerOf(object))
    else if (moved || !jsonEqual(object.metadata.labels, old.metadata.labels)) this.wakeMatching(object)
  }
}

/** k8s 1.36: daemon addPod, updatePod, deletePod. */
function watchPods({ pods: podInformer, expectations, queue }: DaemonSetParts, sets: Informer<DaemonSet>): void {
  const waker = new Waker(sets, queue)
  const gone = (pod: Pod) => {
    const owner = waker.ownerOf(pod)
    if (!owner) return
    expectations.deletionObserved(keyOf(owner), keyOf(pod))
    waker.wake(owner)
  }
  podInformer.addHandler({
    onAdd(pod) {
      if (pod.metadata.deletionTimestamp !== undefined) return gone(pod)
      if (!controllerOf(pod)) return waker.wakeMatching(pod)
      const owner = waker.ownerOf(pod)
      if (owner) expectations.creationObserved(keyOf(owner))
      waker.wake(owner)
    },
    onUpdate(pod, old) {
      if (pod.metadata.deletionTimestamp !== undefined) return gone(pod)
      waker.wakeForUpdate(pod, old)
      const owner = controllerOf(pod) && waker.ownerOf(pod)
      const minReadySeconds = owner?.spec?.minReadySeconds ?? 0
      if (owner && minReadySeconds > 0 && isPodReady(pod) && !isPodReady(old))
        queue.addAfter(keyOf(owner), (minReadySeconds + 1) * 1000)
    },
    onDelete: gone,
  })
}

/** k8s 1.36: daemon addHistory, updateHistory, deleteHistory. */
function watchRevisions({ revisions, queue }: DaemonSetParts, sets: Informer<DaemonSet>): void {
  const waker = new Waker(sets, queue)
  const gone = (revision: ControllerRevision) => waker.wake(waker.ownerOf(revision))
  revisions.addHandler({
    onAdd(revision) {
      if (revision.metadata.deletionTimestamp !== undefined) gone(revision)
      else if (!controllerOf(revision)) waker.wakeMatching(revision)
    },
    onUpdate: (revision, old) => waker.wakeForUpdate(revision, old),
    onDelete: gone,
  })
}

/** Looks at all DaemonSets when a node comes or its labels or taints change. k8s 1.36: daemon syncNodeUpdate. */
function watchNodes(
  { sim, nodes: nodeInformer, pods: podInformer, queue }: DaemonSetParts,
  sets: Informer<DaemonSet>,
): ControllerLoop {
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'daemonset-node-updates',
    workers: WORKERS,
    // oxlint-disable-next-line require-yield -- nothing to wait for
    *reconcile(name) {
      const node = nodeInformer.get('', name)
      if (!node) return
      const owners = new Set(podsOnNode(podInformer, name).map((pod) => controllerOf(pod)?.uid))
      for (const ds of sets.list()) {
        const { shouldRun, mayStay } = nodeFit(ds, node)
        const present = owners.has(ds.metadata.uid)
        const stale = present && (ds.status?.numberMisscheduled ?? 0) > 0
        if ((shouldRun && !present) || (!mayStay && present) || stale) queue.add(keyOf(ds))
      }
    },
  })
  const changed = (node: Node, old: Node) =>
    !jsonEqual(node.metadata.labels, old.metadata.labels) || !jsonEqual(node.spec?.taints ?? [], old.spec?.taints ?? [])
  nodeInformer.addHandler({
    onAdd: (node) => loop.queue.add(node.metadata.name ?? ''),
    onUpdate(node, old) {
      if (changed(node, old)) loop.queue.add(node.metadata.name ?? '')
    },
  })
  return loop
}
