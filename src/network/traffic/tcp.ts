import { sleep, type Task } from '../../sim/task.ts'
import type { DnsMessage, DnsQuestion } from '../dns/message.ts'
import type { Netns } from '../link/netns.ts'
import { sourceAddress } from '../link/routing.ts'
import { DEFAULT_TTL, type Packet, type TcpFlags } from '../packet.ts'
import { PortTable } from './port-table.ts'
import {
  isFailure,
  type Endpoint,
  type HttpRequest,
  type HttpResponse,
  type Listener,
  type SocketFailure,
  type TcpConnection,
} from './types.ts'
import { errorOf, openedWay, TCP_HEADER, within, type Delivery, type Wire, type Way } from './wire.ts'

/** net.ipv4.tcp_syn_retries = 6: 1 + 2 + 4 + … + 64 seconds. */
const CONNECT_PATIENCE_MS = 127_000
const FIRST_SYN_RTO_MS = 1000
const SYN_BYTES = 60
const DEFAULT_ANSWER_MS = 1
/** Of a processor, for an answer that does not say. */
const DEFAULT_CPU_MS = 0.3

export interface ConnectOptions {
  readonly timeoutMs?: number
  readonly sourcePort?: number
}

function segment(source: Endpoint, target: Endpoint, flags: TcpFlags, carries: string): Packet {
  return {
    source: source.address,
    destination: target.address,
    protocol: 'tcp',
    sourcePort: source.port,
    destinationPort: target.port,
    flags,
    ttl: DEFAULT_TTL,
    length: flags === 'S' || flags === 'S.' ? SYN_BYTES : TCP_HEADER,
    mark: 0,
    carries,
  }
}

const sourceOf = ({ source, sourcePort }: Packet): Endpoint => ({ address: source, port: sourcePort })
const targetOf = ({ destination, destinationPort }: Packet): Endpoint => ({ address: destination, port: destinationPort })
const isSame = (a: Endpoint, b: Endpoint) => a.address === b.address && a.port === b.port

/**
 * The three-way handshake. SYNs are sent again after 1, 2, 4… seconds until the caller's patience is over. SIMPLIFIED: the
 * last ACK, and the FINs of the end, are not packets of their own.
 */
export function* connect(
  wire: Wire,
  netns: Netns,
  target: Endpoint,
  options: ConnectOptions = {},
): Task<Connection | SocketFailure> {
  const startMs = wire.nowMs
  netns.settle()
  const address = sourceAddress(netns, target.address)
  if (address === undefined) return wire.failed('ENETUNREACH', startMs)
  const table = PortTable.of(netns)
  const port = options.sourcePort ?? table.take('tcp', target, wire.random())
  if (port === undefined) return wire.failed('EADDRNOTAVAIL', startMs)
  const local = { address, port }
  const failed = (failure: SocketFailure): SocketFailure => {
    table.free('tcp', port, target)
    return failure
  }
  const endMs = startMs + (options.timeoutMs ?? CONNECT_PATIENCE_MS)
  for (let rtoMs = FIRST_SYN_RTO_MS; ; rtoMs *= 2) {
    const sentMs = wire.nowMs
    const tried = yield* handshake(wire, netns, local, target)
    if (tried instanceof Connection) return tried
    if (tried !== undefined) return failed(wire.failed(tried, startMs))
    if (wire.nowMs >= endMs) return failed(wire.failed('ETIMEDOUT', startMs))
    yield* sleep(Math.max(0, Math.min(sentMs + rtoMs, endMs) - wire.nowMs))
    if (wire.nowMs >= endMs) return failed(wire.failed('ETIMEDOUT', startMs))
  }
}

/** One SYN and what becomes of it; undefined: nothing came back. */
function* handshake(
  wire: Wire,
  netns: Netns,
  local: Endpoint,
  target: Endpoint,
): Task<Connection | SocketFailure['failure'] | undefined> {
  const { journey, netns: arrival } = wire.walk(netns, segment(local, target, 'S', `connect to ${target.address}:${target.port}`))
  yield* wire.pass(journey.tookUs)
  if (journey.outcome.kind === 'rejected') {
    const failure = errorOf(journey.outcome.answer)
    wire.recorder?.({ what: 'SYN', result: failure, journey })
    return failure
  }
  const server = targetOf(journey.arrived)
  const peer = sourceOf(journey.arrived)
  const listener = arrival && wire.world.listener(arrival, 'tcp', server.address, server.port)
  if (!arrival || !listener) {
    wire.recorder?.({ what: 'SYN', result: 'no answer', journey })
    return undefined
  }
  const { journey: reply, netns: back } = wire.walk(arrival, segment(server, peer, 'S.', 'connection accepted'))
  yield* wire.pass(reply.tookUs)
  // An answer from another address than the one that was asked is answered by a reset.
  const isOurs = back === netns && isSame(sourceOf(reply.arrived), target) && isSame(targetOf(reply.arrived), local)
  wire.recorder?.({ what: 'SYN', result: isOurs ? 'connected' : 'its answer did not arrive', journey, reply })
  if (!isOurs) return undefined
  PortTable.of(arrival).accept(server, peer, listener)
  const ways = {
    there: openedWay({ journey, netns: arrival }, wire.nowMs),
    back: openedWay({ journey: reply, netns }, wire.nowMs),
  }
  return new Connection(wire, { client: netns, local, remote: target, serverNetns: arrival, server, peer, listener }, ways)
}

