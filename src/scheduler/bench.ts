/** A copy of what the scheduler knows, to try things on. Nothing done here reaches the scheduler or the cluster. */
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { Random } from '../sim/random.ts'
import { makeProfiles, type Profile, type SchedulerConfig } from './config.ts'
import type { Cycle, FilterState } from './framework.ts'
import type { Listers } from './listers.ts'
import type { PreparedFilter } from './node-filter.ts'
import { makeNodeInfo, withNode, withoutPod, withPod, type NodeInfo } from './node-info.ts'
import { Nominator } from './nominator.ts'
import { podInfoOf, type PodInfo } from './pod-info.ts'
import { feasibleNodesToFind, leftOut, prepareFilters, schedulePod, type Placed, type Unplaced } from './schedule-one.ts'
import { scoreTable, type PluginScores } from './scoring.ts'
import { Snapshot, type ImageState } from './snapshot.ts'
import type { Status } from './status.ts'

/** What a scheduler knows at an instant: all values are immutable, but for the listers, which show the present. */
export interface Outlook {
  /** In the order in which they are tried. */
  readonly nodes: readonly NodeInfo[]
  readonly images: ReadonlyMap<string, ImageState>
  readonly nominations: readonly { readonly pod: PodInfo; readonly nodeName: string }[]
  readonly listers: Listers
  readonly startIndex: number
  readonly config: SchedulerConfig
}

/** Why a node won't do, with all that is to say about it. */
export interface Refusal {
  readonly status: Status
  /** Filters behind the one that refused that would refuse too. */
  readonly also: readonly string[]
  /** True if the node would do but for pods that wait for it with a nomination. */
  readonly nominated: boolean
}

/** Every node against every filter, and the scores of those that the scheduler would score. */
export interface Weighing {
  readonly profile: Profile
  /** A filter without a state had nothing to check for this pod; one that was not asked comes behind a rejection. */
  readonly filters: readonly { readonly plugin: string; readonly asked: boolean; readonly prepared: boolean }[]
  /** Set when the pod was rejected before any node was looked at; then there are no refusals. */
  readonly rejection: Status | null
  readonly nodes: readonly NodeInfo[]
  /** By node, in their order; null: the node will do. */
  readonly refusals: readonly (Refusal | null)[]
  /** By node: whether the scheduler would look at it. It stops when it has found enough. */
  readonly sampled: readonly boolean[]
  /** Indices of the nodes that are scored. With one such node, or a nomination, there are no scores. */
  readonly scored: readonly number[]
  readonly scores: readonly PluginScores[]
  readonly totals: readonly number[]
  /** Indices of the nodes between which chance decides. */
  readonly best: readonly number[]
  /** What an attempt comes to; which of equals it takes is drawn from the bench's own random numbers. */
  readonly result: Placed | Unplaced
}

interface BenchOptions {
  readonly nowMs: number
  readonly seed: number
  /** Instead of the scheduler's own. */
  readonly config?: SchedulerConfig
}

const withoutNode = (pod: Pod): Pod =>
  pod.spec?.nodeName === undefined ? pod : { ...pod, spec: { ...pod.spec, nodeName: undefined } }

export class Bench {
  readonly profiles: ReadonlyMap<string, Profile>
  readonly random: Random
  private readonly nominator = new Nominator()
  private readonly snapshot = new Snapshot()
  private readonly infos = new Map<string, NodeInfo>()
  private readonly order: readonly string[]
  private readonly changed = new Map<string, NodeInfo | undefined>()
  private startIndex: number

  constructor(outlook: Outlook, { nowMs, seed, config = outlook.config }: BenchOptions) {
    const handle = { listers: outlook.listers, nowMs: () => nowMs, isPreempting: () => false }
    this.profiles = makeProfiles(config, handle)
    this.random = new Random(seed, 'bench')
    this.startIndex = outlook.startIndex
    this.order = outlook.nodes.map(({ name }) => name)
    for (const node of outlook.nodes) this.infos.set(node.name, node)
    for (const { pod, nodeName } of outlook.nominations) this.nominator.set(pod, nodeName)
    this.snapshot.images = outlook.images
    this.snapshot.update(this.infos, this.order)
  }

  /** The profile that is responsible for the pod. */
  profileOf(pod: Pod): Profile | undefined {
    return this.profiles.get(pod.spec?.schedulerName ?? 'default-scheduler')
  }

  node(name: string): NodeInfo | undefined {
    return this.infos.get(name)
  }

  nodes(): readonly NodeInfo[] {
    return this.order.flatMap((name) => this.infos.get(name) ?? [])
  }

  /** Puts a newer form of a node in its place. */
  setNode(node: Node): void {
    const name = node.metadata.name ?? ''
    const old = this.infos.get(name)
    this.set(name, old ? withNode(old, node) : makeNodeInfo(node))
  }

