import { isNotFound } from '../../apimachinery/errors.ts'
import { nodes } from '../../apimachinery/generated/resources.ts'
import type { Node } from '../../apimachinery/generated/types.ts'
import { keyOf } from '../../apimachinery/resource.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'

const WORKERS = 5
const ANNOTATION = 'node.alpha.kubernetes.io/ttl'

/** Cluster sizes with the time for which kubelets may keep secrets and config maps. The ranges overlap on purpose. */
const STEPS = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1000, seconds: 30 },
  { min: 900, max: 2000, seconds: 60 },
  { min: 1800, max: Infinity, seconds: 300 },
] as const

/** The step for a number of nodes, coming from another step. k8s 1.36: ttl addNode, deleteNode. */
export function nextStep(step: number, count: number): number {
  const { min, max } = STEPS[step] ?? STEPS[0]
  return count > max ? step + 1 : count < min ? step - 1 : step
}

/** Tells kubelets by an annotation how long to cache. k8s 1.36: pkg/controller/ttl. */
export function ttlController(context: ControllerContext): Controller {
  const client = context.client('ttl-controller')
  const informer = context.informers.for(nodes)
  let step = 0
  const loop: ControllerLoop = new ControllerLoop(context.sim, {
    name: 'ttlcontroller',
    workers: WORKERS,
    *reconcile(name) {
      const node = informer.get('', name)
      const wanted = String(STEPS[step]?.seconds ?? 0)
      if (!node || node.metadata.annotations?.[ANNOTATION] === wanted) return
      try {
        yield* client.patch(nodes, '', name, { metadata: { annotations: { [ANNOTATION]: wanted } } })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  })
  const enqueue = (node: Node) => {
    step = nextStep(step, informer.size)
    loop.queue.add(keyOf(node))
  }
  informer.addHandler({
    onAdd: enqueue,
    onUpdate: (node) => loop.queue.add(keyOf(node)),
    onDelete() {
      step = nextStep(step, informer.size)
    },
  })
  return controllerFrom('ttl-controller', [loop])
}
