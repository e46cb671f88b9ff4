import { expect, it } from 'vitest'
import type { RuleStep } from '../../../worker/network/protocol.ts'
import { ruleLines } from './rule-lines.ts'

const step = (outcome: RuleStep['outcome'], chain = 'KUBE-SERVICES', more: Partial<RuleStep> = {}): RuleStep => ({
  engine: 'iptables',
  table: 'nat',
  chain,
  index: 0,
  text: '',
  outcome,
  why: '',
  depth: 0,
  ...more,
})

it('tells runs of skipped rules as one, dice never', () => {
  const dice = { probability: 0.5, drawn: 0.7 }
  const lines = ruleLines([
    step('skipped', 'A', { count: 40 }),
    step('skipped', 'A'),
    step('matched', 'A'),
    step('skipped', 'B'),
    step('skipped', 'B', { dice }),
    step('matched', 'B'),
  ])
  expect(lines.map((line) => (line.type === 'run' ? line.count : line.step.outcome))).toEqual([
    41,
    'matched',
    'skipped',
    'skipped',
    'matched',
  ])
})

it('keeps runs of different chains apart', () => {
  const skipped = (chain: string) => [step('skipped', chain), step('skipped', chain), step('skipped', chain)]
  expect(ruleLines([...skipped('A'), ...skipped('B')]).map((line) => line.type === 'run' && line.chain)).toEqual(['A', 'B'])
})
