import type { Profile } from './config.ts'
import type { Cycle, NodeScorer } from './framework.ts'
import type { NodeInfo } from './node-info.ts'

/** One plugin's scores of the nodes, in their order. */
export interface PluginScores {
  readonly plugin: string
  readonly weight: number
  readonly raw: readonly number[]
  /** 0..100. */
  readonly normalized: readonly number[]
}

/** The scores of every plugin that has a say about this pod. k8s 1.36: RunScorePlugins. */
export function scoreTable(cycle: Cycle, profile: Profile, nodes: readonly NodeInfo[]): PluginScores[] {
  const table: PluginScores[] = []
  for (const { plugin, weight } of profile.scorers) {
    const scorer = plugin.preScore?.(cycle, nodes)
    if (!scorer) continue
    const raw = nodes.map((node, i) => scorer.score(node, i))
    const normalized = [...raw]
    scorer.normalize?.(normalized)
    table.push({ plugin: plugin.name, weight, raw, normalized })
  }
  return table
}

/**
 * The sum of the weighted scores per node. `positions` are the nodes' places in the snapshot's list; without them (or
 * with fewer) no scores are shared with other pods.
 */
export function scoreNodes(cycle: Cycle, profile: Profile, nodes: readonly NodeInfo[], positions: readonly number[]): number[] {
  const totals: number[] = nodes.map(() => 0)
  for (const { plugin, weight } of profile.scorers) {
    const scorer = plugin.preScore?.(cycle, nodes, positions)
    if (!scorer) continue
    const scores = rawScores(cycle, `${profile.schedulerName}/${plugin.name}`, scorer, nodes, positions)
    scorer.normalize?.(scores)
    for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + weight * (scores[i] ?? 0)
  }
  return totals
}

function rawScores(
  { snapshot }: Cycle,
  plugin: string,
  scorer: NodeScorer,
  nodes: readonly NodeInfo[],
  positions: readonly number[],
): number[] {
  const scores: number[] = []
  if (scorer.shareKey === undefined || positions.length !== nodes.length) {
    for (let i = 0; i < nodes.length; i++) scores.push(scorer.score(nodes[i] as NodeInfo, i))
    return scores
  }
  const memo = snapshot.memo<number>(`score/${plugin}/${scorer.shareKey}`)
  const compute = (node: NodeInfo) => scorer.score(node, 0)
  for (let i = 0; i < nodes.length; i++) scores.push(memo.get(nodes[i] as NodeInfo, positions[i] ?? 0, compute))
  return scores
}
