import type { FieldError } from '../../apimachinery/field-errors.ts'
import { forbidden, invalid, notSupported, required } from '../../apimachinery/field-errors.ts'
import type {
  HorizontalPodAutoscaler as V1Hpa,
  V2CrossVersionObjectReference as Reference,
  V2HorizontalPodAutoscaler as Hpa,
  V2MetricSpec as MetricSpec,
  V2MetricStatus as MetricStatus,
  V2HPAScalingRules as HPAScalingRules,
  V2MetricTarget as MetricTarget,
} from '../../apimachinery/generated/types.ts'
import { isPathSegmentName } from '../../apimachinery/names.ts'
import { compareQuantities } from '../../apimachinery/quantity.ts'
import { defineStrategy } from './strategy.ts'
import { checkDnsLabel, checkNotNegative, checkOneOf, each, invalids } from './shared/checks.ts'
import { ageColumn, column, nameColumn } from './shared/columns.ts'
import { patch } from './shared/compact.ts'
import { specAndStatus } from './shared/lifecycle.ts'
import { canonicalQuantity } from './shared/quantities.ts'
import { checkContainerResourceName, checkQuantityNotNegative } from './shared/resources.ts'

const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const
const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

const UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const DOWN: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }

const canonicalTarget = (t: MetricTarget): MetricTarget => ({
  ...t,
  ...patch(t, 'value', canonicalQuantity),
  ...patch(t, 'averageValue', canonicalQuantity),
})

function canonicalMetric(metric: MetricSpec): MetricSpec {
  let result = metric
  for (const name of SOURCES) {
    const source = result[name]
    if (source?.target) result = { ...result, [name]: { ...source, target: canonicalTarget(source.target) } }
  }
  return result
}

const V2_STATUS = { desiredReplicas: 0, currentMetrics: null } as unknown as NonNullable<Hpa['status']>
const V1_STATUS: NonNullable<Hpa['status']> = { currentReplicas: 0, desiredReplicas: 0 }
const emptyStatus = (hpa: Hpa) => (hpa.apiVersion === 'autoscaling/v1' ? V1_STATUS : V2_STATUS)
const usual = specAndStatus(V2_STATUS, { generation: false })

/** v1 has only the smallest number; the rest is v2's. */
function defaults(hpa: Hpa): Hpa {
  const spec = hpa.spec ?? ({} as NonNullable<Hpa['spec']>)
  const minReplicas = spec.minReplicas ?? 1
  const status = { ...hpa.status, desiredReplicas: hpa.status?.desiredReplicas ?? 0 } as Hpa['status']
  if (hpa.apiVersion === 'autoscaling/v1') {
    return { ...hpa, spec: { ...spec, minReplicas }, status: { currentReplicas: 0, ...status } as Hpa['status'] }
  }
  const cpu: MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }
  return {
    ...hpa,
    spec: {
      ...spec,
      minReplicas,
      metrics: spec.metrics?.length ? spec.metrics.map(canonicalMetric) : [cpu],
      ...patch(spec, 'behavior', (b) => ({ scaleUp: { ...UP, ...b.scaleUp }, scaleDown: { ...DOWN, ...b.scaleDown } })),
    },
    status,
  }
}

function checkSegment(text: string | undefined, field: string, detail = ''): FieldError[] {
  return text ? invalids(field, text, isPathSegmentName(text)) : [required(field, detail)]
}

function checkReference(ref: Reference | undefined, field: string, needsGroup: boolean): FieldError[] {
  const version = ref?.apiVersion ?? ''
  const errors = [...checkSegment(ref?.kind, `${field}.kind`), ...checkSegment(ref?.name, `${field}.name`)]
  const path = `${field}.apiVersion`
  if (version.split('/').length > 2) return [...errors, invalid(path, version, `unexpected GroupVersion string: ${version}`)]
  // A core object can't be told from one whose group was forgotten, except where it has always been allowed.
  const isCore = !version.includes('/') && !(version === 'v1' && ref?.kind === 'ReplicationController')
  return needsGroup && isCore ? [...errors, invalid(path, version, 'apiVersion must specify API group')] : errors
}

function checkTarget(target: MetricTarget | undefined, field: string): FieldError[] {
  const { type = '', value, averageValue, averageUtilization: share } = target ?? ({} as Partial<MetricTarget>)
  const errors: FieldError[] = []
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric target type'))
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'))
  }
  const positive = (text: string | undefined, path: string) => {
    if (text !== undefined && compareQuantities(text, '0') <= 0) errors.push(invalid(path, text, 'must be positive'))
  }
  positive(value, `${field}.value`)
  positive(averageValue, `${field}.averageValue`)
  if (share !== undefined && share < 1) errors.push(invalid(`${field}.averageUtilization`, share, 'must be greater than 0'))
  return errors
}

