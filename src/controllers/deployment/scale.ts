import type { Deployment, ReplicaSet } from '../../apimachinery/generated/types.ts'
import { byCreation } from '../shared/text.ts'
import { countAnnotation, DESIRED_REPLICAS, MAX_REPLICAS, replicasAnnotations } from './annotations.ts'
import { desiredReplicas, isRollingUpdate, maxSurge } from './fenceposts.ts'
import { allOf, isActive, sizeOf, totalSize, type ReplicaSets } from './replica-sets.ts'

/** Gives a ReplicaSet a size. */
export interface ScaleStep {
  readonly name: string
  readonly size: number
  /** Also write when only the size annotations are out of date. */
  readonly refresh?: boolean
}

export function resized(rs: ReplicaSet, size: number): ReplicaSet {
  return { ...rs, spec: { ...rs.spec, selector: rs.spec?.selector ?? {}, replicas: size } }
}

/** The ReplicaSet as a step leaves it, or null when there is nothing to write. k8s 1.36: deployment scaleReplicaSet. */
export function applyStep(deployment: Deployment, rs: ReplicaSet, step: ScaleStep): ReplicaSet | null {
  const wanted = replicasAnnotations(deployment)
  const marked = Object.entries(wanted).every(([key, value]) => rs.metadata.annotations?.[key] === value)
  if (sizeOf(rs) === step.size && (marked || !step.refresh)) return null
  const annotations = { ...rs.metadata.annotations, ...wanted }
  return resized({ ...rs, metadata: { ...rs.metadata, annotations } }, step.size)
}

/** What the event about a step says. */
export function scaleMessage(name: string, from: number, to: number): string {
  return `Scaled ${from < to ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`
}

/**
 * Whether the Deployment's size was changed since its active ReplicaSets were last sized.
 * k8s 1.36: deployment isScalingEvent.
 */
export function isScalingEvent(deployment: Deployment, sets: ReplicaSets): boolean {
  return allOf(sets).some((rs) => {
    const marked = isActive(rs) ? countAnnotation(rs, DESIRED_REPLICAS) : undefined
    return marked !== undefined && marked !== desiredReplicas(deployment)
  })
}

/**
 * How a change of size is shared out: all to the only active ReplicaSet, else to each in proportion to its size.
 * k8s 1.36: deployment scale.
 */
export function planScale(deployment: Deployment, sets: ReplicaSets): ScaleStep[] {
  const desired = desiredReplicas(deployment)
  const { newRS, oldRSs } = sets
  const active = allOf({ newRS, oldRSs: oldRSs.toSorted(byCreation).toReversed() }).filter(isActive)
  if (active.length <= 1) {
    const only = active[0] ?? newRS ?? oldRSs.toSorted(byCreation).at(-1)
    return only && sizeOf(only) !== desired ? [{ name: only.metadata.name ?? '', size: desired }] : []
  }
  if (newRS && isSaturated(deployment, newRS))
    return active.filter((rs) => rs !== newRS).map((rs) => ({ name: rs.metadata.name ?? '', size: 0 }))
  return isRollingUpdate(deployment) ? planProportional(deployment, active) : []
}

/** k8s 1.36: deployment util IsSaturated. */
function isSaturated(deployment: Deployment, rs: ReplicaSet): boolean {
  const desired = desiredReplicas(deployment)
  return (
    sizeOf(rs) === desired && countAnnotation(rs, DESIRED_REPLICAS) === desired && (rs.status?.availableReplicas ?? 0) === desired
  )
}

function planProportional(deployment: Deployment, active: readonly ReplicaSet[]): ScaleStep[] {
  const desired = desiredReplicas(deployment)
  const toAdd = (desired > 0 ? desired + maxSurge(deployment) : 0) - totalSize(active)
  const sorted = toAdd === 0 ? active : active.toSorted(toAdd > 0 ? bySizeNewer : bySizeOlder)
  let added = 0
  const sizes = sorted.map((rs) => {
    const share = proportion(deployment, rs, toAdd, added)
    added += share
    return sizeOf(rs) + share
  })
  // What rounding leaves goes to the largest.
  return sorted.map((rs, i) => {
    const size = sizes[i] ?? 0
    return {
      name: rs.metadata.name ?? '',
      size: i === 0 && toAdd !== 0 ? Math.max(0, size + toAdd - added) : size,
      refresh: true,
    }
  })
}

/** Largest first, then newest. */
const bySizeNewer = (a: ReplicaSet, b: ReplicaSet) => sizeOf(b) - sizeOf(a) || byCreation(b, a)

/** Largest first, then oldest. */
const bySizeOlder = (a: ReplicaSet, b: ReplicaSet) => sizeOf(b) - sizeOf(a) || byCreation(a, b)

/** A ReplicaSet's share of a change, within what is left of it. k8s 1.36: deployment util GetReplicaSetProportion. */
function proportion(deployment: Deployment, rs: ReplicaSet, toAdd: number, added: number): number {
  if (sizeOf(rs) === 0 || toAdd === 0 || toAdd === added) return 0
  const fraction = fractionOf(deployment, rs)
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added)
}

function fractionOf(deployment: Deployment, rs: ReplicaSet): number {
  const desired = desiredReplicas(deployment)
  if (desired === 0) return -sizeOf(rs)
  const before = countAnnotation(rs, MAX_REPLICAS) || (deployment.status?.replicas ?? 0)
  if (before === 0) return 0
  const size = (sizeOf(rs) * (desired + maxSurge(deployment))) / before
  return Math.floor(size + 0.5) - sizeOf(rs)
}