interface Ends {
  readonly client: Netns
  readonly local: Endpoint
  /** As the client called it. */
  readonly remote: Endpoint
  readonly serverNetns: Netns
  /** As the server knows itself, and the client as the server sees it. */
  readonly server: Endpoint
  readonly peer: Endpoint
  readonly listener: Listener
}

const sizeOf = (headers: HttpRequest['headers'] | undefined, body: string) => {
  let bytes = 90 + body.length
  for (const name in headers) bytes += name.length + 4 + (headers[name]?.length ?? 0)
  return bytes
}

/** An open TCP connection between two processes. Both ends and all that tracks it in between must go on knowing it. */
export class Connection implements TcpConnection {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** As the server sees it, after whatever translation. */
  readonly ends: Ends
  private readonly wire: Wire
  private isUsable = true
  private readonly ways: { readonly there: Way; readonly back: Way }

  constructor(wire: Wire, ends: Ends, ways: { readonly there: Way; readonly back: Way }) {
    this.wire = wire
    this.ways = ways
    this.ends = ends
    this.local = ends.local
    this.remote = ends.remote
  }

  /** The server's kernel says so when its process ends. SIMPLIFIED: that packet is not drawn, and lost only while cables lose any. */
  get isOpen(): boolean {
    if (!this.isUsable) return false
    const { serverNetns, server, listener } = this.ends
    const { world } = this.wire
    if (world.listener(serverNetns, 'tcp', server.address, server.port) === listener) return true
    return !world.isUp(serverNetns) || !world.isCalm()
  }