function checkUsage(target: MetricTarget | undefined, field: string): FieldError[] {
  const hasShare = target?.averageUtilization !== undefined
  const hasValue = target?.averageValue !== undefined
  if (!hasShare && !hasValue) {
    return [required(`${field}.averageUtilization`, 'must set either a target raw value or a target utilization')]
  }
  if (!hasShare || !hasValue) return []
  return [forbidden(`${field}.averageValue`, 'may not set both a target raw value and a target utilization')]
}

function checkSource(metric: MetricSpec, name: (typeof SOURCES)[number], field: string): FieldError[] {
  const target = metric[name]?.target
  const at = `${field}.target`
  const errors: FieldError[] = []
  if (name === 'object') errors.push(...checkReference(metric.object?.describedObject, `${field}.describedObject`, false))
  if (name === 'resource' && !metric.resource?.name) errors.push(required(`${field}.name`, 'must specify a resource name'))
  if (name === 'containerResource') {
    const { name: resource = '', container = '' } = metric.containerResource ?? {}
    errors.push(
      ...(resource
        ? checkContainerResourceName(resource, `${field}.name`)
        : [required(`${field}.name`, 'must specify a resource name')]),
    )
    errors.push(
      ...(container
        ? checkDnsLabel(container, `${field}.container`)
        : [required(`${field}.container`, 'must specify a container')]),
    )
  }
  if (name === 'object' || name === 'external' || name === 'pods') {
    errors.push(...checkSegment(metric[name]?.metric?.name, `${field}.metric.name`, 'must specify a metric name'))
  }
  errors.push(...checkTarget(target, at))
  const hasValue = target?.value !== undefined
  const hasAverage = target?.averageValue !== undefined
  const needAverage = (detail: string) => errors.push(required(`${at}.averageValue`, detail))
  if (name === 'object' && !hasValue && !hasAverage) needAverage('must set either a target value or averageValue')
  if (name === 'pods' && !hasAverage) needAverage('must specify a positive target averageValue')
  if (name === 'external') {
    if (!hasValue && !hasAverage) needAverage('must set either a target value for metric or a per-pod target')
    if (hasValue && hasAverage) {
      errors.push(forbidden(`${at}.value`, 'may not set both a target value for metric and a per-pod target'))
    }
  }
  return name === 'resource' || name === 'containerResource' ? [...errors, ...checkUsage(target, at)] : errors
}

function checkMetric(metric: MetricSpec, field: string): FieldError[] {
  const type = metric.type ?? ''
  const errors: FieldError[] = []
  const unknown = notSupported(`${field}.type`, type, TYPES)
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric source type'))
  if (!TYPES.includes(type)) errors.push(unknown)
  const given = SOURCES.filter((name) => metric[name] !== undefined)
  const [first] = given
  if (first !== undefined) errors.push(...checkSource(metric, first, `${field}.${first}`))
  const expected = SOURCES.find((name) => name.toLowerCase() === type.toLowerCase())
  if (expected === undefined) errors.push(unknown)
  else if (metric[expected] === undefined) {
    errors.push(required(`${field}.${expected}`, 'must populate information for the given metric source'))
  }
  if (given.length === 1) return errors
  const others = given.filter((name) => name !== expected)
  return [...errors, ...others.map((name) => forbidden(`${field}.${name}`, 'must populate the given metric source only'))]
}

function checkRules(rules: HPAScalingRules | undefined, field: string): FieldError[] {
  if (rules === undefined) return []
  const window = rules.stabilizationWindowSeconds ?? 0
  const errors: FieldError[] = []
  const path = `${field}.stabilizationWindowSeconds`
  if (window < 0) errors.push(invalid(path, window, 'must be greater than or equal to zero'))
  if (window > 3600) errors.push(invalid(path, window, 'must be less than or equal to 3600'))
  if (rules.selectPolicy !== undefined)
    errors.push(...checkOneOf(rules.selectPolicy, ['Disabled', 'Max', 'Min'], `${field}.selectPolicy`))
  if ((rules.policies ?? []).length === 0) errors.push(required(`${field}.policies`, 'must specify at least one Policy'))
  const ofPolicies = each(rules.policies, (p, i) => {
    const at = `${field}.policies[${i}]`
    const seconds = p.periodSeconds ?? 0
    return [
      ...checkOneOf(p.type ?? '', ['Percent', 'Pods'], `${at}.type`),
      ...((p.value ?? 0) > 0 ? [] : [invalid(`${at}.value`, p.value ?? 0, 'must be greater than zero')]),
      ...(seconds > 0 ? [] : [invalid(`${at}.periodSeconds`, seconds, 'must be greater than zero')]),
      ...(seconds > 1800 ? [invalid(`${at}.periodSeconds`, seconds, 'must be less than or equal to 1800')] : []),
    ]
  })
  const tolerance = rules.tolerance === undefined ? [] : checkQuantityNotNegative(rules.tolerance, `${field}.tolerance`)
  return [...errors, ...ofPolicies, ...tolerance]
}

