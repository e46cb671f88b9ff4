/** How packets move a connection's state on, and how long it then lives. Source: Linux 6 nf_conntrack_proto_tcp, _udp, _icmp. */
import type { Packet, TcpFlags } from '../packet.ts'
import type { Connection, Direction, Segment, TcpState } from './conntrack.ts'

const SEGMENTS: { readonly [flags in TcpFlags]: Segment } = {
  S: 'syn',
  'S.': 'synack',
  '.': 'ack',
  'P.': 'ack',
  'F.': 'fin',
  R: 'rst',
  'R.': 'rst',
}

/** 'new': the old connection is over, another begins; 'same': taken for a repetition; 'invalid': fits nowhere. */
type Move = TcpState | 'new' | 'same' | 'invalid'
type Moves = { readonly [state in TcpState | '']: Move }

/** One move for each state, in this order. */
const ORDER = ['', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE'] as const

function moves(...list: readonly Move[]): Moves {
  return Object.fromEntries(ORDER.map((state, i) => [state, list[i] ?? 'invalid'])) as Moves
}

const RESET = moves('invalid', 'CLOSE', 'CLOSE', 'CLOSE', 'CLOSE', 'CLOSE', 'CLOSE', 'CLOSE', 'CLOSE')
const FINISH = moves('invalid', 'invalid', 'FIN_WAIT', 'FIN_WAIT', 'LAST_ACK', 'LAST_ACK', 'LAST_ACK', 'TIME_WAIT', 'CLOSE')
const MOVES: { readonly [direction in Direction]: { readonly [segment in Segment]: Moves } } = {
  original: {
    syn: moves('SYN_SENT', 'SYN_SENT', 'same', 'same', 'same', 'same', 'same', 'new', 'new'),
    synack: moves('invalid', 'invalid', 'SYN_RECV', 'invalid', 'invalid', 'invalid', 'invalid', 'invalid', 'invalid'),
    fin: FINISH,
    ack: moves(
      'ESTABLISHED',
      'invalid',
      'ESTABLISHED',
      'ESTABLISHED',
      'CLOSE_WAIT',
      'CLOSE_WAIT',
      'TIME_WAIT',
      'TIME_WAIT',
      'CLOSE',
    ),
    rst: RESET,
  },
  reply: {
    // SIMPLIFIED: two sides that open the same connection at once (SYN_SENT2) are not told apart.
    syn: moves('invalid', 'same', 'invalid', 'invalid', 'invalid', 'invalid', 'invalid', 'new', 'invalid'),
    synack: moves('invalid', 'SYN_RECV', 'same', 'same', 'same', 'same', 'same', 'same', 'same'),
    fin: FINISH,
    ack: moves('invalid', 'same', 'SYN_RECV', 'ESTABLISHED', 'CLOSE_WAIT', 'CLOSE_WAIT', 'TIME_WAIT', 'TIME_WAIT', 'CLOSE'),
    rst: RESET,
  },
}

/** The kernel's timeouts, seconds, by the name of their sysctl under net.netfilter.nf_conntrack_. */
export const TIMEOUTS: { readonly [name: string]: number } = {
  tcp_timeout_syn_sent: 120,
  tcp_timeout_syn_recv: 60,
  tcp_timeout_established: 432_000,
  tcp_timeout_fin_wait: 120,
  tcp_timeout_close_wait: 60,
  tcp_timeout_last_ack: 30,
  tcp_timeout_time_wait: 120,
  tcp_timeout_close: 10,
  tcp_timeout_unacknowledged: 300,
  udp_timeout: 30,
  udp_timeout_stream: 120,
  icmp_timeout: 30,
  icmpv6_timeout: 30,
  sctp_timeout_established: 210,
  sctp_timeout_cookie_wait: 3,
}
/** A UDP flow that is still used after two seconds is taken for a stream. */
const STREAM_AFTER_MS = 2000

/** Reads a sysctl below net.netfilter.nf_conntrack_; undefined when nobody set it. */
export type Settings = (name: string) => number | undefined

/** Whether a packet may begin a connection: anything but TCP segments from the middle of one, except ACKs (tcp_loose). */
export function mayBegin(packet: Packet): boolean {
  if (packet.icmp) return packet.icmp.type === 'echo-request'
  if (packet.protocol !== 'tcp') return true
  const move = MOVES.original[SEGMENTS[packet.flags ?? '.']]['']
  return move !== 'invalid'
}

/**
 * Notes a packet of a connection: its state and its end move on. 'new' when the packet begins another connection over
 * the same addresses, 'invalid' when it does not belong.
 */
export function advance(
  connection: Connection,
  packet: Packet,
  direction: Direction,
  nowMs: number,
  settings: Settings,
): 'known' | 'new' | 'invalid' {
  const seconds = (name: string) => settings(name) ?? TIMEOUTS[name] ?? 600
  if (packet.protocol === 'tcp') {
    const segment = SEGMENTS[packet.flags ?? '.']
    const move = moveOf(connection, segment, direction)
    if (move === 'new' || move === 'invalid') return move
    connection.last = { segment, direction }
    if (segment === 'fin') connection.finished = true
    if (move !== 'same') {
      const wasOpen = connection.tcpState === 'SYN_RECV' || connection.tcpState === 'ESTABLISHED'
      if (move === 'ESTABLISHED' && wasOpen && !connection.unreplied) connection.assured = true
      connection.tcpState = move
    }
    // Picked up in the middle, and nobody has answered yet.
    const isUnsure = connection.unreplied && connection.tcpState === 'ESTABLISHED'
    const timeout = seconds(`tcp_timeout_${connection.tcpState.toLowerCase()}`)
    connection.expiresMs = nowMs + Math.min(timeout, isUnsure ? seconds('tcp_timeout_unacknowledged') : Infinity) * 1000
    noteReply(connection, direction)
    return 'known'
  }
  noteReply(connection, direction)
  if (packet.protocol === 'udp') {
    const isStream = !connection.unreplied && nowMs - connection.createdMs > STREAM_AFTER_MS
    if (isStream) connection.assured = true
    connection.expiresMs = nowMs + seconds(isStream ? 'udp_timeout_stream' : 'udp_timeout') * 1000
  } else if (packet.protocol === 'sctp') {
    // SIMPLIFIED: of SCTP's states only "no answer yet" and "answered" are told apart.
    connection.assured = !connection.unreplied
    connection.expiresMs = nowMs + seconds(connection.unreplied ? 'sctp_timeout_cookie_wait' : 'sctp_timeout_established') * 1000
  } else {
    connection.expiresMs = nowMs + seconds(`${packet.protocol}_timeout`) * 1000
  }
  return 'known'
}

function moveOf({ tcpState, last, finished }: Connection, segment: Segment, direction: Direction): Move {
  const move = MOVES[direction][segment][tcpState]
  // Reopened only by the side that gave it up, or after a proper end.
  const isOver = finished || (last?.segment === 'rst' && last.direction === direction)
  if (move === 'new') return isOver ? 'new' : 'same'
  // The answer to a SYN that was taken for a repetition: the two sides know better.
  return segment === 'synack' && move === 'same' && last?.segment === 'syn' && last.direction !== direction ? 'SYN_RECV' : move
}

function noteReply(connection: Connection, direction: Direction): void {
  if (direction === 'reply') connection.unreplied = false
}
