import { invalid as invalidError, methodNotAllowed } from '../../apimachinery/errors.ts'
import { invalid, type FieldError } from '../../apimachinery/field-errors.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import { parseTime } from '../../sim/time.ts'
import type { ApiRequest } from '../api.ts'
import { containerOf, hasNode, podOf, requireNode } from '../connect/locate.ts'
import { proxyTarget } from '../connect/proxy.ts'
import type { ExecOptions, LogOptions, TextSink } from '../connect/backend.ts'
import type { Registry } from '../rest/context.ts'
import type { ResourcePath } from './path.ts'
import type { Query } from './query.ts'
import { headerOf, type HttpAnswer, type HttpRequest, type HttpResponse, type StreamSink } from './types.ts'

/** Subresources that are streams and not objects. */
export const CONNECT: ReadonlySet<string> = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

/** Answers a request to such a subresource. */
export function connect(registry: Registry, path: ResourcePath, api: ApiRequest, request: HttpRequest, query: Query): HttpAnswer {
  switch (path.subresource) {
    case 'log':
      return log(registry, path, query)
    case 'exec':
    case 'attach':
      return exec(registry, path, api, query)
    case 'portforward':
      return portForward(registry, path, api)
    case 'proxy':
      return proxy(registry, path, api, request)
    default:
      throw methodNotAllowed()
  }
}

/** Asks admission before a stream is opened. k8s 1.36: handlers ConnectResource. */
function admitStream(
  registry: Registry,
  request: ApiRequest,
  options: { readonly kind: string; readonly [key: string]: unknown },
): void {
  const info = registry.resources.find(request.group, request.version, request.resource)
  if (!info) return
  const scope = { registry, request, info, warnings: [] }
  const object = { apiVersion: 'v1', metadata: {}, ...options } as KubeObject
  for (const plugin of registry.admission) plugin.connect?.({ scope, operation: 'CONNECT', object, old: undefined })
}

function log(registry: Registry, path: ResourcePath, query: Query): HttpAnswer {
  const options = logOptions(path.name, query)
  const pod = podOf(registry, path.namespace, path.name)
  const container = containerOf(pod, options.container)
  if (!hasNode(registry, pod)) return { kind: 'response', code: 204, headers: {}, body: '' }
  return textAnswer((sink) => registry.backend.log(pod, { ...options, container }, sink))
}

const TEXT = { 'content-type': 'text/plain' }

/**
 * Begins at once, so that a refusal is an answer of its own; what has ended by then is a plain answer, what goes on is a
 * stream.
 */
function textAnswer(begin: (sink: TextSink) => { stop(): void }): HttpAnswer {
  let early = ''
  let isOver = false
  let later: StreamSink | null = null
  const handle = begin({
    text: (chunk) => {
      if (later) later.write(chunk)
      else early += chunk
    },
    end: () => {
      isOver = true
      later?.end()
    },
  })
  if (isOver) return { kind: 'response', code: 200, headers: TEXT, body: early }
  const open = (sink: StreamSink) => {
    later = sink
    if (early !== '') sink.write(early)
    if (isOver) sink.end()
    return handle
  }
  return { kind: 'stream', code: 200, headers: TEXT, open }
}

/** k8s 1.36: ValidatePodLogOptions. */
function logOptions(name: string, query: Query): LogOptions {
  const tailLines = query.int('tailLines')
  const limitBytes = query.int('limitBytes')
  const sinceSeconds = query.int('sinceSeconds')
  const sinceTime = query.get('sinceTime')
  const errors: FieldError[] = []
  if (tailLines !== undefined && tailLines < 0) errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'))
  if (limitBytes !== undefined && limitBytes < 1) errors.push(invalid('limitBytes', limitBytes, 'must be greater than 0'))
  if (sinceSeconds !== undefined && sinceTime)
    errors.push({
      type: 'Forbidden',
      field: '',
      message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    })
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'))
  if (errors.length > 0) throw invalidError({ group: '', kind: 'PodLogOptions' }, name, errors)
  return {
    container: query.get('container') ?? '',
    follow: query.flag('follow') ?? false,
    previous: query.flag('previous') ?? false,
    timestamps: query.flag('timestamps') ?? false,
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime ? { sinceTimeMs: parseTime(sinceTime) } : {}),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  }
}

function exec(registry: Registry, path: ResourcePath, api: ApiRequest, query: Query): HttpAnswer {
  const pod = podOf(registry, path.namespace, path.name)
  const container = containerOf(pod, query.get('container') ?? '')
  requireNode(registry, pod)
  const options: ExecOptions = {
    container,
    command: path.subresource === 'exec' ? query.all('command') : [],
    stdin: query.flag('stdin') ?? false,
    stdout: query.flag('stdout') ?? true,
    stderr: query.flag('stderr') ?? true,
    tty: query.flag('tty') ?? false,
  }
  admitStream(registry, api, { kind: path.subresource === 'exec' ? 'PodExecOptions' : 'PodAttachOptions', ...options })
  const { backend } = registry
  return {
    kind: 'exec',
    tty: options.tty,
    stdin: options.stdin,
    open: (sink) => (path.subresource === 'exec' ? backend.exec(pod, options, sink) : backend.attach(pod, options, sink)),
  }
}

function portForward(registry: Registry, path: ResourcePath, api: ApiRequest): HttpAnswer {
  const pod = podOf(registry, path.namespace, path.name)
  requireNode(registry, pod)
  admitStream(registry, api, { kind: 'PodPortForwardOptions' })
  return { kind: 'portforward', open: (port, sink) => registry.backend.portForward(pod, port, sink) }
}

const KIND_OF_PROXY: { readonly [resource: string]: string } = { pods: 'Pod', services: 'Service', nodes: 'Node' }

const HOP_HEADERS = new Set(['authorization', 'connection', 'host', 'content-length', 'accept-encoding'])

function proxy(registry: Registry, path: ResourcePath, api: ApiRequest, request: HttpRequest): HttpAnswer {
  const target = proxyTarget(registry, path.resource, path.namespace, path.name)
  const rest = path.rest === '' ? '/' : path.rest
  admitStream(registry, api, { kind: `${KIND_OF_PROXY[path.resource] ?? ''}ProxyOptions`, path: rest })
  const headers: Record<string, string> = { 'x-forwarded-uri': request.path, 'user-agent': api.userAgent }
  for (const name of Object.keys(request.headers))
    if (!HOP_HEADERS.has(name)) headers[name] = headerOf(request.headers, name) ?? ''
  const forwarded = {
    method: request.method,
    path: request.query === '' ? rest : `${rest}?${request.query}`,
    headers,
    body: request.body,
  }
  return {
    kind: 'pending',
    start: (answer) =>
      registry.backend.proxy(target, forwarded, ({ code, headers: got, body }) =>
        answer({ kind: 'response', code, headers: got, body } satisfies HttpResponse),
      ),
  }
}
