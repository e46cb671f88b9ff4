/** Making room for a pod by removing less important ones. k8s 1.36: framework/preemption, plugins/defaultpreemption. */
import { selectorMatches } from '../apimachinery/selectors.ts'
import type { PodDisruptionBudget } from '../apimachinery/generated/types.ts'
import type { Candidate, PreparedFilters } from './framework.ts'
import { withoutPod, withPod, type NodeInfo } from './node-info.ts'
import { byImportance, startTimeMs, type PodInfo } from './pod-info.ts'
import { unresolvable, type Status } from './status.ts'

const NO_VICTIMS = unresolvable('', 'No preemption victims found for incoming pod')

/** Splits the pods by whether removing them, in this order, breaks a disruption budget. */
function splitByBudget(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { protectedPods: PodInfo[]; free: PodInfo[] } {
  const allowed = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0)
  const protectedPods: PodInfo[] = []
  const free: PodInfo[] = []
  for (const pod of pods) {
    let violates = false
    budgets.forEach(({ metadata, spec, status }, i) => {
      const selector = spec?.selector
      const empty = !Object.keys(selector?.matchLabels ?? {}).length && !selector?.matchExpressions?.length
      if (metadata.namespace !== pod.namespace || empty || Object.keys(pod.labels).length === 0) return
      if (!selectorMatches(selector, pod.labels) || status?.disruptedPods?.[pod.name] !== undefined) return
      const left = (allowed[i] ?? 0) - 1
      allowed[i] = left
      if (left < 0) violates = true
    })
    ;(violates ? protectedPods : free).push(pod)
  }
  return { protectedPods, free }
}

/**
 * The fewest, least important pods whose removal makes the node do, or why none does: all pods of lower priority are
 * supposed gone, then one after the other is let back if the pod still fits, those under a budget first.
 */
export function selectVictims(
  original: PreparedFilters,
  info: NodeInfo,
  budgets: readonly PodDisruptionBudget[],
  nowMs: number,
): Candidate | Status {
  const { pod } = original
  const filters = original.fork()
  let node = info
  const potential = info.pods.filter((other) => other.priority < pod.priority)
  for (const other of potential) {
    node = withoutPod(node, other.uid)
    filters.removePod(other, node)
  }
  if (potential.length === 0) return NO_VICTIMS
  const status = filters.check(node)
  if (status) return status
  const { protectedPods, free } = splitByBudget(potential.toSorted(byImportance(nowMs)), budgets)
  const victims: PodInfo[] = []
  const reprieve = (other: PodInfo): boolean => {
    const crowded = withPod(node, other)
    filters.addPod(other, crowded)
    if (!filters.check(crowded)) {
      node = crowded
      return true
    }
    filters.removePod(other, node)
    victims.push(other)
    return false
  }
  let pdbViolations = 0
  for (const other of protectedPods) if (!reprieve(other)) pdbViolations++
  for (const other of free) reprieve(other)
  if (protectedPods.length > 0 && free.length > 0) victims.sort(byImportance(nowMs))
  return { nodeName: info.name, victims, pdbViolations }
}

/** Start of the longest-running victim among those of the highest priority. */
function earliestStart({ victims }: Candidate, nowMs: number): number {
  const highest = Math.max(...victims.map((v) => v.priority))
  return Math.min(...victims.filter((v) => v.priority === highest).map((v) => startTimeMs(v, nowMs)))
}

/**
 * The candidates that hurt least: fewest budget violations, then lowest highest priority, then lowest sum of
 * priorities, then fewest victims, then victims that started last. k8s 1.36: pickOneNodeForPreemption.
 */
export function bestCandidates(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const rules: ((c: Candidate) => number)[] = [
    (c) => c.pdbViolations,
    (c) => c.victims[0]?.priority ?? 0,
    (c) => c.victims.reduce((sum, v) => sum + v.priority + 2 ** 31, 0),
    (c) => c.victims.length,
    (c) => -earliestStart(c, nowMs),
  ]
  let left = candidates
  for (const rule of rules) {
    if (left.length <= 1) break
    const costs = left.map(rule)
    const least = Math.min(...costs)
    left = left.filter((_, i) => costs[i] === least)
  }
  return left
}

interface DryRun {
  readonly candidates: readonly Candidate[]
  readonly statuses: ReadonlyMap<string, Status>
}

/** Tries nodes from `offset` on until `wanted` candidates are found, one of them without a budget violation. */
export function dryRun(
  filters: PreparedFilters,
  nodes: readonly NodeInfo[],
  budgets: readonly PodDisruptionBudget[],
  nowMs: number,
  { offset, wanted }: { readonly offset: number; readonly wanted: number },
): DryRun {
  const harmless: Candidate[] = []
  const violating: Candidate[] = []
  const statuses = new Map<string, Status>()
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(offset + i) % nodes.length] as NodeInfo
    const result = selectVictims(filters, node, budgets, nowMs)
    if ('code' in result) statuses.set(node.name, result)
    else if (result.pdbViolations === 0) harmless.push(result)
    else violating.push(result)
    if (harmless.length > 0 && harmless.length + violating.length >= wanted) break
  }
  return { candidates: [...harmless, ...violating], statuses }
}
