import { MAX_NODE_SCORE, type NodeScorer } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { amountOf, isScalarResource, type Resources } from '../resources.ts'

export interface ResourceSpec {
  readonly name: string
  /** 1 unless given. */
  readonly weight?: number
}

export const CPU_AND_MEMORY: readonly ResourceSpec[] = [{ name: 'cpu' }, { name: 'memory' }]

/** Amounts of the counted resources on one node, side by side. Reused from node to node: read it at once. */
interface Allocations {
  /** How many resources the node has; the lists may be longer. */
  count: number
  readonly allocatable: number[]
  readonly taken: number[]
  /** Taken once the pod is there too. */
  readonly withPod: number[]
  readonly weights: number[]
}

/** Scores a node from how much of each resource is taken. k8s 1.36: noderesources resourceAllocationScorer. */
export function scoreAllocation(
  resources: readonly ResourceSpec[],
  request: Resources,
  takenOf: (node: NodeInfo, resource: string) => number,
  score: (allocations: Allocations) => number,
): NodeScorer {
  const counted = resources
    .map(({ name, weight }) => ({ name, weight: weight || 1, asked: amountOf(request, name) }))
    .filter(({ name, asked }) => asked > 0 || !isScalarResource(name))
  const scratch: Allocations = { count: 0, allocatable: [], taken: [], withPod: [], weights: [] }
  return {
    shareKey: JSON.stringify(counted),
    score(node) {
      let count = 0
      for (const { name, weight, asked } of counted) {
        const allocatable = amountOf(node.allocatable, name)
        if (allocatable === 0) continue
        const taken = takenOf(node, name)
        scratch.allocatable[count] = allocatable
        scratch.taken[count] = taken
        scratch.withPod[count] = taken + asked
        scratch.weights[count++] = weight
      }
      scratch.count = count
      return score(scratch)
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
function weightedMean(all: Allocations, scoreOne: (withPod: number, allocatable: number) => number): number {
  let sum = 0
  let weights = 0
  for (let i = 0; i < all.count; i++) {
    const weight = all.weights[i] ?? 1
    sum += scoreOne(all.withPod[i] ?? 0, all.allocatable[i] ?? 1) * weight
    weights += weight
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights)
}

/** The emptier the better: 6 of 8 cores taken gives 25. */
export function leastAllocated(allocations: Allocations): number {
  return weightedMean(allocations, (withPod, allocatable) =>
    withPod > allocatable ? 0 : Math.trunc(((allocatable - withPod) * MAX_NODE_SCORE) / allocatable),
  )
}

/** The fuller the better. */
export function mostAllocated(allocations: Allocations): number {
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
export function requestedToCapacityRatio(shape: readonly ShapePoint[]): (allocations: Allocations) => number {
  const line = brokenLine(shape)
  return (all) => {
    let sum = 0
    let weights = 0
    for (let i = 0; i < all.count; i++) {
      const [withPod = 0, allocatable = 1, weight = 1] = [all.withPod[i], all.allocatable[i], all.weights[i]]
      const score = line(withPod > allocatable ? 100 : Math.trunc((withPod * 100) / allocatable))
      if (score <= 0) continue
      sum += score * weight
      weights += weight
    }
    return weights === 0 ? 0 : Math.round(sum / weights)
  }
}

/** The standard deviation of the used fractions. */
function deviation(amounts: readonly number[], allocatable: readonly number[], count: number): number {
  if (count < 2) return 0
  const fraction = (i: number) => Math.min(1, (amounts[i] ?? 0) / (allocatable[i] ?? 1))
  if (count === 2) return Math.abs((fraction(0) - fraction(1)) / 2)
  let sum = 0
  for (let i = 0; i < count; i++) sum += fraction(i)
  const mean = sum / count
  let squares = 0
  for (let i = 0; i < count; i++) squares += (fraction(i) - mean) * (fraction(i) - mean)
  return Math.sqrt(squares / count)
}

/** Whether the pod evens out the use of the node's resources: 75 if it changes nothing, up to 100 or down to 50. */
export function balanceGain({ count, allocatable, taken, withPod }: Allocations): number {
  const balance = (amounts: readonly number[]) => Math.trunc((1 - deviation(amounts, allocatable, count)) * MAX_NODE_SCORE)
  const half = MAX_NODE_SCORE / 2
  return half + Math.trunc((half + balance(withPod) - balance(taken)) / 2)
}
