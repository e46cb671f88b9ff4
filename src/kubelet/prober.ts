/** Runs one probe. Source: k8s 1.36 kubelet/prober/prober.go, pkg/probe. */
import { formatGoDuration } from '../apimachinery/duration.ts'
import type { Container, HTTPGetAction, IntOrString, Probe } from '../apimachinery/generated/types.ts'
import type { Task } from '../sim/task.ts'
import { isCriError, type CriContainer, type PortAnswer, type RuntimeService } from './cri.ts'
import { expand } from './env.ts'

export interface ProbeOutcome {
  readonly kind: 'success' | 'failure' | 'warning' | 'error'
  readonly message: string
  /** The same again until the pod changes. */
  readonly steady: boolean
}

/** What is probed. */
export interface ProbeTarget {
  readonly container: Container
  readonly cri: CriContainer
  readonly podIP: string
  readonly hostNetwork: boolean
}

const success = (steady: boolean): ProbeOutcome => ({ kind: 'success', message: '', steady })
const failure = (message: string, steady: boolean): ProbeOutcome => ({ kind: 'failure', message, steady })

function portNumber(port: IntOrString, container: Container): number | undefined {
  if (typeof port === 'number') return port
  const named = container.ports?.find((p) => p.name === port)?.containerPort
  return named ?? (/^\d+$/.test(port) ? Number(port) : undefined)
}

function* execProbe(runtime: RuntimeService, probe: Probe, target: ProbeTarget, timeoutMs: number): Task<ProbeOutcome> {
  const env = Object.fromEntries((target.container.env ?? []).map((e) => [e.name, e.value ?? '']))
  const command = (probe.exec?.command ?? []).map((word) => expand(word, env))
  try {
    const result = yield* runtime.execSync(target.cri.id, command, timeoutMs)
    if (result.timedOut)
      return failure(`command timed out: "${command.join(' ')}" timed out after ${formatGoDuration(timeoutMs)}`, result.steady)
    return result.exitCode === 0 ? success(result.steady) : failure(result.output, result.steady)
  } catch (error) {
    if (!isCriError(error)) throw error
    return { kind: 'error', message: error.message, steady: true }
  }
}

function reachable(host: string | undefined, target: ProbeTarget): boolean {
  if (!host || host === target.podIP) return true
  return target.hostNetwork && (host === 'localhost' || host.startsWith('127.') || host === '0.0.0.0')
}

function* httpProbe(runtime: RuntimeService, action: HTTPGetAction, target: ProbeTarget, timeoutMs: number): Task<ProbeOutcome> {
  const port = portNumber(action.port, target.container)
  if (port === undefined)
    return { kind: 'error', message: `strconv.Atoi: parsing "${action.port}": invalid syntax`, steady: true }
  const scheme = action.scheme === 'HTTPS' ? 'https' : 'http'
  const host = action.host || target.podIP
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const url = `${scheme}://${host}:${port}${path}`
  const headers = Object.fromEntries((action.httpHeaders ?? []).map((h) => [h.name, h.value]))
  const answer: PortAnswer = reachable(action.host, target)
    ? yield* runtime.request(target.cri.sandboxId, { protocol: scheme, port, path, headers, timeoutMs })
    : { kind: 'refused' }
  if (answer.kind === 'refused') return failure(`Get "${url}": dial tcp ${host}:${port}: connect: connection refused`, true)
  if (answer.kind === 'timeout')
    return failure(`Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, answer.steady)
  if (answer.status === -2) return failure(`Get "${url}": http: server gave HTTP response to HTTPS client`, answer.steady)
  if (answer.status < 0) return failure(`Get "${url}": EOF`, answer.steady)
  if (answer.status >= 200 && answer.status < 300) return success(answer.steady)
  if (answer.status >= 300 && answer.status < 400)
    return { kind: 'warning', message: `Probe terminated redirects, Response body: ${answer.body}`, steady: answer.steady }
  return failure(`HTTP probe failed with statuscode: ${answer.status}`, answer.steady)
}

function* tcpProbe(runtime: RuntimeService, probe: Probe, target: ProbeTarget, timeoutMs: number): Task<ProbeOutcome> {
  const action = probe.tcpSocket
  const port = action && portNumber(action.port, target.container)
  if (port === undefined)
    return { kind: 'error', message: `strconv.Atoi: parsing "${action?.port ?? ''}": invalid syntax`, steady: true }
  const host = action?.host || target.podIP
  const answer: PortAnswer = reachable(action?.host, target)
    ? yield* runtime.request(target.cri.sandboxId, { protocol: 'tcp', port, path: '', headers: {}, timeoutMs })
    : { kind: 'refused' }
  if (answer.kind === 'answer') return success(true)
  return answer.kind === 'refused'
    ? failure(`dial tcp ${host}:${port}: connect: connection refused`, true)
    : failure(`dial tcp ${host}:${port}: i/o timeout`, answer.steady)
}

function* grpcProbe(runtime: RuntimeService, probe: Probe, target: ProbeTarget, timeoutMs: number): Task<ProbeOutcome> {
  const port = probe.grpc?.port ?? 0
  const address = `${target.podIP}:${port}`
  const path = probe.grpc?.service ?? ''
  const answer = yield* runtime.request(target.cri.sandboxId, { protocol: 'grpc', port, path, headers: {}, timeoutMs })
  if (answer.kind !== 'answer')
    return failure(
      `timeout: failed to connect service "${address}" within ${formatGoDuration(timeoutMs)}: context deadline exceeded`,
      true,
    )
  if (answer.status < 0)
    return failure(
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health',
      true,
    )
  return answer.body === 'SERVING'
    ? success(answer.steady)
    : failure(`service unhealthy (responded with "${answer.body}")`, answer.steady)
}

/** Asks once. */
export function runProbe(runtime: RuntimeService, probe: Probe, target: ProbeTarget): Task<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  if (probe.exec) return execProbe(runtime, probe, target, timeoutMs)
  if (probe.httpGet) return httpProbe(runtime, probe.httpGet, target, timeoutMs)
  if (probe.tcpSocket) return tcpProbe(runtime, probe, target, timeoutMs)
  return grpcProbe(runtime, probe, target, timeoutMs)
}
