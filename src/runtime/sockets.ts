/**
 * What a program in a container can ask of the network it is in: the socket calls, cut to what is simulated. The network
 * has this shape without importing it; cluster/ puts the two together.
 */
import type { Task } from '../sim/task.ts'
import type { HttpRequest, HttpResponse } from './program.ts'

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** errno by name. ETIMEDOUT: nobody answered within the caller's patience. */
export type SocketErrorCode =
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EHOSTUNREACH'
  | 'ENETUNREACH'
  | 'ETIMEDOUT'
  | 'EADDRNOTAVAIL'
  | 'EPERM'
  /** TLS where none is spoken. */
  | 'EPROTO'
export interface SocketFailure {
  readonly failure: SocketErrorCode
  readonly afterMs: number
}

export type DnsType = 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR' | 'TXT' | 'NS' | 'SOA' | 'MX' | 'ANY'
export interface DnsQuestion {
  /** Fully qualified, with or without the last dot. */
  readonly name: string
  readonly type: DnsType
}
export interface DnsRecord {
  readonly name: string
  readonly type: DnsType
  /** Seconds. */
  readonly ttl: number
  /** As dig prints it: '10.96.0.1', '0 100 443 web.default.svc.cluster.local.'. */
  readonly data: string
}
export interface DnsMessage {
  readonly question: DnsQuestion
  readonly code: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED'
  readonly authoritative: boolean
  readonly answers: readonly DnsRecord[]
  readonly authority?: readonly DnsRecord[]
  readonly additional?: readonly DnsRecord[]
}

/** What getaddrinfo gives: addresses, or why there are none. EAI_AGAIN: no server answered. */
export type Lookup =
  | { readonly addresses: readonly string[]; readonly canonicalName: string }
  | { readonly failure: 'EAI_NONAME' | 'EAI_AGAIN'; readonly afterMs: number }

/** An open TCP connection. */
export interface TcpConnection {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** False once it was closed or reset, or the other end has hung up. */
  readonly isOpen: boolean
  /** One HTTP exchange on it. `tls`: the server name that is asked for. */
  http(request: HttpRequest, options?: { readonly tls?: string; readonly timeoutMs?: number }): Task<HttpResponse | SocketFailure>
  /** Sends text and waits for what comes back (netcat). */
  talk(text: string, timeoutMs?: number): Task<string | SocketFailure>
  /** One DNS exchange (dig +tcp). */
  dns(question: DnsQuestion, timeoutMs?: number): Task<DnsMessage | SocketFailure>
  close(): void
}

export interface Ping {
  readonly timeMs: number
  readonly ttl: number
  readonly from: string
  /** An error came back in place of a reply, in ping's words: 'Time to live exceeded', 'Destination Host Unreachable'. */
  readonly error?: string
}

/** The network as one process sees it. */
export interface Sockets {
  /** getaddrinfo, by /etc/hosts and /etc/resolv.conf of the container. */
  lookup(name: string, family?: 4 | 6): Task<Lookup>
  /** One question to one server (default: the first nameserver). */
  query(question: DnsQuestion, server?: Endpoint, timeoutMs?: number): Task<DnsMessage | SocketFailure>
  connect(
    target: Endpoint,
    options?: { readonly timeoutMs?: number; readonly sourcePort?: number },
  ): Task<TcpConnection | SocketFailure>
  /** One UDP datagram and its answer. */
  datagram(target: Endpoint, payload: string, timeoutMs?: number): Task<string | SocketFailure>
  ping(address: string, timeoutMs?: number, ttl?: number): Task<Ping | SocketFailure>
}

/** Who opens sockets: a process of a pod. */
export interface SocketOwner {
  readonly podUid: string
  /** Full name with tag: tells which C library it has. */
  readonly image: string
  readFile(path: string): string | undefined
}

/** Gives the sockets of a process. */
export type SocketFactory = (owner: SocketOwner) => Sockets
