import { sleep, type Task } from '../sim/task.ts'
import type { PodBox } from './pod-box.ts'
import type { HttpRequest, HttpResponse, PortService } from './program.ts'
import type { DnsMessage, Endpoint, SocketFailure, SocketOwner, Sockets, TcpConnection } from './sockets.ts'

const UNREACHABLE: SocketFailure = { failure: 'ENETUNREACH', afterMs: 0 }
const REFUSED: SocketFailure = { failure: 'ECONNREFUSED', afterMs: 0 }

/** Sockets of a pod that is in no network: it reaches itself. */
export function localSockets(pod: PodBox, owner: SocketOwner): Sockets {
  const isLocal = (address: string) =>
    address.startsWith('127.') || address === '::1' || address === '0.0.0.0' || address === pod.ip
  const hosts = () => (owner.readFile('/etc/hosts') ?? '').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
  return {
    *lookup(name) {
      if (/^[\d.]+$|:/.test(name)) return { addresses: [name], canonicalName: name }
      if (name === 'localhost') return { addresses: ['127.0.0.1'], canonicalName: name }
      if (name === pod.hostname) return { addresses: [pod.ip], canonicalName: name }
      const address = hosts().find((words) => words.slice(1).includes(name))?.[0]
      return address === undefined ? { failure: 'EAI_AGAIN', afterMs: 0 } : { addresses: [address], canonicalName: name }
    },
    *query(): Task<DnsMessage | SocketFailure> {
      return UNREACHABLE
    },
    *connect(target): Task<TcpConnection | SocketFailure> {
      if (!isLocal(target.address)) return UNREACHABLE
      const service = pod.serviceOn('tcp', target.port)
      return service ? localConnection(service, target) : REFUSED
    },
    *datagram(target, payload) {
      if (!isLocal(target.address)) return UNREACHABLE
      return pod.serviceOn('udp', target.port)?.talk?.(payload, { address: '127.0.0.1', port: 40_000 }) ?? REFUSED
    },
    *ping(address) {
      return isLocal(address) ? { timeMs: 0.05, ttl: 64, from: address } : UNREACHABLE
    },
  }
}

function localConnection(service: PortService, remote: Endpoint): TcpConnection {
  const local = { address: remote.address, port: 40_000 }
  return {
    local,
    remote,
    isOpen: true,
    *http(request: HttpRequest): Task<HttpResponse | SocketFailure> {
      if (service.serve) return yield* service.serve(request, local)
      const answer = service.http?.(request, local)
      yield* sleep(answer?.delayMs ?? 1)
      return answer ?? { failure: 'ECONNRESET', afterMs: 0 }
    },
    *talk(text) {
      return service.talk?.(text, local) ?? ''
    },
    *dns(): Task<SocketFailure> {
      return UNREACHABLE
    },
    close: () => undefined,
  }
}
