import type { Container, Pod } from '../../apimachinery/generated/types.ts'
import { milliValue } from '../../apimachinery/quantity.ts'
import { parseTime } from '../../sim/time.ts'
import { isPodReady } from '../shared/pods.ts'
import { MetricsError, type PodMetric, type PodMetrics } from './metrics.ts'

/** How many replicas a metric asks for, before limits. k8s 1.36: podautoscaler ReplicaCalculator. */

const CPU_INITIALIZATION_MS = 300_000
const INITIAL_READINESS_MS = 30_000
const MAX_INT32 = 0x7fffffff

/** How far use may be from its target, as a fraction, before anything is done. */
export interface Tolerances {
  readonly scaleDown: number
  readonly scaleUp: number
}

export interface Proposal {
  readonly replicas: number
  /** Average per pod, or the metric's value. */
  readonly usageMilli: number
  /** Percent of what pods request. */
  readonly utilization?: number
}

const isWithin = ({ scaleDown, scaleUp }: Tolerances, ratio: number) => 1 - scaleDown <= ratio && ratio <= 1 + scaleUp

interface Groups {
  readonly ready: number
  readonly unready: ReadonlySet<string>
  readonly missing: ReadonlySet<string>
  /** Metrics of ready pods. */
  readonly metrics: Map<string, number>
}

/** k8s 1.36: groupPods. */
function groupPods(pods: readonly Pod[], metrics: PodMetrics, resource: string, nowMs: number): Groups {
  const unready = new Set<string>()
  const missing = new Set<string>()
  const usable = new Map([...metrics].map(([name, { valueMilli }]) => [name, valueMilli]))
  let ready = 0
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata
    const { phase } = pod.status ?? {}
    const metric = metrics.get(name)
    if (deletionTimestamp !== undefined || phase === 'Failed') usable.delete(name)
    else if (phase === 'Pending' || (metric && resource === 'cpu' && isStarting(pod, metric, nowMs))) {
      unready.add(name)
      usable.delete(name)
    } else if (!metric) missing.add(name)
    else ready++
  }
  return { ready, unready, missing, metrics: usable }
}

/** Whether what was measured of the pod's cpu is from its start. */
function isStarting({ status }: Pod, { timeMs, windowMs }: PodMetric, nowMs: number): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  if (!ready || status?.startTime === undefined) return true
  const startMs = parseTime(status.startTime)
  const sinceMs = parseTime(ready.lastTransitionTime ?? '')
  if (startMs + CPU_INITIALIZATION_MS > nowMs) return ready.status === 'False' || timeMs < sinceMs + windowMs
  return ready.status === 'False' && startMs + INITIAL_READINESS_MS > sinceMs
}

interface Usage {
  readonly ratio: number
  readonly averageMilli: number
  readonly utilization?: number
}

interface Calculation {
  readonly pods: readonly Pod[]
  readonly metrics: PodMetrics
  readonly resource: string
  readonly current: number
  readonly tolerances: Tolerances
  readonly nowMs: number
  readonly usageOf: (metrics: ReadonlyMap<string, number>) => Usage
  /** What a pod without a metric is taken to use when there is room to scale down. */
  readonly assumed: (name: string) => number
}

/** Pods without metrics or not ready count against the direction of the change. */
function propose(calculation: Calculation): Proposal {
  const { pods, current, tolerances, usageOf } = calculation
  if (pods.length === 0) throw new MetricsError('no pods returned by selector while calculating replica count')
  const { ready, unready, missing, metrics } = groupPods(pods, calculation.metrics, calculation.resource, calculation.nowMs)
  if (metrics.size === 0) throw new MetricsError('did not receive metrics for targeted pods (pods might be unready)')
  const { ratio, averageMilli, utilization } = usageOf(metrics)
  const answer = (replicas: number): Proposal => ({
    replicas,
    usageMilli: averageMilli,
    ...(utilization === undefined ? {} : { utilization }),
  })
  const growsUnready = unready.size > 0 && ratio > 1
  if (!growsUnready && missing.size === 0) return answer(isWithin(tolerances, ratio) ? current : Math.ceil(ratio * ready))
  const supposed = new Map(metrics)
  if (ratio !== 1) for (const name of missing) supposed.set(name, ratio < 1 ? calculation.assumed(name) : 0)
  if (growsUnready) for (const name of unready) supposed.set(name, 0)
  const next = usageOf(supposed).ratio
  if (isWithin(tolerances, next) || (ratio < 1 && next > 1) || (ratio > 1 && next < 1)) return answer(current)
  const replicas = Math.ceil(next * supposed.size)
  return answer((next < 1 && replicas > current) || (next > 1 && replicas < current) ? current : replicas)
}

