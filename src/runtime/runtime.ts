import type { CgroupLimits } from './cgroup.ts'
import type { Simulation } from '../sim/simulation.ts'
import { sleep, waitFor, type Task } from '../sim/task.ts'
import { Container, type Attachment, type ContainerConfig } from './container.ts'
import { ImageStore, type StoredImage } from './image-store.ts'
import type { LogLine } from './log-buffer.ts'
import { PodBox, type SandboxConfig } from './pod-box.ts'
import type { Process } from './process.ts'
import type { PortService } from './program.ts'
import { CriError, type Registry } from './registry.ts'
import type { SocketFactory } from './sockets.ts'
import { Input, Terminal } from './terminal.ts'
import { toolsOf } from './tools/tools.ts'

/** How long the runtime takes. Milliseconds. */
export interface RuntimeLatency {
  readonly sandboxMs: number
  readonly createMs: number
  readonly startMs: number
  readonly execMs: number
  /** Of an image download, beside the transfer itself. */
  readonly pullOverheadMs: number
  readonly pullBytesPerMs: number
}

const DEFAULT_LATENCY: RuntimeLatency = {
  sandboxMs: 150,
  createMs: 40,
  startMs: 60,
  execMs: 20,
  pullOverheadMs: 600,
  pullBytesPerMs: 20_000,
}

export interface RuntimeOptions {
  readonly sim: Simulation
  readonly registry: Registry
  readonly nodeName: string
  readonly latency?: Partial<RuntimeLatency>
  /** Images that are on the machine from the start (kubeadm pulls those of the control plane). */
  readonly preloaded?: readonly string[]
  /** The network that processes see; without it each pod is alone. */
  readonly sockets?: SocketFactory
}

interface ExecResult {
  readonly exitCode: number
  readonly output: string
  readonly timedOut: boolean
  readonly steady: boolean
}

interface ExecStreams {
  readonly stdin: boolean
  readonly tty: boolean
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

interface ExecSession {
  write(text: string): void
  closeInput(): void
  readonly run: Task<number>
}

interface PortRequest {
  readonly protocol: 'tcp' | 'http' | 'https' | 'grpc'
  readonly port: number
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly timeoutMs: number
}

type PortAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly steady: boolean }
  | { readonly kind: 'refused' }
  | { readonly kind: 'timeout'; readonly steady: boolean }

/** A container runtime on one machine, with the shape of the kubelet's RuntimeService. */
export class Runtime {
  readonly name = 'containerd'
  readonly version = '2.1.4'
  private readonly sim: Simulation
  private readonly nodeName: string
  private readonly latency: RuntimeLatency
  private readonly store: ImageStore
  private readonly sockets: SocketFactory | undefined
  private readonly boxes = new Map<string, PodBox>()
  private readonly sandboxPods = new Map<string, PodBox>()
  private readonly containers = new Map<string, Container>()
  private lifecycleListener: (podUid: string) => void = () => undefined
  private memoryListener: () => void = () => undefined
  private isOff = false
  /** Memory in use by all containers. */
  memoryBytes = 0

  constructor(options: RuntimeOptions) {
    this.sim = options.sim
    this.nodeName = options.nodeName
    this.sockets = options.sockets
    this.latency = { ...DEFAULT_LATENCY, ...options.latency }
    this.store = new ImageStore(options.sim, options.registry, options.nodeName, this.latency)
    for (const name of options.preloaded ?? []) this.store.add(name)
  }

  pod(uid: string): PodBox | undefined {
    return this.boxes.get(uid)
  }

  pods(): IterableIterator<PodBox> {
    return this.boxes.values()
  }

  *runPodSandbox(config: SandboxConfig): Task<string> {
    yield* sleep(this.latency.sandboxMs)
    let box = this.boxes.get(config.uid)
    if (!box) {
      box = new PodBox(
        this.sim,
        config,
        (uid) => this.tell(uid),
        (bytes) => this.addMemory(bytes),
        this.sockets,
      )
      this.boxes.set(config.uid, box)
    }
    box.ip = config.ip
    const id = this.newId()
    box.sandboxes.unshift({
      id,
      attempt: config.attempt,
      ip: config.hostNetwork ? '' : config.ip,
      createdMs: this.sim.now,
      ready: true,
    })
    this.sandboxPods.set(id, box)
    box.lifecycle()
    return id
  }

  *stopPodSandbox(id: string): Task {
    const box = this.sandboxPods.get(id)
    if (!box) return
    for (const container of box.containers) if (container.sandboxId === id) container.kill()
    const sandbox = box.sandboxes.find((s) => s.id === id)
    if (!sandbox?.ready) return
    sandbox.ready = false
    box.ports.clear()
    box.udpPorts.clear()
    yield* sleep(20)
    box.lifecycle()
  }

