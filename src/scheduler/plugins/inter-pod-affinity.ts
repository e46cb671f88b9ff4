import type { Labels } from '../../apimachinery/selectors.ts'
import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { Action, hint } from '../events.ts'
import { MAX_NODE_SCORE, type Cycle, type FilterState, type Handle, type Plugin } from '../framework.ts'
import type { Listers } from '../listers.ts'
import type { NodeInfo } from '../node-info.ts'
import { podInfoOf, termMatches, type AffinityTerm, type PodInfo } from '../pod-info.ts'
import { unresolvable, unschedulable } from '../status.ts'
import { TopologyCounts } from '../topology-counts.ts'
import { holdsNode } from './node-ports.ts'

const NAME = 'InterPodAffinity'
const AFFINITY = unresolvable(NAME, "node(s) didn't match pod affinity rules")
const ANTI_AFFINITY = unschedulable(NAME, "node(s) didn't match pod anti-affinity rules")
const EXISTING = unschedulable(NAME, "node(s) didn't satisfy existing pods anti-affinity rules")

export interface InterPodAffinityArgs {
  /** What a required affinity of another pod for this one is worth. 1 unless given. */
  readonly hardPodAffinityWeight?: number
  readonly ignorePreferredTermsOfExistingPods?: boolean
}

/** A term of the incoming pod, its namespace selector resolved to names. */
interface ResolvedTerm {
  readonly topologyKey: string
  readonly weight: number
  readonly key: string
  matches(pod: PodInfo): boolean
}

function resolveTerm(term: AffinityTerm, listers: Listers, weight = 0): ResolvedTerm {
  const { namespaceSelector, selector, topologyKey } = term
  const names = new Set(term.namespaces)
  if (!namespaceSelector.isEmpty)
    for (const { metadata } of listers.namespaces())
      if (namespaceSelector.matches(metadata.labels)) names.add(metadata.name ?? '')
  const anywhere = namespaceSelector.isEmpty
  return {
    topologyKey,
    weight,
    key: JSON.stringify([topologyKey, weight, anywhere || [...names].toSorted(), selector.key]),
    matches: (pod) => (anywhere || names.has(pod.namespace)) && selector.matches(pod.labels),
  }
}

/** One pair's number on one node. */
type Pair = readonly [key: string, value: string, amount: number]

const addPairs = (sum: TopologyCounts, pairs: readonly Pair[], sign: 1 | -1) => {
  for (const [key, value, amount] of pairs) sum.add(key, value, sign * amount)
  sum.entries += sign * pairs.length
}

/** The pairs of a node that terms are about. */
function pairsOf(terms: readonly { readonly topologyKey: string }[], { labels }: NodeInfo, amount = 1): Pair[] {
  return terms.flatMap(({ topologyKey }) => {
    const value = labels[topologyKey]
    return value === undefined ? [] : [[topologyKey, value, amount] as const]
  })
}

const matchesAll = (terms: readonly ResolvedTerm[], pod: PodInfo) => terms.length > 0 && terms.every((t) => t.matches(pod))

/** Numbers over all nodes plus what a dry run supposes. */
class SupposedCounts {
  private readonly base: TopologyCounts
  /** The same by key, for quick looks at many nodes. */
  private readonly byKey: readonly (readonly [string, ReadonlyMap<string, number>])[]
  private supposed: TopologyCounts | null

  constructor(base: TopologyCounts, supposed: TopologyCounts | null = null) {
    this.base = base
    this.byKey = base.entriesByKey()
    this.supposed = supposed
  }

  get(key: string, value: string): number {
    let amount = 0
    for (let i = 0; i < this.byKey.length; i++) {
      const entry = this.byKey[i]
      if (entry && entry[0] === key) amount = entry[1].get(value) ?? 0
    }
    return this.supposed ? amount + this.supposed.get(key, value) : amount
  }

  get isEmpty(): boolean {
    return this.base.total + (this.supposed?.total ?? 0) === 0
  }

  /** The numbers of one key; null if a dry run supposes other ones. */
  plain(key: string): ReadonlyMap<string, number> | null | undefined {
    return this.supposed ? null : this.byKey.find(([k]) => k === key)?.[1]
  }

  get keys(): readonly string[] {
    return this.byKey.map(([key]) => key)
  }

