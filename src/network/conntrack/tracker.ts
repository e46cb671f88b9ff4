/** Connection tracking on the packet path: finds or begins the connection of each packet, and confirms new ones at the end. */
import { PRIORITY, type Flight, type Hook, type HookEnvironment, type HookFunction, type Verdict } from '../netfilter/hooks.ts'
import type { RuleLog } from '../trace.ts'
import { inverse, newConnection, tupleOf } from './conntrack.ts'
import { advance, mayBegin } from './lifetime.ts'
import type { ConntrackTable } from './table.ts'

/** What the kernel's log says when there is no room. */
const TABLE_FULL = 'nf_conntrack: table full, dropping packet'

/** The functions to register: tracking before routing, confirmation last of all. */
export function trackers(table: ConntrackTable): HookFunction[] {
  const track = (hook: Hook): HookFunction => ({
    hook,
    priority: PRIORITY.conntrack,
    name: 'conntrack',
    run: (flight, environment, log) => look(table, flight, environment, log, hook),
  })
  const confirm = (hook: Hook): HookFunction => ({
    hook,
    priority: PRIORITY.confirm,
    name: 'conntrack confirm',
    run: (flight) => confirmed(table, flight),
  })
  return [track('PREROUTING'), track('OUTPUT'), confirm('INPUT'), confirm('POSTROUTING')]
}

function look(table: ConntrackTable, flight: Flight, environment: HookEnvironment, log: RuleLog | null, hook: Hook): Verdict {
  if (flight.connection || flight.state === 'UNTRACKED') return 'accept'
  const tuple = tupleOf(flight.packet)
  if (!tuple) {
    lookForRelated(table, flight)
    return 'accept'
  }
  const found = table.find(tuple)
  if (found) {
    const wasUnreplied = found.connection.unreplied
    const result = advance(found.connection, flight.packet, found.direction, environment.now(), table.settings)
    if (result === 'known') {
      table.counters.found++
      // Refused: nothing is left to remember once this packet has passed.
      if (found.connection.tcpState === 'CLOSE' && wasUnreplied) table.delete(found.connection)
      flight.connection = found.connection
      flight.direction = found.direction
      flight.state = found.direction === 'reply' || !found.connection.unreplied ? 'ESTABLISHED' : 'NEW'
      return 'accept'
    }
    if (result === 'invalid') return invalid(table, flight)
    table.delete(found.connection)
  }
  if (!mayBegin(flight.packet)) return invalid(table, flight)
  if (!table.makeRoom()) {
    log?.add({
      engine: 'iptables',
      table: 'conntrack',
      chain: hook,
      index: -1,
      text: `nf_conntrack_count = ${table.max}, nf_conntrack_max = ${table.max}`,
      outcome: 'matched',
      why: TABLE_FULL,
      depth: 0,
    })
    return 'drop'
  }
  const connection = newConnection(tuple, environment.now())
  advance(connection, flight.packet, 'original', environment.now(), table.settings)
  flight.connection = connection
  flight.direction = 'original'
  flight.state = 'NEW'
  return 'accept'
}

function invalid(table: ConntrackTable, flight: Flight): Verdict {
  table.counters.invalid++
  flight.state = 'INVALID'
  return 'accept'
}

/** An error belongs to the connection of the packet that it is about; it travels against that packet. */
function lookForRelated(table: ConntrackTable, flight: Flight): void {
  const about = flight.packet.icmp?.about
  const inner = about && tupleOf(about)
  const found = inner && table.find(inverse(inner))
  if (!found) {
    invalid(table, flight)
    return
  }
  flight.connection = found.connection
  flight.direction = found.direction
  flight.state = 'RELATED'
}

function confirmed(table: ConntrackTable, flight: Flight): Verdict {
  const { connection } = flight
  if (!connection || connection.confirmed || flight.state === 'RELATED') return 'accept'
  return table.insert(connection) ? 'accept' : 'drop'
}
