/** Packets through the chains of a table, rule by rule. */
import type { ConntrackTable } from '../conntrack/table.ts'
import { RuleLog, type RuleStep } from '../trace.ts'
import { compileChain, failing, type ChainCode, type Check, type RuleCode } from './compile.ts'
import type { Hook, Verdict } from './hooks.ts'
import { printRule } from './print.ts'
import type { Rule, TableName } from './rule.ts'
import type { Chain, Chains } from './tables.ts'
import { act } from './target.ts'
import type { Walk } from './walk.ts'

/** Runs of skipped rules longer than this are told as one step. */
const RUN = 12
/** The kernel's jump stack. */
const MAX_DEPTH = 16

interface WalkOptions {
  /** Every rule is tried in turn, as the kernel does; without it long chains are looked up. The outcome is the same. */
  readonly linear?: boolean
}

/** What a chain came to: a verdict, or back to the rule after the one that jumped here. */
type Result = Verdict | 'return'

export class TableWalk {
  private readonly table: TableName
  private readonly chains: Chains
  private readonly hook: Hook
  private readonly walk: Walk
  private readonly conntrack: ConntrackTable
  private readonly log: RuleLog | null
  private readonly linear: boolean

  constructor(
    table: TableName,
    chains: Chains,
    hook: Hook,
    walk: Walk,
    conntrack: ConntrackTable,
    log: RuleLog | null,
    options: WalkOptions = {},
  ) {
    this.table = table
    this.chains = chains
    this.hook = hook
    this.walk = walk
    this.conntrack = conntrack
    this.log = log
    this.linear = options.linear ?? false
  }

  /** From the hook's own chain to a verdict. */
  run(): Verdict {
    const chain = this.chains.get(this.hook)
    if (!chain) return 'accept'
    const result = this.chain(chain, 0)
    if (result !== 'return') return result
    chain.packets++
    chain.bytes += this.walk.flight.packet.length
    const policy = chain.policy ?? 'ACCEPT'
    this.log?.add({
      ...this.step(chain, -1, `-P ${chain.name} ${policy}`, 0),
      outcome: 'matched',
      why: policy,
    })
    return policy === 'DROP' ? 'drop' : 'accept'
  }

  private chain(chain: Chain, depth: number): Result {
    const code = compileChain(chain.rules)
    const { length } = code.rules
    const skips = this.log ? new Skips(this.log, (at, rule, failed) => this.skipped(chain, at, rule, failed, depth)) : null
    for (let at = 0; at < length; at++) {
      const possible = this.next(code, at)
      if (this.log) this.log.looked += Math.min(possible + 1, length) - at
      if (skips) for (let skipped = at; skipped < possible; skipped++) skips.add(skipped, code.rules[skipped])
      at = possible
      const rule = code.rules[at]
      if (!rule) break
      this.walk.drawn = undefined
      const failed = failing(rule, this.walk)
      if (failed) {
        skips?.add(at, rule, failed)
        continue
      }
      skips?.end()
      const result = this.matched(chain, at, rule, depth)
      if (result !== undefined) return result
    }
    skips?.end()
    return 'return'
  }

  /** The next rule that may match. */
  private next({ index, destinations, rules }: ChainCode, at: number): number {
    const { packet } = this.walk.flight
    if (index && !this.linear) return index.next(packet, at, rules.length)
    return destinations ? destinations.next(packet, at) : at
  }

  private skipped(chain: Chain, at: number, code: RuleCode, failed: Check | undefined, depth: number): RuleStep {
    const { rule } = code
    // What was passed over fails by its address or port: asking again changes nothing.
    const why = (failed ?? failing(code, this.walk))?.text ?? ''
    return { ...this.step(chain, at, this.text(chain, rule), depth), outcome: 'skipped', why, ...this.dice(rule) }
  }

  /** A rule matched: what comes of it; undefined: on with the next rule. */
  private matched(chain: Chain, at: number, { rule }: RuleCode, depth: number): Result | undefined {
    chain.count(at, 1, this.walk.flight.packet.length)
    const { target } = rule
    if (target.kind === 'jump' || target.kind === 'goto') {
      this.note(chain, at, rule, depth, `${target.kind} ${target.chain}`)
      const aim = this.chains.get(target.chain)
      if (!aim || depth >= MAX_DEPTH) return 'drop'
      const result = this.chain(aim, depth + 1)
      // What went to a chain does not come back here.
      return result === 'return' && target.kind === 'jump' ? undefined : result
    }
    if (target.kind === 'ACCEPT' || target.kind === 'DROP' || target.kind === 'RETURN' || target.kind === 'none') {
      this.note(chain, at, rule, depth, target.kind === 'none' ? 'counted' : target.kind)
      if (target.kind === 'none') return undefined
      return target.kind === 'ACCEPT' ? 'accept' : target.kind === 'DROP' ? 'drop' : 'return'
    }
    const effect = act(target, this.walk, this.hook, this.conntrack)
    this.note(chain, at, rule, depth, effect.why)
    return effect.verdict
  }

  private note(chain: Chain, at: number, rule: Rule, depth: number, why: string): void {
    if (!this.log) return
    this.log.add({ ...this.step(chain, at, this.text(chain, rule), depth), outcome: 'matched', why, ...this.dice(rule) })
  }

  private step(chain: Chain, index: number, text: string, depth: number): Omit<RuleStep, 'outcome' | 'why'> {
    return { engine: 'iptables', table: this.table, chain: chain.name, index, text, depth }
  }

  private text(chain: Chain, rule: Rule): string {
    return `-A ${chain.name}${printRule(rule)}`
  }

  private dice({ matches }: Rule): Pick<RuleStep, 'dice'> {
    const { drawn } = this.walk
    const match = matches.find(({ kind }) => kind === 'statistic')
    if (drawn === undefined || match?.kind !== 'statistic' || match.mode !== 'random') return {}
    return {
      dice: {
        probability: match.inverted ? 1 - match.probability : match.probability,
        drawn: match.inverted ? 1 - drawn : drawn,
      },
    }
  }
}

/** Tells long runs of skipped rules as one step. */
class Skips {
  private readonly log: RuleLog
  private readonly tell: (at: number, code: RuleCode, failed: Check | undefined) => RuleStep
  private waiting: RuleStep[] = []
  private count = 0

  constructor(log: RuleLog, tell: (at: number, code: RuleCode, failed: Check | undefined) => RuleStep) {
    this.log = log
    this.tell = tell
  }

  /** A rule that did not match; without `failed` it was passed over by its address or port. */
  add(at: number, code: RuleCode | undefined, failed?: Check): void {
    if (!code) return
    this.count++
    if (this.count <= RUN) this.waiting.push(this.tell(at, code, failed))
  }

  end(): void {
    const [first] = this.waiting
    if (first && this.count > RUN) {
      this.log.add({
        ...first,
        count: this.count,
        why: `${this.count} rules that are for something else, the first: ${first.why}`,
      })
    } else {
      for (const step of this.waiting) this.log.add(step)
    }
    this.waiting = []
    this.count = 0
  }
}
