import { sleep, type Task } from '../../sim/task.ts'
import type { DnsMessage, DnsQuestion } from '../dns/message.ts'
import { messageLength } from '../dns/message.ts'
import { parseResolvConf } from '../dns/resolv-conf.ts'
import type { Netns } from '../link/netns.ts'
import { sourceAddress } from '../link/routing.ts'
import { DEFAULT_TTL, isIPv6, type Packet } from '../packet.ts'
import { PortTable } from './port-table.ts'
import { lookup, type Libc } from './resolver.ts'
import { connect, type ConnectOptions } from './tcp.ts'
import {
  type Endpoint,
  type Listener,
  type Lookup,
  type Ping,
  type Recorder,
  type SocketFailure,
  type TcpConnection,
  type TrafficWorld,
} from './types.ts'
import { errorOf, UDP_HEADER, within, Wire } from './wire.ts'

const DNS_TIMEOUT_MS = 5000
const DATAGRAM_TIMEOUT_MS = 5000
const PING_TIMEOUT_MS = 10_000
const ECHO_BYTES = 84

/** Who opens sockets. */
export interface SocketOwner {
  /** Its namespace; undefined while it has none (no sandbox yet, no power). */
  netns(): Netns | undefined
  /** Its /etc/hosts and /etc/resolv.conf. */
  readFile(path: string): string | undefined
  readonly libc: Libc
}

/** The network as one process sees it: names, connections and datagrams over the simulated fabric. */
export class ProcessSockets {
  private readonly wire: Wire
  private readonly owner: SocketOwner
  private pings = 0

  constructor(world: TrafficWorld, owner: SocketOwner, recorder?: Recorder) {
    this.wire = new Wire(world, recorder)
    this.owner = owner
  }

  *lookup(name: string, family?: 4 | 6): Task<Lookup> {
    const { owner } = this
    const world = {
      nowMs: () => this.wire.nowMs,
      readFile: (path: string) => owner.readFile(path),
      query: (question: DnsQuestion, server: Endpoint, timeoutMs: number) => this.query(question, server, timeoutMs),
    }
    return yield* lookup(world, name, owner.libc, family)
  }

  *query(question: DnsQuestion, server?: Endpoint, timeoutMs = DNS_TIMEOUT_MS): Task<DnsMessage | SocketFailure> {
    const [first = '127.0.0.1'] = server ? [] : parseResolvConf(this.owner.readFile('/etc/resolv.conf') ?? '').nameservers
    const target = server ?? { address: first, port: 53 }
    const name = question.name.replace(/\.$/, '')
    const sent = { what: `${question.type}? ${name}`, bytes: messageLength(name, 0) - UDP_HEADER }
    return yield* this.exchange<DnsMessage>(
      target,
      sent,
      timeoutMs,
      (listener, peer) => listener.dns?.(question, peer, 'udp') ?? nobody(),
      ({ code, answers }) => ({
        result: answers.length > 0 ? answers.map(({ data }) => data).join(', ') : code,
        bytes: 60 + 30 * answers.length,
      }),
    )
  }

  *connect(target: Endpoint, options: ConnectOptions = {}): Task<TcpConnection | SocketFailure> {
    const netns = this.owner.netns()
    if (!netns) return { failure: 'ENETUNREACH', afterMs: 0 }
    return yield* connect(this.wire, netns, target, options)
  }

  *datagram(target: Endpoint, payload: string, timeoutMs = DATAGRAM_TIMEOUT_MS): Task<string | SocketFailure> {
    const answer = function* (listener: Listener, peer: Endpoint): Task<string | undefined> {
      return listener.talk?.(payload, peer)
    }
    const describe = (text: string) => ({ result: text.slice(0, 40), bytes: text.length })
    return yield* this.exchange<string>(
      target,
      { what: payload.trim().slice(0, 40), bytes: payload.length },
      timeoutMs,
      answer,
      describe,
    )
  }

