/** Connection tracking: what the kernel remembers of each flow, and the translation that its replies undergo. */
import type { Protocol } from '../packet.ts'

export type Direction = 'original' | 'reply'

/** One direction's addresses. */
export interface Tuple {
  readonly source: string
  readonly destination: string
  readonly protocol: Protocol
  readonly sourcePort: number
  readonly destinationPort: number
}

/** An entry of the table: `conntrack -L` prints one line of it. */
export interface Connection {
  original: Tuple
  /** What replies will look like: differs from the mirrored original when NAT is at work. */
  reply: Tuple
  /** TCP state as conntrack prints it; '' for others. */
  tcpState: 'SYN_SENT' | 'SYN_RECV' | 'ESTABLISHED' | 'FIN_WAIT' | 'CLOSE_WAIT' | 'LAST_ACK' | 'TIME_WAIT' | 'CLOSE' | ''
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
  /** Set in POSTROUTING or INPUT of its first packet; unconfirmed ones vanish with a dropped packet. */
  confirmed: boolean
}
