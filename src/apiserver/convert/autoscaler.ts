import type {
  HorizontalPodAutoscaler,
  V2MetricSpec as MetricSpec,
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerSpec,
} from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'

/** Where v1 keeps what it has no field for. k8s 1.36: autoscaling annotations. */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'
const CURRENT = 'autoscaling.alpha.kubernetes.io/current-metrics'

const parse = <T>(text: string | undefined): T | undefined => (text === undefined ? undefined : (JSON.parse(text) as T))

/** autoscaling/v1 to v2. */
export function autoscalerToStorage(object: KubeObject): KubeObject {
  const { spec, status, metadata, ...rest } = object as HorizontalPodAutoscaler
  const {
    [METRICS]: metricText,
    [BEHAVIOR]: behaviorText,
    [CONDITIONS]: conditionText,
    [CURRENT]: currentText,
    ...annotations
  } = metadata.annotations ?? {}
  const { targetCPUUtilizationPercentage: cpu, ...common } = spec ?? { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } }
  const cpuMetric: MetricSpec[] =
    cpu === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpu } } }]
  const metrics = [...cpuMetric, ...(parse<MetricSpec[]>(metricText) ?? [])]
  const behavior = parse<V2HorizontalPodAutoscalerSpec['behavior']>(behaviorText)
  const { currentCPUUtilizationPercentage: _, ...statusRest } = status ?? { currentReplicas: 0, desiredReplicas: 0 }
  const conditions = parse<NonNullable<V2HorizontalPodAutoscaler['status']>['conditions']>(conditionText)
  const current = parse<NonNullable<V2HorizontalPodAutoscaler['status']>['currentMetrics']>(currentText)
  const kept = Object.keys(annotations).length > 0 ? { annotations } : {}
  const { annotations: _old, ...meta } = metadata
  const converted: V2HorizontalPodAutoscaler = {
    ...rest,
    apiVersion: 'autoscaling/v2',
    metadata: { ...meta, ...kept },
    spec: { ...common, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior ? { behavior } : {}) },
    status: {
      ...statusRest,
      ...(current ? { currentMetrics: current } : {}),
      ...(conditions ? { conditions } : {}),
    },
  }
  return converted
}

const isCpu = (metric: MetricSpec) =>
  metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.averageUtilization !== undefined

/** autoscaling/v2 to v1. */
export function autoscalerFromStorage(object: KubeObject): KubeObject {
  const { spec, status, metadata, ...rest } = object as V2HorizontalPodAutoscaler
  const { metrics = [], behavior, ...common } = spec ?? { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } }
  const cpu = metrics.find(isCpu)
  const others = metrics.filter((metric) => metric !== cpu)
  const { currentMetrics, conditions, ...statusRest } = status ?? { currentReplicas: 0, desiredReplicas: 0 }
  const currentCpu = currentMetrics?.find((m) => m.type === 'Resource' && m.resource?.name === 'cpu')?.resource?.current
    .averageUtilization
  const annotations = {
    ...metadata.annotations,
    ...(others.length > 0 ? { [METRICS]: JSON.stringify(others) } : {}),
    ...(behavior ? { [BEHAVIOR]: JSON.stringify(behavior) } : {}),
    ...(conditions?.length ? { [CONDITIONS]: JSON.stringify(conditions) } : {}),
    ...(currentMetrics?.length ? { [CURRENT]: JSON.stringify(currentMetrics) } : {}),
  }
  const converted: HorizontalPodAutoscaler = {
    ...rest,
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      ...common,
      ...(cpu?.resource?.target.averageUtilization === undefined
        ? {}
        : { targetCPUUtilizationPercentage: cpu.resource.target.averageUtilization }),
    },
    status: {
      ...statusRest,
      currentReplicas: statusRest.currentReplicas ?? 0,
      ...(currentCpu === undefined ? {} : { currentCPUUtilizationPercentage: currentCpu }),
    },
  }
  return converted
}
