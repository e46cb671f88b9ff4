import type { Task } from '../../../sim/task.ts'
import type { HttpResponse, System } from '../../program.ts'
import type { Endpoint, Lookup, SocketFailure, TcpConnection } from '../../sockets.ts'

export interface Url {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** With query, without fragment. */
  readonly path: string
}

/** Undefined when it is none, or of another scheme. */
export function parseUrl(text: string): Url | undefined {
  const match = /^(?:([a-z]+):\/\/)?(?:[^/@]*@)?(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?(?:#.*)?$/i.exec(text)
  if (!match) return undefined
  const [, scheme = 'http', host = '', port, path = '/'] = match
  if (scheme.toLowerCase() !== 'http' && scheme.toLowerCase() !== 'https') return undefined
  const secure = scheme.toLowerCase() === 'https'
  return {
    secure,
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? (secure ? 443 : 80) : Number(port),
    path: path.startsWith('/') ? path : `/${path}`,
  }
}

/** 'web:8080', without the port that goes without saying. */
export const hostHeader = ({ host, port, secure }: Url): string => {
  const name = host.includes(':') ? `[${host}]` : host
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`
}

export interface Exchange {
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly connectTimeoutMs?: number | undefined
  /** For all of it. */
  readonly timeoutMs?: number | undefined
  readonly family?: 4 | 6 | undefined
  /** Instead of looking the name up. */
  readonly address?: string | undefined
  /** Told of each step, for those who show it. */
  readonly onLookup?: (found: readonly string[]) => void
  readonly onTrying?: (target: Endpoint) => void
  readonly onConnected?: (connection: TcpConnection) => void
}

export interface Timings {
  readonly lookupMs: number
  readonly connectMs: number
  readonly totalMs: number
}

export type HttpOutcome =
  | { readonly kind: 'lookup'; readonly failure: 'EAI_NONAME' | 'EAI_AGAIN' | 'ETIMEDOUT'; readonly timings: Timings }
  | { readonly kind: 'connect'; readonly failure: SocketFailure; readonly target: Endpoint; readonly timings: Timings }
  | { readonly kind: 'exchange'; readonly failure: SocketFailure; readonly connection: TcpConnection; readonly timings: Timings }
  | { readonly kind: 'response'; readonly response: HttpResponse; readonly connection: TcpConnection; readonly timings: Timings }

/** Looks the name up, connects to one address after another, asks. The connection is left open in a response. */
export function* request(system: System, url: Url, exchange: Exchange): Task<HttpOutcome> {
  const { sim, sockets } = system
  const startMs = sim.now
  const endMs = exchange.timeoutMs === undefined ? Infinity : startMs + exchange.timeoutMs
  const times = { lookupMs: 0, connectMs: 0 }
  const timings = (): Timings => ({ ...times, totalMs: sim.now - startMs })
  const found: Lookup =
    exchange.address === undefined
      ? yield* sockets.lookup(url.host, exchange.family)
      : { addresses: [exchange.address], canonicalName: url.host }
  times.lookupMs = sim.now - startMs
  if ('failure' in found) return { kind: 'lookup', failure: found.failure, timings: timings() }
  if (sim.now >= endMs) return { kind: 'lookup', failure: 'ETIMEDOUT', timings: timings() }
  exchange.onLookup?.(found.addresses)
  let refused: HttpOutcome | undefined
  for (const address of found.addresses) {
    const target = { address, port: url.port }
    exchange.onTrying?.(target)
    const leftMs = Math.min(endMs - sim.now, (exchange.connectTimeoutMs ?? Infinity) - (sim.now - startMs))
    const connection = yield* sockets.connect(target, Number.isFinite(leftMs) ? { timeoutMs: Math.max(1, leftMs) } : {})
    times.connectMs = sim.now - startMs
    if ('failure' in connection) {
      refused = { kind: 'connect', failure: connection, target, timings: timings() }
      continue
    }
    exchange.onConnected?.(connection)
    return yield* exchangeOn(system, connection, url, exchange, endMs, timings)
  }
  return refused ?? { kind: 'lookup', failure: 'EAI_NONAME', timings: timings() }
}

function* exchangeOn(
  system: System,
  connection: TcpConnection,
  url: Url,
  { method, headers, body }: Exchange,
  endMs: number,
  timings: () => Timings,
): Task<HttpOutcome> {
  const message = { method, path: url.path, headers: { Host: hostHeader(url), ...headers }, body }
  const leftMs = endMs - system.sim.now
  const response = yield* connection.http(message, {
    ...(url.secure ? { tls: url.host } : {}),
    ...(Number.isFinite(leftMs) ? { timeoutMs: Math.max(1, leftMs) } : {}),
  })
  if ('failure' in response) return { kind: 'exchange', failure: response, connection, timings: timings() }
  return { kind: 'response', response, connection, timings: timings() }
}

const REASONS: { readonly [status: number]: string } = {
  100: 'Continue',
  101: 'Switching Protocols',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  415: 'Unsupported Media Type',
  418: "I'm a teapot",
  421: 'Misdirected Request',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
}

/** '404 Not Found' */
export const statusText = (status: number): string => `${status} ${REASONS[status] ?? ''}`.trim()

/** The headers of a response as they go over the wire. */
export function responseHeaders({ body, headers = {} }: HttpResponse, date: string): readonly (readonly [string, string])[] {
  const given = Object.entries(headers)
  const has = (name: string) => given.some(([one]) => one.toLowerCase() === name)
  const type = /^\s*[{[]/.test(body) ? 'application/json' : /^\s*</.test(body) ? 'text/html' : 'text/plain; charset=utf-8'
  return [
    ...given,
    ...(has('date') ? [] : [['Date', date] as const]),
    ...(has('content-type') || body === '' ? [] : [['Content-Type', type] as const]),
    ...(has('content-length') ? [] : [['Content-Length', String(byteLength(body))] as const]),
  ]
}

export const headerOf = ({ headers = {} }: Pick<HttpResponse, 'headers'>, name: string): string | undefined =>
  Object.entries(headers).find(([one]) => one.toLowerCase() === name)?.[1]

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  let bytes = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
