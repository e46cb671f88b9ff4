import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { Node, Pod, PodCondition } from '../../apimachinery/generated/types.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNode, nodeCondition, podsOnNode } from '../shared/nodes.ts'
import { disruptionTarget, patchPodStatus } from '../shared/pod-status.ts'
import { isPodTerminal } from '../shared/pods.ts'
import { byEvictionAndAge, isTerminated, TERMINATED_POD_THRESHOLD } from './plan.ts'

const PERIOD_MS = 20_000
const QUARANTINE_MS = 40_000
const PASS = 'pass'
const UNSCHEDULED = 'unscheduled and terminating'
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

/**
 * Deletes pods that nobody else will: on nodes that are gone, never scheduled, on nodes out of service, and finished
 * ones beyond a number. It looks every 20 seconds, here only when there may be something to do. k8s 1.36: pkg/controller/podgc.
 */
export function podGarbageCollector(context: ControllerContext): Controller {
  const { sim } = context
  const client = context.client('pod-garbage-collector')
  const podInformer = context.informers.for(pods)
  const nodeInformer = context.informers.for(nodes)
  indexByNode(podInformer)
  podInformer.addIndex(UNSCHEDULED, (pod) =>
    pod.metadata.deletionTimestamp !== undefined && !pod.spec?.nodeName ? [UNSCHEDULED] : [],
  )
  podInformer.addIndex('terminated', (pod) => (isTerminated(pod) ? ['terminated'] : []))
  let startMs = sim.now
  let terminated = 0
  /** Nodes that are gone though pods are bound to them, with the time from when that counts. */
  const missing = new Map<string, number>()

  const wake = () => loop.queue.addAfter(PASS, PERIOD_MS - ((sim.now - startMs) % PERIOD_MS))
  const isOutOfService = (node: Node | undefined): node is Node =>
    node !== undefined &&
    (node.spec?.taints ?? []).some((t) => t.key === OUT_OF_SERVICE) &&
    nodeCondition(node, 'Ready')?.status !== 'True'

  function* remove(pod: Pod, condition?: PodCondition): Task {
    const { namespace = '', name = '', generation } = pod.metadata
    try {
      if (!isPodTerminal(pod)) {
        const status = { phase: 'Failed', observedGeneration: generation, ...(condition ? { conditions: [condition] } : {}) }
        yield* patchPodStatus(client, pod, status)
      }
      yield* client.delete(pods, namespace, name, { gracePeriodSeconds: 0 })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      if (!isNotFound(error)) wake()
    }
  }

  function* collectOrphans(): Task {
    for (const [name, dueMs] of missing) {
      const bound = podsOnNode(podInformer, name)
      if (nodeInformer.get('', name) || bound.length === 0) missing.delete(name)
      else if (dueMs > sim.now) wake()
      else if (!(yield* nodeExists(name))) {
        missing.delete(name)
        const reason = 'PodGC: node no longer exists'
        for (const pod of bound) yield* remove(pod, disruptionTarget(pod, sim.now, 'DeletionByPodGC', reason))
      }
    }
  }

  function* nodeExists(name: string): Task<boolean> {
    try {
      yield* client.get(nodes, '', name)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'pod_garbage_collector',
    workers: 1,
    *reconcile() {
      if (terminated > TERMINATED_POD_THRESHOLD) {
        const finished = podInformer.byIndex('terminated', 'terminated').toSorted(byEvictionAndAge)
        for (const pod of finished.slice(0, finished.length - TERMINATED_POD_THRESHOLD)) yield* remove(pod)
      }
      for (const node of nodeInformer.list()) {
        if (!isOutOfService(node)) continue
        const ending = podsOnNode(podInformer, node.metadata.name ?? '').filter(
          (pod) => pod.metadata.deletionTimestamp !== undefined,
        )
        for (const pod of ending.toSorted(byEvictionAndAge)) yield* remove(pod)
      }
      yield* collectOrphans()
      for (const pod of podInformer.byIndex(UNSCHEDULED, UNSCHEDULED)) yield* remove(pod)
    },
  })

  const noteMissing = (name: string) => {
    if (missing.has(name)) return
    missing.set(name, sim.now + PERIOD_MS - ((sim.now - startMs) % PERIOD_MS) + QUARANTINE_MS)
    wake()
  }
  const consider = (pod: Pod) => {
    const { nodeName } = pod.spec ?? {}
    const ends = pod.metadata.deletionTimestamp !== undefined
    if (nodeName && !nodeInformer.get('', nodeName)) noteMissing(nodeName)
    if (ends && (!nodeName || isOutOfService(nodeInformer.get('', nodeName)))) wake()
    if (terminated > TERMINATED_POD_THRESHOLD) wake()
  }
  podInformer.addHandler({
    onAdd(pod) {
      if (isTerminated(pod)) terminated++
      consider(pod)
    },
    onUpdate(pod, old) {
      terminated += Number(isTerminated(pod)) - Number(isTerminated(old))
      if (
        pod.spec?.nodeName !== old.spec?.nodeName ||
        pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
        isTerminated(pod) !== isTerminated(old)
      )
        consider(pod)
    },
    onDelete(pod) {
      if (isTerminated(pod)) terminated--
    },
  })
  nodeInformer.addHandler({
    onUpdate(node, old) {
      if (isOutOfService(node) && !isOutOfService(old)) wake()
    },
    onDelete(node) {
      const { name = '' } = node.metadata
      if (podsOnNode(podInformer, name).length > 0) noteMissing(name)
    },
  })
  return controllerFrom('pod-garbage-collector-controller', [loop], {
    begin() {
      startMs = sim.now
    },
  })
}
