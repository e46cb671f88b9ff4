/**
 * What the kubelet answers about its pods when the API server asks on somebody's behalf: logs, exec, attach.
 * Refusals are StatusErrors with the kubelet's own text. k8s 1.36: kubelet/server, kubelet_pods.go.
 */
import { badRequest, notFound } from '../apimachinery/errors.ts'
import type { ContainerStatus, Pod } from '../apimachinery/generated/types.ts'
import type { Task } from '../sim/task.ts'
import { formatMicroTime } from '../sim/time.ts'
import {
  isCriError,
  type Attachment,
  type CriContainer,
  type ExecSession,
  type ExecStreams,
  type LogEntry,
  type RuntimeService,
} from './cri.ts'
import { allContainers } from './pod-facts.ts'

/** corev1.PodLogOptions, as far as they are simulated. */
export interface LogOptions {
  readonly container?: string
  readonly previous?: boolean
  readonly tailLines?: number
  readonly sinceSeconds?: number
  readonly sinceMs?: number
  readonly timestamps?: boolean
  readonly limitBytes?: number
}

const bareId = (id: string | undefined) => id?.replace(/^.*:\/\//, '') ?? ''

function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {}
  return [containerStatuses, initContainerStatuses, ephemeralContainerStatuses]
    .flatMap((list) => list ?? [])
    .find((s) => s.name === name)
}

/** The container whose log is meant. k8s 1.36: validateContainerLogStatus. */
function loggedContainer(pod: Pod, name: string, previous: boolean): string {
  const where = `container "${name}" in pod "${pod.metadata.name ?? ''}"`
  const status = statusOf(pod, name)
  if (!status) throw badRequest(`${where} is not available`)
  const last = status.lastState?.terminated
  if (previous) {
    if (!last?.containerID) throw badRequest(`previous terminated ${where} not found`)
    return bareId(last.containerID)
  }
  const { running, terminated, waiting } = status.state ?? {}
  if (running) return bareId(status.containerID)
  const ended = terminated?.containerID ? terminated : last
  if (ended?.containerID) return bareId(ended.containerID)
  if (terminated || last) throw badRequest(`${where} is terminated`)
  if (waiting?.reason === 'ErrImagePull') throw badRequest(`${where} is waiting to start: image can't be pulled`)
  if (waiting?.reason === 'ImagePullBackOff') throw badRequest(`${where} is waiting to start: trying and failing to pull image`)
  if (waiting) throw badRequest(`${where} is waiting to start: ${waiting.reason ?? ''}`)
  throw badRequest(`${where} is waiting to start - no logs yet`)
}

/** The container that is meant when none is named; with several of them the first must be named. */
function containerName(pod: Pod, given: string | undefined): string {
  const names = allContainers(pod).map((c) => c.name)
  if (given !== undefined && given !== '') {
    if (names.includes(given)) return given
    throw badRequest(`container ${given} is not valid for pod ${pod.metadata.name ?? ''}`)
  }
  const regular = pod.spec?.containers ?? []
  if (regular.length === 1) return regular[0]?.name ?? ''
  const init = (pod.spec?.initContainers ?? []).map((c) => c.name).join(' ')
  const list = regular.map((c) => c.name).join(' ')
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name ?? ''}, choose one of: [${list}]${init ? ` or one of the init containers: [${init}]` : ''}`,
  )
}

export class PodApi {
  private readonly runtime: RuntimeService
  private readonly nowMs: () => number

  constructor(runtime: RuntimeService, nowMs: () => number) {
    this.runtime = runtime
    this.nowMs = nowMs
  }

  /** The log as one text. */
  logs(pod: Pod, options: LogOptions = {}): string {
    return this.select(this.entries(pod, options), options)
      .map((line) => `${lineText(line, options)}\n`)
      .join('')
      .slice(0, options.limitBytes)
  }

  /**
   * The log so far, then each line as it comes; `onEnd` when the container has ended. Gives what stops it.
   * kubectl logs -f.
   */
  follow(pod: Pod, options: LogOptions, onLine: (text: string) => void, onEnd: () => void): () => void {
    const id = loggedContainer(pod, containerName(pod, options.container), options.previous ?? false)
    for (const line of this.select(this.runtime.logs(id), options)) onLine(lineText(line, options))
    return this.runtime.followLogs(id, (line) => onLine(lineText(line, options)), onEnd)
  }

  /** Runs a command in a running container, its streams attached. */
  exec(pod: Pod, container: string | undefined, command: readonly string[], streams: ExecStreams): ExecSession {
    const running = this.running(pod, containerName(pod, container))
    const session = this.runtime.exec(running.id, command, streams)
    return { ...session, run: orRuntimeError(session.run, streams) }
  }

  /** Connects to a container's first process; `onEnd` gets its exit code. */
  attach(
    pod: Pod,
    container: string | undefined,
    listener: (text: string) => void,
    onEnd: (exitCode: number) => void,
  ): Attachment {
    const running = this.running(pod, containerName(pod, container))
    const attachment = this.runtime.attach(running.id, (_, text) => listener(text))
    const stop = this.runtime.followLogs(
      running.id,
      () => undefined,
      () => onEnd(running.exitCode),
    )
    return {
      ...attachment,
      detach: () => {
        stop()
        attachment.detach()
      },
    }
  }

  private running(pod: Pod, name: string): CriContainer {
    const container = this.runtime.pod(pod.metadata.uid ?? '')?.containers.find((c) => c.name === name)
    if (container?.state === 'running') return container
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed')
      throw badRequest(`cannot exec into a container in a completed pod; current phase is ${pod.status.phase}`)
    throw notFound({ group: '', resource: 'containers' }, name)
  }

  private entries(pod: Pod, options: LogOptions): readonly LogEntry[] {
    return this.runtime.logs(loggedContainer(pod, containerName(pod, options.container), options.previous ?? false))
  }

  private select(lines: readonly LogEntry[], options: LogOptions): readonly LogEntry[] {
    const sinceMs =
      options.sinceMs ?? (options.sinceSeconds === undefined ? undefined : this.nowMs() - options.sinceSeconds * 1000)
    const recent = sinceMs === undefined ? lines : lines.filter((line) => line.timeMs >= sinceMs)
    if (options.tailLines === undefined) return recent
    return options.tailLines === 0 ? [] : recent.slice(-options.tailLines)
  }
}

/** kubectl shows the runtime's error and ends with 126 or 127, as the container runtime's exec does. */
function* orRuntimeError(run: Task<number>, { stderr, stdout, tty }: ExecStreams): Task<number> {
  try {
    return yield* run
  } catch (error) {
    if (!isCriError(error)) throw error
    const write = tty ? stdout : stderr
    write(`${error.message.replace(/^rpc error: code = \w+ desc = /, '')}\n`)
    return 127
  }
}

const lineText = (line: LogEntry, { timestamps }: LogOptions) =>
  timestamps ? `${formatMicroTime(line.timeMs).replace('Z', '000Z')} ${line.text}` : line.text
