import type { Flight, Hook, HookEnvironment, HookFunction, Verdict } from './hooks.ts'
import type { RuleLog } from '../trace.ts'

/** All that hangs on the hooks of one network namespace, in the order of its priorities. */
export class Netfilter {
  private readonly functions = new Map<Hook, HookFunction[]>()

  /** Hangs a function on its hook; of equal priority, the one that came first runs first. Gives what takes it off. */
  register(added: HookFunction): () => void {
    const list = [...(this.functions.get(added.hook) ?? []), added]
    this.functions.set(
      added.hook,
      list.toSorted((a, b) => a.priority - b.priority),
    )
    return () => {
      this.functions.set(
        added.hook,
        (this.functions.get(added.hook) ?? []).filter((other) => other !== added),
      )
    }
  }

  at(hook: Hook): readonly HookFunction[] {
    return this.functions.get(hook) ?? []
  }

  /** Runs a packet through a hook until something drops it or all have accepted it. */
  run(hook: Hook, flight: Flight, environment: HookEnvironment, log: RuleLog | null): Verdict {
    for (const each of this.at(hook)) {
      const verdict = each.run(flight, environment, log)
      if (verdict !== 'accept') return verdict
      if (hook === 'INPUT' && isStolen(flight, environment)) return 'accept'
    }
    return 'accept'
  }
}

/** IPVS has taken the packet and sends it on: the rest of INPUT does not see it. Linux: NF_STOLEN. */
function isStolen(flight: Flight, environment: HookEnvironment): boolean {
  return flight.rerouted && !environment.isLocalAddress(flight.packet.destination)
}
