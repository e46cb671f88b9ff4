import { badRequest, internal, serviceUnavailable } from '../apimachinery/errors.ts'
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
import type { NodeHost } from './node-host.ts'

/** What finds the machine that a pod runs on, or that has an address. */
export interface HostFinder {
  byName(name: string): NodeHost | undefined
  byPodAddress(ip: string): { readonly host: NodeHost; readonly podUid: string } | undefined
}

/** The way from the API server to the kubelets: logs, commands, ports. */
export function containerBackend(hosts: HostFinder): ContainerBackend {
  const kubeletOf = (pod: Pod) => {
    const host = hosts.byName(pod.spec?.nodeName ?? '')
    const api = host?.powered && host.kubelet.running ? host.kubelet.podApi : undefined
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
      // SIMPLIFIED: a command gets no standard input and its output arrives when it ends.
      const task = host.sim.spawn(
        api.exec(pod, options.container, options.command),
        ({ output, exitCode }) => {
          sink.stdout(output)
          sink.end({ exitCode })
        },
        (error) => sink.end({ error: error instanceof Error ? error : new Error(String(error)) }),
      )
      return { stdin: () => undefined, closeStdin: () => undefined, resize: () => undefined, stop: () => task.cancel() }
    },
    attach(pod: Pod, options: ExecOptions, sink: ExecSink): ExecHandle {
      const { api } = kubeletOf(pod)
      const stop = api.follow(
        pod,
        { container: options.container, tailLines: 0 },
        (line) => sink.stdout(`${line}\n`),
        () => sink.end({ exitCode: 0 }),
      )
      return { stdin: () => undefined, closeStdin: () => undefined, resize: () => undefined, stop }
    },
    portForward(pod: Pod, port: number, sink: TextSink): PortHandle {
      const { host } = kubeletOf(pod)
      return { send: (chunk) => answerHttp(host, pod.metadata.uid ?? '', port, chunk, sink), close: () => undefined }
    },
    proxy(target: ProxyTarget, request: ProxyRequest, answer: (response: ProxyResponse) => void) {
      answer(proxied(hosts, target, request))
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

function proxied(hosts: HostFinder, target: ProxyTarget, request: ProxyRequest): ProxyResponse {
  if (target.kind === 'node') throw badRequest('the kubelet of a simulated node answers no proxied requests')
  const place =
    target.kind === 'pod'
      ? { host: hosts.byName(target.pod.spec?.nodeName ?? ''), podUid: target.pod.metadata.uid ?? '' }
      : hosts.byPodAddress(target.ip)
  const reply = place?.host && ask(place.host, place.podUid, target.port, request)
  if (reply) return reply
  const ip = target.kind === 'pod' ? (target.pod.status?.podIP ?? '') : target.ip
  throw serviceUnavailable(`error trying to reach service: dial tcp ${ip}:${target.port}: connect: connection refused`)
}

/** One HTTP/1.1 request in, one answer out: what people forward ports for. */
function answerHttp(host: NodeHost, podUid: string, port: number, chunk: string, sink: TextSink): void {
  const [head = '', body = ''] = chunk.split('\r\n\r\n')
  const [method = 'GET', path = '/'] = (head.split('\r\n')[0] ?? '').split(' ')
  const reply = ask(host, podUid, port, { method, path, headers: {}, body })
  if (!reply) return sink.end(new Error(`failed to connect to localhost:${port} inside the pod: connection refused`))
  sink.text(`HTTP/1.1 ${reply.code} \r\ncontent-length: ${reply.body.length}\r\nconnection: close\r\n\r\n${reply.body}`)
  sink.end()
}