  /** True if a node with these labels is in a pair with a number above 0. */
  touches(labels: Labels): boolean {
    for (let i = 0; i < this.byKey.length; i++) {
      const [key, amounts] = this.byKey[i] as readonly [string, ReadonlyMap<string, number>]
      const value = labels[key]
      if (value !== undefined && (amounts.get(value) ?? 0) + (this.supposed?.get(key, value) ?? 0) > 0) return true
    }
    if (!this.supposed) return false
    return this.supposed.entriesByKey().some(([key]) => labels[key] !== undefined && this.get(key, labels[key]) > 0)
  }

  add(pairs: readonly Pair[], sign: 1 | -1): void {
    this.supposed ??= new TopologyCounts()
    addPairs(this.supposed, pairs, sign)
  }

  fork(): SupposedCounts {
    return new SupposedCounts(this.base, this.supposed?.copy() ?? null)
  }
}

interface FilterFacts {
  readonly pod: PodInfo
  readonly namespaceLabels: Labels | undefined
  readonly affinity: readonly ResolvedTerm[]
  readonly antiAffinity: readonly ResolvedTerm[]
}

/** Where pods of one topology key keep the incoming pod away, each by what it says. */
interface Repulsion {
  readonly key: string
  readonly anti: ReadonlyMap<string, number> | undefined
  readonly existing: ReadonlyMap<string, number> | undefined
}

class AffinityFilter implements FilterState {
  private readonly facts: FilterFacts
  /** For quick looks at many nodes; null once a dry run supposes something. */
  private repulsions: readonly Repulsion[] | null
  /** Pods that want to keep away from the incoming one, and those that match its terms, per pair. */
  private readonly existingAnti: SupposedCounts
  private readonly affinityCounts: SupposedCounts
  private readonly antiCounts: SupposedCounts

  constructor(facts: FilterFacts, existingAnti: SupposedCounts, affinity: SupposedCounts, anti: SupposedCounts) {
    this.facts = facts
    this.existingAnti = existingAnti
    this.affinityCounts = affinity
    this.antiCounts = anti
    const antiKeys = facts.antiAffinity.map(({ topologyKey }) => topologyKey)
    const repulsions = [...new Set([...antiKeys, ...existingAnti.keys])].map((key) => ({
      key,
      anti: antiKeys.includes(key) ? anti.plain(key) : undefined,
      existing: existingAnti.plain(key),
    }))
    const isPlain = (r: (typeof repulsions)[number]): r is Repulsion => r.anti !== null && r.existing !== null
    this.repulsions = repulsions.every(isPlain) ? repulsions : null
  }

  filter({ labels }: NodeInfo) {
    if (this.facts.affinity.length > 0 && !this.meetsAffinity(labels)) return AFFINITY
    if (!this.repulsions) return this.supposedRepulsion(labels)
    let existing = false
    for (let i = 0; i < this.repulsions.length; i++) {
      const repulsion = this.repulsions[i] as Repulsion
      const value = labels[repulsion.key]
      if (value === undefined) continue
      if (repulsion.anti?.has(value)) return ANTI_AFFINITY
      if (repulsion.existing?.has(value)) existing = true
    }
    return existing ? EXISTING : null
  }

  private supposedRepulsion(labels: Labels) {
    const { antiAffinity } = this.facts
    for (const { topologyKey } of antiAffinity) {
      const value = labels[topologyKey]
      if (value !== undefined && this.antiCounts.get(topologyKey, value) > 0) return ANTI_AFFINITY
    }
    return this.existingAnti.touches(labels) ? EXISTING : null
  }

  private meetsAffinity(labels: Labels): boolean {
    const { affinity, pod } = this.facts
    let found = true
    for (const { topologyKey } of affinity) {
      const value = labels[topologyKey]
      if (value === undefined) return false
      if (this.affinityCounts.get(topologyKey, value) <= 0) found = false
    }
    // The first of a group that wants to be together may go anywhere.
    return found || (this.affinityCounts.isEmpty && matchesAll(affinity, pod))
  }

  fork(): AffinityFilter {
    return new AffinityFilter(this.facts, this.existingAnti.fork(), this.affinityCounts.fork(), this.antiCounts.fork())
  }

  addPod(pod: PodInfo, node: NodeInfo): void {
    this.suppose(pod, node, 1)
  }

  removePod(pod: PodInfo, node: NodeInfo): void {
    this.suppose(pod, node, -1)
  }