  removePod(uid: string): void {
    const box = this.boxes.get(uid)
    if (!box) return
    for (const container of box.containers) {
      container.kill()
      this.containers.delete(container.id)
    }
    for (const sandbox of box.sandboxes) this.sandboxPods.delete(sandbox.id)
    this.boxes.delete(uid)
  }

  *createContainer(sandboxId: string, config: ContainerConfig): Task<string> {
    yield* sleep(this.latency.createMs)
    const box = this.sandboxPods.get(sandboxId)
    if (!box) throw new CriError(`rpc error: code = NotFound desc = failed to find sandbox id "${sandboxId}": not found`)
    const manifest = this.store.manifest(config.image)
    if (!manifest) throw new CriError(`rpc error: code = NotFound desc = failed to resolve image "${config.image}": not found`)
    const { image } = manifest
    if (!image.entrypoint?.length && !image.cmd?.length && !config.command?.length && !config.args?.length)
      throw new CriError('rpc error: code = Unknown desc = failed to generate container spec: no command specified')
    const id = this.newId()
    const container = new Container(id, sandboxId, box, config, manifest, toolsOf(image.tools))
    box.containers.unshift(container)
    this.containers.set(id, container)
    return id
  }

  *startContainer(id: string): Task {
    yield* sleep(this.latency.startMs)
    this.need(id).start()
  }

  *stopContainer(id: string, graceSeconds: number): Task {
    const container = this.containers.get(id)
    if (!container) return
    container.stop(graceSeconds * 1000)
    yield* waitFor<void>((resume) => container.onExit(resume))
  }

  removeContainer(id: string): void {
    const container = this.containers.get(id)
    if (!container || container.state === 'running') return
    this.containers.delete(id)
    const list = container.pod.containers
    list.splice(list.indexOf(container), 1)
  }

  *execSync(id: string, command: readonly string[], timeoutMs: number): Task<ExecResult> {
    const container = this.need(id)
    if (container.state !== 'running')
      throw new CriError(`rpc error: code = Unknown desc = failed to exec in container: container is in CONTAINER_EXITED state`)
    yield* sleep(this.latency.execMs)
    let output = ''
    let process: Process | null = null
    const write = (text: string) => void (output += text)
    const run = container.exec(command, { write, writeError: write }, (started) => (process = started))
    const exitCode = yield* this.within(run, timeoutMs)
    const steady = !(process as Process | null)?.isUnsteady
    return { exitCode: exitCode ?? 137, output, timedOut: exitCode === undefined, steady }
  }

  /** A command with its streams attached. `run` throws CriError when the command is not there. */
  exec(id: string, command: readonly string[], streams: ExecStreams): ExecSession {
    const container = this.need(id)
    const terminal = streams.tty ? new Terminal(streams.stdout) : null
    const input = streams.stdin ? (terminal?.input ?? new Input(false)) : undefined
    const write = terminal ? (text: string) => terminal.output(text) : streams.stdout
    const writeError = terminal ? write : streams.stderr
    const { execMs } = this.latency
    return {
      write: (text) => (terminal ? terminal.type(text) : input?.push(text)),
      closeInput: () => input?.close(),
      run: (function* (): Task<number> {
        yield* sleep(execMs)
        return yield* container.exec(command, { write, writeError, ...(input ? { input } : {}) }, () => undefined)
      })(),
    }
  }

  /** Connects to the first process of a container. */
  attach(id: string, listener: (stream: 'stdout' | 'stderr', text: string) => void): Attachment {
    return this.need(id).attach(listener)
  }

  *request(sandboxId: string, request: PortRequest): Task<PortAnswer> {
    const box = this.sandboxPods.get(sandboxId)
    const service = box?.ports.get(request.port)
    yield* sleep(1)
    if (!service || service.protocol === 'udp') return { kind: 'refused' }
    const answer = answerOf(service, request)
    const delayMs = answer.delayMs ?? 1
    yield* sleep(Math.min(delayMs, request.timeoutMs))
    const steady = answer.steady ?? true
    return delayMs > request.timeoutMs ? { kind: 'timeout', steady } : { kind: 'answer', ...answer, steady }
  }

  /** What listens on a port of a pod: for the pod network. */
  portService(podUid: string, port: number): PortService | undefined {
    return this.boxes.get(podUid)?.ports.get(port)
  }

  onLifecycle(listener: (podUid: string) => void): void {
    this.lifecycleListener = listener
  }

  /** Calls back when memoryBytes has changed. */
  onMemory(listener: () => void): void {
    this.memoryListener = listener
  }

