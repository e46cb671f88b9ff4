import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Labels } from '../../apimachinery/selectors.ts'
import type { Node, Pod, TopologySpreadConstraint } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import { MAX_NODE_SCORE, type Cycle, type FilterState, type Handle, type NodeScorer, type Plugin } from '../framework.ts'
import { requiredNodeAffinity } from '../node-affinity.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import { selectorOf, withLabels, type Selector } from '../selection.ts'
import type { Snapshot } from '../snapshot.ts'
import { unresolvable, unschedulable } from '../status.ts'
import { hasUntoleratedTaint } from '../taints.ts'
import { DomainCounts } from '../topology-counts.ts'
import { defaultSelector } from './default-selector.ts'
import { holdsNode } from './node-ports.ts'

const NAME = 'PodTopologySpread'
const HOSTNAME = 'kubernetes.io/hostname'
const REASON = "node(s) didn't match pod topology spread constraints"
const SKEWED = unschedulable(NAME, REASON)
const NO_LABEL = unresolvable(NAME, `${REASON} (missing required label)`)

export interface PodTopologySpreadArgs {
  /** For pods without constraints of their own; used if defaultingType is List. */
  readonly defaultConstraints?: readonly TopologySpreadConstraint[]
  readonly defaultingType?: 'System' | 'List'
}

const SYSTEM_DEFAULTS: readonly TopologySpreadConstraint[] = [
  { topologyKey: HOSTNAME, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
]

interface Constraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly selector: Selector
  readonly minDomains: number
  readonly honorAffinity: boolean
  readonly honorTaints: boolean
}

function makeConstraint(c: TopologySpreadConstraint, podLabels: Labels, selector?: Selector): Constraint {
  const keys = (c.matchLabelKeys ?? []).filter((key) => podLabels[key] !== undefined)
  const pairs = Object.fromEntries(keys.map((key) => [key, podLabels[key] ?? '']))
  return {
    maxSkew: c.maxSkew,
    topologyKey: c.topologyKey,
    selector: selector ?? (keys.length ? withLabels(c.labelSelector, pairs) : selectorOf(c.labelSelector)),
    minDomains: c.minDomains ?? 1,
    honorAffinity: (c.nodeAffinityPolicy ?? 'Honor') === 'Honor',
    honorTaints: c.nodeTaintsPolicy === 'Honor',
  }
}

function countMatching({ pods }: NodeInfo, selector: Selector, namespace: string): number {
  let count = 0
  for (const pod of pods) if (!pod.terminating && pod.namespace === namespace && selector.matches(pod.labels)) count++
  return count
}

/**
 * Counts the pods of the namespace on a node that the selector selects; each node is counted once. An empty selector
 * and terminating pods count none.
 */
function makeCounter(snapshot: Snapshot, selector: Selector, namespace: string): (node: NodeInfo) => number {
  if (selector.isEmpty) return () => 0
  const counts = snapshot.byNode<number>(`${NAME}/${namespace}/${selector.key}`)
  return (node) => {
    let count = counts.get(node)
    if (count === undefined) counts.set(node, (count = countMatching(node, selector, namespace)))
    return count
  }
}

/** The same for nodes that are asked about by their place in the list: a memo by position is looked up faster than one by object. */
function makePlacedCounter(
  snapshot: Snapshot,
  selector: Selector,
  namespace: string,
  nodes: readonly NodeInfo[],
  positions: readonly number[] | undefined,
): (node: NodeInfo, index: number) => number {
  const count = makeCounter(snapshot, selector, namespace)
  if (selector.isEmpty || positions?.length !== nodes.length) return count
  const memo = snapshot.memo<number>(`${NAME}/${namespace}/${selector.key}`)
  return (node, index) => memo.get(node, positions[index] ?? 0, count)
}

const hasAllKeys = (labels: Labels, constraints: readonly Constraint[]) =>
  constraints.every((c) => labels[c.topologyKey] !== undefined)

/** Whether a node's pods count for a constraint of this pod. k8s 1.36: matchNodeInclusionPolicies. */
function makeInclusion({ pod }: PodInfo): (constraint: Constraint, node: NodeInfo) => boolean {
  const matches = requiredNodeAffinity(pod)
  const tolerations = pod.spec?.tolerations ?? []
  return (constraint, { node, taints }) =>
    (!constraint.honorAffinity || !matches || matches(node)) &&
    (!constraint.honorTaints || taints.length === 0 || !hasUntoleratedTaint(taints, tolerations))
}

/**
 * Matching pods per domain of each constraint, over all nodes; kept between cycles for pods with the same needs.
 * A node counts if it has the topology keys of all constraints (`allKeys`) and the constraint's policies include it.
 */
