import type { CrossVersionObjectReference, LabelSelector, Pod } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import { compileSelector, type LabelMatcher } from '../apimachinery/selectors.ts'
import type { ResourceInfo } from '../apiserver/resources.ts'
import { MetricsError, NO_METRICS, type MetricsSource, type PodMetrics } from '../controllers/horizontalpodautoscaler/metrics.ts'
import type { Etcd } from '../etcd/etcd.ts'
import { formatTime } from '../sim/time.ts'
import type { Cluster } from './cluster.ts'
import { groupBy, isReady, workloadOf, type LoadSpread } from './load.ts'

/** What a metric is about. */
export type MetricSubject =
  /** The pods of a workload: each has the value, or they share it. */
  | { readonly source: 'pods'; readonly workload: string; readonly spread: LoadSpread }
  | { readonly source: 'object'; readonly kind: string; readonly name: string }
  | { readonly source: 'external'; readonly labels?: { readonly [name: string]: string } }

export interface MetricValue {
  readonly namespace: string
  readonly metric: string
  readonly subject: MetricSubject
  readonly valueMilli: number
}

export const CUSTOM_METRICS_API = 'v1beta2.custom.metrics.k8s.io'
const EXTERNAL_METRICS_API = 'v1beta1.external.metrics.k8s.io'
const API_SERVICES = 'apiservices.apiregistration.k8s.io'
/** Of the measurements: as the default rate interval of adapters. */
const WINDOW_MS = 60_000

/**
 * Metrics that no kubelet knows: requests a second, lengths of queues. Their values are what people say they are; they
 * are served as custom.metrics.k8s.io and external.metrics.k8s.io while those APIServices are there.
 * SIMPLIFIED: no adapter runs in a pod, so its APIServices are local ones; custom metrics are for
 * autoscalers only and have no labels, so their selectors choose nothing; over HTTP, only external ones can be read.
 */
export class CustomMetrics implements Pick<MetricsSource, 'pods' | 'object' | 'external'> {
  private readonly cluster: Cluster
  private readonly etcd: Etcd
  private readonly values = new Map<string, MetricValue>()
  private readonly served = new Map<string, ResourceInfo>()

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.etcd = cluster.etcd
    this.etcd.watch(API_SERVICES, ({ key }) => {
      if (key === EXTERNAL_METRICS_API) this.serve()
    })
  }

  /** A value of null takes it away. */
  set(value: Omit<MetricValue, 'valueMilli'>, valueMilli: number | null): void {
    const key = JSON.stringify([value.namespace, value.metric, { ...value.subject, spread: undefined }])
    if (valueMilli === null) this.values.delete(key)
    else this.values.set(key, { ...value, valueMilli })
    this.serve()
  }

  all(): readonly MetricValue[] {
    return [...this.values.values()]
  }

  /** k8s 1.36: podautoscaler customMetricsClient.GetRawMetric. */
  pods(metric: string, namespace: string, selects: LabelMatcher, _selector: LabelSelector | undefined): PodMetrics {
    this.requireCustom(() => NO_METRICS.pods(metric, namespace, selects, undefined))
    const pods = this.etcd.range('pods', `${namespace}/`).map(({ value }) => value as Pod)
    const selected = pods.filter((pod) => isReady(pod) && selects(pod.metadata.labels))
    const groups = groupBy(selected, (pod) => workloadOf(this.etcd, pod))
    const answer = new Map(
      this.of(namespace, metric, 'pods').flatMap(({ subject, valueMilli }) => {
        if (subject.source !== 'pods') return []
        const members = groups.get(`${namespace}/${subject.workload}`) ?? []
        const share = subject.spread === 'each' ? valueMilli : Math.round(valueMilli / members.length)
        return members.map(
          (pod) => [pod.metadata.name ?? '', { valueMilli: share, timeMs: this.cluster.sim.now, windowMs: WINDOW_MS }] as const,
        )
      }),
    )
    if (answer.size === 0) throw customFailure(`the server could not find the metric ${metric} for pods`)
    return answer
  }

  /** k8s 1.36: podautoscaler customMetricsClient.GetObjectMetric. */
  object(metric: string, namespace: string, about: CrossVersionObjectReference, _selector: LabelSelector | undefined): number {
    this.requireCustom(() => NO_METRICS.object(metric, namespace, about, undefined))
    const { kind, name } = about
    const found = this.of(namespace, metric, 'object').find(
      ({ subject }) => subject.source === 'object' && subject.kind === kind && subject.name === name,
    )
    if (!found) throw customFailure(`the server could not find the metric ${metric} for ${kind.toLowerCase()} ${name}`)
    return found.valueMilli
  }

  /** k8s 1.36: podautoscaler externalMetricsClient.GetExternalMetric. */
  external(metric: string, namespace: string, selector: LabelSelector | undefined): readonly number[] {
    if (!this.etcd.get(API_SERVICES, EXTERNAL_METRICS_API)) return NO_METRICS.external(metric, namespace, selector)
    const selects = compileSelector(selector ?? {})
    const values = this.of(namespace, metric, 'external').filter(
      ({ subject }) => subject.source === 'external' && selects(subject.labels),
    )
    if (values.length === 0) throw new MetricsError('no metrics returned from external metrics API')
    return values.map(({ valueMilli }) => valueMilli)
  }

  private of(namespace: string, metric: string, source: MetricSubject['source']): readonly MetricValue[] {
    return this.all().filter(
      (value) => value.namespace === namespace && value.metric === metric && value.subject.source === source,
    )
  }

  private requireCustom(refuse: () => unknown): void {
    if (!this.etcd.get(API_SERVICES, CUSTOM_METRICS_API)) refuse()
  }

  /** Each external metric is a resource of its API. */
  private serve(): void {
    const { resources } = this.cluster.api
    const isServed = this.etcd.get(API_SERVICES, EXTERNAL_METRICS_API) !== undefined
    const wanted = new Set(
      isServed ? this.all().flatMap(({ subject, metric }) => (subject.source === 'external' ? [metric] : [])) : [],
    )
    for (const [metric, info] of this.served)
      if (!wanted.has(metric)) {
        resources.remove(info.group, info.version, metric)
        this.served.delete(metric)
      }
    for (const metric of wanted)
      if (!this.served.has(metric)) {
        const info = this.resource(metric)
        this.served.set(metric, info)
        resources.add(info)
      }
  }

  private resource(metric: string): ResourceInfo {
    const group = 'external.metrics.k8s.io'
    const apiVersion = `${group}/v1beta1`
    const list = (): readonly KubeObject[] =>
      this.all().flatMap(({ namespace, metric: name, subject, valueMilli }) =>
        subject.source !== 'external' || name !== metric
          ? []
          : [
              {
                kind: 'ExternalMetricValue',
                apiVersion,
                metadata: { namespace, ...(subject.labels ? { labels: subject.labels } : {}) },
                metricName: metric,
                metricLabels: subject.labels ?? {},
                timestamp: formatTime(this.cluster.sim.now),
                value: valueMilli % 1000 === 0 ? String(valueMilli / 1000) : `${valueMilli}m`,
              },
            ],
      )
    return {
      group,
      version: 'v1beta1',
      resource: metric,
      kind: 'ExternalMetricValue',
      namespaced: true,
      apiVersion,
      model: '',
      verbs: ['get', 'list'],
      subresources: new Map(),
      bucket: `${metric}.${group}`,
      storage: { group, apiVersion },
      strategy: { group, resource: metric },
      computed: { list, groupPriority: 100 },
    }
  }
}

const customFailure = (why: string) => new MetricsError(`unable to fetch metrics from custom metrics API: ${why}`)
