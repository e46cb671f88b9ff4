import { jsonEqual } from '../../apimachinery/equal.ts'
import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Informer } from '../../client/informer.ts'
import type { WorkQueue } from '../../client/workqueue.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { Expectations } from '../shared/expectations.ts'
import { controllerOf, indexByController, indexByNamespace, inNamespace, resolveOwner } from '../shared/owners.ts'
import { PodControl } from '../shared/pod-control.ts'
import { isPodReady } from '../shared/pods.ts'
import { REPLICA_SET, REPLICATION_CONTROLLER, type SetKind } from './set-kind.ts'
import { ReplicaSetSync, type SetParts } from './sync.ts'

const WORKERS = 5

/** Keeps the wanted number of pods for each ReplicaSet. k8s 1.36: pkg/controller/replicaset. */
export const replicaSetController = (context: ControllerContext): Controller => setController(context, REPLICA_SET)

/** The same for ReplicationControllers. k8s 1.36: pkg/controller/replication. */
export const replicationController = (context: ControllerContext): Controller => setController(context, REPLICATION_CONTROLLER)

function setController<T extends ReplicaSet>(context: ControllerContext, kind: SetKind<T>): Controller {
  const client = context.client(kind.controller)
  const recorder = context.recorder(client, kind.component)
  const sets = context.informers.for(kind.ref)
  const podInformer = context.informers.for(pods)
  indexByController(sets)
  indexByNamespace(sets)
  indexByController(podInformer)
  const expectations = new Expectations(context.sim)
  /** Revision of the newest own write per key; until the cache shows it, a sync would act on old news. */
  const written = new Map<string, number>()
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: kind.queue,
    workers: WORKERS,
    *reconcile(key) {
      const { namespace, name } = splitKey(key)
      const set = sets.get(namespace, name)
      if (!set) {
        written.delete(key)
        return expectations.forget(key)
      }
      // The watch event that brings the write adds the key again. k8s 1.36: StaleControllerConsistencyReplicaSet.
      if (Number(set.metadata.resourceVersion) < (written.get(key) ?? 0)) return
      yield* new ReplicaSetSync(parts, set).run()
    },
  })
  const parts: SetParts<T> = {
    sim: context.sim,
    client,
    podControl: new PodControl(client, recorder),
    kind,
    sets,
    pods: podInformer,
    expectations,
    written,
    queue: loop.queue,
  }
  sets.addHandler({
    onAdd: (set) => loop.queue.add(keyOf(set)),
    onUpdate(set, old) {
      if (set.metadata.uid !== old.metadata.uid) forget(keyOf(set), expectations, written)
      loop.queue.add(keyOf(set))
    },
    onDelete(set) {
      forget(keyOf(set), expectations, written)
      loop.queue.add(keyOf(set))
    },
  })
  watchPods(podInformer, sets, kind, expectations, loop.queue)
  return controllerFrom(kind.controller, [loop])
}

function forget(key: string, expectations: Expectations, written: Map<string, number>): void {
  expectations.forget(key)
  written.delete(key)
}

/** k8s 1.36: replicaset addPod, updatePod, deletePod. */
function watchPods<T extends ReplicaSet>(
  podInformer: Informer<Pod>,
  sets: Informer<T>,
  kind: SetKind<T>,
  expectations: Expectations,
  queue: WorkQueue,
): void {
  const ownerOf = (pod: Pod) => resolveOwner(sets, pod.metadata.namespace, controllerOf(pod))
  const wake = (set: T | undefined) => {
    if (set) queue.add(keyOf(set))
  }
  const wakeMatching = (pod: Pod) => {
    for (const set of inNamespace(sets, pod.metadata.namespace)) if (kind.selectorOf(set)(pod.metadata.labels)) wake(set)
  }
  const gone = (pod: Pod) => {
    const owner = ownerOf(pod)
    if (!owner) return
    expectations.deletionObserved(keyOf(owner), keyOf(pod))
    wake(owner)
  }
  podInformer.addHandler({
    onAdd(pod) {
      if (pod.metadata.deletionTimestamp !== undefined) return gone(pod)
      if (!controllerOf(pod)) return wakeMatching(pod)
      const owner = ownerOf(pod)
      if (!owner) return
      expectations.creationObserved(keyOf(owner))
      wake(owner)
    },
    onUpdate(pod, old) {
      if (pod.metadata.deletionTimestamp !== undefined) return gone(pod)
      const controller = controllerOf(pod)
      const moved = !jsonEqual(controller, controllerOf(old))
      if (moved) wake(ownerOf(old))
      if (!controller) {
        if (moved || !jsonEqual(pod.metadata.labels, old.metadata.labels)) wakeMatching(pod)
        return
      }
      const owner = ownerOf(pod)
      wake(owner)
      const minReadySeconds = owner?.spec?.minReadySeconds ?? 0
      if (owner && minReadySeconds > 0 && isPodReady(pod) && !isPodReady(old))
        queue.addAfter(keyOf(owner), minReadySeconds * 1000)
    },
    onDelete: gone,
  })
}
