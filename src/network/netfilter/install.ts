/** iptables, sets and connection tracking of one network namespace, hung on its hooks when they are first used. */
import { inCidr } from '../address.ts'
import { NatHooks } from '../conntrack/nat-hooks.ts'
import { TIMEOUTS } from '../conntrack/lifetime.ts'
import { ConntrackTable } from '../conntrack/table.ts'
import { trackers } from '../conntrack/tracker.ts'
import type { Netns } from '../link/netns.ts'
import { isIPv6 } from '../packet.ts'
import { PRIORITY, type Flight, type Hook, type HookEnvironment, type Verdict } from './hooks.ts'
import { IpSets } from './ipset/ip-sets.ts'
import { RecentLists } from './recent.ts'
import type { TableName } from './rule.ts'
import { CHAINS_OF, IptablesTables, type TablesAround } from './tables.ts'
import type { RuleLog } from '../trace.ts'
import type { MatchMemory } from './walk.ts'
import { TableWalk } from './walker.ts'

export interface NetfilterParts {
  readonly iptables: IptablesTables
  readonly ip6tables: IptablesTables
  readonly sets: IpSets
  readonly conntrack: ConntrackTable
  readonly nat: NatHooks
  readonly memory: MatchMemory
  /** Try every rule in turn, without an index: for measuring. */
  linear: boolean
  /** Begins to track connections, as the first nat rule or `ct` match does. */
  track(): void
}

const partsOf = new WeakMap<Netns, NetfilterParts>()

/** Makes the parts of a namespace. `now`: simulated milliseconds. */
export function installNetfilter(netns: Netns, { now }: { readonly now: () => number }): NetfilterParts {
  const known = partsOf.get(netns)
  if (known) return known
  const conntrack = new ConntrackTable(now, (name) => setting(netns, `net.netfilter.nf_conntrack_${name}`))
  for (const [name, seconds] of Object.entries(TIMEOUTS)) {
    const key = `net.netfilter.nf_conntrack_${name}`
    if (!netns.sysctls.has(key)) netns.sysctls.set(key, String(seconds))
  }
  const sets = new IpSets(now, (name) => parts.iptables.rulesWithSet(name) + parts.ip6tables.rulesWithSet(name))
  const memory: MatchMemory = {
    recent: new RecentLists(),
    sets,
    accounts: new Map(),
    buckets: new WeakMap(),
    connections: (address, prefix, side) =>
      conntrack.countWhere(({ source, destination }) => inCidr(side === 'saddr' ? source : destination, `${address}/${prefix}`)),
  }
  let tracking = false
  const track = () => {
    if (tracking) return
    tracking = true
    for (const each of trackers(conntrack)) netns.netfilter.register(each)
  }
  const nat = new NatHooks(conntrack, (added) => {
    track()
    netns.netfilter.register(added)
  })
  const around: TablesAround = {
    onOpen: (table, tables) => hang(netns, parts, table, tables),
    hasSet: (name) => sets.has(name),
  }
  const parts: NetfilterParts = {
    iptables: new IptablesTables(4, around),
    ip6tables: new IptablesTables(6, around),
    sets,
    conntrack,
    nat,
    memory,
    linear: false,
    track,
  }
  partsOf.set(netns, parts)
  return parts
}

/** The parts of a namespace; undefined before they were installed. */
export function netfilterOf(netns: Netns): NetfilterParts | undefined {
  return partsOf.get(netns)
}

/** The parts of a namespace that must have been installed. */
export function installed(netns: Netns): NetfilterParts {
  const parts = partsOf.get(netns)
  if (!parts) throw new Error(`netfilter is not installed in the namespace of ${netns.pod ?? netns.node}`)
  return parts
}

function setting(netns: Netns, name: string): number | undefined {
  const text = netns.sysctls.get(name)
  return text === undefined ? undefined : Number(text)
}

function priorityOf(table: Exclude<TableName, 'nat'>): number {
  return PRIORITY[table]
}

/** Hangs a table on its hooks. */
function hang(netns: Netns, parts: NetfilterParts, table: TableName, tables: IptablesTables): void {
  parts.track()
  for (const hook of CHAINS_OF[table]) {
    const run = (flight: Flight, environment: HookEnvironment, log: RuleLog | null) =>
      runTable(parts, tables, table, hook, flight, environment, log)
    if (table === 'nat') parts.nat.attach({ hook, priority: 0, run })
    else netns.netfilter.register({ hook, priority: priorityOf(table), name: table, run })
  }
}

function runTable(
  parts: NetfilterParts,
  tables: IptablesTables,
  table: TableName,
  hook: Hook,
  flight: Flight,
  environment: HookEnvironment,
  log: RuleLog | null,
): Verdict {
  if (isIPv6(flight.packet.destination) !== (tables.family === 6)) return 'accept'
  const chains = tables.existing(table)
  if (!chains) return 'accept'
  const walk = { flight, environment, memory: parts.memory, drawn: undefined }
  return new TableWalk(table, chains, hook, walk, parts.conntrack, log, { linear: parts.linear }).run()
}
