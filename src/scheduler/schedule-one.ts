/**
 * One scheduling cycle as a function of a snapshot. k8s 1.36: scheduler schedule_one.
 * SIMPLIFIED: no extenders; no pod groups (gates that are off); no opportunistic batching (it does nothing as long as
 * PodTopologySpread has default constraints, which make every pod unfit for it).
 */
import type { Random } from '../sim/random.ts'
import type { Profile } from './config.ts'
import { fitMessage, type Diagnosis } from './diagnosis.ts'
import { isStatus, type Cycle, type FailedAttempt, type PostFilterResult, type PreemptionReport } from './framework.ts'
import { NodeFilter, type PreparedFilter } from './node-filter.ts'
import type { NodeInfo } from './node-info.ts'
import type { Nominator } from './nominator.ts'
import type { PodInfo } from './pod-info.ts'
import { scoreNodes } from './scoring.ts'
import type { Snapshot } from './snapshot.ts'
import { isRejection, unresolvable, type Status } from './status.ts'

/** Below so many nodes all are tried; above, at least so many that will do are looked for. */
const MIN_FEASIBLE_NODES = 100
const MIN_FEASIBLE_PERCENT = 5

/** How many nodes that will do are enough. 5,000 nodes: 10%, so 500. */
export function feasibleNodesToFind(nodeCount: number, percentageOfNodesToScore: number): number {
  if (nodeCount < MIN_FEASIBLE_NODES) return nodeCount
  const percentage = percentageOfNodesToScore || Math.max(MIN_FEASIBLE_PERCENT, 50 - Math.trunc(nodeCount / 125))
  return Math.max(MIN_FEASIBLE_NODES, Math.trunc((nodeCount * percentage) / 100))
}

/** What the filters were prepared to: the nodes that come into question, or a verdict on all of them. */
interface Preparation {
  readonly filters: NodeFilter
  /** Plugins whose preFilter was asked. */
  readonly asked: ReadonlySet<string>
  /** Only these nodes come into question. */
  readonly nodeNames?: ReadonlySet<string>
  /** Plugins that narrowed the nodes by name. */
  readonly narrowing: readonly string[]
  readonly rejection: Status | null
}

/** Asks every filter plugin about the pod. k8s 1.36: RunPreFilterPlugins. */
export function prepareFilters(cycle: Cycle, profile: Profile): Preparation {
  const prepared: PreparedFilter[] = []
  const asked = new Set<string>()
  const narrowing: string[] = []
  let nodeNames: ReadonlySet<string> | undefined
  let rejection: Status | null = null
  for (const plugin of profile.filters) {
    asked.add(plugin.name)
    const state = plugin.preFilter?.(cycle) ?? null
    if (!state) continue
    if (isStatus(state)) {
      rejection = isRejection(state)
        ? state
        : { ...state, reasons: [`running PreFilter plugin "${plugin.name}": ${state.reasons.join(', ')}`] }
      // A rejection that preemption may resolve leaves the other filters to be prepared for the dry run.
      if (state.code === 'Unschedulable') continue
      break
    }
    prepared.push({ plugin: plugin.name, state })
    const { nodeNames: wanted } = state
    if (!wanted) continue
    narrowing.push(plugin.name)
    const before: ReadonlySet<string> = nodeNames ?? wanted
    nodeNames = new Set([...before].filter((name) => wanted.has(name)))
    if (nodeNames.size > 0) continue
    const names = narrowing.toSorted().join(' ')
    const which = narrowing.length === 1 ? `plugin ${names}` : `plugin(s) [${names}] simultaneously`
    rejection = unresolvable('', `node(s) didn't satisfy ${which}`)
    break
  }
  return { filters: new NodeFilter(cycle.pod, cycle.nominator, prepared), asked, nodeNames, narrowing, rejection }
}

/** The verdict on nodes that preFilter left out by name. */
export function leftOut(narrowing: readonly string[]): Status {
  return unresolvable('', `node(s) didn't satisfy plugin(s) [${narrowing.toSorted().join(' ')}]`)
}

