import type { Profile } from './config.ts'
import type { Cycle } from './framework.ts'
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

/** The sum of the weighted scores per node. */
export function scoreNodes(cycle: Cycle, profile: Profile, nodes: readonly NodeInfo[]): number[] {
  const totals: number[] = nodes.map(() => 0)
  for (const { plugin, weight } of profile.scorers) {
    const scorer = plugin.preScore?.(cycle, nodes)
    if (!scorer) continue
    const scores: number[] = []
    for (let i = 0; i < nodes.length; i++) scores.push(scorer.score(nodes[i] as NodeInfo, i))
    scorer.normalize?.(scores)
    for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + weight * (scores[i] ?? 0)
  }
  return totals
}