  *http(
    request: HttpRequest,
    options: { readonly tls?: string; readonly timeoutMs?: number } = {},
  ): Task<HttpResponse | SocketFailure> {
    const { listener, peer, serverNetns, server } = this.ends
    const { world } = this.wire
    const what = `${request.method} ${request.path}`
    const bytes = sizeOf(request.headers, request.body)
    return yield* this.exchange<HttpResponse>(
      what,
      bytes,
      options.timeoutMs,
      function* () {
        const isSecure = listener.protocol === 'https'
        if (options.tls !== undefined && !isSecure) return 'EPROTO'
        if (options.tls === undefined && isSecure)
          return { status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' }
        const answer = listener.serve ? yield* listener.serve(request, peer) : listener.http?.(request, peer)
        if (!answer) return undefined
        const busyMs = world.served(serverNetns, server.port, answer.cpuMs ?? DEFAULT_CPU_MS)
        const waitMs = Math.max(busyMs, listener.serve ? 0 : (answer.delayMs ?? DEFAULT_ANSWER_MS))
        if (waitMs >= 1) yield* sleep(Math.floor(waitMs))
        return answer
      },
      (answer) => ({ result: String(answer.status), bytes: sizeOf(answer.headers, answer.body) }),
    )
  }

  *talk(text: string, timeoutMs?: number): Task<string | SocketFailure> {
    const { listener, peer } = this.ends
    return yield* this.exchange<string>(
      text.split('\n')[0]?.slice(0, 40) ?? '',
      text.length,
      timeoutMs,
      function* () {
        if (listener.talk) return listener.talk(text, peer)
        if (listener.protocol === 'https') return text === '' ? undefined : NOT_HTTPS
        if (listener.http || listener.serve) return yield* rawHttp(text, listener, peer)
        return undefined
      },
      (answer) => ({ result: answer.split('\n')[0]?.slice(0, 40) ?? '', bytes: answer.length }),
    )
  }

  *dns(question: DnsQuestion, timeoutMs?: number): Task<DnsMessage | SocketFailure> {
    const { listener, peer } = this.ends
    return yield* this.exchange<DnsMessage>(
      `${question.type}? ${question.name}`,
      30 + question.name.length,
      timeoutMs,
      function* () {
        return listener.dns ? yield* listener.dns(question, peer, 'tcp') : undefined
      },
      (answer) => ({ result: answer.code, bytes: 60 + answer.answers.length * 30 }),
    )
  }

  close(): void {
    if (!this.isUsable) return
    this.isUsable = false
    const { client, local, remote, serverNetns, server, peer } = this.ends
    const { world } = this.wire
    const { netns: arrival } = world.walk(client, segment(local, remote, 'F.', 'close'), false)
    if (arrival === serverNetns) world.walk(serverNetns, segment(server, peer, 'F.', 'close'), false)
    this.forget()
  }

  /** Sends, lets the server answer, brings the answer back. */
  private *exchange<T extends object | string>(
    what: string,
    bytes: number,
    timeoutMs: number | undefined,
    answer: () => Task<T | 'EPROTO' | undefined>,
    describe: (answer: T) => { readonly result: string; readonly bytes: number },
  ): Task<T | SocketFailure> {
    const { wire } = this
    const startMs = wire.nowMs
    const task = this.exchangeNow(what, bytes, answer, describe)
    if (timeoutMs === undefined) return yield* task
    const result = yield* within(wire.world.sim, task, timeoutMs)
    if (result !== undefined) return result
    this.abort()
    return wire.failed('ETIMEDOUT', startMs)
  }

  private *exchangeNow<T extends object | string>(
    what: string,
    bytes: number,
    answer: () => Task<T | 'EPROTO' | undefined>,
    describe: (answer: T) => { readonly result: string; readonly bytes: number },
  ): Task<T | SocketFailure> {
    const { wire } = this
    const { client, local, remote, serverNetns, server, peer } = this.ends
    const startMs = wire.nowMs
    if (!this.isOpen) return this.broken(wire.failed('ECONNRESET', startMs))
    const sent = yield* wire.next(this.ways.there, client, segment(local, remote, 'P.', what), bytes)
    if (isFailure(sent)) return this.broken(sent)
    if (!this.isKnownTo(sent)) return yield* this.reset(sent, what, startMs)
    const given = yield* answer()
    // Says nothing: whoever waits, waits until it loses patience or the other end goes.
    if (given === undefined) yield* this.untilGone()
    if (given === undefined || !this.isKnownTo(sent)) return yield* this.reset(sent, what, startMs)
    if (given === 'EPROTO') return wire.failed('EPROTO', startMs)
    const { result, bytes: answerBytes } = describe(given)
    const back = yield* wire.next(this.ways.back, serverNetns, segment(server, peer, 'P.', `${result} (${what})`), answerBytes)
    if (isFailure(back)) return this.broken(back)
    wire.recorder?.({ what, result, journey: sent.journey, reply: back.journey })
    return given
  }

  /** Whether the one who got the packet has this connection open, with the process that accepted it still there. */
  private isKnownTo({ netns, journey }: Delivery): boolean {
    const local = targetOf(journey.arrived)
    const { listener } = this.ends
    if (PortTable.of(netns).accepter(local, sourceOf(journey.arrived)) !== listener) return false
    return this.wire.world.listener(netns, 'tcp', local.address, local.port) === listener
  }

  private *untilGone(): Task {
    // SIMPLIFIED: looked at once a second.
    const { serverNetns, server, listener } = this.ends
    while (this.wire.world.listener(serverNetns, 'tcp', server.address, server.port) === listener) yield* sleep(1000)
  }

  private *reset({ netns, journey }: Delivery, what: string, startMs: number): Task<SocketFailure> {
    const { journey: reply } = this.wire.walk(netns, segment(targetOf(journey.arrived), sourceOf(journey.arrived), 'R', 'reset'))
    yield* this.wire.pass(reply.tookUs)
    this.wire.recorder?.({ what, result: 'reset', journey, reply })
    return this.broken(this.wire.failed('ECONNRESET', startMs))
  }

  private broken(failure: SocketFailure): SocketFailure {
    this.isUsable = false
    this.forget()
    return failure
  }

  /** The client gives up: a reset for the server. */
  private abort(): void {
    if (!this.isUsable) return
    this.isUsable = false
    this.wire.world.walk(this.ends.client, segment(this.local, this.remote, 'R.', 'given up'), false)
    this.forget()
  }

  private forget(): void {
    const { client, local, remote, serverNetns, server, peer } = this.ends
    PortTable.of(serverNetns).forget(server, peer)
    PortTable.of(client).free('tcp', local.port, remote)
  }
}

const BAD_REQUEST =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request'
/** What Go's server says to plain text on its TLS port. */
const NOT_HTTPS = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'

/** An HTTP request typed by hand, and the answer as it goes over the wire. */
function* rawHttp(text: string, listener: Listener, peer: Endpoint): Task<string> {
  const [head = '', body = ''] = text.split(/\r?\n\r?\n/)
  const [first = '', ...lines] = head.split(/\r?\n/)
  const [, method, path] = /^([A-Z]+) (\S+) HTTP\/\d/.exec(first) ?? []
  if (method === undefined || path === undefined) return BAD_REQUEST
  const headers = Object.fromEntries(lines.map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]))
  const request = { method, path, headers, body }
  const answer = listener.serve ? yield* listener.serve(request, peer) : listener.http?.(request, peer)
  if (!answer) return BAD_REQUEST
  const more = Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${answer.status} \r\n${more.join('')}Content-Length: ${answer.body.length}\r\n\r\n${answer.body}`
}
