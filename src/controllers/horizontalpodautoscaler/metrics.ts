import type { CrossVersionObjectReference, LabelSelector } from '../../apimachinery/generated/types.ts'
import type { LabelMatcher } from '../../apimachinery/selectors.ts'

/** What was measured of one pod. */
export interface PodMetric {
  readonly valueMilli: number
  /** When the measuring ended, and how long it took. */
  readonly timeMs: number
  readonly windowMs: number
}
export type PodMetrics = ReadonlyMap<string, PodMetric>

/** Why a metric can't be had, in the words of its API's client. */
export class MetricsError extends Error {}

/**
 * The metrics APIs as autoscalers see them. Every call may throw MetricsError.
 * k8s 1.36: podautoscaler metrics.MetricsClient.
 */
export interface MetricsSource {
  /** Use of cpu or memory by pods, or by one container of theirs. Pods without a measurement are left out. */
  resource(resource: string, namespace: string, selects: LabelMatcher, container: string): PodMetrics
  pods(metric: string, namespace: string, selects: LabelMatcher, selector: LabelSelector | undefined): PodMetrics
  object(metric: string, namespace: string, about: CrossVersionObjectReference, selector: LabelSelector | undefined): number
  external(metric: string, namespace: string, selector: LabelSelector | undefined): readonly number[]
}

const unserved = (api: string, what: string) =>
  new MetricsError(`unable to fetch metrics from ${api} metrics API: the server could not find the requested resource (${what})`)

/** A cluster without metrics APIs. */
export const NO_METRICS: MetricsSource = {
  resource() {
    throw unserved('resource', 'get pods.metrics.k8s.io')
  },
  pods() {
    throw new MetricsError(
      'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
    )
  },
  object() {
    throw new MetricsError(
      'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
    )
  },
  external(metric) {
    throw unserved('external', `get ${metric}.external.metrics.k8s.io`)
  },
}
