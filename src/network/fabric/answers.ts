/** The packets with which a machine says no: TCP resets and ICMP errors. */
import { addressOn, sourceAddress } from '../link/routing.ts'
import type { Netns } from '../link/netns.ts'
import { DEFAULT_TTL, isIPv6, type Icmp, type Packet } from '../packet.ts'

/** IP and ICMP headers and the first bytes of the packet that it is about. */
const ERROR_BYTES = 68
const RESET_BYTES = 40

/** A closed port's answer to a TCP segment. */
export function resetOf(packet: Packet): Packet {
  return {
    source: packet.destination,
    destination: packet.source,
    protocol: 'tcp',
    sourcePort: packet.destinationPort,
    destinationPort: packet.sourcePort,
    flags: packet.flags === 'S' ? 'R.' : 'R',
    ttl: DEFAULT_TTL,
    length: RESET_BYTES,
    mark: 0,
    carries: 'connection refused',
  }
}

/** An ICMP error about a packet, sent by a namespace. Undefined when there is no address to send it from. */
export function icmpError(netns: Netns, about: Packet, error: Pick<Icmp, 'type' | 'code' | 'mtu'>): Packet | undefined {
  const source = netns.isLocal(about.destination) ? about.destination : errorSource(netns, about)
  if (source === undefined) return undefined
  return {
    source,
    destination: about.source,
    protocol: isIPv6(about.source) ? 'icmpv6' : 'icmp',
    sourcePort: 0,
    destinationPort: 0,
    icmp: { ...error, about },
    ttl: DEFAULT_TTL,
    length: ERROR_BYTES,
    mark: 0,
    carries: textOf(error),
  }
}

/** What a REJECT target sends. */
export function rejection(netns: Netns, packet: Packet, rejectWith: string): Packet | undefined {
  if (rejectWith === 'tcp-reset' && packet.protocol === 'tcp') return resetOf(packet)
  return icmpError(netns, packet, { type: 'destination-unreachable', code: codeOf(rejectWith) })
}

/** Errors and resets are not answered by errors. */
export function mayBeAnswered(packet: Packet): boolean {
  if (packet.protocol === 'tcp') return packet.flags !== 'R' && packet.flags !== 'R.'
  return packet.icmp === undefined || packet.icmp.type === 'echo-request'
}

function errorSource(netns: Netns, about: Packet): string | undefined {
  const direct = sourceAddress(netns, about.source)
  if (direct !== undefined) return direct
  const device = [...netns.devices.values()].find((candidate) => candidate.kind !== 'loopback')
  return device && addressOn(netns, device, about.source)
}

function codeOf(rejectWith: string): NonNullable<Icmp['code']> {
  if (rejectWith.includes('net-')) return 'net'
  if (rejectWith.includes('host-unreach')) return 'host'
  if (rejectWith.includes('prohib')) return 'admin-prohibited'
  return 'port'
}

function textOf({ type, code, mtu }: Pick<Icmp, 'type' | 'code' | 'mtu'>): string {
  if (type === 'time-exceeded') return 'Time to live exceeded'
  if (code === 'fragmentation-needed') return `Frag needed and DF set (mtu = ${mtu ?? 0})`
  if (code === 'net') return 'Destination Net Unreachable'
  if (code === 'host') return 'Destination Host Unreachable'
  return code === 'port' ? 'Destination Port Unreachable' : 'Packet filtered'
}