type Base = Pick<Calculation, 'pods' | 'metrics' | 'resource' | 'current' | 'tolerances' | 'nowMs'>

/** From the use of a resource in percent of requests. k8s 1.36: GetResourceReplicas. */
export function byUtilization(base: Base, target: number, container: string): Proposal {
  let requests: ReadonlyMap<string, number> | undefined
  const known = () => (requests ??= requestsOf(base.pods, container, base.resource))
  return propose({
    ...base,
    usageOf: (metrics) => utilizationOf(metrics, known(), target),
    assumed: (name) => Math.trunc(((known().get(name) ?? 0) * Math.max(100, target)) / 100),
  })
}

/** From an average per pod. k8s 1.36: calcPlainMetricReplicas. */
export function byAverage(base: Base, targetMilli: number): Proposal {
  return propose({
    ...base,
    usageOf(metrics) {
      const averageMilli = Math.trunc(sum(metrics.values()) / metrics.size)
      return { ratio: averageMilli / targetMilli, averageMilli }
    },
    assumed: () => targetMilli,
  })
}

function utilizationOf(metrics: ReadonlyMap<string, number>, requests: ReadonlyMap<string, number>, target: number): Usage {
  const matched = [...metrics].filter(([name]) => requests.has(name))
  const used = sum(matched.map(([, value]) => value))
  const requested = sum(matched.map(([name]) => requests.get(name) ?? 0))
  if (requested === 0) throw new MetricsError('no metrics returned matched known pods')
  const utilization = Math.trunc((used * 100) / requested)
  return { ratio: utilization / target, utilization, averageMilli: Math.trunc(used / matched.length) }
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/** Requests per pod in thousandths. k8s 1.36: calculateRequests. */
function requestsOf(pods: readonly Pod[], container: string, resource: string): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name ?? '', requestOf(pod, container, resource)]))
}

function requestOf(pod: Pod, container: string, resource: string): number {
  const { name = '' } = pod.metadata
  const whole = pod.spec?.resources?.requests
  if (container === '' && whole && Object.keys(whole).length > 0) {
    const amount = whole[resource]
    if (amount === undefined) throw new MetricsError(`missing pod-level request for ${resource} in Pod ${name}`)
    return milliValue(amount)
  }
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const all: readonly Container[] = [...(pod.spec?.containers ?? []), ...sidecars]
  const counted = container === '' ? all : all.filter((candidate) => candidate.name === container).slice(0, 1)
  if (container !== '' && counted.length === 0) throw new MetricsError(`container ${container} not found in Pod ${name}`)
  return sum(
    counted.map((candidate) => {
      const amount = candidate.resources?.requests?.[resource]
      if (amount === undefined)
        throw new MetricsError(`missing request for ${resource} in container ${candidate.name} of Pod ${name}`)
      return milliValue(amount)
    }),
  )
}

/** From one value for all replicas. k8s 1.36: GetObjectMetricReplicas, GetExternalMetricReplicas. */
export function byValue(
  usageMilli: number,
  targetMilli: number,
  current: number,
  tolerances: Tolerances,
  pods: () => readonly Pod[],
): Proposal {
  const ratio = usageMilli / targetMilli
  if (current === 0) return { replicas: Math.ceil(ratio), usageMilli }
  if (isWithin(tolerances, ratio)) return { replicas: current, usageMilli }
  const all = pods()
  if (all.length === 0)
    throw new MetricsError('unable to calculate ready pods: no pods returned by selector while calculating replica count')
  const ready = all.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length
  return { replicas: Math.min(MAX_INT32, Math.ceil(ratio * ready)), usageMilli }
}

/** From one value that is shared by the replicas. k8s 1.36: GetObjectPerPodMetricReplicas, GetExternalPerPodMetricReplicas. */
export function byShare(usageMilli: number, targetMilli: number, replicas: number, tolerances: Tolerances): Proposal {
  const within = isWithin(tolerances, usageMilli / (targetMilli * replicas))
  return {
    replicas: within ? replicas : Math.min(MAX_INT32, Math.ceil(usageMilli / targetMilli)),
    usageMilli: Math.ceil(usageMilli / replicas),
  }
}
