/** IPVS at the hooks of a network namespace. Linux: net/netfilter/ipvs/ip_vs_core.c, ip_vs_ops4. */
import { PRIORITY, type Flight, type HookEnvironment, type HookFunction, type Verdict } from '../netfilter/hooks.ts'
import type { Netns } from '../link/netns.ts'
import type { RuleLog } from '../trace.ts'
import { Ipvs } from './ipvs.ts'
import type { IpvsConnection, IpvsState } from './connection.ts'

const installed = new WeakMap<Netns, Ipvs>()

/** The namespace's IPVS, if its module is loaded. */
export function ipvsOf(netns: Netns): Ipvs | undefined {
  return installed.get(netns)
}

/** Loads the module: gives the namespace its IPVS, and hangs that on the hooks. */
export function installIpvs(netns: Netns, now: () => number): Ipvs {
  const known = installed.get(netns)
  if (known) return known
  const ipvs = new Ipvs(now)
  installed.set(netns, ipvs)
  const name = 'ipvs'
  const hooks: readonly HookFunction[] = [
    { hook: 'INPUT', priority: PRIORITY.ipvs - 1, name, run: (flight) => countReply(ipvs, flight) },
    { hook: 'INPUT', priority: PRIORITY.ipvs, name, run: (flight, environment, log) => balance(ipvs, flight, environment, log) },
    {
      hook: 'OUTPUT',
      priority: PRIORITY.dstnat + 2,
      name,
      run: (flight, environment, log) => balance(ipvs, flight, environment, log),
    },
    { hook: 'POSTROUTING', priority: PRIORITY.srcnat + 1, name, run: (flight) => countLeaving(ipvs, flight) },
  ]
  for (const hook of hooks) netns.netfilter.register(hook)
  return ipvs
}

const PROTOCOLS: { readonly [protocol: string]: string } = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }
/** A new SYN in such a state is a new connection (net.ipv4.vs.conn_reuse_mode). */
const REUSABLE: readonly IpvsState[] = ['TIME_WAIT', 'FIN_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK']

/** Sends a client's packet to the real server of its connection, chosen now if it is a new one. */
function balance(ipvs: Ipvs, flight: Flight, environment: HookEnvironment, log: RuleLog | null): Verdict {
  const { packet } = flight
  const protocol = PROTOCOLS[packet.protocol]
  if (protocol === undefined || flight.rerouted || flight.direction === 'reply') return 'accept'
  if (log) log.looked++
  const known = current(ipvs, flight)
  if (known?.real.gone) {
    ipvs.connections.delete(known)
    return 'drop'
  }
  const server = known?.virtual ?? ipvs.server(protocol, packet.destination, packet.destinationPort)
  if (!server || (!known && packet.protocol === 'tcp' && packet.flags !== 'S')) return 'accept'
  const connection = known ?? ipvs.schedule(server, packet)
  const chain = server.key
  if (!connection) {
    const text = `${chain} ${server.scheduler}`
    log?.add({ engine: 'ipvs', table: 'ipvs', chain, index: -1, text, outcome: 'matched', why: 'no real server', depth: 0 })
    return { rejectWith: 'icmp-port-unreachable' }
  }
  const { real } = connection
  log?.add({
    engine: 'ipvs',
    table: 'ipvs',
    chain,
    index: server.reals.indexOf(real),
    text: `${chain} ${server.scheduler} -> ${real.text} ${real.forwarding} ${real.weight}`,
    outcome: 'matched',
    why: known
      ? `connection known: ${real.text}`
      : `${connection.template ? 'affinity or ' : ''}${server.scheduler} chose ${real.text}`,
    depth: 0,
  })
  translate(flight, connection)
  if (environment.isLocalAddress(real.address)) ipvs.note(connection, packet, 'client')
  return 'accept'
}

function current(ipvs: Ipvs, { packet }: Flight): IpvsConnection | undefined {
  const known = ipvs.find(packet)
  if (!known || packet.flags !== 'S' || !REUSABLE.includes(known.state)) return known
  ipvs.connections.delete(known)
  return undefined
}

/** Masquerading: the destination becomes the real server, and replies will be translated back by connection tracking. */
function translate(flight: Flight, { real }: IpvsConnection): void {
  const { connection } = flight
  flight.packet = { ...flight.packet, destination: real.address, destinationPort: real.port }
  flight.rerouted = true
  if (!connection || connection.dnatDone) return
  connection.dnatDone = true
  connection.reply = { ...connection.reply, source: real.address, sourcePort: real.port }
}

/** Counts what leaves: clients' packets on their way to a real server, and real servers' replies. */
function countLeaving(ipvs: Ipvs, flight: Flight): Verdict {
  const connection = ofFlight(ipvs, flight)
  if (!connection) return 'accept'
  const from = flight.direction === 'reply' ? 'server' : 'client'
  if (from === 'client' && connection.real.gone) {
    ipvs.connections.delete(connection)
    return 'drop'
  }
  ipvs.note(connection, flight.packet, from)
  return 'accept'
}

/** Replies to a client on this machine do not leave it. */
function countReply(ipvs: Ipvs, flight: Flight): Verdict {
  if (flight.direction !== 'reply' || flight.inInterface === 'lo') return 'accept'
  const connection = ofFlight(ipvs, flight)
  if (connection) ipvs.note(connection, flight.packet, 'server')
  return 'accept'
}

function ofFlight(ipvs: Ipvs, { connection }: Flight): IpvsConnection | undefined {
  return connection && ipvs.connections.size > 0 ? ipvs.find(connection.original) : undefined
}
