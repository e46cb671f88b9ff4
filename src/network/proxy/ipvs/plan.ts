/** All that IPVS mode programs, made from scratch: what the incremental proxier must come to as well. */
import type { ServiceState } from '../changes/state.ts'
import type { FixedChain } from '../iptables/base.ts'
import { ipvsChains, type IpvsRuleSettings } from './rules.ts'
import { SET_NAMES, type SetName } from './sets.ts'
import { makeIpvsUnit, type BlockedAddress, type IpvsContext, type WantedServer } from './unit.ts'

export interface IpvsPlan {
  readonly servers: readonly WantedServer[]
  readonly sets: ReadonlyMap<SetName, ReadonlySet<string>>
  /** Addresses on kube-ipvs0. */
  readonly addresses: ReadonlySet<string>
  readonly chains: readonly FixedChain[]
}

export function ipvsPlan(state: ServiceState, context: IpvsContext, settings: IpvsRuleSettings): IpvsPlan {
  const sets = new Map<SetName, Set<string>>(SET_NAMES.map((name) => [name, new Set()]))
  const servers: WantedServer[] = []
  const addresses = new Set<string>()
  const blocked: BlockedAddress[] = []
  for (const port of state.ports()) {
    const unit = makeIpvsUnit(port, state.endpoints(port), context)
    for (const [name, members] of unit.entries) for (const member of members) sets.get(name)?.add(member)
    for (const server of unit.servers) {
      servers.push(server)
      if (server.bind) addresses.add(server.address)
    }
    blocked.push(...unit.blocked)
  }
  sets.set('KUBE-IPVS-IPS', addresses)
  const filled = new Set(SET_NAMES.filter((name) => (sets.get(name)?.size ?? 0) > 0))
  return { servers, sets, addresses, chains: ipvsChains(settings, { filled, blocked }) }
}
