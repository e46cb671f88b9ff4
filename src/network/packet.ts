/** A packet's headers as they stand between two stations of its way. Immutable: NAT and routing make new ones. */

/** ipip only as the outer header of a tunnel. */
export type Protocol = 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6' | 'ipip'

/** TCP flags in tcpdump's letters: S, S. (SYN+ACK), . (ACK), P. (data), F. (end), R, R. (reset). */
export type TcpFlags = 'S' | 'S.' | '.' | 'P.' | 'F.' | 'R' | 'R.'

export interface Icmp {
  readonly type: 'echo-request' | 'echo-reply' | 'destination-unreachable' | 'time-exceeded'
  /** Of destination-unreachable: why. */
  readonly code?: 'net' | 'host' | 'port' | 'admin-prohibited' | 'fragmentation-needed'
  /** Echo identifier; takes the port's place in connection tracking. */
  readonly id?: number
  /** The MTU that fragmentation-needed tells. Bytes. */
  readonly mtu?: number
  /** The packet that an error is about. */
  readonly about?: Packet
}

/** The outer headers of a packet inside a tunnel. */
export interface Encapsulation {
  readonly kind: 'vxlan' | 'ipip' | 'udp'
  readonly source: string
  readonly destination: string
  /** VXLAN network identifier. */
  readonly vni?: number
  /** UDP destination port of vxlan (8472) and udp (8285). */
  readonly port?: number
}

export interface Packet {
  /** Canonical text: dotted quad, or IPv6 in its shortest form. */
  readonly source: string
  readonly destination: string
  readonly protocol: Protocol
  /** 0 for ICMP. */
  readonly sourcePort: number
  readonly destinationPort: number
  readonly flags?: TcpFlags
  readonly icmp?: Icmp
  readonly ttl: number
  /** IP total length, bytes, without encapsulation. */
  readonly length: number
  /** Must not be cut into fragments. TCP sets it, others on wish. Default: only TCP. */
  readonly dontFragment?: boolean
  /** The kernel's mark (fwmark), 0 unless a rule set it. Does not leave the machine. */
  readonly mark: number
  readonly sourceMac?: string
  readonly destinationMac?: string
  readonly outer?: Encapsulation
  /** What it carries, in a few words, for people: 'GET /healthz', 'A? web.default.svc.cluster.local'. */
  readonly carries?: string
}

export const DEFAULT_TTL = 64

export function isIPv6(address: string): boolean {
  return address.includes(':')
}
