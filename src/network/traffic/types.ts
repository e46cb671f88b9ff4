/**
 * What traffic needs of the world: who listens where, and the shapes of sockets. The runtime has types of the same
 * shape for programs; cluster/ puts the two together.
 */
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'
import type { DnsMessage, DnsQuestion } from '../dns/message.ts'
import type { Netns } from '../link/netns.ts'
import type { Packet } from '../packet.ts'
import type { Journey } from '../trace.ts'

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export type SocketErrorCode =
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EHOSTUNREACH'
  | 'ENETUNREACH'
  | 'ETIMEDOUT'
  | 'EADDRNOTAVAIL'
  | 'EPERM'
  | 'EPROTO'

export interface SocketFailure {
  readonly failure: SocketErrorCode
  readonly afterMs: number
}

export const isFailure = (value: object | string): value is SocketFailure => typeof value === 'object' && 'failure' in value

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

export interface HttpResponse {
  readonly status: number
  readonly body: string
  readonly headers?: { readonly [name: string]: string }
  readonly delayMs?: number
  readonly cpuMs?: number
}

/** What answers on a port: the runtime's PortService, as far as the network asks it. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp' | 'http' | 'https' | 'grpc'
  readonly http?: (request: HttpRequest, peer: Endpoint) => HttpResponse
  readonly serve?: (request: HttpRequest, peer: Endpoint) => Task<HttpResponse>
  readonly talk?: (text: string, peer: Endpoint) => string | undefined
  readonly dns?: (question: DnsQuestion, peer: Endpoint, protocol: 'udp' | 'tcp') => Task<DnsMessage | undefined>
}

/** A packet's way, and the namespace that it was delivered in, if it was. */
export interface Walked {
  readonly journey: Journey
  readonly netns: Netns | undefined
}

/** Where connections run: the fabric and those who listen in it. */
export interface TrafficWorld {
  readonly sim: Simulation
  walk(from: Netns, packet: Packet, record: boolean): Walked
  /** Whether the machine that a namespace is on has power: its kernel tells others when a process ends. */
  isUp(netns: Netns): boolean
  /** Whether no cable loses packets: only then may what got through a moment ago be taken to get through again. */
  isCalm(): boolean
  /** A server used that much of a processor for one answer. Gives how long that takes with what else it has to do. Milliseconds. */
  served(netns: Netns, port: number, cpuMs: number): number
  /** What listens on a port of an address there. */
  listener(netns: Netns, protocol: 'tcp' | 'udp', address: string, port: number): Listener | undefined
}

/** One thing that a process sent, and what came back. */
export interface TrafficStep {
  /** 'SYN', 'GET /healthz', 'A? web.default.svc.cluster.local', 'echo request'. */
  readonly what: string
  /** How it ended, in a few words: 'connected', '200', 'NXDOMAIN', 'no answer'. */
  readonly result: string
  readonly journey: Journey
  readonly reply?: Journey
}

/** Told of each step, in order. With a recorder all packets are walked with their stations written down. */
export type Recorder = (step: TrafficStep) => void

export type Lookup =
  | { readonly addresses: readonly string[]; readonly canonicalName: string }
  | { readonly failure: 'EAI_NONAME' | 'EAI_AGAIN'; readonly afterMs: number }

export interface Ping {
  readonly timeMs: number
  readonly ttl: number
  readonly from: string
  /** An error came back in place of a reply, in ping's words: 'Time to live exceeded'. */
  readonly error?: string
}

export interface TcpConnection {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly isOpen: boolean
  http(request: HttpRequest, options?: { readonly tls?: string; readonly timeoutMs?: number }): Task<HttpResponse | SocketFailure>
  talk(text: string, timeoutMs?: number): Task<string | SocketFailure>
  dns(question: DnsQuestion, timeoutMs?: number): Task<DnsMessage | SocketFailure>
  close(): void
}
