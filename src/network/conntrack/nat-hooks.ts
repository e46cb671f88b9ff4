import { PRIORITY, type Flight, type Hook, type HookEnvironment, type HookFunction, type Verdict } from '../netfilter/hooks.ts'
import type { RuleLog } from '../trace.ts'
import { decideNone, isNatDecided, manipAt, translate } from './nat.ts'
import type { ConntrackTable } from './table.ts'

/** The rules of one engine (iptables' nat table, a nat chain of nftables) at one hook. */
interface NatRules {
  readonly hook: Hook
  /** Among nat chains of the same hook: lower runs first. */
  readonly priority: number
  run(flight: Flight, environment: HookEnvironment, log: RuleLog | null): Verdict
}

/**
 * Translation at the hooks of one network namespace. The engines' rules are asked for the first packet of a connection, in
 * turn, until one has decided; every packet is then changed as was decided. Source: Linux nf_nat_inet_fn.
 */
export class NatHooks {
  private readonly table: ConntrackTable
  private readonly register: (added: HookFunction) => void
  private readonly rules = new Map<Hook, NatRules[]>()

  constructor(table: ConntrackTable, register: (added: HookFunction) => void) {
    this.table = table
    this.register = register
  }

  /** Adds an engine's rules. Gives what takes them away. */
  attach(added: NatRules): () => void {
    if (this.rules.size === 0) this.begin()
    const { hook } = added
    this.rules.set(
      hook,
      [...this.at(hook), added].toSorted((a, b) => a.priority - b.priority),
    )
    return () =>
      this.rules.set(
        hook,
        this.at(hook).filter((other) => other !== added),
      )
  }

  private at(hook: Hook): readonly NatRules[] {
    return this.rules.get(hook) ?? []
  }

  private begin(): void {
    for (const hook of ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'] as const) {
      const priority = manipAt(hook) === 'destination' ? PRIORITY.dstnat : PRIORITY.srcnat
      this.register({ hook, priority, name: 'nat', run: (flight, environment, log) => this.run(hook, flight, environment, log) })
    }
  }

  private run(hook: Hook, flight: Flight, environment: HookEnvironment, log: RuleLog | null): Verdict {
    const { connection } = flight
    if (!connection) return 'accept'
    const manip = manipAt(hook)
    if (!isNatDecided(flight, manip)) {
      for (const rules of this.at(hook)) {
        const verdict = rules.run(flight, environment, log)
        if (verdict !== 'accept') return verdict
        if (isNatDecided(flight, manip)) break
      }
      if (!isNatDecided(flight, manip)) decideNone(this.table, connection, manip, environment.random)
    }
    translate(flight, manip)
    return 'accept'
  }
}
