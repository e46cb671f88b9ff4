/** Address translation: how a connection's answers will look, and the change of each packet on its way. */
import type { Flight, Hook, HookEnvironment } from '../netfilter/hooks.ts'
import { toNumber, fromNumber } from '../address.ts'
import { isIPv6, type Packet } from '../packet.ts'
import { inverse, tupleKey, type Connection, type Tuple } from './conntrack.ts'
import type { ConntrackTable } from './table.ts'

/** Which end of a packet is changed: destinations before routing, sources after it. */
export type Manip = 'source' | 'destination'

export function manipAt(hook: Hook): Manip {
  return hook === 'PREROUTING' || hook === 'OUTPUT' ? 'destination' : 'source'
}

/** Addresses and ports that a rule allows. */
export interface NatRange {
  readonly from: string
  /** Default: `from`. */
  readonly to?: string
  readonly ports?: { readonly from: number; readonly to: number }
  /** --random, --random-fully: the port is thrown, also where the old one would do. */
  readonly random?: boolean
  readonly randomFully?: boolean
}

/** Decided already for this packet's connection, or nothing to decide: rules are not asked. */
export function isNatDecided({ connection, state }: Flight, manip: Manip): boolean {
  if (!connection || state === 'RELATED' || state === 'INVALID' || state === 'UNTRACKED') return true
  return manip === 'source' ? connection.snatDone : connection.dnatDone
}

/** Leaves the end of the connection as it is, unless another connection has the same: then the port changes. */
export function decideNone(table: ConntrackTable, connection: Connection, manip: Manip, random: () => number): void {
  const current = inverse(connection.reply)
  const address = manip === 'source' ? current.source : current.destination
  decideNat(table, connection, manip, { from: address }, random)
}

/**
 * Settles how a new connection is translated: picks an address and, where needed, a free port. Gives false when every
 * port is in use; the packet is then to be dropped. Source: Linux nf_nat_core, get_unique_tuple.
 */
export function decideNat(
  table: ConntrackTable,
  connection: Connection,
  manip: Manip,
  range: NatRange,
  random: () => number,
): boolean {
  const current = inverse(connection.reply)
  const wanted = withAddress(current, manip, chooseAddress(range, current))
  const chosen = choosePort(table, connection, wanted, manip, range, random)
  if (manip === 'source') connection.snatDone = true
  else connection.dnatDone = true
  if (!chosen) return false
  if (tupleKey(chosen) !== tupleKey(current)) {
    if (manip === 'source') connection.hasSnat = true
    else connection.hasDnat = true
    table.alterReply(connection, inverse(chosen))
  }
  return true
}

function chooseAddress({ from, to }: NatRange, { source, destination }: Tuple): string {
  if (to === undefined || to === from || isIPv6(from)) return from
  // The same client gets the same address.
  const size = toNumber(to) - toNumber(from) + 1
  const hash = [...`${source} ${destination}`].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7)
  return fromNumber(toNumber(from) + (hash % size))
}

function choosePort(
  table: ConntrackTable,
  connection: Connection,
  wanted: Tuple,
  manip: Manip,
  range: NatRange,
  random: () => number,
): Tuple | undefined {
  const port = manip === 'source' ? wanted.sourcePort : wanted.destinationPort
  const isFree = (tuple: Tuple) => {
    const found = table.find(inverse(tuple))
    return !found || found.connection === connection
  }
  const inRange = !range.ports || (port >= range.ports.from && port <= range.ports.to)
  if (!range.random && !range.randomFully && inRange) {
    if (range.ports && range.ports.from === range.ports.to) return wanted
    if (isFree(wanted)) return wanted
  }
  if (range.ports && range.ports.from === range.ports.to) return withPort(wanted, manip, range.ports.from)
  if (wanted.protocol === 'icmp' || wanted.protocol === 'icmpv6')
    return isFree(wanted) ? wanted : searchPort(wanted, manip, [0, 65_535], isFree, random)
  // A server's port is never changed for another.
  if (manip === 'destination' && !range.ports) return wanted
  return searchPort(wanted, manip, portsFor(port, range), isFree, random)
}

/** Well-known ports stay well known. */
function portsFor(port: number, { ports }: NatRange): readonly [number, number] {
  if (ports) return [ports.from, ports.to]
  if (port >= 1024) return [1024, 65_535]
  return port < 512 ? [1, 511] : [600, 1023]
}

function searchPort(
  wanted: Tuple,
  manip: Manip,
  [from, to]: readonly [number, number],
  isFree: (tuple: Tuple) => boolean,
  random: () => number,
): Tuple | undefined {
  const size = to - from + 1
  const start = Math.floor(random() * size)
  for (let i = 0; i < size; i++) {
    const tuple = withPort(wanted, manip, from + ((start + i) % size))
    if (isFree(tuple)) return tuple
  }
  return undefined
}

function withAddress(tuple: Tuple, manip: Manip, address: string): Tuple {
  return manip === 'source' ? { ...tuple, source: address } : { ...tuple, destination: address }
}

function withPort(tuple: Tuple, manip: Manip, port: number): Tuple {
  // An echo's identifier is the same in question and answer.
  if (tuple.echo !== undefined) return { ...tuple, sourcePort: port, destinationPort: port }
  return manip === 'source' ? { ...tuple, sourcePort: port } : { ...tuple, destinationPort: port }
}

/** Changes a packet of a translated connection as it passes a hook: what was decided, or for answers its reverse. */
export function translate(flight: Flight, manip: Manip): void {
  const { connection, direction, packet } = flight
  if (!connection) return
  // What is done to sources in one direction is done to destinations in the other.
  const applies = (manip === 'source') === (direction === 'original') ? connection.hasSnat : connection.hasDnat
  if (!applies) return
  const other = direction === 'original' ? connection.reply : connection.original
  flight.packet = packet.icmp?.about ? translateError(packet, other, manip) : changed(packet, inverse(other), manip)
}

/** One end of the packet as the tuple has it. */
function changed(packet: Packet, tuple: Tuple, manip: Manip): Packet {
  const [address, port] = manip === 'source' ? [tuple.source, tuple.sourcePort] : [tuple.destination, tuple.destinationPort]
  const same =
    manip === 'source'
      ? packet.source === address && packet.sourcePort === port
      : packet.destination === address && packet.destinationPort === port
  if (packet.icmp) {
    const renamed = packet.icmp.id === undefined ? packet.icmp : { ...packet.icmp, id: tuple.sourcePort }
    return manip === 'source' ? { ...packet, source: address, icmp: renamed } : { ...packet, destination: address, icmp: renamed }
  }
  if (same) return packet
  return manip === 'source'
    ? { ...packet, source: address, sourcePort: port }
    : { ...packet, destination: address, destinationPort: port }
}

/** An error about a translated packet: the packet that it quotes is changed back, too. */
function translateError(packet: Packet, other: Tuple, manip: Manip): Packet {
  const { icmp } = packet
  if (!icmp?.about) return packet
  const about = changed(icmp.about, other, manip === 'source' ? 'destination' : 'source')
  const address = manip === 'source' ? other.destination : other.source
  const quoting = { ...packet, icmp: { ...icmp, about } }
  return manip === 'source' ? { ...quoting, source: address } : { ...quoting, destination: address }
}

/** Addresses that `-j MASQUERADE` takes: that of the interface by which the packet leaves. */
export function masqueradeRange(
  flight: Flight,
  environment: HookEnvironment,
  range: Omit<NatRange, 'from' | 'to'> = {},
): NatRange {
  return { ...range, from: environment.sourceAddressFor(flight.outInterface, flight.packet.destination) }
}