  *ping(address: string, timeoutMs = PING_TIMEOUT_MS, ttl = DEFAULT_TTL): Task<Ping | SocketFailure> {
    const startMs = this.wire.nowMs
    const netns = this.owner.netns()
    netns?.settle()
    const source = netns && sourceAddress(netns, address)
    if (!netns || source === undefined) return this.wire.failed('ENETUNREACH', startMs)
    const id = 1 + (++this.pings % 65_535)
    const request = echo('echo-request', source, address, id, ttl)
    const { journey, netns: arrival } = this.wire.walk(netns, request)
    yield* this.wire.pass(journey.tookUs)
    const told = (error: string, from: string): Ping => ({ timeMs: journey.tookUs / 1000, ttl, from, error })
    if (journey.outcome.kind === 'rejected') {
      const { answer } = journey.outcome
      this.wire.recorder?.({ what: 'echo request', result: answer.carries ?? '', journey })
      return told(answer.carries ?? 'Destination Host Unreachable', answer.source)
    }
    const { arrived } = journey
    const answer = echo('echo-reply', arrived.destination, arrived.source, arrived.icmp?.id ?? id, DEFAULT_TTL)
    const walked = arrival && this.wire.walk(arrival, answer)
    const reply = walked?.journey
    if (reply) yield* this.wire.pass(reply.tookUs)
    const isBack = walked?.netns === netns
    this.wire.recorder?.({
      what: 'echo request',
      result: isBack ? 'echo reply' : 'no answer',
      journey,
      ...(reply ? { reply } : {}),
    })
    if (reply && isBack)
      return { timeMs: (journey.tookUs + reply.tookUs) / 1000, ttl: reply.arrived.ttl, from: reply.arrived.source }
    yield* sleep(Math.max(0, startMs + timeoutMs - this.wire.nowMs))
    return this.wire.failed('ETIMEDOUT', startMs)
  }

  /** One datagram there and one back. */
  private *exchange<T extends object | string>(
    target: Endpoint,
    sent: { readonly what: string; readonly bytes: number },
    timeoutMs: number,
    answer: (listener: Listener, peer: Endpoint) => Task<T | undefined>,
    describe: (answer: T) => { readonly result: string; readonly bytes: number },
  ): Task<T | SocketFailure> {
    const { wire } = this
    const startMs = wire.nowMs
    const netns = this.owner.netns()
    netns?.settle()
    const address = netns && sourceAddress(netns, target.address)
    if (!netns || address === undefined) return wire.failed('ENETUNREACH', startMs)
    const port = PortTable.of(netns).take('udp', target, wire.random())
    if (port === undefined) return wire.failed('EADDRNOTAVAIL', startMs)
    const local = { address, port }
    try {
      const task = this.exchangeNow(netns, local, target, sent, answer, describe)
      const result = yield* within(wire.world.sim, task, timeoutMs)
      if (result === undefined) return wire.failed('ETIMEDOUT', startMs)
      if (result !== 'lost') return result
      yield* sleep(Math.max(0, startMs + timeoutMs - wire.nowMs))
      return wire.failed('ETIMEDOUT', startMs)
    } finally {
      PortTable.of(netns).free('udp', port, target)
    }
  }

  private *exchangeNow<T extends object | string>(
    netns: Netns,
    local: Endpoint,
    target: Endpoint,
    { what, bytes }: { readonly what: string; readonly bytes: number },
    answer: (listener: Listener, peer: Endpoint) => Task<T | undefined>,
    describe: (answer: T) => { readonly result: string; readonly bytes: number },
  ): Task<T | SocketFailure | 'lost'> {
    const { wire } = this
    const startMs = wire.nowMs
    const { journey, netns: arrival } = wire.walk(netns, datagram(local, target, UDP_HEADER + bytes, what))
    yield* wire.pass(journey.tookUs)
    if (journey.outcome.kind === 'rejected') {
      const failure = errorOf(journey.outcome.answer)
      wire.recorder?.({ what, result: failure, journey })
      return wire.failed(failure, startMs)
    }
    const server = { address: journey.arrived.destination, port: journey.arrived.destinationPort }
    const peer = { address: journey.arrived.source, port: journey.arrived.sourcePort }
    const listener = arrival && wire.world.listener(arrival, 'udp', server.address, server.port)
    const given = listener && (yield* answer(listener, peer))
    if (!arrival || given === undefined) {
      wire.recorder?.({ what, result: 'no answer', journey })
      return 'lost'
    }
    const { result, bytes: length } = describe(given)
    const { journey: reply, netns: back } = wire.walk(arrival, datagram(server, peer, UDP_HEADER + length, result))
    yield* wire.pass(reply.tookUs)
    const isBack = back === netns && reply.arrived.source === target.address
    wire.recorder?.({ what, result: isBack ? result : 'its answer did not arrive', journey, reply })
    return isBack ? given : 'lost'
  }
}

function* nobody(): Task<undefined> {
  return undefined
}

function datagram(source: Endpoint, target: Endpoint, length: number, carries: string): Packet {
  return {
    source: source.address,
    destination: target.address,
    protocol: 'udp',
    sourcePort: source.port,
    destinationPort: target.port,
    ttl: DEFAULT_TTL,
    length,
    mark: 0,
    carries,
  }
}

function echo(type: 'echo-request' | 'echo-reply', source: string, destination: string, id: number, ttl: number): Packet {
  return {
    source,
    destination,
    protocol: isIPv6(destination) ? 'icmpv6' : 'icmp',
    sourcePort: 0,
    destinationPort: 0,
    icmp: { type, id },
    ttl,
    length: ECHO_BYTES,
    mark: 0,
    carries: type.replace('-', ' '),
  }
}