function domainCounts({ pod, snapshot }: Cycle, constraints: readonly Constraint[], allKeys: boolean): readonly DomainCounts[] {
  const { nodeSelector, affinity, tolerations } = pod.pod.spec ?? {}
  const needs = [
    constraints.some((c) => c.honorAffinity) ? [nodeSelector, affinity?.nodeAffinity] : 0,
    constraints.some((c) => c.honorTaints) ? tolerations : 0,
  ]
  const shape = constraints.map((c) => [c.topologyKey, c.selector.key, c.honorAffinity, c.honorTaints])
  const includes = makeInclusion(pod)
  const counters = constraints.map((c) => makeCounter(snapshot, c.selector, pod.namespace))
  return snapshot.aggregate(
    `${NAME}/${allKeys}/${pod.namespace}/${JSON.stringify([shape, needs])}`,
    () => constraints.map(() => new DomainCounts()),
    (node) => {
      if (allKeys && !hasAllKeys(node.labels, constraints)) return null
      return constraints.map((c, i) =>
        includes(c, node) ? { domain: node.labels[c.topologyKey] ?? '', pods: counters[i]?.(node) ?? 0 } : null,
      )
    },
    (sums, parts, sign) => parts.forEach((part, i) => part && sums[i]?.change(part.domain, part.pods, sign)),
  )
}

/** Filter: the skew that the pod would cause stays within maxSkew. */
class SpreadFilter implements FilterState {
  private readonly pod: PodInfo
  private readonly constraints: readonly Constraint[]
  private readonly counts: readonly DomainCounts[]
  private readonly self: readonly number[]
  private readonly minimums: readonly number[]
  /** Supposed pods: one domain per constraint, since a dry run is about one node. */
  private supposed: { readonly domain: string; readonly delta: number }[] | null = null

  constructor(pod: PodInfo, constraints: readonly Constraint[], counts: readonly DomainCounts[]) {
    this.pod = pod
    this.constraints = constraints
    this.counts = counts
    this.self = constraints.map((c) => (c.selector.matches(pod.labels) ? 1 : 0))
    this.minimums = counts.map((c) => c.minimum())
  }

  filter({ labels }: NodeInfo) {
    for (let i = 0; i < this.constraints.length; i++) {
      const constraint = this.constraints[i] as Constraint
      const domain = labels[constraint.topologyKey]
      if (domain === undefined) return NO_LABEL
      const counts = this.counts[i] as DomainCounts
      const supposed = this.supposed?.[i]
      const here = counts.count(domain) + (supposed?.domain === domain ? supposed.delta : 0)
      const least = counts.size < constraint.minDomains ? 0 : this.least(i, counts)
      if (here + (this.self[i] ?? 0) - least > constraint.maxSkew) return SKEWED
    }
    return null
  }

  private least(i: number, counts: DomainCounts): number {
    const supposed = this.supposed?.[i]
    if (!supposed || supposed.delta === 0) return this.minimums[i] ?? 0
    return Math.min(counts.minimum(supposed.domain), counts.count(supposed.domain) + supposed.delta)
  }

  fork(): SpreadFilter {
    const copy = new SpreadFilter(this.pod, this.constraints, this.counts)
    copy.supposed = this.supposed && [...this.supposed]
    return copy
  }

  addPod(pod: PodInfo, node: NodeInfo): void {
    this.suppose(pod, node, 1)
  }

  removePod(pod: PodInfo, node: NodeInfo): void {
    this.suppose(pod, node, -1)
  }

  private suppose(pod: PodInfo, node: NodeInfo, delta: number): void {
    if (pod.namespace !== this.pod.namespace || !hasAllKeys(node.labels, this.constraints)) return
    const includes = makeInclusion(this.pod)
    this.supposed ??= this.constraints.map((c) => ({ domain: node.labels[c.topologyKey] ?? '', delta: 0 }))
    this.supposed = this.supposed.map((s, i) => {
      const constraint = this.constraints[i] as Constraint
      const counts = constraint.selector.matches(pod.labels) && includes(constraint, node)
      return counts ? { ...s, delta: s.delta + delta } : s
    })
  }
}

/** Score: fewer matching pods in the node's domains are better; a constraint with more domains weighs more. */
function makeScorer(
  cycle: Cycle,
  constraints: readonly Constraint[],
  allKeys: boolean,
  nodes: readonly NodeInfo[],
  positions: readonly number[] | undefined,
): NodeScorer {
  const counts = domainCounts(cycle, constraints, allKeys)
  const counters = constraints.map((c) => makePlacedCounter(cycle.snapshot, c.selector, cycle.pod.namespace, nodes, positions))
  // Null where no node can lack a key, as with the system's defaults: all are scored.
  const ignored = allKeys ? nodes.map(({ labels }) => !hasAllKeys(labels, constraints)) : null
  const scored = ignored ? ignored.filter((i) => !i).length : nodes.length
  const weights = constraints.map(({ topologyKey }) => {
    if (topologyKey === HOSTNAME) return Math.log(scored + 2)
    const domains = new Set<string>()
    let last: string | undefined
    for (let i = 0; i < nodes.length; i++) {
      if (ignored?.[i]) continue
      const domain = nodes[i]?.labels[topologyKey] ?? ''
      if (domain !== last) domains.add((last = domain))
    }
    return Math.log(domains.size + 2)
  })
  return {
    score(node, index) {
      if (ignored?.[index]) return 0
      let score = 0
      for (let i = 0; i < constraints.length; i++) {
        const { topologyKey, maxSkew } = constraints[i] as Constraint
        const domain = node.labels[topologyKey]
        if (domain === undefined) continue
        const count = topologyKey === HOSTNAME ? counters[i]?.(node, index) : counts[i]?.count(domain)
        score += (count ?? 0) * (weights[i] ?? 0) + (maxSkew - 1)
      }
      return Math.round(score)
    },
    normalize(scores) {
      let least = Infinity
      let most = 0
      for (let i = 0; i < scores.length; i++) {
        if (ignored?.[i]) continue
        const score = scores[i] as number
        if (score < least) least = score
        if (score > most) most = score
      }
      for (let i = 0; i < scores.length; i++) {
        if (ignored?.[i]) scores[i] = 0
        else scores[i] = most === 0 ? MAX_NODE_SCORE : Math.trunc((MAX_NODE_SCORE * (most + least - (scores[i] ?? 0))) / most)
      }
    },
  }
}

