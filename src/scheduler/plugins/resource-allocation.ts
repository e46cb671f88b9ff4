import { MAX_NODE_SCORE, type NodeScorer } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { amountOf, isScalarResource, type Resources } from '../resources.ts'

export interface ResourceSpec {
  readonly name: string
  /** 1 unless given. */
  readonly weight?: number
}

export const CPU_AND_MEMORY: readonly ResourceSpec[] = [{ name: 'cpu' }, { name: 'memory' }]

/** Amounts of one resource on one node: there, taken, and taken once the pod is there too. */
interface Allocation {
  readonly allocatable: number
  readonly taken: number
  readonly withPod: number
  readonly weight: number
}

/** Scores a node from how much of each resource is taken. k8s 1.36: noderesources resourceAllocationScorer. */
export function scoreAllocation(
  resources: readonly ResourceSpec[],
  request: Resources,
  takenOf: (node: NodeInfo, resource: string) => number,
  score: (allocations: readonly Allocation[]) => number,
): NodeScorer {
  const counted = resources
    .map(({ name, weight }) => ({ name, weight: weight || 1, asked: amountOf(request, name) }))
    .filter(({ name, asked }) => asked > 0 || !isScalarResource(name))
  return {
    score(node) {
      const allocations: Allocation[] = []
      for (const { name, weight, asked } of counted) {
        const allocatable = amountOf(node.allocatable, name)
        if (allocatable === 0) continue
        const taken = takenOf(node, name)
        allocations.push({ allocatable, taken, withPod: taken + asked, weight })
      }
      return score(allocations)
    },
  }
}

/** What is taken, where pods that request no CPU or memory count for a little. */
export function takenNonZero(node: NodeInfo, resource: string): number {
  if (resource === 'cpu') return node.nonZeroCpuMilli
  if (resource === 'memory') return node.nonZeroMemoryBytes
  return amountOf(node.requested, resource)
}

/** The weighted mean of what each resource scores. */
function weightedMean(allocations: readonly Allocation[], scoreOne: (withPod: number, allocatable: number) => number): number {
  let sum = 0
  let weights = 0
  for (const { withPod, allocatable, weight } of allocations) {
    sum += scoreOne(withPod, allocatable) * weight
    weights += weight
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights)
}

/** The emptier the better: 6 of 8 cores taken gives 25. */
export function leastAllocated(allocations: readonly Allocation[]): number {
  return weightedMean(allocations, (withPod, allocatable) =>
    withPod > allocatable ? 0 : Math.trunc(((allocatable - withPod) * MAX_NODE_SCORE) / allocatable),
  )
}

/** The fuller the better. */
export function mostAllocated(allocations: readonly Allocation[]): number {
  return weightedMean(allocations, (withPod, allocatable) =>
    Math.trunc((Math.min(withPod, allocatable) * MAX_NODE_SCORE) / allocatable),
  )
}

export interface ShapePoint {
  /** Percent. */
  readonly utilization: number
  /** 0..10. */
  readonly score: number
}

/** A broken line through the points, flat outside of them. */
function brokenLine(shape: readonly ShapePoint[]): (utilization: number) => number {
  const points = shape.map(({ utilization, score }) => ({ utilization, score: score * 10 }))
  return (x) => {
    for (const [i, point] of points.entries()) {
      if (x > point.utilization) continue
      const before = points[i - 1]
      if (!before) return point.score
      const slope = (point.score - before.score) * (x - before.utilization)
      return before.score + Math.trunc(slope / (point.utilization - before.utilization))
    }
    return points.at(-1)?.score ?? 0
  }
}

/** The configured shape over the percentage taken; resources that score 0 do not weigh. */
export function requestedToCapacityRatio(shape: readonly ShapePoint[]): (allocations: readonly Allocation[]) => number {
  const line = brokenLine(shape)
  return (allocations) => {
    let sum = 0
    let weights = 0
    for (const { withPod, allocatable, weight } of allocations) {
      const score = line(withPod > allocatable ? 100 : Math.trunc((withPod * 100) / allocatable))
      if (score <= 0) continue
      sum += score * weight
      weights += weight
    }
    return weights === 0 ? 0 : Math.round(sum / weights)
  }
}

/** 100 where all fractions are equal, down to 50 where they differ most. */
function balance(allocations: readonly Allocation[], amount: (allocation: Allocation) => number): number {
  const fractions = allocations.map((a) => Math.min(1, amount(a) / a.allocatable))
  const [first, second] = fractions
  let deviation = 0
  if (fractions.length === 2 && first !== undefined && second !== undefined) deviation = Math.abs((first - second) / 2)
  else if (fractions.length > 2) {
    const mean = fractions.reduce((sum, f) => sum + f, 0) / fractions.length
    deviation = Math.sqrt(fractions.reduce((sum, f) => sum + (f - mean) * (f - mean), 0) / fractions.length)
  }
  return Math.trunc((1 - deviation) * MAX_NODE_SCORE)
}

/** Whether the pod evens out the use of the node's resources: 75 if it changes nothing, up to 100 or down to 50. */
export function balanceGain(allocations: readonly Allocation[]): number {
  const half = MAX_NODE_SCORE / 2
  const gain = balance(allocations, (a) => a.withPod) - balance(allocations, (a) => a.taken)
  return half + Math.trunc((half + gain) / 2)
}
