/** Requests that the API server and kubelets pass on to pods, over the network. */
import { serviceUnavailable, type StatusError } from '../../apimachinery/errors.ts'
import type { ProxyRequest, ProxyResponse } from '../../apiserver/connect/backend.ts'
import type { Fabric } from '../../network/fabric/fabric.ts'
import type { Netns } from '../../network/link/netns.ts'
import { sourceAddress } from '../../network/link/routing.ts'
import { DEFAULT_TTL } from '../../network/packet.ts'
import type { Endpoint, SocketErrorCode, Sockets } from '../../runtime/sockets.ts'
import type { Task } from '../../sim/task.ts'

const DIAL_TIMEOUT_MS = 30_000
const ANSWER_TIMEOUT_MS = 60_000

const DIAL_ERRORS: { readonly [code in SocketErrorCode]?: string } = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

/** Asks what listens at an address; what fails is the API server's own answer. */
export function* proxied(sockets: Sockets, target: Endpoint, scheme: string, request: ProxyRequest): Task<ProxyResponse> {
  const connection = yield* sockets.connect(target, { timeoutMs: DIAL_TIMEOUT_MS })
  const place = `${target.address}:${target.port}`
  if ('failure' in connection)
    return statusAnswer(unreachable(`dial tcp ${place}: ${DIAL_ERRORS[connection.failure] ?? connection.failure}`))
  const isSecure = scheme === 'https'
  const reply = yield* connection.http(request, { timeoutMs: ANSWER_TIMEOUT_MS, ...(isSecure ? { tls: target.address } : {}) })
  connection.close()
  if ('failure' in reply) {
    const text = reply.failure === 'ECONNRESET' ? `read tcp ${place}: read: connection reset by peer` : 'EOF'
    return statusAnswer(unreachable(text))
  }
  return { code: reply.status, headers: reply.headers ?? {}, body: reply.body }
}

/** What the API server says when it can't reach a proxied address. */
export function unreachable(why: string): StatusError {
  return serviceUnavailable(`error trying to reach service: ${why}`)
}

function statusAnswer({ code, status }: StatusError): ProxyResponse {
  return { code, headers: { 'content-type': 'application/json' }, body: JSON.stringify(status) }
}

/** Sends the first packet of a connection: why there will be none, in Go's words. */
export function whyUnconnected(fabric: Fabric, netns: Netns, address: string, port: number): string | undefined {
  netns.settle()
  const source = sourceAddress(netns, address)
  if (source === undefined) return 'connect: network is unreachable'
  const syn = {
    source,
    destination: address,
    protocol: 'tcp',
    sourcePort: 40_000 + (fabric.now() % 20_000),
    destinationPort: port,
  } as const
  const { outcome } = fabric.walk(netns, { ...syn, flags: 'S', ttl: DEFAULT_TTL, length: 60, mark: 0 })
  if (outcome.kind === 'delivered') return undefined
  if (outcome.kind === 'dropped') return 'i/o timeout'
  const code = outcome.answer.icmp?.code
  if (code === 'net') return 'connect: network is unreachable'
  return code === 'host' ? 'connect: no route to host' : 'connect: connection refused'
}