type ConstraintsOf = (pod: PodInfo, whenUnsatisfiable: string) => readonly Constraint[]

function worthAfterPod(pod: PodInfo, constraintsOf: ConstraintsOf, old: Pod | undefined, changed: Pod | undefined): boolean {
  const own = (other: Pod) => other.metadata.uid === pod.pod.metadata.uid
  const involved = (other: Pod | undefined) =>
    !other || own(other) || (holdsNode(other) && other.metadata.namespace === pod.namespace)
  if (!involved(old) || !involved(changed)) return false
  const constraints = constraintsOf(pod, 'DoNotSchedule')
  const counts = (other: Pod) => constraints.map((c) => c.selector.matches(other.metadata.labels))
  if (!old || !changed) {
    const only = old ?? changed
    return !!only && counts(only).includes(true)
  }
  if (own(changed) && constraints.some((c) => c.honorTaints) && !jsonEqual(old.spec?.tolerations, changed.spec?.tolerations))
    return true
  return !jsonEqual(counts(old), counts(changed))
}

function worthAfterNode(constraints: readonly Constraint[], old: Node | undefined, node: Node | undefined): boolean {
  const matches = (n: Node | undefined) => !!n && hasAllKeys(n.metadata.labels ?? {}, constraints)
  if (!old || !node) return matches(old ?? node)
  if (matches(old) !== matches(node)) return true
  const moved = constraints.some((c) => old.metadata.labels?.[c.topologyKey] !== node.metadata.labels?.[c.topologyKey])
  return matches(node) && (moved || !jsonEqual(old.spec?.taints ?? [], node.spec?.taints ?? []))
}

/** Spreads pods over zones, hosts and the like. k8s 1.36: plugins/podtopologyspread. */
export function podTopologySpread(args: PodTopologySpreadArgs, { listers }: Handle): Plugin {
  const systemDefaults = args.defaultingType !== 'List'
  const defaults = systemDefaults ? SYSTEM_DEFAULTS : (args.defaultConstraints ?? [])
  const constraintsOf: ConstraintsOf = (pod, whenUnsatisfiable) => {
    const own = pod.pod.spec?.topologySpreadConstraints ?? []
    const wanted = (own.length > 0 ? own : defaults).filter((c) => c.whenUnsatisfiable === whenUnsatisfiable)
    if (wanted.length === 0 || own.length > 0) return wanted.map((c) => makeConstraint(c, pod.labels))
    const selector = defaultSelector(pod, listers)
    return selector.isEmpty ? [] : wanted.map((c) => makeConstraint(c, pod.labels, selector))
  }
  const podActions = Action.Add | Action.UpdatePodLabel | Action.UpdatePodToleration | Action.Delete
  const nodeActions = Action.Add | Action.Delete | Action.UpdateNodeLabel | Action.UpdateNodeTaint
  return {
    name: NAME,
    events: [
      hint<Pod>('Pod', podActions, (pod, { old, new: changed }) => worthAfterPod(pod, constraintsOf, old, changed)),
      hint<Node>('Node', nodeActions, (pod, { old, new: node }) =>
        worthAfterNode(constraintsOf(pod, 'DoNotSchedule'), old, node),
      ),
    ],
    preFilter(cycle) {
      const constraints = constraintsOf(cycle.pod, 'DoNotSchedule')
      if (constraints.length === 0) return null
      return new SpreadFilter(cycle.pod, constraints, domainCounts(cycle, constraints, true))
    },
    preScore(cycle, nodes, positions) {
      const constraints = constraintsOf(cycle.pod, 'ScheduleAnyway')
      if (constraints.length === 0) return null
      const allKeys = !systemDefaults || (cycle.pod.pod.spec?.topologySpreadConstraints?.length ?? 0) > 0
      return makeScorer(cycle, constraints, allKeys, nodes, positions)
    },
  }
}