function validate(hpa: Hpa): FieldError[] {
  const spec = hpa.spec ?? ({} as NonNullable<Hpa['spec']>)
  const { minReplicas: min, maxReplicas: max = 0 } = spec
  const errors: FieldError[] = []
  if (min !== undefined && min < 1) errors.push(invalid('spec.minReplicas', min, 'must be greater than or equal to 1'))
  if (max === 0) errors.push(required('spec.maxReplicas', 'must be set and greater than 0'))
  else if (max < 0) errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to 1'))
  if (min !== undefined && max < min) {
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'))
  }
  errors.push(...checkReference(spec.scaleTargetRef, 'spec.scaleTargetRef', true))
  errors.push(...each(spec.metrics, (m, i) => checkMetric(m, `spec.metrics[${i}]`)))
  return [
    ...errors,
    ...checkRules(spec.behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...checkRules(spec.behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ]
}

const percent = (share: number | undefined, other: string) => (share === undefined ? other : `${share}%`)

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const name = SOURCES.find((s) => s.toLowerCase() === (metric.type ?? '').toLowerCase())
  const target = name && metric[name]?.target
  if (name === undefined || target === undefined) return '<unknown type>'
  const current = status?.[name]?.current
  const average = `${current?.averageValue ?? '<unknown>'}/${target.averageValue}`
  if (name === 'pods') return average
  if (name === 'object' || name === 'external') {
    return target.averageValue === undefined ? `${current?.value ?? '<unknown>'}/${target.value}` : `${average} (avg)`
  }
  const shares = `${percent(current?.averageUtilization, '<unknown>')}/${percent(target.averageUtilization, '<auto>')}`
  return `${metric[name]?.name}: ${target.averageValue === undefined ? shares : average}`
}

function cpuCell({ spec, status }: V1Hpa): string {
  const target = spec?.targetCPUUtilizationPercentage
  return target === undefined ? '<none>' : `cpu: ${percent(status?.currentCPUUtilizationPercentage, '<unknown>')}/${target}%`
}

function targetsCell(hpa: Hpa): string {
  if (hpa.apiVersion === 'autoscaling/v1') return cpuCell(hpa as V1Hpa)
  const all = (hpa.spec?.metrics ?? []).map((m, i) => metricText(m, hpa.status?.currentMetrics?.[i]))
  if (all.length === 0) return '<none>'
  return all.slice(0, 2).join(', ') + (all.length > 2 ? ` + ${all.length - 2} more...` : '')
}

/** k8s 1.36: registry/autoscaling/horizontalpodautoscaler strategy.go. The stored version is v2. */
export const hpa = defineStrategy<Hpa>({
  group: 'autoscaling',
  resource: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  defaults,
  ...usual,
  prepareForCreate: (hpa) => ({ ...hpa, status: emptyStatus(hpa) }),
  validate,
  validateUpdate: validate,
  validateStatusUpdate: ({ status }) => [
    ...checkNotNegative(status?.currentReplicas, 'status.currentReplicas'),
    ...checkNotNegative(status?.desiredReplicas, 'status.desiredReplicas'),
  ],
  columns: [
    nameColumn,
    column('Reference', 'V2HorizontalPodAutoscalerSpec.scaleTargetRef', (h) => {
      return `${h.spec?.scaleTargetRef.kind}/${h.spec?.scaleTargetRef.name}`
    }),
    column('Targets', 'V2HorizontalPodAutoscalerSpec.metrics', targetsCell),
    column('MinPods', 'V2HorizontalPodAutoscalerSpec.minReplicas', (h) => String(h.spec?.minReplicas ?? '<unset>')),
    column('MaxPods', 'V2HorizontalPodAutoscalerSpec.maxReplicas', (h) => h.spec?.maxReplicas ?? 0),
    column('Replicas', 'V2HorizontalPodAutoscalerStatus.currentReplicas', (h) => h.status?.currentReplicas ?? 0),
    ageColumn,
  ],
})