  private suppose(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    this.repulsions = null
    this.existingAnti.add(existingPairs(pod, node, this.facts), sign)
    this.affinityCounts.add(affinityPairs(pod, node, this.facts), sign)
    this.antiCounts.add(antiPairs(pod, node, this.facts), sign)
  }
}

type Pairing = (existing: PodInfo, node: NodeInfo, facts: FilterFacts) => Pair[]

const existingPairs: Pairing = (existing, node, { pod, namespaceLabels }) =>
  pairsOf(
    existing.requiredAntiAffinity.filter((term) => termMatches(term, pod.namespace, pod.labels, namespaceLabels)),
    node,
  )
const affinityPairs: Pairing = (existing, node, { affinity }) => (matchesAll(affinity, existing) ? pairsOf(affinity, node) : [])
const antiPairs: Pairing = (existing, node, { antiAffinity }) =>
  pairsOf(
    antiAffinity.filter((term) => term.matches(existing)),
    node,
  )

const EMPTY = new TopologyCounts()

/** Sums pairs over the pods of all nodes; kept between cycles under `key`. */
function sumPairs(
  { snapshot }: Cycle,
  key: string,
  podsOf: (node: NodeInfo) => readonly PodInfo[],
  pairs: (pod: PodInfo, node: NodeInfo) => Pair[],
) {
  return snapshot.aggregate(
    `${NAME}/${key}`,
    () => new TopologyCounts(),
    (node) => {
      const found = podsOf(node).flatMap((pod) => pairs(pod, node))
      return found.length > 0 ? found : null
    },
    addPairs,
  )
}

const identityOf = ({ namespace, labels }: PodInfo, namespaceLabels: Labels | undefined) =>
  JSON.stringify([namespace, labels, namespaceLabels])

function prepareFilter(cycle: Cycle, listers: Listers): AffinityFilter | null {
  const { pod, snapshot } = cycle
  const namespaceLabels = listers.namespace(pod.namespace)?.metadata.labels
  const affinity = pod.requiredAffinity.map((term) => resolveTerm(term, listers))
  const antiAffinity = pod.requiredAntiAffinity.map((term) => resolveTerm(term, listers))
  const facts = { pod, namespaceLabels, affinity, antiAffinity }
  const existing =
    snapshot.withRequiredAntiAffinity.size === 0
      ? EMPTY
      : sumPairs(
          cycle,
          `existing/${identityOf(pod, namespaceLabels)}`,
          (node) => node.podsWithRequiredAntiAffinity,
          (other, node) => existingPairs(other, node, facts),
        )
  if (existing.isEmpty && affinity.length === 0 && antiAffinity.length === 0) return null
  const matching = (kind: string, terms: readonly ResolvedTerm[], pairing: Pairing) =>
    terms.length === 0
      ? EMPTY
      : sumPairs(
          cycle,
          `${kind}/${terms.map((t) => t.key).join()}`,
          (node) => node.pods,
          (other, node) => pairing(other, node, facts),
        )
  return new AffinityFilter(
    facts,
    new SupposedCounts(existing),
    new SupposedCounts(matching('affinity', affinity, affinityPairs)),
    new SupposedCounts(matching('anti', antiAffinity, antiPairs)),
  )
}

/** What the pods of all nodes make each pair worth for the incoming pod. k8s 1.36: processExistingPod. */
function sumPreferences(cycle: Cycle, listers: Listers, hardWeight: number, ignoreExisting: boolean): TopologyCounts | null {
  const { pod, snapshot } = cycle
  const preferred = [
    ...pod.preferredAffinity.map(({ term, weight }) => resolveTerm(term, listers, weight)),
    ...pod.preferredAntiAffinity.map(({ term, weight }) => resolveTerm(term, listers, -weight)),
  ]
  const constrained = preferred.length > 0
  if (!constrained && (ignoreExisting || snapshot.withAffinity.size === 0)) return null
  const namespaceLabels = listers.namespace(pod.namespace)?.metadata.labels
  const wantsUs = (term: AffinityTerm) => termMatches(term, pod.namespace, pod.labels, namespaceLabels)
  return sumPairs(
    cycle,
    `preferences/${hardWeight}/${identityOf(pod, namespaceLabels)}/${preferred.map((t) => t.key).join()}`,
    (node) => (constrained ? node.pods : node.podsWithAffinity),
    (existing, node) => [
      ...preferred.filter((term) => term.matches(existing)).flatMap((term) => pairsOf([term], node, term.weight)),
      ...(hardWeight > 0 ? pairsOf(existing.requiredAffinity.filter(wantsUs), node, hardWeight) : []),
      ...existing.preferredAffinity.flatMap(({ term, weight }) => (wantsUs(term) ? pairsOf([term], node, weight) : [])),
      ...existing.preferredAntiAffinity.flatMap(({ term, weight }) => (wantsUs(term) ? pairsOf([term], node, -weight) : [])),
    ],
  )
}