  /** Files of volumes have been brought up to date. */
  volumesChanged(uid: string): void {
    this.boxes.get(uid)?.changed()
  }

  watchPod(uid: string, listener: () => void): () => void {
    return this.boxes.get(uid)?.watch(listener) ?? (() => undefined)
  }

  /** How much of an image is on this machine, 0..1 by bytes. */
  pullProgress(image: string): number {
    return this.store.progress(image)
  }

  imageStatus(image: string): StoredImage | undefined {
    return this.store.status(image)
  }

  images(): readonly StoredImage[] {
    return this.store.all()
  }

  pullImage(image: string, authenticated: boolean): Task<StoredImage> {
    return this.store.pull(image, authenticated)
  }

  imageFiles(image: string): Map<string, string> {
    const files = Object.entries(this.store.manifest(image)?.image.files ?? {})
    return new Map(files.map(([path, text]) => [path.slice(1), text]))
  }

  removeImage(id: string): void {
    this.store.remove(id)
  }

  logs(containerId: string): readonly LogLine[] {
    return this.containers.get(containerId)?.log.all() ?? []
  }

  /** Each further line of a container's log, and its end. Gives what stops it. */
  followLogs(containerId: string, onLine: (line: LogLine) => void, onEnd: () => void): () => void {
    const container = this.containers.get(containerId)
    if (!container) {
      onEnd()
      return () => undefined
    }
    const stop = container.log.follow(onLine)
    let isOver = false
    container.onExit(() => {
      if (!isOver) onEnd()
    })
    return () => {
      isOver = true
      stop()
    }
  }

  updateResources(containerId: string, limits: CgroupLimits): void {
    this.containers.get(containerId)?.limit(limits)
  }

  containerStats(id: string): { readonly cpuMilli: number; readonly memoryBytes: number } {
    const container = this.containers.get(id)
    return { cpuMilli: container?.usedMilli ?? 0, memoryBytes: container?.memoryBytes ?? 0 }
  }

  container(id: string): Container | undefined {
    return this.containers.get(id)
  }

  powerOff(): void {
    this.isOff = true
    for (const box of this.boxes.values()) {
      for (const container of box.containers) container.lose()
      for (const sandbox of box.sandboxes) sandbox.ready = false
      box.ports.clear()
      box.udpPorts.clear()
    }
    this.isOff = false
  }

  private need(id: string): Container {
    const container = this.containers.get(id)
    if (!container)
      throw new CriError(`rpc error: code = NotFound desc = an error occurred when try to find container "${id}": not found`)
    return container
  }

  private tell(uid: string): void {
    if (!this.isOff) this.lifecycleListener(uid)
  }

  private addMemory(bytes: number): void {
    this.memoryBytes += bytes
    this.memoryListener()
  }

  /** The task's result, or undefined when it takes longer; it is then cancelled. */
  private within<T>(task: Task<T>, timeoutMs: number): Task<T | undefined> {
    return waitFor<T | undefined>((resume, fail) => {
      const timer =
        timeoutMs > 0
          ? this.sim.schedule(timeoutMs, () => {
              handle.cancel()
              resume(undefined)
            })
          : null
      const handle = this.sim.spawn(
        task,
        (value) => {
          timer?.cancel()
          resume(value)
        },
        (error) => {
          timer?.cancel()
          fail(error)
        },
      )
      return () => {
        timer?.cancel()
        handle.cancel()
      }
    })
  }

  /** 64 hexadecimal digits. */
  private newId(): string {
    const random = this.sim.random(`runtime/${this.nodeName}/ids`)
    let id = ''
    for (let i = 0; i < 8; i++) id += random.int(0x100000000).toString(16).padStart(8, '0')
    return id
  }
}

/** SIMPLIFIED: a probe comes from no address that is told. */
const KUBELET = { address: '127.0.0.1', port: 0 }

function answerOf(
  service: PortService,
  request: PortRequest,
): { status: number; body: string; delayMs?: number; steady?: boolean } {
  if (request.protocol === 'tcp') return { status: 0, body: '' }
  if (request.protocol === 'grpc') {
    if (service.protocol !== 'grpc') return { status: -1, body: '' }
    return { status: 0, body: service.grpc?.(request.path) ?? 'SERVING' }
  }
  if (request.protocol === 'https' && service.protocol === 'http') return { status: -2, body: '' }
  if (request.protocol === 'http' && service.protocol === 'https')
    return { status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' }
  if (!service.http) return { status: -1, body: '' }
  const { path, headers } = request
  return service.http({ method: 'GET', path, headers, body: '' }, KUBELET)
}
