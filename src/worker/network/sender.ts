import type { SocketFailure, Sockets, TcpConnection } from '../../runtime/sockets.ts'

import { isIPv6 } from '../../network/packet.ts'
import type { Task } from '../../sim/task.ts'
import type { PacketQuestion, PacketSource, StoryResult } from './protocol.ts'
import type { Target } from './target.ts'

/** How long the client waits for a connection or an answer. */
const PATIENCE_MS = 5000
const MOST_TEXT = 2000

/** The command that does the same. */
export function commandFor(source: PacketSource, target: Target, { method }: PacketQuestion): string {
  const { protocol, host, port, path } = target
  const name = isIPv6(host) ? `[${host}]` : host
  const tool = ((): string => {
    switch (protocol) {
      case 'http':
      case 'https': {
        const usual = port === (protocol === 'http' ? 80 : 443) ? '' : `:${port}`
        const flags = `${method === 'GET' ? '' : method === 'HEAD' ? '-I ' : `-X ${method} `}${protocol === 'https' ? '-k ' : ''}`
        return `curl -m 5 ${flags}${protocol}://${name}${usual}${path}`
      }
      case 'tcp':
        return `nc -zv -w 5 ${host} ${port}`
      case 'udp':
        return `echo hello | nc -u -w 5 ${host} ${port}`
      case 'dns':
        return `getent hosts ${host}`
      case 'icmp':
        return `ping -c 1 -W 5 ${host}`
    }
  })()
  switch (source.kind) {
    case 'pod': {
      const place = source.namespace === 'default' ? '' : ` -n ${source.namespace}`
      return tool.includes('|')
        ? `kubectl exec ${source.name}${place} -- sh -c '${tool}'`
        : `kubectl exec ${source.name}${place} -- ${tool}`
    }
    case 'node':
      return tool.includes('|') ? `ssh ${source.name} '${tool}'` : `ssh ${source.name} ${tool}`
    case 'outside':
      return tool
  }
}

/** Does what the question says, as a client program would, and says how it ended in that program's words. */
export function* sendPacket(sockets: Sockets, target: Target, question: PacketQuestion): Task<StoryResult> {
  const { protocol, host, port } = target
  const found = yield* sockets.lookup(host)
  if ('failure' in found) {
    const text =
      found.failure === 'EAI_AGAIN'
        ? `Could not resolve host: ${host} (no DNS server answered)`
        : `Could not resolve host: ${host}`
    return result('name', protocol === 'http' || protocol === 'https' ? `curl: (6) ${text}` : text)
  }
  const [address = ''] = found.addresses
  switch (protocol) {
    case 'dns':
      return result('answered', found.addresses.map((each) => `${each}\t${found.canonicalName}`).join('\n'))
    case 'icmp':
      return yield* ping(sockets, address)
    case 'udp': {
      const answer = yield* sockets.datagram({ address, port }, 'hello\n', PATIENCE_MS)
      if (isFailure(answer)) return failed(answer, target, address)
      return result('answered', answer)
    }
    default: {
      const connection = yield* sockets.connect({ address, port }, { timeoutMs: PATIENCE_MS })
      if (isFailure(connection)) return failed(connection, target, address)
      if (protocol === 'tcp') {
        connection.close()
        return result('answered', `Connection to ${host} ${port} port [tcp/*] succeeded!`)
      }
      return yield* http(connection, target, question, address)
    }
  }
}

function* http(connection: TcpConnection, target: Target, { method }: PacketQuestion, address: string): Task<StoryResult> {
  const { host, port, path, protocol } = target
  const usual = port === (protocol === 'http' ? 80 : 443)
  const headers = { Host: usual ? host : `${host}:${port}`, 'User-Agent': 'curl/8.14.1', Accept: '*/*' }
  const options = { timeoutMs: PATIENCE_MS, ...(protocol === 'https' ? { tls: host } : {}) }
  const answer = yield* connection.http({ method, path, headers, body: '' }, options)
  connection.close()
  if (isFailure(answer)) return failed(answer, target, address)
  return { kind: 'answered', status: answer.status, text: answer.body.slice(0, MOST_TEXT), peer: '' }
}

function* ping(sockets: Sockets, address: string): Task<StoryResult> {
  const answer = yield* sockets.ping(address, PATIENCE_MS)
  if (isFailure(answer)) {
    const kind = answer.failure === 'ENETUNREACH' ? 'unreachable' : 'timeout'
    return result(
      kind,
      kind === 'timeout' ? '1 packets transmitted, 0 packets received, 100% packet loss' : 'ping: sendto: Network unreachable',
    )
  }
  if (answer.error !== undefined) return result('unreachable', `From ${answer.from}: ${answer.error}`)
  return result('answered', `64 bytes from ${answer.from}: seq=0 ttl=${answer.ttl} time=${answer.timeMs.toFixed(3)} ms`)
}

function failed({ failure, afterMs }: SocketFailure, { protocol, host, port }: Target, address: string): StoryResult {
  const ms = Math.round(afterMs)
  const isCurl = protocol === 'http' || protocol === 'https'
  const connect = (why: string): string =>
    isCurl
      ? `curl: (7) Failed to connect to ${host} port ${port} after ${ms} ms: ${why}`
      : `nc: ${address} (${address}:${port}): ${why}`
  switch (failure) {
    case 'ECONNREFUSED':
      return result('refused', connect(isCurl ? 'Could not connect to server' : 'Connection refused'))
    case 'ECONNRESET':
      return result('reset', isCurl ? 'curl: (56) Recv failure: Connection reset by peer' : 'nc: Connection reset by peer')
    case 'EHOSTUNREACH':
      return result('unreachable', connect('No route to host'))
    case 'ENETUNREACH':
      return result('unreachable', connect('Network is unreachable'))
    case 'EPERM':
      return result('unreachable', connect('Operation not permitted'))
    case 'EADDRNOTAVAIL':
      return result('unreachable', connect('Cannot assign requested address'))
    case 'EPROTO':
      return result('reset', 'curl: (35) OpenSSL/3.5.1: error:0A00010B:SSL routines::wrong version number')
    case 'ETIMEDOUT':
      return result(
        'timeout',
        isCurl
          ? `curl: (28) Connection timed out after ${ms} milliseconds`
          : `nc: ${address} (${address}:${port}): Connection timed out`,
      )
  }
}

function isFailure(value: object | string): value is SocketFailure {
  return typeof value === 'object' && 'failure' in value
}

function result(kind: StoryResult['kind'], text: string): StoryResult {
  return { kind, status: 0, text: text.slice(0, MOST_TEXT), peer: '' }
}
