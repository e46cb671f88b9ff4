import type {
  V2HorizontalPodAutoscaler as Autoscaler,
  V2MetricSpec as MetricSpec,
  V2MetricStatus as MetricStatus,
} from '../../apimachinery/generated/types.ts'
import { milliValue } from '../../apimachinery/quantity.ts'
import type { Change, Etcd } from '../../etcd/etcd.ts'
import type { AutoscalerMetric, AutoscalerPoint, AutoscalerView } from '../rollout/protocol.ts'

const BUCKET = 'horizontalpodautoscalers.autoscaling'
const MAX_POINTS = 400
/** --horizontal-pod-autoscaler-tolerance */
const TOLERANCE = 0.1

/** The autoscaler of one workload, now and over time: first from the kept history, then live. */
export class RolloutAutoscaler {
  private readonly scales: (autoscaler: Autoscaler) => boolean
  private readonly onChange: () => void
  private readonly end: () => void
  private now: Autoscaler | null = null
  private points: readonly AutoscalerPoint[] = []

  constructor(
    etcd: Etcd,
    target: { readonly namespace: string; readonly kind: string; readonly name: string },
    onChange: () => void,
  ) {
    this.scales = ({ metadata, spec }) =>
      metadata.namespace === target.namespace &&
      spec?.scaleTargetRef.kind === target.kind &&
      spec.scaleTargetRef.name === target.name
    this.onChange = onChange
    for (const change of etcd.history()) if (change.bucket === BUCKET) this.take(change)
    // One that has not changed since the history begins.
    for (const { value } of etcd.range(BUCKET, `${target.namespace}/`))
      if (!this.now && this.scales(value as Autoscaler)) this.now = value as Autoscaler
    this.end = etcd.watch(BUCKET, (change) => this.take(change))
  }

  stop(): void {
    this.end()
  }

  view(): AutoscalerView | undefined {
    const { now } = this
    if (!now) return undefined
    const { spec, status } = now
    return {
      name: now.metadata.name ?? '',
      min: spec?.minReplicas ?? 1,
      max: spec?.maxReplicas ?? 0,
      current: status?.currentReplicas ?? 0,
      desired: status?.desiredReplicas ?? 0,
      tolerance: {
        up: toleranceOf(spec?.behavior?.scaleUp?.tolerance),
        down: toleranceOf(spec?.behavior?.scaleDown?.tolerance),
      },
      metrics: metricsOf(now),
      conditions: (status?.conditions ?? []).map(({ type, status: value, reason = '', message = '' }) => ({
        type,
        status: value,
        reason,
        message,
      })),
      points: this.points,
    }
  }

  private take({ type, value, timeMs }: Change): void {
    const autoscaler = value as Autoscaler
    if (!this.scales(autoscaler)) return
    this.now = type === 'put' ? autoscaler : null
    this.onChange()
    if (!this.now) return
    const point: AutoscalerPoint = {
      timeMs,
      current: autoscaler.status?.currentReplicas ?? 0,
      desired: autoscaler.status?.desiredReplicas ?? 0,
      ratios: metricsOf(autoscaler).map(({ ratio }) => ratio),
    }
    const kept = this.points.length < MAX_POINTS ? this.points : this.points.filter((_, i) => i % 2 === 0)
    this.points = [...kept, point]
  }
}

const toleranceOf = (text: string | undefined): number => (text === undefined ? TOLERANCE : milliValue(text) / 1000)

function metricsOf({ spec, status }: Autoscaler): readonly AutoscalerMetric[] {
  return (spec?.metrics ?? []).map((metric, i) => measured(metric, status?.currentMetrics?.[i]))
}

function measured(metric: MetricSpec, status: MetricStatus | undefined): AutoscalerMetric {
  const { name, target, key } = partsOf(metric)
  const current = status?.[key]?.current
  if (target.averageUtilization !== undefined) {
    const now = current?.averageUtilization
    return row(name, now === undefined ? undefined : `${now}%`, `${target.averageUtilization}%`, now, target.averageUtilization)
  }
  const wanted = target.averageValue ?? target.value
  const now = target.averageValue === undefined ? current?.value : current?.averageValue
  return row(
    name,
    now,
    wanted ?? '',
    now === undefined ? undefined : milliValue(now),
    wanted === undefined ? 0 : milliValue(wanted),
  )
}

function row(
  name: string,
  current: string | undefined,
  target: string,
  value: number | undefined,
  wanted: number,
): AutoscalerMetric {
  return { name, current: current ?? '<unknown>', target, ratio: value === undefined || wanted === 0 ? null : value / wanted }
}

function partsOf(metric: MetricSpec) {
  const { resource, containerResource, pods, object, external } = metric
  if (resource) return { name: resource.name, target: resource.target, key: 'resource' as const }
  if (containerResource)
    return {
      name: `${containerResource.name} (${containerResource.container})`,
      target: containerResource.target,
      key: 'containerResource' as const,
    }
  if (pods) return { name: pods.metric.name, target: pods.target, key: 'pods' as const }
  if (object)
    return {
      name: `${object.metric.name} (${object.describedObject.kind}/${object.describedObject.name})`,
      target: object.target,
      key: 'object' as const,
    }
  return { name: external?.metric.name ?? '', target: external?.target ?? { type: 'Value' }, key: 'external' as const }
}
