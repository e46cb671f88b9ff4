/** nginx as the controller's worker: takes requests, routes them, asks upstreams, answers errors itself. */
import type { HttpRequest, HttpResponse, Endpoint, SocketFailure, TcpConnection } from '../traffic/types.ts'
import type { Task } from '../../sim/task.ts'
import type { Location, NginxModel } from './model.ts'
import { route, type IncomingRequest } from './route.ts'

/** proxy_next_upstream_tries */
const TRIES = 3
const REASONS: { readonly [status: number]: string } = {
  301: 'Moved Permanently',
  302: 'Found',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
}

/** What a worker needs of its process. */
export interface WorkerParts {
  connect(target: Endpoint, options: { readonly timeoutMs: number }): Task<TcpConnection | SocketFailure>
  lookup(name: string): Task<string | undefined>
  dice(): number
  /** A line of the access log, and one of the error log. */
  access(line: string): void
  error(line: string): void
}

export class NginxWorker {
  model: NginxModel
  private readonly parts: WorkerParts
  /** Round robin: the next endpoint of each upstream. */
  private readonly turns = new Map<string, number>()
  private requests = 0

  constructor(model: NginxModel, parts: WorkerParts) {
    this.model = model
    this.parts = parts
  }

  *serve(scheme: 'http' | 'https', request: HttpRequest, peer: Endpoint): Task<HttpResponse> {
    const incoming: IncomingRequest = {
      scheme,
      host: request.headers['host'] ?? '',
      method: request.method,
      path: request.path,
      headers: request.headers,
      bodyBytes: request.body.length,
      clientAddress: peer.address,
    }
    const decision = route(this.model, incoming, () => this.parts.dice())
    if (decision.kind === 'answer') {
      const headers: { readonly [name: string]: string } = decision.location === undefined ? {} : { location: decision.location }
      return this.log(incoming, '', [], errorPage(decision.status, headers))
    }
    const { endpoints = [] } = this.model.upstreams.get(decision.upstream) ?? {}
    if (endpoints.length === 0) {
      const status = decision.location.ingress === '' ? 404 : 503
      return this.log(incoming, decision.upstream, [], errorPage(status))
    }
    return yield* this.proxy(incoming, request, decision.upstream, decision.path, decision.location)
  }

  /** A connection of a stream port: the request goes on as it is. */
  *pass(upstream: string, request: HttpRequest): Task<HttpResponse> {
    const target = this.next(upstream)
    const connection = target && (yield* this.parts.connect(target, { timeoutMs: 5000 }))
    if (!connection || 'failure' in connection) return errorPage(502)
    const answer = yield* connection.http(request, { timeoutMs: 600_000 })
    connection.close()
    return 'failure' in answer ? errorPage(502) : answer
  }

  private *proxy(
    incoming: IncomingRequest,
    request: HttpRequest,
    upstream: string,
    path: string,
    location: Location,
  ): Task<HttpResponse> {
    const { settings } = location
    const headers = {
      ...request.headers,
      host: settings.upstreamHost || incoming.host,
      'x-request-id': this.requestId(),
      'x-real-ip': incoming.clientAddress,
      'x-forwarded-for': incoming.clientAddress,
      'x-forwarded-host': incoming.host,
      'x-forwarded-port': incoming.scheme === 'https' ? '443' : '80',
      'x-forwarded-proto': incoming.scheme,
      'x-forwarded-scheme': incoming.scheme,
      'x-scheme': incoming.scheme,
    }
    const tried: string[] = []
    let status = 502
    const { endpoints = [] } = this.model.upstreams.get(upstream) ?? {}
    for (let i = 0; i < Math.min(TRIES, endpoints.length); i++) {
      const target = this.next(upstream)
      if (!target) break
      tried.push(`${target.address}:${target.port}`)
      const answer = yield* this.ask(target, { ...request, path, headers }, location)
      if (typeof answer !== 'string') return this.log(incoming, upstream, tried, answer)
      status = answer === 'ETIMEDOUT' ? 504 : 502
      this.parts.error(
        `${ERRNO[answer] ?? `connect() failed (${answer})`} while connecting to upstream, client: ${incoming.clientAddress}, server: ${incoming.host}, request: "${incoming.method} ${incoming.path} HTTP/1.1", upstream: "http://${target.address}:${target.port}${path}", host: "${incoming.host}"`,
      )
    }
    return this.log(incoming, upstream, tried, errorPage(status))
  }

  /** The answer, or why there is none. */
  private *ask(target: Endpoint, request: HttpRequest, { settings }: Location): Task<HttpResponse | string> {
    const address =
      /[a-z]/i.test(target.address) && !target.address.includes(':') ? yield* this.parts.lookup(target.address) : target.address
    if (address === undefined) return 'ENOTFOUND'
    const connection = yield* this.parts.connect({ address, port: target.port }, { timeoutMs: settings.connectTimeoutMs })
    if ('failure' in connection) return connection.failure
    const tls = settings.secureBackend ? { tls: request.headers['host'] ?? '' } : {}
    const answer = yield* connection.http(request, { timeoutMs: settings.readTimeoutMs, ...tls })
    connection.close()
    return 'failure' in answer ? answer.failure : answer
  }

  private next(upstream: string): Endpoint | undefined {
    const { endpoints = [] } = this.model.upstreams.get(upstream) ?? {}
    const turn = this.turns.get(upstream) ?? 0
    this.turns.set(upstream, turn + 1)
    return endpoints[turn % Math.max(1, endpoints.length)]
  }

  private requestId(): string {
    return (++this.requests).toString(16).padStart(32, '0')
  }

  /** The controller's own log format. */
  private log(request: IncomingRequest, upstream: string, tried: readonly string[], response: HttpResponse): HttpResponse {
    this.parts.access(
      `${request.clientAddress} - - "${request.method} ${request.path} HTTP/1.1" ${response.status} ${response.body.length} "-" "${request.headers['user-agent'] ?? '-'}" [${upstream}] [] ${tried.join(', ') || '-'} ${response.status}`,
    )
    return response
  }
}

const ERRNO: { readonly [code: string]: string } = {
  ECONNREFUSED: 'connect() failed (111: Connection refused)',
  ETIMEDOUT: 'upstream timed out (110: Operation timed out)',
  EHOSTUNREACH: 'connect() failed (113: Host is unreachable)',
  ECONNRESET: 'recv() failed (104: Connection reset by peer)',
}

/** A page of nginx' own. */
export function errorPage(status: number, headers: HttpResponse['headers'] = {}): HttpResponse {
  const title = `${status} ${REASONS[status] ?? ''}`.trim()
  const body = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    '<hr><center>nginx</center>',
    '</body>',
    '</html>',
    '',
  ].join('\r\n')
  return { status, body, headers: { 'content-type': 'text/html', ...headers } }
}
