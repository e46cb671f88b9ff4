import type { RuleStep } from '../../../worker/network/protocol.ts'

/** A line of the list of tried rules: one rule, or a run of skipped ones told as one. */
export type RuleLine =
  | { readonly type: 'rule'; readonly step: RuleStep }
  | {
      readonly type: 'run'
      readonly chain: string
      readonly depth: number
      readonly steps: readonly RuleStep[]
      readonly count: number
    }

/** Shorter runs are shown rule by rule. */
const SHORTEST_RUN = 3

/** Runs of skipped rules without dice become one line each. */
export function ruleLines(steps: readonly RuleStep[]): readonly RuleLine[] {
  const out: RuleLine[] = []
  let run: RuleStep[] = []
  const close = (): void => {
    const [first] = run
    const count = run.reduce((sum, step) => sum + (step.count ?? 1), 0)
    if (first && count >= SHORTEST_RUN) out.push({ type: 'run', chain: first.chain, depth: first.depth, steps: run, count })
    else for (const step of run) out.push({ type: 'rule', step })
    run = []
  }
  for (const step of steps) {
    const plain = step.outcome === 'skipped' && !step.dice
    const first = run[0]
    if (!plain || (first && (first.chain !== step.chain || first.table !== step.table))) close()
    if (plain) run.push(step)
    else out.push({ type: 'rule', step })
  }
  close()
  return out
}
