import { leases, nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNode, nodeCondition, swapTaints } from '../shared/nodes.ts'
import { NodeMonitor } from './monitor.ts'
import { markPodsNotReady } from './not-ready.ts'
import { planLabels, planNoSchedule } from './taints.ts'

const NODE_WORKERS = 8
const POD_WORKERS = 4
const LEASE_NAMESPACE = 'kube-node-lease'

/** Watches over nodes: Unknown conditions, taints, pods of silent nodes. k8s 1.36: pkg/controller/nodelifecycle. */
export function nodeLifecycleController(context: ControllerContext): Controller {
  const client = context.client('node-controller')
  const recorder = context.recorder(client, 'node-controller')
  const nodeInformer = context.informers.for(nodes)
  const podInformer = context.informers.for(pods)
  const leaseInformer = context.informers.for(leases)
  indexByNode(podInformer)
  const monitor = new NodeMonitor({
    sim: context.sim,
    client,
    recorder,
    nodes: nodeInformer,
    pods: podInformer,
    leases: leaseInformer,
  })

  const nodeLoop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'node_lifecycle_controller',
    workers: NODE_WORKERS,
    *reconcile(name) {
      const node = nodeInformer.get('', name)
      if (!node) return
      try {
        const { add, remove } = planNoSchedule(node)
        if (add.length > 0 || remove.length > 0) yield* swapTaints(client, node, add, remove)
        const labels = planLabels(node)
        if (labels) yield* client.patch(nodes, '', name, { metadata: { labels } })
      } catch (error) {
        // The next change of the node brings it back.
        if (!(error instanceof StatusError)) throw error
      }
    },
  })
  const podLoop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'node_lifecycle_controller_pods',
    workers: POD_WORKERS,
    *reconcile(key) {
      const pod = podInformer.getByKey(key)
      const node = pod && nodeInformer.get('', pod.spec?.nodeName ?? '')
      const ready = node && monitor.knows(node) ? nodeCondition(node, 'Ready') : undefined
      if (!pod || !ready || ready.status === 'True') return
      try {
        yield* markPodsNotReady(client, recorder, [pod])
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
  const enqueue = (node: Node) => nodeLoop.queue.add(keyOf(node))
  nodeInformer.addHandler({
    onAdd(node) {
      enqueue(node)
      monitor.wake()
    },
    onUpdate(node, old) {
      enqueue(node)
      if (
        !jsonEqual(nodeCondition(node, 'Ready'), nodeCondition(old, 'Ready')) ||
        !jsonEqual(node.spec?.taints, old.spec?.taints)
      )
        monitor.wake()
    },
    onDelete: () => monitor.wake(),
  })
  leaseInformer.addHandler({
    onAdd(lease) {
      if (lease.metadata.namespace === LEASE_NAMESPACE) monitor.wake()
    },
    onUpdate(lease) {
      if (lease.metadata.namespace === LEASE_NAMESPACE) monitor.leaseChanged(lease)
    },
  })
  const assigned = (pod: Pod) => {
    const node = nodeInformer.get('', pod.spec?.nodeName ?? '')
    if (node && nodeCondition(node, 'Ready')?.status !== 'True') podLoop.queue.add(keyOf(pod))
  }
  podInformer.addHandler({
    onAdd: assigned,
    onUpdate(pod, old) {
      if (pod.spec?.nodeName !== old.spec?.nodeName) assigned(pod)
    },
  })
  return controllerFrom('node-lifecycle-controller', [nodeLoop, podLoop], {
    begin: () => monitor.start(),
    end: () => monitor.stop(),
  })
}
