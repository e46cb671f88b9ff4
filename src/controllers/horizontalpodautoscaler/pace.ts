import type {
  V2HPAScalingPolicy as HPAScalingPolicy,
  V2HPAScalingRules as HPAScalingRules,
} from '../../apimachinery/generated/types.ts'

/** How fast an autoscaler may change a size, and what it remembers for that. k8s 1.36: horizontal.go. */

const DOWNSCALE_WINDOW_MS = 300_000
/** As recorded from the binaries; the published source says 2. */
const UP_FACTOR = 8
const UP_MINIMUM = 4

interface Recommendation {
  readonly replicas: number
  readonly atMs: number
}
interface Change {
  readonly replicas: number
  readonly atMs: number
}

/** A size within limits, with why it is so: the conditions AbleToScale and ScalingLimited. */
export interface Decision {
  readonly replicas: number
  readonly able: Reason
  readonly limited: Reason & { readonly holds: boolean }
}
interface Reason {
  readonly reason: string
  readonly message: string
}

export interface PaceInput {
  readonly current: number
  readonly wanted: number
  readonly min: number
  readonly max: number
  readonly behavior?: { readonly scaleUp?: HPAScalingRules; readonly scaleDown?: HPAScalingRules }
  readonly nowMs: number
}

const READY: Reason = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const WITHIN: Reason = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' }
const TOO_MANY: Reason = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FEW: Reason = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' }
const UP_LIMIT: Reason = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const DOWN_LIMIT: Reason = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}
const DOWN_STABILIZED: Reason = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const UP_STABILIZED: Reason = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}

/** The size at most for an autoscaler without rules: eight times the present one, but always four. */
export const scaleUpLimit = (current: number): number => Math.max(UP_FACTOR * current, UP_MINIMUM)

/** Limits without rules. k8s 1.36: convertDesiredReplicasWithRules. */
export function limitPlainly({ current, wanted, min, max }: Pick<PaceInput, 'current' | 'wanted' | 'min' | 'max'>): {
  readonly replicas: number
  readonly why: Reason
} {
  const limit = scaleUpLimit(current)
  const highest = Math.min(max, limit)
  if (wanted < min) return { replicas: min, why: TOO_FEW }
  if (wanted > highest) return { replicas: highest, why: max > limit ? UP_LIMIT : TOO_MANY }
  return { replicas: wanted, why: WITHIN }
}

/** What one autoscaler has recommended and done of late. */
export class Pace {
  private recommendations: Recommendation[]
  private ups: Change[] = []
  private downs: Change[] = []

  /** Begins with the size that it finds. */
  constructor(current: number, nowMs: number) {
    this.recommendations = [{ replicas: current, atMs: nowMs }]
  }

  /** k8s 1.36: normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors. */
  decide(input: PaceInput): Decision {
    const { wanted } = input
    const stable = input.behavior ? this.stabilizeByRules(input) : this.stabilize(input)
    const stabilized = input.behavior && wanted >= input.current ? UP_STABILIZED : DOWN_STABILIZED
    const { replicas, why } = input.behavior
      ? this.limitByRules({ ...input, wanted: stable })
      : limitPlainly({ ...input, wanted: stable })
    return { replicas, able: stable === wanted ? READY : stabilized, limited: { ...why, holds: replicas !== stable } }
  }

  /** Remembers a change of size. k8s 1.36: storeScaleEvent. */
  record(before: number, after: number, { behavior, nowMs }: Pick<PaceInput, 'behavior' | 'nowMs'>): void {
    if (!behavior) return
    const up = after > before
    const longestMs = Math.max(
      0,
      ...(policiesOf(up ? behavior.scaleUp : behavior.scaleDown) ?? []).map((p) => p.periodSeconds * 1000),
    )
    const kept = (up ? this.ups : this.downs).filter(({ atMs }) => atMs >= nowMs - longestMs)
    const changes = [...kept, { replicas: Math.abs(after - before), atMs: nowMs }]
    if (up) this.ups = changes
    else this.downs = changes
  }

  /** The highest recommendation of the last five minutes. */
  private stabilize({ wanted, nowMs }: PaceInput): number {
    const recent = this.recommendations.filter(({ atMs }) => atMs >= nowMs - DOWNSCALE_WINDOW_MS)
    this.recommendations = [...recent, { replicas: wanted, atMs: nowMs }]
    return Math.max(wanted, ...recent.map(({ replicas }) => replicas))
  }

  /** Up to the lowest of one window, down to the highest of the other. */
  private stabilizeByRules({ wanted, current, behavior, nowMs }: PaceInput): number {
    const upFromMs = nowMs - (behavior?.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000
    const downFromMs = nowMs - (behavior?.scaleDown?.stabilizationWindowSeconds ?? DOWNSCALE_WINDOW_MS / 1000) * 1000
    const since = (ms: number) => this.recommendations.filter(({ atMs }) => atMs > ms).map(({ replicas }) => replicas)
    const up = Math.min(wanted, ...since(upFromMs))
    const down = Math.max(wanted, ...since(downFromMs))
    const kept = this.recommendations.filter(({ atMs }) => atMs >= upFromMs || atMs >= downFromMs)
    this.recommendations = [...kept, { replicas: wanted, atMs: nowMs }]
    return Math.min(Math.max(current, up), down)
  }

  /** k8s 1.36: convertDesiredReplicasWithBehaviorRate. */
  private limitByRules(input: PaceInput): { readonly replicas: number; readonly why: Reason } {
    const { current, wanted, min, max, behavior } = input
    if (wanted > current) {
      const limit = Math.max(current, this.limitOf(input, behavior?.scaleUp, 1))
      const highest = Math.min(max, limit)
      if (wanted > highest) return { replicas: highest, why: max > limit ? UP_LIMIT : TOO_MANY }
    } else if (wanted < current) {
      const limit = Math.min(current, this.limitOf(input, behavior?.scaleDown, -1))
      const lowest = Math.max(min, limit)
      if (wanted < lowest) return { replicas: lowest, why: min < limit ? DOWN_LIMIT : TOO_FEW }
    }
    return { replicas: wanted, why: WITHIN }
  }

  /** How far the policies let the size go in that direction: the farthest of them, or the nearest when 'Min' is chosen. */
  private limitOf({ current, nowMs }: PaceInput, rules: HPAScalingRules | undefined, direction: 1 | -1): number {
    if (rules?.selectPolicy === 'Disabled') return current
    const reach = (policiesOf(rules) ?? []).map((policy) => this.reachOf(policy, current, direction, nowMs))
    const farthest = rules?.selectPolicy !== 'Min'
    return direction > 0 === farthest ? Math.max(...reach) : Math.min(...reach)
  }

  private reachOf({ type, value, periodSeconds }: HPAScalingPolicy, current: number, direction: 1 | -1, nowMs: number): number {
    const within = (changes: readonly Change[]) =>
      changes.reduce((sum, { replicas, atMs }) => (atMs > nowMs - periodSeconds * 1000 ? sum + replicas : sum), 0)
    const start = current - within(this.ups) + within(this.downs)
    if (type === 'Pods') return start + direction * value
    const share = start * (1 + (direction * value) / 100)
    return direction > 0 ? Math.ceil(share) : Math.trunc(share)
  }
}

const policiesOf = (rules: HPAScalingRules | undefined) => rules?.policies
