import { sleep, waitFor, type Task } from '../../sim/task.ts'
import type { Netns } from '../link/netns.ts'
import type { Packet } from '../packet.ts'
import type { Journey } from '../trace.ts'
import type { Recorder, SocketErrorCode, SocketFailure, TrafficWorld, Walked } from './types.ts'

/** IP and TCP headers with options; IP and UDP headers. Bytes. */
export const TCP_HEADER = 52
export const UDP_HEADER = 28
/** Retransmission of data: first after this, then twice as long each time. Milliseconds. Source: Linux TCP_RTO_MIN. */
const FIRST_RTO_MS = 200
const MAX_RTO_MS = 120_000
/** net.ipv4.tcp_retries2 = 15 */
const DATA_PATIENCE_MS = 924_600

/** errno for the packet that came back instead of an answer. Source: Linux icmp_err_convert. */
export function errorOf(answer: Packet): SocketErrorCode {
  if (answer.icmp) {
    const { type, code } = answer.icmp
    if (type === 'time-exceeded') return 'EHOSTUNREACH'
    if (code === 'net') return 'ENETUNREACH'
    return code === 'port' ? 'ECONNREFUSED' : 'EHOSTUNREACH'
  }
  return 'ECONNREFUSED'
}

/** How long a packet of an open connection that got through speaks for those after it. Milliseconds. */
const TRUST_MS = 200

/** One direction of an open connection: the last packet that was really walked. */
export interface Way {
  delivery: Delivery | null
  atMs: number
  bytes: number
}

/** What gets through where anything does: 576 bytes with headers. */
const SMALL_BYTES = 576 - TCP_HEADER

/** A way that the handshake has gone. */
export const openedWay = (delivery: Delivery, atMs: number): Way => ({ delivery, atMs, bytes: SMALL_BYTES })

export interface Delivery {
  readonly journey: Journey
  readonly netns: Netns
}

/** Sends packets of one process and lets time pass for them: simulated time has milliseconds, latencies have microseconds. */
export class Wire {
  readonly world: TrafficWorld
  readonly recorder: Recorder | undefined
  private debtUs = 0
  /** Path MTU by destination, as ICMP errors told it. */
  private readonly pathMtu = new Map<string, number>()

  constructor(world: TrafficWorld, recorder?: Recorder) {
    this.world = world
    this.recorder = recorder
  }

  get nowMs(): number {
    return this.world.sim.now
  }

  /** [0, 1) */
  random(): number {
    return this.world.sim.random('network/sockets').next()
  }

  /** Lets that many microseconds pass; parts of a millisecond are saved up. */
  *pass(us: number): Task {
    this.debtUs += us
    const ms = Math.floor(this.debtUs / 1000)
    if (ms === 0) return
    this.debtUs -= ms * 1000
    yield* sleep(ms)
  }

  walk(from: Netns, packet: Packet): Walked {
    return this.world.walk(from, packet, this.recorder !== undefined)
  }

  /**
   * Sends a segment of an open connection again and again until it arrives, as TCP does. `bytes` are those of the
   * payload: a full segment goes when they are many. Reset: the other side knows nothing of the connection.
   */
  *segment(from: Netns, packet: Packet, bytes: number, patienceMs = DATA_PATIENCE_MS): Task<Delivery | SocketFailure> {
    const startMs = this.nowMs
    let softError: SocketErrorCode = 'ETIMEDOUT'
    for (let rtoMs = FIRST_RTO_MS; ; rtoMs = Math.min(rtoMs * 2, MAX_RTO_MS)) {
      const sent = { ...packet, length: Math.min(TCP_HEADER + bytes, this.mtuTo(from, packet.destination)) }
      const { journey, netns } = this.walk(from, sent)
      yield* this.pass(journey.tookUs)
      if (netns) return { journey, netns }
      if (journey.outcome.kind === 'rejected') {
        const { answer } = journey.outcome
        if (answer.icmp?.code === 'fragmentation-needed' && (answer.icmp.mtu ?? 0) < sent.length) {
          this.pathMtu.set(packet.destination, answer.icmp.mtu ?? 1280)
          continue
        }
        if (!answer.icmp) return this.failed('ECONNRESET', startMs)
        softError = errorOf(answer)
      }
      const leftMs = startMs + patienceMs - this.nowMs
      if (leftMs <= 0) return this.failed(softError, startMs)
      yield* sleep(Math.min(rtoMs, leftMs))
      if (this.nowMs >= startMs + patienceMs) return this.failed(softError, startMs)
    }
  }

  /**
   * The same for one of many segments of a connection. SIMPLIFIED: what follows a packet that got through less than 200 ms
   * ago takes its way unwalked, as connection tracking would have it; it is in no counters.
   */
  *next(way: Way, from: Netns, packet: Packet, bytes: number): Task<Delivery | SocketFailure> {
    const { delivery } = way
    const isTrusted = bytes <= way.bytes && this.nowMs - way.atMs < TRUST_MS && !this.recorder && this.world.isCalm()
    if (delivery && isTrusted) {
      yield* this.pass(delivery.journey.tookUs)
      return delivery
    }
    const made = yield* this.segment(from, packet, bytes)
    way.delivery = 'failure' in made ? null : made
    way.atMs = this.nowMs
    way.bytes = bytes
    return made
  }

  failed(failure: SocketErrorCode, startMs: number): SocketFailure {
    return { failure, afterMs: this.nowMs - startMs }
  }

  /** SIMPLIFIED: the segment size follows the sender's interface alone, not what the other side announced. */
  private mtuTo(from: Netns, destination: string): number {
    const known = this.pathMtu.get(destination)
    if (known !== undefined) return known
    let mtu = 65_536
    for (const device of from.devices.values())
      if (device.kind === 'veth' || device.kind === 'physical') mtu = Math.min(mtu, device.mtu)
    return mtu
  }
}

/** The task's result; undefined when it takes longer: it is then cancelled. */
export function within<T>(sim: TrafficWorld['sim'], task: Task<T>, timeoutMs: number): Task<T | undefined> {
  return waitFor<T | undefined>((resume, fail) => {
    const timer = sim.schedule(timeoutMs, () => {
      handle.cancel()
      resume(undefined)
    })
    const handle = sim.spawn(
      task,
      (value) => {
        timer.cancel()
        resume(value)
      },
      (error) => {
        timer.cancel()
        fail(error)
      },
    )
    return () => {
      timer.cancel()
      handle.cancel()
    }
  })
}