  /** Counts the pod on the node. */
  place(pod: Pod, nodeName: string): void {
    const info = podInfoOf({ ...pod, spec: { containers: [], ...pod.spec, nodeName } })
    const node = this.infos.get(nodeName)
    if (node) this.set(nodeName, withPod(node, info))
    this.nominator.remove(info.uid)
  }

  /** Takes the pod off its node. */
  remove({ uid, nodeName }: { readonly uid: string; readonly nodeName: string }): void {
    const node = this.infos.get(nodeName)
    if (node) this.set(nodeName, withoutPod(node, uid))
    this.nominator.remove(uid)
  }

  /** One attempt; null if no profile is responsible. The pod is not placed: see place(). */
  schedule(pod: Pod): Placed | Unplaced | null {
    const profile = this.profileOf(pod)
    if (!profile) return null
    const { nominator, startIndex } = this
    const result = schedulePod(this.current(), podInfoOf(withoutNode(pod)), profile, this.random, { nominator, startIndex })
    this.startIndex = result.nextStartIndex
    return result
  }

  /** All that can be said about placing the pod; null if no profile is responsible. */
  weigh(pod: Pod): Weighing | null {
    const profile = this.profileOf(pod)
    if (!profile) return null
    const info = podInfoOf(withoutNode(pod))
    const snapshot = this.current()
    const { nominator, random, startIndex } = this
    const cycle: Cycle = { pod: info, snapshot, nominator, random }
    const { filters, asked, rejection, nodeNames, narrowing } = prepareFilters(cycle, profile)
    const states = filters.states()
    const { nodes } = snapshot
    const excluded = leftOut(narrowing)
    const refusals = nodes.map((node): Refusal | null => {
      if (rejection) return null
      if (nodeNames && !nodeNames.has(node.name)) return { status: excluded, also: [], nominated: false }
      const status = filters.check(node)
      return status && refusalOf(status, states, node)
    })
    const sampled = this.sample(info, refusals, nodeNames, profile.percentageOfNodesToScore)
    const feasible = rejection ? [] : nodes.flatMap((_, i) => (refusals[i] === null && sampled[i] ? [i] : []))
    const ranking = this.rank(cycle, profile, feasible)
    return {
      profile,
      filters: profile.filters.map(({ name }) => ({
        plugin: name,
        asked: asked.has(name),
        prepared: states.some(({ plugin }) => plugin === name),
      })),
      rejection,
      nodes: [...nodes],
      refusals,
      sampled,
      scored: feasible,
      ...ranking,
      result: schedulePod(snapshot, info, profile, random, { nominator, startIndex }),
    }
  }

  private rank(cycle: Cycle, profile: Profile, feasible: readonly number[]) {
    if (feasible.length < 2) return { scores: [], totals: [], best: feasible }
    const nodes = feasible.map((i) => cycle.snapshot.nodes[i] as NodeInfo)
    const scores = scoreTable(cycle, profile, nodes)
    const totals = nodes.map((_, i) => scores.reduce((sum, s) => sum + s.weight * (s.normalized[i] ?? 0), 0))
    const highest = totals.reduce((a, b) => Math.max(a, b), -Infinity)
    return { scores, totals, best: feasible.filter((_, i) => totals[i] === highest) }
  }

  /** Which nodes an attempt looks at: a nominated one first, then in turn until enough will do. */
  private sample(
    { pod }: PodInfo,
    refusals: readonly (Refusal | null)[],
    nodeNames: ReadonlySet<string> | undefined,
    percentage: number,
  ): boolean[] {
    const { nodes } = this.snapshot
    const nominated = nodes.findIndex(({ name }) => name === pod.status?.nominatedNodeName)
    if (nominated >= 0 && refusals[nominated] === null) return nodes.map((_, i) => i === nominated)
    if (nodeNames) return nodes.map(({ name }) => nodeNames.has(name))
    const enough = feasibleNodesToFind(nodes.length, percentage)
    const sampled = nodes.map(() => false)
    for (let i = 0, found = 0; i < nodes.length && found < enough; i++) {
      const place = (this.startIndex + i) % nodes.length
      sampled[place] = true
      if (refusals[place] === null) found++
    }
    return sampled
  }

  private set(name: string, info: NodeInfo): void {
    this.infos.set(name, info)
    this.changed.set(name, info)
  }

  private current(): Snapshot {
    if (this.changed.size > 0) {
      this.snapshot.update(this.changed, null)
      this.changed.clear()
    }
    return this.snapshot
  }
}

function refusalOf(status: Status, states: readonly PreparedFilter[], node: NodeInfo): Refusal {
  const refuses = (state: FilterState) => (state.filter?.(node) ?? null) !== null
  if (!states.some(({ state }) => refuses(state))) return { status, also: [], nominated: true }
  const from = states.findIndex(({ plugin }) => plugin === status.plugin)
  const also = states
    .slice(from + 1)
    .filter(({ state }) => refuses(state))
    .map(({ plugin }) => plugin)
  return { status, also, nominated: false }
}
