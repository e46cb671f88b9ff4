/** IPVS at the hooks of a network namespace. Linux: net/netfilter/ipvs/ip_vs_core.c, ip_vs_ops4. */
import type { ConntrackTable } from '../conntrack/table.ts'
import type { Netns } from '../link/netns.ts'
import { PRIORITY, type Flight, type Hook, type HookFunction, type Verdict } from '../netfilter/hooks.ts'
import { netfilterOf } from '../netfilter/install.ts'
import type { Packet } from '../packet.ts'
import type { RuleLog, RuleStep } from '../trace.ts'
import type { IpvsConnection, IpvsState } from './connection.ts'
import { Ipvs } from './ipvs.ts'
import type { VirtualServer } from './server.ts'

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
  const conntrack = () => netfilterOf(netns)?.conntrack
  const request = (hook: Hook, priority: number): HookFunction => ({
    hook,
    priority,
    name: 'ipvs',
    run: (flight, _environment, log) => balance(ipvs, conntrack(), flight, log),
  })
  const reply = (hook: Hook, priority: number): HookFunction => ({
    hook,
    priority,
    name: 'ipvs',
    run: (flight) => answer(ipvs, flight),
  })
  const hooks = [
    reply('INPUT', PRIORITY.ipvs - 1),
    request('INPUT', PRIORITY.ipvs),
    reply('OUTPUT', PRIORITY.dstnat + 1),
    request('OUTPUT', PRIORITY.dstnat + 2),
    reply('FORWARD', PRIORITY.ipvs + 1),
  ]
  for (const hook of hooks) netns.netfilter.register(hook)
  return ipvs
}

const PROTOCOLS: { readonly [protocol: string]: string } = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }
/** A new SYN in such a state is a new connection (net.ipv4.vs.conn_reuse_mode). */
const REUSABLE: readonly IpvsState[] = ['TIME_WAIT', 'FIN_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK']

/** Sends a client's packet to the real server of its connection, chosen now if it is a new one. */
function balance(ipvs: Ipvs, conntrack: ConntrackTable | undefined, flight: Flight, log: RuleLog | null): Verdict {
  const { packet } = flight
  const protocol = PROTOCOLS[packet.protocol]
  if (protocol === undefined || flight.rerouted || flight.direction === 'reply') return 'accept'
  if (log) log.looked++
  const known = current(ipvs, packet)
  if (known?.real.gone) {
    ipvs.connections.delete(known)
    return 'drop'
  }
  const server = known?.virtual ?? ipvs.server(protocol, packet.destination, packet.destinationPort)
  if (!server || (!known && packet.protocol === 'tcp' && packet.flags !== 'S')) return 'accept'
  const connection = known ?? ipvs.schedule(server, packet)
  log?.add(describe(server, connection, known !== undefined))
  if (!connection) return { rejectWith: 'icmp-port-unreachable' }
  ipvs.note(connection, packet, 'client')
  const { real } = connection
  flight.packet = { ...packet, destination: real.address, destinationPort: real.port }
  flight.rerouted = true
  const tracked = flight.connection
  if (tracked && !known) conntrack?.alterReply(tracked, { ...tracked.reply, source: real.address, sourcePort: real.port })
  return 'accept'
}

/** The connection of a client's packet, unless it has ended and this is a new one. */
function current(ipvs: Ipvs, packet: Packet): IpvsConnection | undefined {
  const known = ipvs.find(packet)
  if (!known || packet.flags !== 'S' || !REUSABLE.includes(known.state)) return known
  ipvs.connections.delete(known)
  return undefined
}

function describe(server: VirtualServer, connection: IpvsConnection | undefined, isKnown: boolean): RuleStep {
  const { key: chain, scheduler } = server
  const step = { engine: 'ipvs', table: 'ipvs', chain, outcome: 'matched', depth: 0 } as const
  if (!connection) return { ...step, index: -1, text: `${chain} ${scheduler}`, why: 'no real server' }
  const { real, template } = connection
  const chose = template && template.controlled > 1 ? `the client stays with ${real.text}` : `${scheduler} chose ${real.text}`
  return {
    ...step,
    index: server.reals.indexOf(real),
    text: `${chain} ${scheduler} -> ${real.text} ${real.forwarding} ${real.weight}`,
    why: isKnown ? `connection known: ${real.text}` : chose,
  }
}

/** A real server's reply comes from the virtual server, as far as the client can see. */
function answer(ipvs: Ipvs, flight: Flight): Verdict {
  const { connection, packet } = flight
  if (flight.direction !== 'reply' || !connection || ipvs.connections.size === 0) return 'accept'
  const known = ipvs.find(connection.original)
  if (!known || packet.source !== known.real.address || packet.sourcePort !== known.real.port) return 'accept'
  flight.packet = { ...packet, source: known.virtual.address, sourcePort: known.virtual.port }
  ipvs.note(known, packet, 'server')
  return 'accept'
}