const NOT_TRIED = unresolvable('')

interface ScheduleOptions {
  readonly nominator: Nominator
  /** Where in the list of nodes to begin, so that each gets its turn. */
  readonly startIndex?: number
}

interface Common {
  readonly evaluatedNodes: number
  readonly nextStartIndex: number
}

export interface Placed extends Common {
  readonly kind: 'placed'
  readonly nodeName: string
  readonly feasibleNodes: number
  readonly states: readonly PreparedFilter[]
}

export interface Unplaced extends Common {
  readonly kind: 'unplaced'
  /** Text of the event and of the condition. */
  readonly message: string
  /** 'SchedulerError' if a plugin failed: then no plugin rejected the pod. */
  readonly reason: 'Unschedulable' | 'SchedulerError'
  readonly rejectedBy: ReadonlySet<string>
  readonly diagnosis: Diagnosis | null
  readonly postFilter: PostFilterResult | null
  readonly preemption: PreemptionReport | null
}

type ScheduleResult = Placed | Unplaced

class Attempt {
  readonly cycle: Cycle
  readonly profile: Profile
  readonly startIndex: number
  private readonly rejected: string[] = []
  private readonly verdicts: Status[] = []
  feasible: NodeInfo[] = []
  /** Their places in the snapshot's list. */
  private readonly positions: number[] = []
  absent = NOT_TRIED
  nextStartIndex: number

  constructor(cycle: Cycle, profile: Profile, startIndex: number) {
    this.cycle = cycle
    this.profile = profile
    this.startIndex = startIndex
    this.nextStartIndex = startIndex
  }

  /** Takes in the verdict on a node; gives an error that ends the attempt. */
  private take(node: NodeInfo, status: Status | null): Status | null {
    if (!status) this.feasible.push(node)
    else if (!isRejection(status)) return status
    else {
      this.rejected.push(node.name)
      this.verdicts.push(status)
    }
    return null
  }

  /** Verdicts by node, made only when someone asks: most attempts succeed. */
  private statuses(): ReadonlyMap<string, Status> {
    return new Map(this.rejected.map((name, i) => [name, this.verdicts[i] as Status]))
  }

  /** Tries the nominated node, and if that won't do, nodes in turn until enough will. Gives an error, or null. */
  search({ filters, nodeNames, narrowing }: Preparation): Status | null {
    const { pod, snapshot } = this.cycle
    const nominated = snapshot.get(pod.pod.status?.nominatedNodeName ?? '')
    if (nominated) {
      const error = this.take(nominated, filters.check(nominated))
      if (error || this.feasible.length > 0) return error
    }
    const error = nodeNames ? this.searchNamed(filters, nodeNames, narrowing) : this.searchAll(filters)
    this.nextStartIndex = (this.startIndex + this.feasible.length + this.rejected.length) % snapshot.nodes.length
    return error
  }

  private searchAll(filters: NodeFilter): Status | null {
    const { nodes } = this.cycle.snapshot
    const enough = feasibleNodesToFind(nodes.length, this.profile.percentageOfNodesToScore)
    const memo = this.cycle.snapshot.memo<Status | null>(`filter/${this.profile.schedulerName}/${filters.shareKey}`)
    for (let i = 0; i < nodes.length && this.feasible.length < enough; i++) {
      const position = (this.startIndex + i) % nodes.length
      const node = nodes[position] as NodeInfo
      const status = filters.checkAt(node, position, memo)
      if (!status) this.positions.push(position)
      const error = this.take(node, status)
      if (error) return error
    }
    return null
  }

  private searchNamed(filters: NodeFilter, names: ReadonlySet<string>, narrowing: readonly string[]): Status | null {
    this.absent = leftOut(narrowing)
    for (const name of names) {
      const node = this.cycle.snapshot.get(name)
      const error = node && this.take(node, filters.check(node))
      if (error) return error
    }
    return null
  }

