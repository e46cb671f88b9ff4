/** What targets do to a packet. */
import { fromNumber, toNumber } from '../address.ts'
import { decideNat, masqueradeRange, type Manip, type NatRange } from '../conntrack/nat.ts'
import type { ConntrackTable } from '../conntrack/table.ts'
import type { Hook, Verdict } from './hooks.ts'
import type { PortRange, Target, TargetOf } from './rule.ts'
import { hex } from './values.ts'
import type { Walk } from './walk.ts'

/** What a target came to: a verdict, or on to the next rule; with a few words about it. */
export interface Effect {
  readonly verdict: Verdict | undefined
  readonly why: string
}

type Acting = Exclude<Target, { kind: 'jump' | 'goto' | 'ACCEPT' | 'DROP' | 'RETURN' | 'none' }>

/** Carries out a target that is neither a verdict nor a jump. */
export function act(target: Acting, walk: Walk, hook: Hook, conntrack: ConntrackTable): Effect {
  const { flight } = walk
  switch (target.kind) {
    case 'REJECT':
      return { verdict: { rejectWith: target.rejectWith }, why: `REJECT ${target.rejectWith}` }
    case 'MARK': {
      const mark = ((flight.packet.mark & ~target.mask) ^ target.value) >>> 0
      flight.packet = { ...flight.packet, mark }
      return { verdict: undefined, why: `mark ${hex(mark)}` }
    }
    case 'CONNMARK':
      return { verdict: undefined, why: connectionMark(target, walk) }
    case 'NOTRACK':
      return untracked(walk)
    case 'CT':
      return target.notrack ? untracked(walk) : { verdict: undefined, why: 'CT' }
    case 'DNAT':
    case 'SNAT':
    case 'REDIRECT':
    case 'MASQUERADE':
    case 'NETMAP':
      return translateBy(target, walk, hook, conntrack)
    case 'TTL':
    case 'HL': {
      const { ttl } = flight.packet
      const changed = target.action === 'set' ? target.value : target.action === 'inc' ? ttl + target.value : ttl - target.value
      flight.packet = { ...flight.packet, ttl: Math.max(0, Math.min(255, changed)) }
      return { verdict: undefined, why: `ttl ${flight.packet.ttl}` }
    }
    // SIMPLIFIED: nothing reads the kernel's log, and segments have no size to clamp.
    case 'LOG':
    case 'NFLOG':
      return { verdict: undefined, why: `logged${target.prefix === '' ? '' : `: ${target.prefix}`}` }
    case 'TRACE':
    case 'TCPMSS':
      return { verdict: undefined, why: target.kind }
  }
}

function untracked({ flight }: Walk): Effect {
  if (!flight.connection) flight.state = 'UNTRACKED'
  return { verdict: undefined, why: 'not tracked' }
}

function connectionMark({ action, value, mask, packetMask }: TargetOf<'CONNMARK'>, { flight }: Walk): string {
  const { connection, packet } = flight
  if (!connection) return 'no connection'
  if (action === 'restore') {
    const mark = ((packet.mark & ~packetMask) ^ (connection.mark & mask)) >>> 0
    flight.packet = { ...packet, mark }
    return `mark ${hex(mark)}`
  }
  const added = action === 'set' ? value : packet.mark & packetMask
  connection.mark = ((connection.mark & ~mask) ^ added) >>> 0
  return `connection's mark ${hex(connection.mark)}`
}

type Translating = TargetOf<'DNAT' | 'SNAT' | 'REDIRECT' | 'MASQUERADE' | 'NETMAP'>

function translateBy(target: Translating, walk: Walk, hook: Hook, conntrack: ConntrackTable): Effect {
  const { flight, environment } = walk
  const { connection } = flight
  if (!connection) return { verdict: undefined, why: 'not tracked' }
  const manip: Manip = hook === 'PREROUTING' || hook === 'OUTPUT' ? 'destination' : 'source'
  const range = rangeOf(target, walk, hook, manip)
  const decided = decideNat(conntrack, connection, manip, range, environment.random)
  if (!decided) return { verdict: 'drop', why: 'no free port to translate to' }
  const { reply } = connection
  const [address, port] = manip === 'source' ? [reply.destination, reply.destinationPort] : [reply.source, reply.sourcePort]
  return {
    verdict: 'accept',
    why: `${target.kind} ${port === 0 ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`}`,
  }
}

function rangeOf(target: Translating, walk: Walk, hook: Hook, manip: Manip): NatRange {
  const { flight, environment } = walk
  const { packet } = flight
  if (target.kind === 'NETMAP') return { from: mapped(manip === 'source' ? packet.source : packet.destination, target.to) }
  const how = {
    ...(target.ports && { ports: bounds(target.ports) }),
    ...(target.random && { random: true }),
    ...('randomFully' in target && target.randomFully && { randomFully: true }),
  }
  if (target.kind === 'MASQUERADE') return masqueradeRange(flight, environment, how)
  if (target.kind === 'REDIRECT') {
    const v6 = packet.destination.includes(':')
    const local = hook === 'OUTPUT' ? (v6 ? '::1' : '127.0.0.1') : environment.sourceAddressFor(flight.inInterface, packet.source)
    return { from: local, ...how }
  }
  return { from: target.address, ...(target.lastAddress !== undefined && { to: target.lastAddress }), ...how }
}

function bounds({ from, to }: PortRange): { from: number; to: number } {
  return { from, to }
}

/** The address with the network of `to`. */
function mapped(address: string, to: string): string {
  const [network = '', bits = '32'] = to.split('/')
  const size = 2 ** (32 - Number(bits))
  return address.includes(':') ? network : fromNumber(toNumber(network) + (toNumber(address) % size))
}
