import { isNotFound, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { Node, Pod, Taint } from '../../apimachinery/generated/types.ts'
import { keyOf, splitKey } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Timer } from '../../sim/simulation.ts'
import { sleep, type Task } from '../../sim/task.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNode, podsOnNode } from '../shared/nodes.ts'
import { disruptionTarget, patchPodStatus } from '../shared/pod-status.ts'
import { podCondition } from '../shared/pods.ts'
import { tolerationMs } from './tolerations.ts'

const WORKERS = 8
const RETRIES = 5
const RETRY_MS = 10

/** A deletion that is due at some time (timer), under way or done (null). */
interface Eviction {
  readonly timer: Timer | null
  readonly createdMs: number
}

const noExecute = (node: Node): readonly Taint[] => (node.spec?.taints ?? []).filter((taint) => taint.effect === 'NoExecute')

/** Deletes pods that do not tolerate their node's NoExecute taints. k8s 1.36: pkg/controller/tainteviction. */
export function taintEvictionController(context: ControllerContext): Controller {
  const { sim } = context
  const client = context.client('node-controller')
  const recorder = context.recorder(client, 'taint-eviction-controller')
  const podInformer = context.informers.for(pods)
  const nodeInformer = context.informers.for(nodes)
  indexByNode(podInformer)
  const tainted = new Map<string, readonly Taint[]>()
  const evictions = new Map<string, Eviction>()

  const say = (key: string, text: string) => {
    const { namespace, name } = splitKey(key)
    const about = { apiVersion: 'v1', kind: 'Pod', namespace, name }
    recorder.record(about, 'Normal', 'TaintManagerEviction', `${text} Pod ${key}`)
  }
  const cancel = (key: string) => {
    const eviction = evictions.get(key)
    evictions.delete(key)
    if (!eviction?.timer) return
    eviction.timer.cancel()
    say(key, 'Cancelling deletion of')
  }

  function* evict(key: string): Task {
    const { namespace, name } = splitKey(key)
    for (let attempt = 1; ; attempt++) {
      try {
        const pod = yield* client.get(pods, namespace, name)
        const condition = disruptionTarget(
          pod,
          sim.now,
          'DeletionByTaintManager',
          'Taint manager: deleting due to NoExecute taint',
        )
        if (!jsonEqual(podCondition(pod, 'DisruptionTarget'), condition))
          yield* patchPodStatus(client, pod, { conditions: [condition] })
        return yield* client.delete(pods, namespace, name)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        if (isNotFound(error) || attempt >= RETRIES) {
          evictions.delete(key)
          return
        }
      }
      yield* sleep(RETRY_MS)
    }
  }
  const fire = (key: string, createdMs: number) => {
    evictions.set(key, { timer: null, createdMs })
    say(key, 'Marking for deletion')
    sim.spawn(evict(key))
  }
  const schedule = (key: string, createdMs: number, atMs: number) => {
    if (evictions.has(key)) return
    if (atMs <= sim.now) return fire(key, createdMs)
    evictions.set(key, { timer: sim.scheduleAt(atMs, () => fire(key, createdMs)), createdMs })
  }

  const process = (pod: Pod, taints: readonly Taint[]) => {
    const key = keyOf(pod)
    if (taints.length === 0) return cancel(key)
    const ms = tolerationMs(taints, pod.spec?.tolerations ?? [])
    if (ms === 0 || ms === Infinity) {
      cancel(key)
      if (ms === 0) schedule(key, sim.now, sim.now)
      return
    }
    const known = evictions.get(key)
    if (known?.timer) {
      if (known.createdMs < sim.now) return
      cancel(key)
    }
    schedule(key, known?.createdMs ?? sim.now, sim.now + ms)
  }

  const nodeLoop: ControllerLoop = new ControllerLoop(sim, {
    name: 'noexec_taint_node',
    workers: WORKERS,
    *reconcile(name) {
      const node = nodeInformer.get('', name)
      const taints = node ? noExecute(node) : []
      if (taints.length === 0) tainted.delete(name)
      else tainted.set(name, taints)
      if (node) for (const pod of podsOnNode(podInformer, name)) process(pod, taints)
    },
  })
  const podLoop: ControllerLoop = new ControllerLoop(sim, {
    name: 'noexec_taint_pod',
    workers: WORKERS,
    *reconcile(key) {
      const pod = podInformer.getByKey(key)
      if (!pod) return cancel(key)
      const taints = tainted.get(pod.spec?.nodeName ?? '')
      if (taints) process(pod, taints)
    },
  })
  nodeInformer.addHandler({
    onAdd(node) {
      if (noExecute(node).length > 0) nodeLoop.queue.add(node.metadata.name ?? '')
    },
    onUpdate(node, old) {
      if (!jsonEqual(noExecute(node), noExecute(old))) nodeLoop.queue.add(node.metadata.name ?? '')
    },
    onDelete: (node) => nodeLoop.queue.add(node.metadata.name ?? ''),
  })
  const wakePod = (pod: Pod) => {
    if (evictions.has(keyOf(pod)) || tainted.has(pod.spec?.nodeName ?? '')) podLoop.queue.add(keyOf(pod))
  }
  podInformer.addHandler({
    onAdd: wakePod,
    onUpdate(pod, old) {
      if (pod.spec?.nodeName !== old.spec?.nodeName || !jsonEqual(pod.spec?.tolerations, old.spec?.tolerations)) wakePod(pod)
    },
    onDelete: wakePod,
  })
  return controllerFrom('taint-eviction-controller', [nodeLoop, podLoop], {
    // After a restart, waits begin anew for nodes whose taints the copy already holds.
    begin() {
      for (const node of nodeInformer.list()) if (noExecute(node).length > 0) nodeLoop.queue.add(node.metadata.name ?? '')
    },
    end() {
      for (const { timer } of evictions.values()) timer?.cancel()
      evictions.clear()
    },
  })
}
