import type { Random } from '../sim/random.ts'
import type { Profile } from './config.ts'
import type { NodeInfo } from './node-info.ts'
import type { Nominator } from './nominator.ts'
import type { PodInfo } from './pod-info.ts'
import { leftOut, prepareFilters } from './schedule-one.ts'
import { scoreTable, type PluginScores } from './scoring.ts'
import type { Snapshot } from './snapshot.ts'
import type { Status } from './status.ts'

/** Every node against every filter and score, for those who want to know why. */
export interface Explanation {
  /** Set when the pod was rejected before any node was looked at; then there are no verdicts. */
  readonly rejection: Status | null
  /** Set when only nodes of these names came into question. */
  readonly nodeNames?: ReadonlySet<string>
  /** Null: the node will do. */
  readonly verdicts: ReadonlyMap<string, Status | null>
  readonly feasible: readonly NodeInfo[]
  /** Scores of the feasible nodes, in their order; empty where the scheduler does not score: with one such node, or with a nomination. */
  readonly scores: readonly PluginScores[]
  readonly totals: readonly number[]
  /** Chance decides between these. */
  readonly best: readonly string[]
}

/** What schedulePod would weigh, without sampling: all nodes are tried and scored. */
export function explainPod(
  snapshot: Snapshot,
  pod: PodInfo,
  profile: Profile,
  random: Random,
  nominator: Nominator,
): Explanation {
  const cycle = { pod, snapshot, nominator, random }
  const { filters, rejection, nodeNames, narrowing } = prepareFilters(cycle, profile)
  const verdicts = new Map<string, Status | null>()
  if (rejection) return { rejection, nodeNames, verdicts, feasible: [], scores: [], totals: [], best: [] }
  const excluded = leftOut(narrowing)
  for (const node of snapshot.nodes)
    verdicts.set(node.name, nodeNames && !nodeNames.has(node.name) ? excluded : filters.check(node))
  const feasible = snapshot.nodes.filter(({ name }) => verdicts.get(name) === null)
  const common = { rejection, nodeNames, verdicts, feasible }
  const nominated = pod.pod.status?.nominatedNodeName
  if (nominated && verdicts.get(nominated) === null) return { ...common, scores: [], totals: [], best: [nominated] }
  if (feasible.length < 2) return { ...common, scores: [], totals: [], best: feasible.map(({ name }) => name) }
  const scores = scoreTable(cycle, profile, feasible)
  const totals = feasible.map((_, i) => scores.reduce((sum, s) => sum + s.weight * (s.normalized[i] ?? 0), 0))
  const highest = Math.max(...totals)
  return { ...common, scores, totals, best: feasible.filter((_, i) => totals[i] === highest).map(({ name }) => name) }
}
