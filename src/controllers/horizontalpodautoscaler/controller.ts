import { horizontalpodautoscalers, pods } from '../../apimachinery/generated/resources.ts'
import { keyOf, type KubeObject, type ResourceRef } from '../../apimachinery/resource.ts'
import type { LabelMatcher } from '../../apimachinery/selectors.ts'
import { ControllerLoop } from '../../client/controller.ts'
import type { Controller, ControllerContext } from '../context.ts'
import { controllerFrom } from '../shared/controller.ts'
import { indexByNamespace, inNamespace } from '../shared/owners.ts'
import { eachResource } from '../shared/resources.ts'
import { NO_METRICS } from './metrics.ts'
import type { Pace } from './pace.ts'
import { AutoscalerSync } from './sync.ts'

const WORKERS = 5
/** Metrics have no watch: each autoscaler is looked at in this interval. */
const SYNC_MS = 15_000

/** Sizes workloads by their load. k8s 1.36: pkg/controller/podautoscaler. */
export function horizontalPodAutoscalerController(context: ControllerContext): Controller {
  const { sim, informers } = context
  const client = context.client('horizontal-pod-autoscaler')
  const recorder = context.recorder(client, 'horizontal-pod-autoscaler')
  const autoscalers = informers.for(horizontalpodautoscalers)
  const podInformer = informers.for(pods)
  indexByNamespace(podInformer)
  const kinds = new Map<string, ResourceRef>()
  eachResource(informers, (ref) => kinds.set(`${ref.group}/${ref.kind}`, ref))
  const pace = new Map<string, Pace>()
  const selections = new Map<string, LabelMatcher>()
  const loop: ControllerLoop = new ControllerLoop(sim, {
    name: 'horizontalpodautoscaler',
    workers: WORKERS,
    limits: { baseDelayMs: SYNC_MS, maxDelayMs: SYNC_MS, qps: Infinity, burst: Infinity },
    *reconcile(key) {
      const hpa = autoscalers.getByKey(key)
      if (!hpa) {
        pace.delete(key)
        selections.delete(key)
        return
      }
      const parts = {
        client,
        recorder,
        source: context.metrics ?? NO_METRICS,
        resourceOf: (group: string, kind: string) => kinds.get(`${group}/${kind}`),
        podsIn: (namespace: string) => inNamespace(podInformer, namespace),
        pace,
        selections,
        nowMs: sim.now,
      }
      loop.queue.addAfter(key, SYNC_MS)
      yield* new AutoscalerSync(parts, hpa, key).run()
    },
  })
  const later = (hpa: KubeObject) => loop.queue.addAfter(keyOf(hpa), SYNC_MS)
  autoscalers.addHandler({ onAdd: later, onUpdate: later, onDelete: (hpa) => loop.queue.add(keyOf(hpa)) })
  return controllerFrom('horizontal-pod-autoscaler-controller', [loop])
}
