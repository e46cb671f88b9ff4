import {
  MetricsError,
  NO_METRICS,
  type MetricsSource,
  type PodMetric,
  type PodMetrics,
} from '../controllers/horizontalpodautoscaler/metrics.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { LabelMatcher } from '../apimachinery/selectors.ts'
import { milliValue } from '../apimachinery/quantity.ts'
import type { ResourceInfo } from '../apiserver/resources.ts'
import { formatTime, parseTime } from '../sim/time.ts'
import { METRICS_GROUP, METRICS_PRIORITY, METRICS_VERSION } from './addons/metrics-server.ts'
import type { Cluster } from './cluster.ts'
import { CustomMetrics } from './custom-metrics.ts'
import { groupBy, type Loads } from './load.ts'
import type { NodeHost } from './node-host.ts'

/** --metric-resolution */
const RESOLUTION_MS = 15_000
/** A container that started later than this before the measurement is too fresh. */
const FRESH_MS = 10_000
/** SIMPLIFIED: what the kubelet, the container runtime and the system of a node use is always the same. */
const SYSTEM = { cpuMilli: 60, memoryBytes: 300 * 1024 * 1024 }
const API_VERSION = `${METRICS_GROUP}/${METRICS_VERSION}`
const API_SERVICES = 'apiservices.apiregistration.k8s.io'
const API_SERVICE = `${METRICS_VERSION}.${METRICS_GROUP}`
/** The kubelet runs a static pod under another uid than its mirror has. */
const MIRROR = 'kubernetes.io/config.mirror'

interface Usage {
  readonly cpuMilli: number
  readonly memoryBytes: number
}
interface MeasuredPod {
  readonly pod: Pod
  readonly node: string
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[]
}

/**
 * What metrics-server does: CPU and memory of pods and nodes from the kubelets, behind metrics.k8s.io while its
 * APIService is there, and for autoscalers.
 * SIMPLIFIED: it runs beside the cluster and not in a pod, and its APIService is therefore a local one. Nothing is
 * collected every 15 seconds: what is in use now is told as of the last time that would have been.
 */
export class MetricsServer implements MetricsSource {
  private readonly cluster: Cluster
  private readonly loads: Loads
  /** What no kubelet measures. */
  readonly custom: CustomMetrics
  readonly pods: MetricsSource['pods']
  readonly object: MetricsSource['object']
  readonly external: MetricsSource['external']

  constructor(cluster: Cluster, loads: Loads) {
    this.cluster = cluster
    this.loads = loads
    const custom = new CustomMetrics(cluster)
    this.custom = custom
    this.pods = (...question) => custom.pods(...question)
    this.object = (...question) => custom.object(...question)
    this.external = (...question) => custom.external(...question)
    const { etcd, api } = cluster
    etcd.watch(API_SERVICES, ({ type, key }) => {
      if (key !== API_SERVICE) return
      for (const info of this.resources())
        if (type === 'put') api.resources.add(info)
        else api.resources.remove(info.group, info.version, info.resource)
    })
  }

  /** k8s 1.36: podautoscaler resourceMetricsClient.GetResourceMetric. */
  resource(resource: string, namespace: string, selects: LabelMatcher, container: string): PodMetrics {
    if (!this.cluster.etcd.get(API_SERVICES, API_SERVICE)) return NO_METRICS.resource(resource, namespace, selects, container)
    const measured = this.measure(namespace).filter(({ pod }) => selects(pod.metadata.labels))
    if (measured.length === 0) throw new MetricsError('no metrics returned from resource metrics API')
    const answer = new Map<string, PodMetric>()
    for (const { pod, containers } of measured) {
      const counted = container === '' ? containers : containers.filter(({ name }) => name === container)
      if (counted.length === 0 || (resource !== 'cpu' && resource !== 'memory')) continue
      const { cpuMilli, memoryBytes } = sumOf(counted.map(({ usage }) => usage))
      const valueMilli = resource === 'cpu' ? cpuMilli : memoryBytes * 1000
      answer.set(pod.metadata.name ?? '', { valueMilli, timeMs: this.timeMs, windowMs: RESOLUTION_MS })
    }
    return answer
  }

  /** When the kubelets would have been asked last. */
  private get timeMs(): number {
    return Math.floor(this.cluster.sim.now / RESOLUTION_MS) * RESOLUTION_MS
  }

