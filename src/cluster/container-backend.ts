import { badRequest, internal } from '../apimachinery/errors.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import type {
  ContainerBackend,
  ExecHandle,
  ExecOptions,
  ExecSink,
  LogOptions,
  PortHandle,
  ProxyRequest,
  ProxyResponse,
  ProxyTarget,
  TextSink,
} from '../apiserver/connect/backend.ts'
import type { Sockets } from '../runtime/sockets.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Task } from '../sim/task.ts'
import { proxied, unreachable } from './network/proxied.ts'
import type { NodeHost } from './node-host.ts'

/** What finds the machine that a pod runs on, or that has an address. */
export interface HostFinder {
  byName(name: string): NodeHost | undefined
  byPodAddress(ip: string): { readonly host: NodeHost; readonly podUid: string } | undefined
  readonly sim: Simulation
  /** Of the machine that the API server runs on; undefined when it is none of the cluster's. */
  apiSockets(): Sockets | undefined
  podSockets(podUid: string): Sockets | undefined
  /** Why the API server can't connect to an address; undefined: it can, or has a way of its own. */
  dial(ip: string, port: number): string | undefined
}

/** The way from the API server to the kubelets: logs, commands, ports. */
export function containerBackend(hosts: HostFinder): ContainerBackend {
  const kubeletOf = (pod: Pod) => {
    const host = hosts.byName(pod.spec?.nodeName ?? '')
    const api = host?.powered && !host.endpoint.isCut && host.kubelet.running ? host.kubelet.podApi : undefined
    if (!host || !api)
      throw internal(
        `Get "https://${host?.spec.address ?? pod.spec?.nodeName ?? ''}:10250/containerLogs/${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}": dial tcp ${host?.spec.address ?? ''}:10250: connect: no route to host`,
      )
    return { host, api }
  }
  return {
    log(pod: Pod, options: LogOptions, sink: TextSink) {
      const { api } = kubeletOf(pod)
      const { sinceTimeMs, ...rest } = options
      const wanted = { ...rest, ...(sinceTimeMs === undefined ? {} : { sinceMs: sinceTimeMs }) }
      if (options.follow) {
        return {
          stop: api.follow(
            pod,
            wanted,
            (line) => sink.text(`${line}\n`),
            () => sink.end(),
          ),
        }
      }
      sink.text(api.logs(pod, wanted))
      sink.end()
      return { stop: () => undefined }
    },
    exec(pod: Pod, options: ExecOptions, sink: ExecSink): ExecHandle {
      const { host, api } = kubeletOf(pod)
      const { stdin, tty } = options
      const streams = { stdin, tty, stdout: (text: string) => sink.stdout(text), stderr: (text: string) => sink.stderr(text) }
      const session = api.exec(pod, options.container, options.command, streams)
      const task = host.sim.spawn(
        session.run,
        (exitCode) => sink.end({ exitCode }),
        (error) => sink.end({ error: error instanceof Error ? error : new Error(String(error)) }),
      )
      return {
        stdin: (chunk) => session.write(chunk),
        closeStdin: () => session.closeInput(),
        // SIMPLIFIED: no program asks how large its terminal is.
        resize: () => undefined,
        stop: () => task.cancel(),
      }
    },
    attach(pod: Pod, options: ExecOptions, sink: ExecSink): ExecHandle {
      const { api } = kubeletOf(pod)
      const attachment = api.attach(
        pod,
        options.container,
        (text) => sink.stdout(text),
        (exitCode) => sink.end({ exitCode }),
      )
      return {
        stdin: (chunk) => attachment.write(chunk),
        closeStdin: () => attachment.closeInput(),
        resize: () => undefined,
        stop: () => attachment.detach(),
      }
    },
    portForward(pod: Pod, port: number, sink: TextSink): PortHandle {
      const { host } = kubeletOf(pod)
      return { send: (chunk) => host.sim.spawn(answerHttp(hosts, pod, port, chunk, sink)), close: () => undefined }
    },
    proxy(target: ProxyTarget, request: ProxyRequest, answer: (response: ProxyResponse) => void) {
      if (target.kind === 'node') throw badRequest('the kubelet of a simulated node answers no proxied requests')
      const address = target.kind === 'pod' ? (target.pod.status?.podIP ?? '') : target.ip
      const { port, scheme } = target
      const sockets = hosts.apiSockets()
      // A provider's control plane has a way of its own to the kubelets.
      if (!sockets) return answer(asked(hosts, target, address, request))
      hosts.sim.spawn(proxied(sockets, { address, port }, scheme, request), answer)
    },
  }
}

/** Asks what listens on a pod's port. Undefined: nothing does. */
function ask(host: NodeHost, podUid: string, port: number, request: ProxyRequest): ProxyResponse | undefined {
  const service = host.runtime?.portService(podUid, port)
  if (!service) return undefined
  const { method, path, headers, body } = request
  const reply = service.http?.({ method, path, headers, body }, { address: host.spec.address, port: 0 })
  return reply ? { code: reply.status, headers: reply.headers ?? {}, body: reply.body } : { code: 200, headers: {}, body: '' }
}

function asked(hosts: HostFinder, target: ProxyTarget, ip: string, request: ProxyRequest): ProxyResponse {
  const place =
    target.kind === 'pod'
      ? { host: hosts.byName(target.pod.spec?.nodeName ?? ''), podUid: target.pod.metadata.uid ?? '' }
      : hosts.byPodAddress(ip)
  const reply = place?.host && ask(place.host, place.podUid, target.port, request)
  if (reply) return reply
  throw unreachable(`dial tcp ${ip}:${target.port}: connect: connection refused`)
}

/** One HTTP/1.1 request in, one answer out: what people forward ports for. The kubelet connects inside the pod. */
function* answerHttp(hosts: HostFinder, pod: Pod, port: number, chunk: string, sink: TextSink): Task {
  const [head = '', body = ''] = chunk.split('\r\n\r\n')
  const [method = 'GET', path = '/'] = (head.split('\r\n')[0] ?? '').split(' ')
  const connection = yield* hosts.podSockets(pod.metadata.uid ?? '')?.connect({ address: '127.0.0.1', port }) ?? nothing()
  const reply = connection && !('failure' in connection) ? yield* connection.http({ method, path, headers: {}, body }) : undefined
  if (!reply || 'failure' in reply)
    return sink.end(new Error(`failed to connect to localhost:${port} inside the pod: connection refused`))
  sink.text(`HTTP/1.1 ${reply.status} \r\ncontent-length: ${reply.body.length}\r\nconnection: close\r\n\r\n${reply.body}`)
  sink.end()
}

function* nothing(): Task<undefined> {
  return undefined
}
