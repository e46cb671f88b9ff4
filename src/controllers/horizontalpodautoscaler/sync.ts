import { isConflict, StatusError } from '../../apimachinery/errors.ts'
import { jsonEqual } from '../../apimachinery/equal.ts'
import { horizontalpodautoscalers } from '../../apimachinery/generated/resources.ts'
import type {
  Pod,
  Scale,
  V2HorizontalPodAutoscaler as Autoscaler,
  V2HorizontalPodAutoscalerCondition as Condition,
  V2HorizontalPodAutoscalerStatus as Status,
  V2MetricStatus as MetricStatus,
} from '../../apimachinery/generated/types.ts'
import type { ResourceRef } from '../../apimachinery/resource.ts'
import { parseSelector, requirementsMatch, SelectorError, type LabelMatcher } from '../../apimachinery/selectors.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/recorder.ts'
import type { Task } from '../../sim/task.ts'
import { formatTime } from '../../sim/time.ts'
import { omitEmpty, quote } from '../shared/text.ts'
import { MetricFailure, proposeFor } from './compute.ts'
import type { MetricsSource } from './metrics.ts'
import { Pace } from './pace.ts'

const RETRIES = 4

export interface AutoscalerParts {
  readonly client: Client
  readonly recorder: EventRecorder
  readonly source: MetricsSource
  /** The resource of an 'apiVersion' and kind that has a scale. */
  readonly resourceOf: (group: string, kind: string) => ResourceRef | undefined
  readonly podsIn: (namespace: string) => readonly Pod[]
  /** What is remembered of each autoscaler, by key. */
  readonly pace: Map<string, Pace>
  /** Which pods each autoscaler counts, by key: to see when two count the same ones. */
  readonly selections: Map<string, LabelMatcher>
  readonly nowMs: number
}

/** What the metrics ask for, null when they can't be had. */
interface Wanted {
  readonly replicas: number
  readonly metric: string
  readonly statuses: readonly MetricStatus[]
}

/** One sync of one autoscaler. k8s 1.36: podautoscaler reconcileAutoscaler. */
export class AutoscalerSync {
  private readonly parts: AutoscalerParts
  private readonly hpa: Autoscaler
  private readonly key: string
  private conditions: readonly Condition[]

  constructor(parts: AutoscalerParts, hpa: Autoscaler, key: string) {
    this.parts = parts
    this.hpa = hpa
    this.key = key
    this.conditions = hpa.status?.conditions ?? []
  }

