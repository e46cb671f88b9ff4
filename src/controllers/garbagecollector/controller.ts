import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { eachResource, resourceKey } from '../shared/resources.ts'
import { GarbageCollection } from './collection.ts'
import { OwnerGraph, type GraphNode } from './graph.ts'

const WORKERS = 20
const IGNORED = new Set(['/events', 'events.k8s.io/events'])

/** Deletes objects whose owners are gone. k8s 1.36: pkg/controller/garbagecollector. */
export function garbageCollectorController(context: ControllerContext): Controller {
  const client = context.client('generic-garbage-collector', { qps: 40, burst: 30 })
  const recorder = context.recorder(client, 'garbage-collector-controller')
  const refs = new Map<string, ResourceRef>()
  const enqueue = (loop: ControllerLoop) => (node: GraphNode) => loop.queue.add(node.uid)
  const deleteLoop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'garbage_collector_attempt_to_delete',
    workers: WORKERS,
    *reconcile(uid) {
      const node = graph.nodes.get(uid)
      if (node) yield* collection.attemptToDelete(node)
    },
  })
  const orphanLoop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'garbage_collector_attempt_to_orphan',
    workers: WORKERS,
    *reconcile(uid) {
      const node = graph.nodes.get(uid)
      if (node) yield* collection.orphanDependents(node)
    },
  })
  const graph = new OwnerGraph({
    attemptToDelete: enqueue(deleteLoop),
    attemptToOrphan: enqueue(orphanLoop),
    reportForeignOwner({ apiVersion, kind, namespace, name, uid }, owner) {
      const text = `[${owner.apiVersion}/${owner.kind}, namespace: ${namespace}, name: ${owner.name}, uid: ${owner.uid}]`
      const about = { apiVersion, kind, namespace, name, uid }
      recorder.record(
        about,
        'Warning',
        'OwnerRefInvalidNamespace',
        `ownerRef ${text} does not exist in namespace ${JSON.stringify(namespace)}`,
      )
    },
  })
  const collection = new GarbageCollection(client, graph, refs, enqueue(deleteLoop))
  const gone = ({ metadata: { uid = '', namespace = '' } }: KubeObject) => {
    if (graph.nodes.get(uid)?.dependents.size) collection.remember(uid, namespace)
    graph.remove(uid)
  }
  eachResource(context.informers, (ref) => {
    refs.set(`${ref.group}/${ref.kind}`, ref)
    if (IGNORED.has(resourceKey(ref))) return
    context.informers.for<KubeObject>(ref).addHandler({
      onAdd: (object) => graph.set(ref, object, undefined),
      onUpdate(object, old) {
        if (object.metadata.uid !== old.metadata.uid) gone(old)
        graph.set(ref, object, old.metadata.uid === object.metadata.uid ? old : undefined)
      },
      onDelete: gone,
    })
  })
  return controllerFrom('garbage-collector-controller', [deleteLoop, orphanLoop])
}
