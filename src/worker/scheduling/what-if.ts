import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod, PodTemplateSpec } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { toYaml } from '../../kubectl/manifest.ts'
import { Bench } from '../../scheduler/bench.ts'
import type { FeedContext } from '../feeds/feed.ts'
import { changeError, changeNode, changePod, changeWeights } from './change-pod.ts'
import { podsOfWorkload } from './pod-facts.ts'
import type { SchedulingChange, WhatIf, WhatIfAnswer } from './protocol.ts'
import { weighPod } from './weighing.ts'

type Scaling = Extract<SchedulingChange, { readonly type: 'replicas' }>

/** More further replicas than these are not tried. */
const MOST_REPLICAS = 1000

const failed = (error: string): WhatIfAnswer => ({ error, before: null, after: null, replicas: [], configYaml: '' })

/** Weighs the pod as things are, and as they would be. Works on copies. */
export function whatIf(context: FeedContext, { namespace, name, changes }: WhatIf): WhatIfAnswer {
  const { cluster } = context
  const pod = context.informers.for(pods).get(namespace, name)
  const outlook = cluster.scheduler.scheduler.outlook()
  if (!pod) return failed(`pods "${name}" not found`)
  if (!outlook) return failed('kube-scheduler is not running')
  const error = changeError(changes)
  if (error !== '') return failed(error)
  const common = { nowMs: cluster.sim.now, seed: cluster.sim.seed }
  const place = { uid: pod.metadata.uid ?? '', nodeName: pod.spec?.nodeName ?? '' }
  const bench = new Bench(outlook, common)
  bench.remove(place)
  const before = weighPod(bench, pod, cluster.sim.now)

  const config = changeWeights(outlook.config, pod.spec?.schedulerName ?? '', changes)
  const changed = new Bench(outlook, { ...common, config })
  changed.remove(place)
  for (const { node } of outlook.nodes) {
    const newer = changeNode(node, changes)
    if (newer !== node) changed.setNode(newer)
  }
  const newPod = changePod(pod, changes)
  const scalings = changes.filter((change) => change.type === 'replicas')
  const further = scalings.map((scaling) => ({ scaling, copies: scale(context, changed, pod, scaling) }))
  const isOwn = ({ scaling }: { scaling: Scaling }) => scaling.workload.name === ownerName(context, pod, scaling)
  const replicas = further.filter((entry) => !isOwn(entry)).flatMap(({ copies }) => placeAll(changed, copies))
  const after = weighPod(changed, newPod, cluster.sim.now)
  const own = further.filter(isOwn).flatMap(({ copies }) => copies.map((copy) => changePod(copy, changes)))
  if (own.length > 0) placeAll(changed, [newPod])
  replicas.push(...placeAll(changed, own))
  const configYaml =
    config === outlook.config
      ? ''
      : toYaml({
          ...config,
          apiVersion: 'kubescheduler.config.k8s.io/v1',
          kind: 'KubeSchedulerConfiguration',
        } as unknown as KubeObject)
  return { error: '', before, after, replicas, configYaml }
}

/** The workload's name if the pod is one of its pods, else ''. */
function ownerName(context: FeedContext, pod: Pod, { workload }: Scaling): string {
  return podsOfWorkload(context, workload).some(({ metadata }) => metadata.uid === pod.metadata.uid) ? workload.name : ''
}

/**
 * Takes away pods that scaling down would end (those without a node first, then the youngest), or gives the pods that
 * scaling up would add. SIMPLIFIED: the controllers' finer order among running pods is left out.
 */
function scale(context: FeedContext, bench: Bench, subject: Pod, { workload, replicas }: Scaling): readonly Pod[] {
  const present = podsOfWorkload(context, workload).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const rank = ({ metadata, spec }: Pod) => `${spec?.nodeName ? 0 : 1} ${metadata.creationTimestamp}`
  const victims = present
    .filter(({ metadata }) => metadata.uid !== subject.metadata.uid)
    .toSorted((a, b) => (rank(a) < rank(b) ? 1 : -1))
    .slice(0, Math.max(0, present.length - replicas))
  for (const { metadata, spec } of victims) bench.remove({ uid: metadata.uid ?? '', nodeName: spec?.nodeName ?? '' })
  const count = Math.min(MOST_REPLICAS, replicas - present.length)
  const model = present[0] ?? fromTemplate(context, workload)
  if (count <= 0 || !model) return []
  return Array.from({ length: count }, (_, i) => ({
    ...model,
    metadata: { ...model.metadata, name: `${workload.name}-${i + 1}`, uid: `what-if-${workload.name}-${i}` },
    spec: { containers: [], ...model.spec, nodeName: undefined },
    status: {},
  }))
}

function fromTemplate(context: FeedContext, { group, version, resource, namespace, name }: Scaling['workload']): Pod | undefined {
  const info = context.cluster.api.resources.find(group, version, resource)
  const object =
    info && (context.informers.for(info).get(namespace, name) as KubeObject & { spec?: { template?: PodTemplateSpec } })
  const template = object?.spec?.template
  if (!template?.spec) return undefined
  return { metadata: { ...template.metadata, namespace }, spec: { schedulerName: 'default-scheduler', ...template.spec } }
}

/** Places one after the other; gives their nodes, '' where none would do. */
function placeAll(bench: Bench, list: readonly Pod[]): string[] {
  return list.map((pod) => {
    const result = bench.schedule(pod)
    if (result?.kind !== 'placed') return ''
    bench.place(pod, result.nodeName)
    return result.nodeName
  })
}