/** The largest becomes 100, the smallest 0. */
function stretch(scores: number[]): void {
  let least = Infinity
  let most = -Infinity
  for (const score of scores) {
    if (score < least) least = score
    if (score > most) most = score
  }
  const range = most - least
  for (let i = 0; i < scores.length; i++)
    scores[i] = range > 0 ? Math.trunc(MAX_NODE_SCORE * (((scores[i] ?? 0) - least) / range)) : 0
}

const matchesTerms = (terms: readonly AffinityTerm[], pod: Pod) =>
  terms.length > 0 && terms.every((term) => termMatches(term, pod.metadata.namespace ?? '', pod.metadata.labels ?? {}))

function worthAfterPod(pod: PodInfo, old: Pod | undefined, changed: Pod | undefined): boolean {
  if (old && changed && changed.metadata.uid === pod.pod.metadata.uid) return true
  if ((changed && !holdsNode(changed)) || (old && !holdsNode(old))) return false
  const { requiredAffinity, requiredAntiAffinity } = pod
  if (old && changed) {
    if (!matchesTerms(requiredAffinity, old) && matchesTerms(requiredAffinity, changed)) return true
    return matchesTerms(requiredAntiAffinity, old) && !matchesTerms(requiredAntiAffinity, changed)
  }
  if (changed) return matchesTerms(requiredAffinity, changed)
  return !!old && (matchesTerms(requiredAntiAffinity, old) || matchesTerms(podInfoOf(old).requiredAntiAffinity, pod.pod))
}

function worthAfterNode(pod: PodInfo, old: Node | undefined, node: Node | undefined): boolean {
  const valueOf = (n: Node | undefined, key: string) => n?.metadata.labels?.[key]
  const moved = (key: string) =>
    valueOf(old, key) !== undefined && valueOf(node, key) !== undefined && valueOf(old, key) !== valueOf(node, key)
  if (!old)
    return pod.requiredAntiAffinity.length > 0 || pod.requiredAffinity.some((t) => valueOf(node, t.topologyKey) !== undefined)
  const gained = ({ topologyKey: key }: AffinityTerm) => valueOf(old, key) === undefined && valueOf(node, key) !== undefined
  const lost = ({ topologyKey: key }: AffinityTerm) => valueOf(old, key) !== undefined && valueOf(node, key) === undefined
  return (
    pod.requiredAffinity.some((t) => gained(t) || moved(t.topologyKey)) ||
    pod.requiredAntiAffinity.some((t) => lost(t) || moved(t.topologyKey))
  )
}

/** Pod affinity and anti-affinity, of the pod and of those that are there. k8s 1.36: plugins/interpodaffinity. */
export function interPodAffinity(args: InterPodAffinityArgs, { listers }: Handle): Plugin {
  const { hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false } = args
  return {
    name: NAME,
    events: [
      hint<Pod>('Pod', Action.Add | Action.UpdatePodLabel | Action.Delete, (pod, { old, new: changed }) =>
        worthAfterPod(pod, old, changed),
      ),
      hint<Node>('Node', Action.Add | Action.UpdateNodeLabel, (pod, { old, new: node }) => worthAfterNode(pod, old, node)),
    ],
    preFilter: (cycle) => prepareFilter(cycle, listers),
    preScore(cycle) {
      const worth = sumPreferences(cycle, listers, hardPodAffinityWeight, ignorePreferredTermsOfExistingPods)
      if (!worth || worth.entries === 0) return null
      const byKey = worth.entriesByKey()
      return {
        score({ labels }) {
          let sum = 0
          for (const [key, worths] of byKey) {
            const value = labels[key]
            if (value !== undefined) sum += worths.get(value) ?? 0
          }
          return sum
        },
        normalize: stretch,
      }
    },
  }
}
