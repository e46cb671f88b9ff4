import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { handleHttp } from '../apiserver/http.ts'
import type { HttpAnswer, HttpRequest } from '../apiserver/http/types.ts'
import type { ApiServer } from '../apiserver/server.ts'
import { ADMIN } from '../cluster/identities.ts'
import { decodeProtobuf } from './protobuf/decode.ts'
import { WireError } from './protobuf/wire.ts'
import type { WallClock } from './wall-clock.ts'
import { answerUpgrade } from './web-socket.ts'

/** Bodies beyond this are refused, as the API server refuses them. */
const MAX_BODY_BYTES = 3 * 1024 * 1024

/**
 * The Kubernetes HTTP API of a simulated cluster, on a socket. A thin shell: everything is answered by the API
 * server's own codec. A request without credentials is the cluster's administrator, as behind `kubectl proxy`.
 */
export function makeListener(api: ApiServer, clock: WallClock): Server {
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => {
        if (body === null) return refuse(response)
        const http = asRequest(request, body)
        send(
          clock,
          clock.run(() => handleHttp(api, http)),
          response,
        )
      })
      .catch((error: unknown) => {
        response.statusCode = 500
        response.end(error instanceof Error ? error.message : String(error))
      })
  })
  server.on('upgrade', (request, socket, head) => {
    const http = asRequest(request, Buffer.alloc(0))
    answerUpgrade(
      clock,
      request,
      socket,
      head,
      clock.run(() => handleHttp(api, http)),
    )
  })
  return server
}

function asRequest(request: IncomingMessage, body: Buffer): HttpRequest {
  const [path = '/', query = ''] = split(request.url ?? '/')
  const credentials = request.headers.authorization !== undefined
  return {
    method: request.method ?? 'GET',
    path,
    query,
    ...readable(request, body),
    ...(credentials ? {} : { user: ADMIN }),
  }
}

function split(url: string): [string, string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

/**
 * Headers and body as the codec reads them: protobuf bodies become JSON here, where bytes are at hand. What is no
 * protobuf after all is passed on as it is, and refused there.
 */
function readable(request: IncomingMessage, body: Buffer): Pick<HttpRequest, 'headers' | 'body'> {
  const { headers } = request
  if (headers['content-type']?.startsWith('application/vnd.kubernetes.protobuf') && body.length > 0) {
    try {
      return { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(decodeProtobuf(body)) }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
    }
  }
  return { headers, body: body.toString('utf8') }
}

/** The whole body; null when it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refuse(response: ServerResponse): void {
  response.writeHead(413, { 'content-type': 'application/json', connection: 'close' })
  const message = `Request entity too large: limit is ${MAX_BODY_BYTES}`
  response.end(
    JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: 'RequestEntityTooLarge',
      code: 413,
    }),
  )
}

function send(clock: WallClock, answer: HttpAnswer, response: ServerResponse): void {
  switch (answer.kind) {
    case 'response':
      response.writeHead(answer.code, headersOf(answer.headers))
      response.end(answer.body)
      return
    case 'stream': {
      response.writeHead(answer.code, headersOf(answer.headers))
      response.flushHeaders()
      const handle = clock.run(() =>
        answer.open({
          write: (chunk) => void response.write(chunk),
          end: () => void response.end(),
        }),
      )
      response.on('close', () => clock.run(() => handle.stop()))
      return
    }
    case 'pending':
      clock.run(() => answer.start((later) => send(clock, later, response)))
      return
    default: {
      response.writeHead(400, { 'content-type': 'text/plain' })
      response.end('you must specify at least 1 of stdin, stdout, stderr, and upgrade to a WebSocket\n')
    }
  }
}

function headersOf(headers: { readonly [name: string]: string | readonly string[] }): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  )
}