  /** Pods of a namespace, or of all, that have been measured. */
  private measure(namespace: string): readonly MeasuredPod[] {
    const pods = this.cluster.etcd.range('pods', namespace === '' ? '' : `${namespace}/`).map(({ value }) => value as Pod)
    const loads = this.loads.on(pods)
    return pods.flatMap((pod) => {
      const host = this.cluster.machine(pod.spec?.nodeName ?? '')
      if (!host || !answers(host) || pod.status?.phase !== 'Running' || !isMeasured(pod, this.timeMs)) return []
      const { uid = '', annotations } = pod.metadata
      const stats = host.kubelet.podStats(annotations?.[MIRROR] ?? uid)
      const load = loads.get(uid) ?? 0
      const first = pod.spec?.containers[0]?.name
      const containers = stats.map(({ container: name, usage }) => ({
        name,
        usage: { ...usage, cpuMilli: throttled(pod, name, usage.cpuMilli + (name === first ? load : 0)) },
      }))
      return containers.length === 0 ? [] : [{ pod, node: host.name, containers }]
    })
  }

  private resources(): readonly ResourceInfo[] {
    const resource = (name: string, kind: string, namespaced: boolean, list: () => readonly KubeObject[]): ResourceInfo => ({
      group: METRICS_GROUP,
      version: METRICS_VERSION,
      resource: name,
      kind,
      namespaced,
      apiVersion: API_VERSION,
      model: '',
      verbs: ['get', 'list'],
      subresources: new Map(),
      bucket: `${name}.${METRICS_GROUP}`,
      storage: { group: METRICS_GROUP, apiVersion: API_VERSION },
      strategy: { group: METRICS_GROUP, resource: name },
      computed: { list, groupPriority: METRICS_PRIORITY },
    })
    return [
      resource('nodes', 'NodeMetrics', false, () => this.nodeMetrics()),
      resource('pods', 'PodMetrics', true, () => this.podMetrics()),
    ]
  }

  private podMetrics(): readonly KubeObject[] {
    return this.measure('').map(({ pod, containers }) => ({
      ...this.metricsObject('PodMetrics', pod),
      containers: containers.map(({ name, usage }) => ({ name, usage: quantities(usage) })),
    }))
  }

  private nodeMetrics(): readonly KubeObject[] {
    const onNode = groupBy(this.measure(''), ({ node }) => node)
    return this.cluster.etcd.range('nodes').flatMap(({ key, value }) => {
      const host = this.cluster.machine(key)
      if (!host || !answers(host)) return []
      const used = (onNode.get(key) ?? []).flatMap(({ containers }) => containers.map(({ usage }) => usage))
      const { cpuMilli, memoryBytes } = sumOf([SYSTEM, ...used])
      const usage = { cpuMilli: Math.min(cpuMilli, host.spec.cpuMilli), memoryBytes }
      return [{ ...this.metricsObject('NodeMetrics', value), usage: quantities(usage) }]
    })
  }

  private metricsObject(kind: string, { metadata }: KubeObject) {
    const { name, namespace, labels } = metadata
    return {
      kind,
      apiVersion: API_VERSION,
      metadata: {
        name,
        ...(namespace ? { namespace } : {}),
        creationTimestamp: formatTime(this.cluster.sim.now),
        ...(labels ? { labels } : {}),
      },
      timestamp: formatTime(this.timeMs),
      window: `${RESOLUTION_MS / 1000}s`,
    }
  }
}

const answers = (host: NodeHost) => host.powered && host.kubelet.running

function isMeasured({ status }: Pod, timeMs: number): boolean {
  const started = (status?.containerStatuses ?? []).flatMap(({ state }) => state?.running?.startedAt ?? [])
  return started.every((text) => parseTime(text) <= timeMs - FRESH_MS)
}

/** A container gets no more than its limit, however much there is to do. */
function throttled(pod: Pod, container: string, cpuMilli: number): number {
  const limit = pod.spec?.containers.find(({ name }) => name === container)?.resources?.limits?.['cpu']
  return Math.round(limit === undefined ? cpuMilli : Math.min(cpuMilli, milliValue(limit)))
}

function sumOf(usages: readonly Usage[]): Usage {
  return usages.reduce(
    (sum, { cpuMilli, memoryBytes }) => ({ cpuMilli: sum.cpuMilli + cpuMilli, memoryBytes: sum.memoryBytes + memoryBytes }),
    { cpuMilli: 0, memoryBytes: 0 },
  )
}

const quantities = ({ cpuMilli, memoryBytes }: Usage) => ({
  cpu: cpuMilli === 0 ? '0' : `${cpuMilli * 1_000_000}n`,
  memory: `${Math.round(memoryBytes / 1024)}Ki`,
})