  *run(): Task {
    const target = yield* this.findTarget()
    if (!target) return yield* this.store(this.hpa.status ?? { desiredReplicas: 0 })
    const { scale, ref } = target
    this.set('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
    const current = scale.spec?.replicas ?? 0
    const pace = this.parts.pace.get(this.key) ?? new Pace(current, this.parts.nowMs)
    this.parts.pace.set(this.key, pace)
    const { maxReplicas = 1, minReplicas = 1 } = this.hpa.spec ?? {}
    if (current === 0) {
      const text = 'scaling is disabled since the replica count of the target is zero'
      this.set('ScalingActive', 'False', 'ScalingDisabled', text)
      return yield* this.finish(current, current, null, false)
    }
    if (current > maxReplicas)
      return yield* this.rescale(ref, scale, maxReplicas, 'Current number of replicas above Spec.MaxReplicas', null, pace)
    if (current < minReplicas)
      return yield* this.rescale(ref, scale, minReplicas, 'Current number of replicas below Spec.MinReplicas', null, pace)
    const wanted = this.askMetrics(scale)
    if (wanted.replicas < 0) return yield* this.finish(current, this.hpa.status?.desiredReplicas ?? 0, wanted.statuses, false)
    const { behavior } = this.hpa.spec ?? {}
    const limits = { current, wanted: wanted.replicas, min: minReplicas, max: maxReplicas, nowMs: this.parts.nowMs }
    const { replicas, able, limited } = pace.decide(behavior ? { ...limits, behavior } : limits)
    this.set('AbleToScale', 'True', able.reason, able.message)
    this.set('ScalingLimited', limited.holds ? 'True' : 'False', limited.reason, limited.message)
    if (replicas === current) return yield* this.finish(current, current, wanted.statuses, false)
    const why =
      wanted.replicas > current ? `${wanted.metric} above target` : wanted.replicas < current ? 'All metrics below target' : ''
    yield* this.rescale(ref, scale, replicas, why, wanted.statuses, pace)
  }

  /** The target's scale; undefined after saying why there is none. */
  private *findTarget(): Task<{ readonly ref: ResourceRef; readonly scale: Scale } | undefined> {
    const { apiVersion = '', kind = '', name = '' } = this.hpa.spec?.scaleTargetRef ?? {}
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
    const ref = this.parts.resourceOf(group, kind)
    let problem = `no matches for kind ${quote(kind)} in group ${quote(group)}`
    if (ref) {
      try {
        const { namespace = '' } = this.hpa.metadata
        return { ref, scale: (yield* this.parts.client.get(ref, namespace, name, { subresource: 'scale' })) as Scale }
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        problem = error.message
      }
    }
    this.parts.recorder.event(this.hpa, 'Warning', 'FailedGetScale', problem)
    this.set(
      'AbleToScale',
      'False',
      'FailedGetScale',
      `the HPA controller was unable to get the target's current scale: ${problem}`,
    )
    return undefined
  }

  /** The highest that a metric asks for; -1 when nothing may be done. k8s 1.36: computeReplicasForMetrics. */
  private askMetrics(scale: Scale): Wanted {
    const selects = this.readSelector(scale.status?.selector ?? '')
    if (typeof selects === 'string') return this.giveUp(selects, [])
    const { namespace = '' } = this.hpa.metadata
    const pods = this.parts.podsIn(namespace).filter((pod) => selects(pod.metadata.labels))
    const rivals = this.rivalsFor(pods, selects)
    if (rivals !== '') {
      const text = `pods by selector ${scale.status?.selector ?? ''} are controlled by multiple HPAs: ${rivals}`
      this.parts.recorder.event(this.hpa, 'Warning', 'AmbiguousSelector', text)
      this.set('ScalingActive', 'False', 'AmbiguousSelector', text)
      return this.giveUp(text, [])
    }
    const current = scale.spec?.replicas ?? 0
    const input = {
      hpa: this.hpa,
      source: this.parts.source,
      selects,
      pods,
      specReplicas: current,
      statusReplicas: scale.status?.replicas ?? 0,
      nowMs: this.parts.nowMs,
    }
    const specs = this.hpa.spec?.metrics ?? []
    const statuses: MetricStatus[] = []
    const failures: MetricFailure[] = []
    let replicas = 0
    let metric = ''
    for (const spec of specs) {
      try {
        const proposal = proposeFor(spec, input)
        statuses.push(proposal.status)
        if (replicas === 0 || proposal.replicas > replicas) {
          replicas = proposal.replicas
          metric = proposal.name
        }
      } catch (error) {
        if (!(error instanceof MetricFailure)) throw error
        this.parts.recorder.event(this.hpa, 'Warning', error.reason, error.detail)
        failures.push(error)
        statuses.push({ type: '' })
      }
    }
    const [first] = failures
    if (first && (failures.length >= specs.length || replicas < current)) {
      this.set('ScalingActive', 'False', first.reason, `the HPA was unable to compute the replica count: ${first.detail}`)
      const count = `${failures.length} invalid out of ${specs.length}`
      return this.giveUp(`invalid metrics (${count}), first error is: ${first.message}`, statuses)
    }
    const text = `the HPA was able to successfully calculate a replica count from ${metric}`
    this.set('ScalingActive', 'True', 'ValidMetricFound', text)
    return { replicas, metric, statuses }
  }

  private giveUp(problem: string, statuses: readonly MetricStatus[]): Wanted {
    this.parts.recorder.event(this.hpa, 'Warning', 'FailedComputeMetricsReplicas', problem)
    return { replicas: -1, metric: '', statuses }
  }

  /** All autoscalers that count one of the pods, as text; '' when this is the only one. k8s 1.36: hpasControllingPodsUnderSelector. */
  private rivalsFor(pods: readonly Pod[], selects: LabelMatcher): string {
    const { selections } = this.parts
    selections.set(this.key, selects)
    const { namespace = '' } = this.hpa.metadata
    const prefix = `${namespace}/`
    const keys = [...selections]
      .filter(([key, other]) => key.startsWith(prefix) && pods.some((pod) => other(pod.metadata.labels)))
      .map(([key]) => key.slice(prefix.length))
    return keys.length > 1
      ? `[${keys
          .sort()
          .map((name) => `{${name} ${namespace}}`)
          .join(' ')}]`
      : ''
  }

  private readSelector(selector: string): LabelMatcher | string {
    if (selector === '') {
      this.parts.recorder.event(this.hpa, 'Warning', 'SelectorRequired', 'selector is required')
      this.set('ScalingActive', 'False', 'InvalidSelector', "the HPA target's scale is missing a selector")
      return 'selector is required'
    }
    try {
      const requirements = parseSelector(selector)
      return (labels) => requirementsMatch(requirements, labels)
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error
      const text = `couldn't convert selector into a corresponding internal selector object: ${error.message}`
      this.parts.recorder.event(this.hpa, 'Warning', 'InvalidSelector', text)
      this.set('ScalingActive', 'False', 'InvalidSelector', text)
      return text
    }
  }

  private *rescale(
    ref: ResourceRef,
    scale: Scale,
    replicas: number,
    why: string,
    statuses: readonly MetricStatus[] | null,
    pace: Pace,
  ): Task {
    const { recorder, nowMs } = this.parts
    const current = scale.spec?.replicas ?? 0
    try {
      yield* this.writeScale(ref, scale, replicas)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      recorder.event(this.hpa, 'Warning', 'FailedRescale', `New size: ${replicas}; reason: ${why}; error: ${error.message}`)
      this.set(
        'AbleToScale',
        'False',
        'FailedUpdateScale',
        `the HPA controller was unable to update the target scale: ${error.message}`,
      )
      return yield* this.finish(current, this.hpa.status?.desiredReplicas ?? 0, statuses, false)
    }
    this.set('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${replicas}`)
    recorder.event(this.hpa, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${why}`)
    const { behavior } = this.hpa.spec ?? {}
    pace.record(current, replicas, behavior ? { behavior, nowMs } : { nowMs })
    yield* this.finish(current, replicas, statuses, true)
  }

  /** A lost race is tried again on the newest scale. */
  private *writeScale(ref: ResourceRef, found: Scale, replicas: number): Task {
    const { client } = this.parts
    const { namespace = '' } = this.hpa.metadata
    let scale = found
    for (let retry = 0; ; retry++) {
      const wanted = { ...scale, metadata: scale.metadata ?? {}, spec: { ...scale.spec, replicas } }
      try {
        yield* client.update(ref, wanted, { subresource: 'scale' })
        return
      } catch (error) {
        if (!isConflict(error) || retry >= RETRIES) throw error
      }
      scale = (yield* client.get(ref, namespace, scale.metadata?.name ?? '', { subresource: 'scale' })) as Scale
    }
  }

  private *finish(current: number, desired: number, statuses: readonly MetricStatus[] | null, rescaled: boolean): Task {
    const { lastScaleTime } = this.hpa.status ?? {}
    const time = rescaled ? formatTime(this.parts.nowMs) : lastScaleTime
    const status = {
      ...omitEmpty({ lastScaleTime: time, currentReplicas: current }),
      desiredReplicas: desired,
      // Go writes a list that is missing as null.
      currentMetrics: statuses,
    }
    yield* this.store(status as unknown as Status)
  }

  private *store(given: Status): Task {
    const status = { ...given, conditions: this.conditions }
    if (jsonEqual(status, this.hpa.status ?? {})) return
    try {
      yield* this.parts.client.updateStatus(horizontalpodautoscalers, { ...this.hpa, status })
    } catch (error) {
      if (error instanceof StatusError) this.parts.recorder.event(this.hpa, 'Warning', 'FailedUpdateStatus', error.message)
      throw error
    }
  }

  private set(type: string, status: string, reason: string, message: string): void {
    const known = this.conditions.find((condition) => condition.type === type)
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime : formatTime(this.parts.nowMs)
    const condition = { type, status, lastTransitionTime, reason, message }
    this.conditions = known
      ? this.conditions.map((other) => (other === known ? condition : other))
      : [...this.conditions, condition]
  }
}
