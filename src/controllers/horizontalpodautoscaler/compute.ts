import type {
  Pod,
  V2HorizontalPodAutoscaler as Autoscaler,
  V2MetricIdentifier,
  V2MetricSpec as MetricSpec,
  V2MetricStatus as MetricStatus,
  V2MetricTarget as MetricTarget,
  V2MetricValueStatus as MetricValueStatus,
} from '../../apimachinery/generated/types.ts'
import { approximateFloat, formatQuantity, milliQuantityOf, milliValue } from '../../apimachinery/quantity.ts'
import type { LabelMatcher } from '../../apimachinery/selectors.ts'
import { MetricsError, type MetricsSource } from './metrics.ts'
import { byAverage, byShare, byUtilization, byValue, type Proposal, type Tolerances } from './replica-calculator.ts'

const TOLERANCE = 0.1

export interface ComputeInput {
  readonly hpa: Autoscaler
  readonly source: MetricsSource
  readonly selects: LabelMatcher
  /** The pods that the target's selector matches. */
  readonly pods: readonly Pod[]
  readonly specReplicas: number
  readonly statusReplicas: number
  readonly nowMs: number
}

/** What one metric asks for. */
export interface MetricProposal {
  readonly replicas: number
  /** What the metric is called in messages. */
  readonly name: string
  readonly status: MetricStatus
}

/** Why a metric asks for nothing. */
export class MetricFailure extends Error {
  /** Reason of the condition and the event. */
  readonly reason: string
  /** What the condition and the event say. */
  readonly detail: string

  constructor(reason: string, detail: string, message: string) {
    super(message)
    this.reason = reason
    this.detail = detail
  }
}

/** k8s 1.36: tolerancesForHpa. */
function tolerancesOf({ spec }: Autoscaler): Tolerances {
  const { scaleUp, scaleDown } = spec?.behavior ?? {}
  const of = (tolerance: string | undefined) => (tolerance === undefined ? TOLERANCE : approximateFloat(tolerance))
  return { scaleDown: of(scaleDown?.tolerance), scaleUp: of(scaleUp?.tolerance) }
}

/** k8s 1.36: computeReplicasForMetric. Throws MetricFailure. */
export function proposeFor(spec: MetricSpec, input: ComputeInput): MetricProposal {
  if (spec.resource) return forResource(spec.resource, '', input)
  if (spec.containerResource) return forResource(spec.containerResource, spec.containerResource.container, input)
  if (spec.pods) return forPods(spec.pods, input)
  if (spec.object) return forObject(spec.object, input)
  if (spec.external) return forExternal(spec.external, input)
  const text = `unknown metric source type ${JSON.stringify(spec.type)}`
  throw new MetricFailure('InvalidMetricSourceType', text, text)
}

/** Runs a calculation; what goes wrong is told with these words around it. */
function attempt<T>(reason: string, prefix: string, outer: string, calculate: () => T): T {
  try {
    return calculate()
  } catch (error) {
    if (!(error instanceof MetricsError)) throw error
    const detail = prefix === '' ? error.message : `${prefix}: ${error.message}`
    throw new MetricFailure(reason, detail, `${outer}: ${detail}`)
  }
}

function prefixed<T>(prefix: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (error instanceof MetricsError) throw new MetricsError(`${prefix}: ${error.message}`)
    throw error
  }
}

const amount = (milli: number, binary = false) => formatQuantity(milliQuantityOf(milli, binary ? 'BinarySI' : 'DecimalSI'))

function forResource(
  { name, target }: { readonly name: string; readonly target: MetricTarget },
  container: string,
  input: ComputeInput,
): MetricProposal {
  const reason = container === '' ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric'
  const outer =
    container === '' ? `failed to get ${name} resource metric value` : `failed to get ${container} container metric value`
  const { averageValue, averageUtilization } = target
  const base = () => ({
    pods: input.pods,
    metrics: prefixed(`unable to get metrics for resource ${name}`, () =>
      input.source.resource(name, input.hpa.metadata.namespace ?? '', input.selects, container),
    ),
    resource: name,
    current: input.specReplicas,
    tolerances: tolerancesOf(input.hpa),
    nowMs: input.nowMs,
  })
  const status = (current: MetricValueStatus): MetricStatus =>
    container === ''
      ? { type: 'Resource', resource: { name, current } }
      : { type: 'ContainerResource', containerResource: { name, container, current } }
  if (averageValue !== undefined) {
    const { replicas, usageMilli } = attempt(reason, `failed to get ${name} usage`, outer, () =>
      byAverage(base(), milliValue(averageValue)),
    )
    return { replicas, name: `${name} resource`, status: status({ averageValue: amount(usageMilli, name === 'memory') }) }
  }
  if (averageUtilization === undefined) {
    const text =
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set'
    throw new MetricFailure(reason, text, `${outer}: ${text}`)
  }
  const proposal = attempt(reason, `failed to get ${name} utilization`, outer, () =>
    byUtilization(base(), averageUtilization, container),
  )
  const averageText = amount(proposal.usageMilli, name === 'memory')
  return {
    replicas: proposal.replicas,
    name: `${name} ${container === '' ? '' : 'container '}resource utilization (percentage of request)`,
    status: status({ averageUtilization: proposal.utilization, averageValue: averageText }),
  }
}

