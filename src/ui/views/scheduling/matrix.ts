import type { PodWeighing, Verdict } from '../../../worker/scheduling/protocol.ts'

/** What a filter said about a node. */
export type Mark =
  | 'passes'
  | 'refuses'
  /** Not asked any more, but it would refuse too. */
  | 'would'
  | 'skips'
  | 'unreached'

/** Nodes that were not looked at stand together under this verdict. */
export const UNSAMPLED = -2
export const WILL_DO = -1

export type MatrixRow =
  | { readonly type: 'group'; readonly verdict: number; readonly count: number; readonly open: boolean }
  | { readonly type: 'node'; readonly node: number; readonly verdict: number }

/** The filter that refused: that of the verdict, or the one named in '... didn't satisfy plugin(s) [NodeAffinity]'. */
export function refusingPlugin({ plugin, reasons }: Verdict): string {
  return plugin || (/plugin(?:\(s\))? \[?([A-Z]\w+)/.exec(reasons[0] ?? '')?.[1] ?? '')
}

export function markOf(weighing: PodWeighing, node: number, column: number): Mark {
  const filter = weighing.filters[column]
  const verdict = weighing.verdicts[weighing.verdictOf[node] ?? WILL_DO]
  if (!filter) return 'unreached'
  if (!verdict) return filter.state === 'skips' ? 'skips' : 'passes'
  const plugin = refusingPlugin(verdict)
  if (filter.plugin === plugin) return 'refuses'
  if (filter.state === 'skips') return 'skips'
  if (weighing.rejection) return 'unreached'
  if (verdict.also.includes(filter.plugin)) return 'would'
  const at = weighing.filters.findIndex((other) => other.plugin === plugin)
  return column < at ? 'passes' : 'unreached'
}

/** The node's verdict, or UNSAMPLED. */
export function verdictsByNode(weighing: PodWeighing): readonly number[] {
  const verdicts = [...weighing.verdictOf]
  for (const node of weighing.unsampled) verdicts[node] = UNSAMPLED
  return verdicts
}

interface RowOptions {
  readonly grouped: boolean
  /** Groups that are unfolded. */
  readonly open: ReadonlySet<number>
  /** Part of the node's name. */
  readonly search: string
}

/** Nodes that will do first, best first; then those that got furthest; those that were not looked at last. */
export function matrixRows(weighing: PodWeighing, { grouped, open, search }: RowOptions): readonly MatrixRow[] {
  const verdicts = verdictsByNode(weighing)
  const total = new Map(weighing.scored.map((node, i) => [node, weighing.totals[i] ?? 0]))
  const depth = weighing.verdicts.map((verdict) => depthOf(weighing, verdict))
  const rank = (verdict: number) =>
    verdict === WILL_DO ? Infinity : verdict === UNSAMPLED ? -Infinity : (depth[verdict] ?? 0) - verdict / 1000
  const nodes = weighing.nodes.flatMap((name, i) => (name.includes(search) ? [i] : []))
  const value = (node: number) => (node === weighing.winner ? Infinity : (total.get(node) ?? 0))
  const verdict = (node: number) => verdicts[node] ?? WILL_DO
  nodes.sort((a, b) => compare(rank(verdict(b)), rank(verdict(a))) || compare(value(b), value(a)) || a - b)
  if (!grouped) return nodes.map((node) => ({ type: 'node', node, verdict: verdict(node) }))
  const rows: MatrixRow[] = []
  for (let from = 0; from < nodes.length;) {
    const of = verdict(nodes[from] ?? 0)
    let to = from
    while (to < nodes.length && verdict(nodes[to] ?? 0) === of) to++
    rows.push({ type: 'group', verdict: of, count: to - from, open: open.has(of) })
    if (open.has(of)) for (const node of nodes.slice(from, to)) rows.push({ type: 'node', node, verdict: of })
    from = to
  }
  return rows
}

const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1)

function depthOf(weighing: PodWeighing, verdict: Verdict): number {
  return weighing.filters.findIndex(({ plugin }) => plugin === refusingPlugin(verdict))
}

export interface ScoreRow {
  readonly node: number
  readonly total: number
  /** By scorer. */
  readonly cells: readonly { readonly raw: number; readonly normalized: number; readonly weighted: number }[]
}

/** The scored nodes, highest total first, and among equals the one that was drawn. */
export function scoreRows(weighing: PodWeighing): readonly ScoreRow[] {
  const won = (node: number) => Number(node === weighing.winner)
  return weighing.scored
    .map((node, i) => ({
      node,
      total: weighing.totals[i] ?? 0,
      cells: weighing.scorers.map(({ raw, normalized, weight }) => ({
        raw: raw[i] ?? 0,
        normalized: normalized[i] ?? 0,
        weighted: weight * (normalized[i] ?? 0),
      })),
    }))
    .sort((a, b) => b.total - a.total || won(b.node) - won(a.node) || a.node - b.node)
}

/** How one node fares, in a form that can be compared. */
export interface Fare {
  readonly node: string
  /** The refusing filter; '' if the node will do. */
  readonly refusedBy: string
  readonly reasons: readonly string[]
  /** Undefined where nothing is scored. */
  readonly total: number | undefined
  readonly best: boolean
}

export function faresOf(weighing: PodWeighing): ReadonlyMap<string, Fare> {
  const total = new Map(weighing.scored.map((node, i) => [node, weighing.totals[i]]))
  const best = new Set(weighing.best)
  return new Map(
    weighing.nodes.map((name, i) => {
      const verdict = weighing.verdicts[weighing.verdictOf[i] ?? WILL_DO]
      const refusedBy = verdict ? refusingPlugin(verdict) || '?' : ''
      return [name, { node: name, refusedBy, reasons: verdict?.reasons ?? [], total: total.get(i), best: best.has(i) }]
    }),
  )
}

export interface Comparison {
  readonly node: string
  readonly before: Fare
  readonly after: Fare
  readonly changed: boolean
}

/** Node by node before and after; what changed comes first. */
export function compareFares(before: PodWeighing, after: PodWeighing): readonly Comparison[] {
  const then = faresOf(after)
  return [...faresOf(before).values()]
    .flatMap((fare): Comparison[] => {
      const other = then.get(fare.node)
      return other ? [{ node: fare.node, before: fare, after: other, changed: isDifferent(fare, other) }] : []
    })
    .sort((a, b) => Number(b.changed) - Number(a.changed) || Number(b.after.best) - Number(a.after.best))
}

function isDifferent(a: Fare, b: Fare): boolean {
  return a.refusedBy !== b.refusedBy || a.total !== b.total || a.best !== b.best || a.reasons.join() !== b.reasons.join()
}

/** 'worker, worker2 and 12 more' without the words: the names that are shown, and how many are not. */
export function someNames(
  weighing: PodWeighing,
  nodes: readonly number[],
  most: number,
): { readonly names: readonly string[]; readonly more: number } {
  return { names: nodes.slice(0, most).map((node) => weighing.nodes[node] ?? ''), more: Math.max(0, nodes.length - most) }
}
