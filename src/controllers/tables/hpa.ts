/** Adapters between recorded tables about HorizontalPodAutoscalers and the functions that they cover. */
import type { Pod, PodStatus, V2HPAScalingRules as HPAScalingRules } from '../../apimachinery/generated/types.ts'
import { formatTime } from '../../sim/time.ts'
import { MetricsError, type PodMetric } from '../horizontalpodautoscaler/metrics.ts'
import { limitPlainly, Pace, scaleUpLimit, type PaceInput } from '../horizontalpodautoscaler/pace.ts'
import {
  byAverage,
  byShare,
  byUtilization,
  byValue,
  type Proposal,
  type Tolerances,
} from '../horizontalpodautoscaler/replica-calculator.ts'

const NOW_MS = 1_767_225_600_000
const ago = (seconds: number) => formatTime(NOW_MS - seconds * 1000)

export function hpaLimits(input: { current: number; desired: number; minReplicas: number; maxReplicas: number }) {
  const { current, desired, minReplicas, maxReplicas } = input
  const { replicas, why } = limitPlainly({ current, wanted: desired, min: minReplicas, max: maxReplicas })
  return { ...why, replicas, scaleUpLimit: scaleUpLimit(current) }
}

interface TablePod {
  readonly request?: string
  readonly usageMilli?: number
  readonly state?: string
}

/** Since when a pod runs, and since when it is ready or not; seconds ago. */
const STATES: { readonly [state: string]: { readonly started: number; readonly since: number; readonly ready: boolean } } = {
  neverReady: { started: 3600, since: 3600, ready: false },
  becameUnready: { started: 3600, since: 1200, ready: false },
  startingNotReady: { started: 60, since: 60, ready: false },
  startingReady: { started: 120, since: 110, ready: true },
}

function podOf({ request, state = '' }: TablePod, index: number): Pod {
  const { started, since, ready } = STATES[state] ?? { started: 3600, since: 3590, ready: true }
  const phase = state === 'Pending' ? 'Pending' : state === 'failed' ? 'Failed' : 'Running'
  const status: PodStatus = {
    phase,
    startTime: ago(started),
    conditions: [{ type: 'Ready', status: ready && phase === 'Running' ? 'True' : 'False', lastTransitionTime: ago(since) }],
  }
  const resources = request === undefined ? {} : { requests: { cpu: request } }
  return {
    metadata: { name: `pod-${index}`, ...(state === 'deleting' ? { deletionTimestamp: ago(0) } : {}) },
    spec: { containers: [{ name: 'c', resources }] },
    status,
  }
}

interface CalculatorInput {
  readonly kind: string
  readonly currentReplicas: number
  readonly pods?: readonly TablePod[]
  readonly readyPods?: number
  readonly metricMilli?: number
  readonly targetMilli?: number
  readonly targetUtilization?: number
  readonly tolerance?: Tolerances
}

export function replicaCalculator(input: CalculatorInput) {
  try {
    const { replicas, usageMilli, utilization } = calculate(input)
    const average = input.kind.startsWith('Resource') || input.kind.startsWith('Pods')
    return { replicas, utilization, ...(average ? { averageMilli: usageMilli } : { usageMilli }) }
  } catch (error) {
    if (!(error instanceof MetricsError)) throw error
    return { error: error.message }
  }
}

function calculate(input: CalculatorInput): Proposal {
  const { kind, currentReplicas: current, metricMilli = 0, targetMilli = 0, targetUtilization = 0, readyPods = 0 } = input
  const tolerances = input.tolerance ?? { scaleDown: 0.1, scaleUp: 0.1 }
  if (kind === 'Object/Value' || kind === 'External/Value')
    return byValue(metricMilli, targetMilli, current, tolerances, () => Array.from({ length: readyPods }, (_, i) => podOf({}, i)))
  if (kind === 'Object/AverageValue' || kind === 'External/AverageValue')
    return byShare(metricMilli, targetMilli, current, tolerances)
  const pods = input.pods ?? []
  const measured = pods.flatMap(({ usageMilli }, i): [string, PodMetric][] =>
    usageMilli === undefined ? [] : [[`pod-${i}`, { valueMilli: usageMilli, timeMs: NOW_MS, windowMs: 30_000 }]],
  )
  const resource = kind.startsWith('Resource') ? 'cpu' : ''
  if (measured.length === 0)
    throw new MetricsError(`unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`)
  const base = { pods: pods.map(podOf), metrics: new Map(measured), resource, current, tolerances, nowMs: NOW_MS }
  return kind === 'Resource/Utilization' ? byUtilization(base, targetUtilization, '') : byAverage(base, targetMilli)
}

interface SequenceInput {
  readonly behavior: { readonly scaleUp?: Partial<HPAScalingRules>; readonly scaleDown?: Partial<HPAScalingRules> } | null
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly startReplicas: number
  readonly syncEverySeconds: number
  readonly recommendations: readonly number[]
}

const UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const DOWN: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }

export function behaviorSequence(input: SequenceInput) {
  const { minReplicas: min, maxReplicas: max, syncEverySeconds } = input
  const behavior = input.behavior
    ? { scaleUp: { ...UP, ...input.behavior.scaleUp }, scaleDown: { ...DOWN, ...input.behavior.scaleDown } }
    : undefined
  let current = input.startReplicas
  const pace = new Pace(current, NOW_MS)
  const syncs = input.recommendations.map((recommended, i) => {
    const at = i * syncEverySeconds
    const nowMs = NOW_MS + at * 1000
    const before = current
    const pacing: PaceInput = { current, wanted: recommended, min, max, nowMs, ...(behavior ? { behavior } : {}) }
    const outside = current > max || current < min
    const decision = outside ? undefined : pace.decide(pacing)
    current = decision ? decision.replicas : current > max ? max : min
    if (current !== before) pace.record(before, current, pacing)
    return {
      at,
      recommended,
      replicas: current,
      ableToScale: decision?.able.reason ?? '-',
      scalingLimited: decision ? `${decision.limited.holds ? 'True' : 'False'} ${decision.limited.reason}` : '-',
    }
  })
  return { syncs }
}
