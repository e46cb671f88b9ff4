import { controllerrevisions, persistentvolumeclaims, pods, statefulsets } from '../../apimachinery/generated/resources.ts'
import type { Pod, StatefulSet } from '../../apimachinery/generated/types.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { compileSelector } from '../../apimachinery/selectors.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { controllerOf, indexByController, indexByNamespace, inNamespace, resolveOwner } from '../shared/owners.ts'
import { OwnWrites, trackRevision } from '../shared/own-writes.ts'
import { isPodReady } from '../shared/pods.ts'
import { StatefulSetSync, type StatefulParts } from './sync.ts'

const WORKERS = 5

/** Keeps ordered pods with stable names and volumes. k8s 1.36: pkg/controller/statefulset. */
export function statefulSetController(context: ControllerContext): Controller {
  const client = context.client('statefulset-controller')
  const sets = context.informers.for(statefulsets)
  const podInformer = context.informers.for(pods)
  const revisions = context.informers.for(controllerrevisions)
  const claims = context.informers.for(persistentvolumeclaims)
  indexByNamespace(sets)
  indexByController(podInformer)
  indexByController(revisions)
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'statefulset',
    workers: WORKERS,
    *reconcile(key) {
      if (!parts.ownWrites.isVisible(key)) return
      const { namespace, name } = splitKey(key)
      const set = sets.get(namespace, name)
      if (set) yield* new StatefulSetSync(parts, set).run()
      else parts.ownWrites.forget(key)
    },
  })
  const parts: StatefulParts = {
    sim: context.sim,
    client,
    recorder: context.recorder(client, 'statefulset-controller'),
    pods: podInformer,
    revisions,
    claims,
    ownWrites: new OwnWrites(),
    seenPods: trackRevision(podInformer),
    seenSets: trackRevision(sets),
    queue: loop.queue,
  }
  const wake = (set: StatefulSet | undefined) => {
    if (set) loop.queue.add(keyOf(set))
  }
  sets.addHandler({ onAdd: wake, onUpdate: wake, onDelete: wake })
  const ownerOf = (pod: Pod) => resolveOwner(sets, pod.metadata.namespace, controllerOf(pod))
  const wakeMatching = (pod: Pod) => {
    for (const set of inNamespace(sets, pod.metadata.namespace))
      if (compileSelector(set.spec?.selector)(pod.metadata.labels)) wake(set)
  }
  podInformer.addHandler({
    onAdd(pod) {
      if (controllerOf(pod) || pod.metadata.deletionTimestamp !== undefined) wake(ownerOf(pod))
      else wakeMatching(pod)
    },
    onUpdate(pod, old) {
      const moved = !jsonEqual(controllerOf(pod), controllerOf(old))
      if (moved) wake(ownerOf(old))
      const owner = ownerOf(pod)
      if (owner) {
        wake(owner)
        const minReadySeconds = owner.spec?.minReadySeconds ?? 0
        if (minReadySeconds > 0 && isPodReady(pod) && !isPodReady(old)) loop.queue.addAfter(keyOf(owner), minReadySeconds * 1000)
      } else if (!controllerOf(pod) && (moved || !jsonEqual(pod.metadata.labels, old.metadata.labels))) wakeMatching(pod)
    },
    onDelete: (pod) => wake(ownerOf(pod)),
  })
  return controllerFrom('statefulset-controller', [loop])
}