  /** The node with the highest score; chance decides between equals. */
  choose(): NodeInfo {
    const [only] = this.feasible
    if (only && this.feasible.length === 1) return only
    const totals = scoreNodes(this.cycle, this.profile, this.feasible, this.positions)
    let best: NodeInfo[] = []
    let highest = -Infinity
    this.feasible.forEach((node, i) => {
      const total = totals[i] ?? 0
      if (total > highest) {
        highest = total
        best = []
      }
      if (total === highest) best.push(node)
    })
    return this.cycle.random.pick(best)
  }

  private get common(): Common {
    return { evaluatedNodes: this.feasible.length + this.rejected.length, nextStartIndex: this.nextStartIndex }
  }

  placed(states: readonly PreparedFilter[]): Placed {
    const { name } = this.choose()
    return { kind: 'placed', nodeName: name, feasibleNodes: this.feasible.length, states, ...this.common }
  }

  failed(message: string, reason: Unplaced['reason']): Unplaced {
    const nothing = { rejectedBy: new Set<string>(), diagnosis: null, postFilter: null, preemption: null }
    return { kind: 'unplaced', message, reason, ...nothing, ...this.common }
  }

  unplaced({ filters, asked, narrowing, rejection }: Preparation): Unplaced {
    if (rejection) this.absent = rejection
    const rejectedBy = new Set(narrowing)
    for (const { plugin } of [...this.verdicts, this.absent]) if (plugin) rejectedBy.add(plugin)
    const found = { statuses: this.statuses(), absent: this.absent }
    const {
      result,
      message: postFilterMessage,
      report,
    } = runPostFilters(this.cycle, this.profile, {
      filters,
      hasRun: (plugin) => asked.has(plugin),
      ...found,
    })
    const diagnosis: Diagnosis = {
      nodeCount: this.cycle.snapshot.nodes.length,
      ...found,
      preFilterMessage: rejection?.reasons.join(', '),
      postFilterMessage,
    }
    return {
      kind: 'unplaced',
      message: fitMessage(diagnosis),
      reason: 'Unschedulable',
      rejectedBy,
      diagnosis,
      postFilter: result,
      preemption: report,
      ...this.common,
    }
  }
}

/** Asks plugins in turn until one can help. k8s 1.36: RunPostFilterPlugins. */
function runPostFilters(cycle: Cycle, profile: Profile, failed: FailedAttempt) {
  const reasons: string[] = []
  let result: PostFilterResult | null = null
  let report: PreemptionReport | null = null
  for (const plugin of profile.postFilters) {
    const answer = plugin.postFilter?.(cycle, failed)
    if (!answer) continue
    report = answer.report ?? report
    if (!answer.status) return { result: answer, message: '', report }
    if (answer.status.code === 'Error') return { result: null, message: answer.status.reasons.join(', '), report }
    if (answer.nominatedNodeName !== undefined) result = answer
    reasons.push(...answer.status.reasons)
    if (answer.status.code === 'UnschedulableAndUnresolvable') break
  }
  return { result, message: reasons.join(', '), report }
}

/** Finds a node for the pod, or says why there is none and what could be done. Changes nothing. */
export function schedulePod(
  snapshot: Snapshot,
  pod: PodInfo,
  profile: Profile,
  random: Random,
  { nominator, startIndex = 0 }: ScheduleOptions,
): ScheduleResult {
  const cycle: Cycle = { pod, snapshot, nominator, random }
  const attempt = new Attempt(cycle, profile, startIndex)
  if (snapshot.nodes.length === 0) return attempt.failed('no nodes available to schedule pods', 'Unschedulable')
  const preparation = prepareFilters(cycle, profile)
  const { rejection, filters } = preparation
  const error = rejection ? (isRejection(rejection) ? null : rejection) : attempt.search(preparation)
  if (error) return attempt.failed(error.reasons.join(', '), 'SchedulerError')
  return attempt.feasible.length > 0 ? attempt.placed(filters.states()) : attempt.unplaced(preparation)
}