function forPods({ metric, target }: NonNullable<MetricSpec['pods']>, input: ComputeInput): MetricProposal {
  const outer = 'failed to get pods metric value'
  const { replicas, usageMilli } = attempt('FailedGetPodsMetric', '', outer, () =>
    byAverage(
      {
        pods: input.pods,
        metrics: prefixed(`unable to get metric ${metric.name}`, () =>
          input.source.pods(metric.name, input.hpa.metadata.namespace ?? '', input.selects, metric.selector),
        ),
        resource: '',
        current: input.specReplicas,
        tolerances: tolerancesOf(input.hpa),
        nowMs: input.nowMs,
      },
      milliValue(target.averageValue ?? '0'),
    ),
  )
  const status = { type: 'Pods', pods: { metric: identifierOf(metric), current: { averageValue: amount(usageMilli) } } }
  return { replicas, name: `pods metric ${metric.name}`, status }
}

function forObject({ metric, target, describedObject }: NonNullable<MetricSpec['object']>, input: ComputeInput): MetricProposal {
  const outer = 'failed to get object metric value'
  const { namespace = '' } = input.hpa.metadata
  const where = `${describedObject.kind} ${namespace}/${describedObject.name}`
  const usage = () => {
    try {
      return input.source.object(metric.name, namespace, describedObject, metric.selector)
    } catch (error) {
      if (error instanceof MetricsError) throw new MetricsError(`unable to get metric ${metric.name}: ${where}/${error.message}`)
      throw error
    }
  }
  const perPod = target.averageValue !== undefined
  const prefix = perPod ? `failed to get ${metric.name} object metric` : ''
  const { replicas, usageMilli } = attempt('FailedGetObjectMetric', prefix, outer, () =>
    fromOne(usage(), target, 'object', input),
  )
  const current = perPod ? { averageValue: amount(usageMilli) } : { value: amount(usageMilli) }
  const name = perPod ? `external metric ${described(metric)}` : `${describedObject.kind} metric ${metric.name}`
  return { replicas, name, status: { type: 'Object', object: { metric: identifierOf(metric), describedObject, current } } }
}

function forExternal({ metric, target }: NonNullable<MetricSpec['external']>, input: ComputeInput): MetricProposal {
  const outer = `failed to get ${metric.name} external metric value`
  const { namespace = '' } = input.hpa.metadata
  const usage = () =>
    prefixed(`unable to get external metric ${namespace}/${metric.name}/${goSelector(metric)}`, () =>
      input.source.external(metric.name, namespace, metric.selector).reduce((sum, value) => sum + value, 0),
    )
  const perPod = target.averageValue !== undefined
  const prefix = perPod ? `failed to get ${metric.name} external metric` : `failed to get external metric ${metric.name}`
  const { replicas, usageMilli } = attempt('FailedGetExternalMetric', prefix, outer, () =>
    fromOne(usage(), target, 'external', input),
  )
  const current = perPod ? { averageValue: amount(usageMilli) } : { value: amount(usageMilli) }
  return {
    replicas,
    name: `external metric ${described(metric)}`,
    status: { type: 'External', external: { metric: identifierOf(metric), current } },
  }
}

/** One value for all pods. */
function fromOne(usageMilli: number, { value, averageValue }: MetricTarget, source: string, input: ComputeInput): Proposal {
  const tolerances = tolerancesOf(input.hpa)
  if (averageValue !== undefined) return byShare(usageMilli, milliValue(averageValue), input.statusReplicas, tolerances)
  if (value !== undefined) return byValue(usageMilli, milliValue(value), input.specReplicas, tolerances, () => input.pods)
  throw new MetricsError(`invalid ${source} metric source: neither a value target nor an average value target was set`)
}

const identifierOf = ({ name, selector }: V2MetricIdentifier): V2MetricIdentifier => ({ name, ...(selector ? { selector } : {}) })
const described = (metric: V2MetricIdentifier) => `${metric.name}(${goSelector(metric)})`

/** How Go prints a *LabelSelector. */
function goSelector({ selector }: V2MetricIdentifier): string {
  if (!selector) return 'nil'
  const { matchLabels = {} } = selector
  const labels = Object.keys(matchLabels).toSorted()
  const pairs = labels.map((key) => `${key}: ${matchLabels[key] ?? ''},`).join('')
  return `&LabelSelector{MatchLabels:map[string]string{${pairs}},MatchExpressions:[]LabelSelectorRequirement{},}`
}
