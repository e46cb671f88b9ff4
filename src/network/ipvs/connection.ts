/** IPVS connections: which client was sent to which real server, and in which state that is. */
import type { Packet, Protocol, TcpFlags } from '../packet.ts'
import type { RealServer, VirtualServer } from './server.ts'

/** As `ipvsadm -Lc` prints them. NONE: a template, that is, a client's affinity. */
export type IpvsState =
  | 'NONE'
  | 'ESTABLISHED'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'FIN_WAIT'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'UDP'

export interface IpvsConnection {
  readonly key: string
  readonly protocol: Protocol
  readonly clientAddress: string
  /** 0 in a template. */
  readonly clientPort: number
  readonly virtual: VirtualServer
  readonly real: RealServer
  readonly isTemplate: boolean
  state: IpvsState
  expiresMs: number
  /** The second in whose bucket the table will look at it. */
  bucket: number
  /** Template that it was made by. */
  readonly template?: IpvsConnection
  /** Template: connections that it has made and that are still there. */
  controlled: number
}

/** Milliseconds until a connection in that state goes when nothing passes. Linux: net/netfilter/ipvs tcp_timeouts. */
export const TIMEOUT_MS: Readonly<Record<IpvsState, number>> = {
  NONE: 2_000,
  ESTABLISHED: 900_000,
  SYN_SENT: 120_000,
  SYN_RECV: 60_000,
  FIN_WAIT: 120_000,
  TIME_WAIT: 120_000,
  CLOSE: 10_000,
  CLOSE_WAIT: 60_000,
  LAST_ACK: 30_000,
  UDP: 300_000,
}

/** Counted as ActiveConn; all others as InActConn. Linux: tcp_state_active_table. */
export function isActive(state: IpvsState): boolean {
  return state === 'ESTABLISHED' || state === 'SYN_SENT' || state === 'SYN_RECV'
}

type FlagKind = 'syn' | 'fin' | 'ack' | 'rst'

function kindOf(flags: TcpFlags | undefined): FlagKind {
  if (flags === 'S' || flags === 'S.') return 'syn'
  if (flags === 'F.') return 'fin'
  return flags === 'R' || flags === 'R.' ? 'rst' : 'ack'
}

/** What the client's packets do to a connection. A state that is missing stays. Linux: tcp_states, INPUT. */
const FROM_CLIENT: Readonly<Record<FlagKind, { readonly [state in IpvsState]?: IpvsState }>> = {
  syn: { NONE: 'SYN_RECV', FIN_WAIT: 'SYN_RECV', TIME_WAIT: 'SYN_RECV', CLOSE: 'SYN_RECV', LAST_ACK: 'SYN_RECV' },
  fin: { NONE: 'CLOSE', ESTABLISHED: 'CLOSE_WAIT', SYN_RECV: 'TIME_WAIT', FIN_WAIT: 'TIME_WAIT' },
  ack: { NONE: 'ESTABLISHED', SYN_RECV: 'ESTABLISHED', LAST_ACK: 'CLOSE' },
  rst: { NONE: 'CLOSE', ESTABLISHED: 'CLOSE', SYN_SENT: 'CLOSE', FIN_WAIT: 'CLOSE', TIME_WAIT: 'CLOSE', CLOSE_WAIT: 'CLOSE' },
}

/** What the real server's packets do. Linux: tcp_states, OUTPUT. */
const FROM_SERVER: Readonly<Record<FlagKind, { readonly [state in IpvsState]?: IpvsState }>> = {
  syn: { NONE: 'SYN_SENT', FIN_WAIT: 'SYN_SENT', TIME_WAIT: 'SYN_RECV' },
  fin: {
    NONE: 'TIME_WAIT',
    ESTABLISHED: 'FIN_WAIT',
    SYN_SENT: 'TIME_WAIT',
    SYN_RECV: 'FIN_WAIT',
    CLOSE_WAIT: 'LAST_ACK',
  },
  ack: { NONE: 'ESTABLISHED' },
  rst: {
    NONE: 'CLOSE',
    ESTABLISHED: 'CLOSE',
    SYN_SENT: 'CLOSE',
    SYN_RECV: 'CLOSE',
    FIN_WAIT: 'CLOSE',
    TIME_WAIT: 'CLOSE',
    CLOSE_WAIT: 'CLOSE',
    LAST_ACK: 'CLOSE',
  },
}

/** The state after a packet. */
export function nextState(state: IpvsState, packet: Packet, from: 'client' | 'server'): IpvsState {
  if (packet.protocol !== 'tcp') return 'UDP'
  return (from === 'client' ? FROM_CLIENT : FROM_SERVER)[kindOf(packet.flags)][state] ?? state
}
