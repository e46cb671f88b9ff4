/** Connection tracking: what the kernel remembers of each flow, and the translation that its replies undergo. */
import type { Packet, Protocol } from '../packet.ts'

export type Direction = 'original' | 'reply'

/** One direction's addresses. */
export interface Tuple {
  readonly source: string
  readonly destination: string
  readonly protocol: Protocol
  /** The identifier, of echo requests and replies. */
  readonly sourcePort: number
  /** The identifier, of echo requests and replies. */
  readonly destinationPort: number
  /** Which of the two an echo is. */
  readonly echo?: 'request' | 'reply'
}

/** TCP segments by what they mean for a connection. */
export type Segment = 'syn' | 'synack' | 'ack' | 'fin' | 'rst'

export type TcpState = 'SYN_SENT' | 'SYN_RECV' | 'ESTABLISHED' | 'FIN_WAIT' | 'CLOSE_WAIT' | 'LAST_ACK' | 'TIME_WAIT' | 'CLOSE'

/** An entry of the table: `conntrack -L` prints one line of it. */
export interface Connection {
  original: Tuple
  /** What replies will look like: differs from the mirrored original when NAT is at work. */
  reply: Tuple
  /** TCP state as conntrack prints it; '' for others. */
  tcpState: TcpState | ''
  /** TCP: the last segment that passed, and whether one of the sides has finished. */
  last?: { readonly segment: Segment; readonly direction: Direction }
  finished?: boolean
  /** No reply has been seen. */
  unreplied: boolean
  assured: boolean
  mark: number
  createdMs: number
  /** When it goes unless something passes. */
  expiresMs: number
  /** DNAT or SNAT was decided (also "none"), and is not asked again. */
  dnatDone: boolean
  snatDone: boolean
  /** Packets of the original direction get another destination or source on their way. IPVS translates by itself and sets neither. */
  hasDnat: boolean
  hasSnat: boolean
  /** Set in POSTROUTING or INPUT of its first packet; unconfirmed ones vanish with a dropped packet. */
  confirmed: boolean
}

/** What a packet's own headers say. undefined: not of a kind that is tracked by itself (ICMP errors). */
export function tupleOf(packet: Packet): Tuple | undefined {
  const { source, destination, protocol, icmp } = packet
  if (!icmp) return { source, destination, protocol, sourcePort: packet.sourcePort, destinationPort: packet.destinationPort }
  if (icmp.type !== 'echo-request' && icmp.type !== 'echo-reply') return undefined
  const id = icmp.id ?? 0
  const echo = icmp.type === 'echo-request' ? 'request' : 'reply'
  return { source, destination, protocol, sourcePort: id, destinationPort: id, echo }
}

/** The tuple of an answer. */
export function inverse(tuple: Tuple): Tuple {
  const { source, destination, protocol, sourcePort, destinationPort, echo } = tuple
  const swapped = { source: destination, destination: source, protocol, sourcePort: destinationPort, destinationPort: sourcePort }
  return echo === undefined ? swapped : { ...swapped, echo: echo === 'request' ? 'reply' : 'request' }
}

/** A text that tells tuples apart. */
export function tupleKey({ protocol, source, sourcePort, destination, destinationPort, echo }: Tuple): string {
  return `${protocol}${echo ?? ''} ${source} ${sourcePort} ${destination} ${destinationPort}`
}

export function newConnection(original: Tuple, nowMs: number): Connection {
  return {
    original,
    reply: inverse(original),
    tcpState: '',
    unreplied: true,
    assured: false,
    mark: 0,
    createdMs: nowMs,
    expiresMs: nowMs,
    dnatDone: false,
    snatDone: false,
    hasDnat: false,
    hasSnat: false,
    confirmed: false,
  }
}
