/**
 * What the kubelet asks of a container runtime: the Container Runtime Interface, cut to what is simulated. The runtime
 * has this shape without importing it; cluster/ puts the two together. Failures are thrown as an Error named
 * 'CriError' whose message is the runtime's own.
 */
import type { Task } from '../sim/task.ts'

/** A container as the runtime knows it. Objects are live: read them, don't keep copies of their fields. */
export interface CriContainer {
  readonly id: string
  readonly sandboxId: string
  readonly name: string
  /** The restart count. */
  readonly attempt: number
  /** Full name with registry and tag: docker.io/library/nginx:1.27. */
  readonly image: string
  /** Full name with digest. */
  readonly imageRef: string
  readonly state: 'created' | 'running' | 'exited'
  readonly createdMs: number
  readonly startedMs: number
  readonly finishedMs: number
  readonly exitCode: number
  /** 'Completed', 'Error', 'OOMKilled', 'StartError' or 'Unknown'; '' while it runs. */
  readonly reason: string
  /** What the program left in its termination message file, or the runtime's error. */
  readonly message: string
  /** The kubelet's mark of the definition that the container was made from. */
  readonly specHash: string
}

export interface CriSandbox {
  readonly id: string
  readonly attempt: number
  readonly ready: boolean
  /** '' for pods in the host's network. */
  readonly ip: string
  readonly createdMs: number
}

/** Everything the runtime has of one pod. */
export interface CriPod {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  /** Newest first. */
  readonly sandboxes: readonly CriSandbox[]
  /** Newest first. */
  readonly containers: readonly CriContainer[]
}

export interface SandboxConfig {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly attempt: number
  readonly hostNetwork: boolean
  readonly hostname: string
  /** Allocated by the pod network; the node's own address in the host's network. */
  readonly ip: string
}

/** Files that the kubelet puts into a container, by path relative to the mount. Live: later changes are seen inside. */
export type VolumeFiles = Map<string, string>

/** Permission bits of a volume's files. */
export interface VolumeModes {
  readonly folder: number
  readonly file: number
  /** By path in the volume, for those that differ. */
  readonly files: ReadonlyMap<string, number>
  readonly user: number
  readonly group: number
  /** A tmpfs. */
  readonly inMemory: boolean
}

export interface CriMount {
  readonly name: string
  readonly containerPath: string
  /** Only this file or folder of the volume; '' for all. */
  readonly subPath: string
  readonly readOnly: boolean
  readonly files: VolumeFiles
  readonly modes?: VolumeModes
}

export interface ContainerConfig {
  readonly name: string
  readonly attempt: number
  readonly image: string
  /** Overrides the image's entrypoint; undefined: the image's own. */
  readonly command: readonly string[] | undefined
  readonly args: readonly string[] | undefined
  readonly env: { readonly [name: string]: string }
  readonly workingDir: string
  readonly mounts: readonly CriMount[]
  /** 0: no limit. */
  readonly memoryLimitBytes: number
  /** 0: no limit. */
  readonly cpuLimitMilli: number
  readonly cpuRequestMilli: number
  readonly terminationMessagePath: string
  readonly terminationMessageFromLogs: boolean
  /** Standard input stays open for whoever attaches. */
  readonly stdin?: boolean
  readonly tty?: boolean
  readonly runAsUser: number | undefined
  readonly runAsGroup?: number | undefined
  /** Further groups of its processes. */
  readonly groups?: readonly number[]
  readonly readOnlyRoot?: boolean
  readonly mayEscalate?: boolean
  readonly specHash: string
}

export interface ExecResult {
  readonly exitCode: number
  /** Standard output and error together. */
  readonly output: string
  readonly timedOut: boolean
  /** Same question, same answer, until the pod's watchers are told of a change. */
  readonly steady: boolean
}

export interface ExecStreams {
  readonly stdin: boolean
  readonly tty: boolean
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/** A command that runs with somebody at the other end. */
export interface ExecSession {
  write(text: string): void
  closeInput(): void
  /** Gives the exit code. */
  readonly run: Task<number>
}

/** Somebody's connection to the first process of a container. */
export interface Attachment {
  write(text: string): void
  closeInput(): void
  detach(): void
}

/** What came back from a port of a pod. */
export type PortAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly steady: boolean }
  | { readonly kind: 'refused' }
  | { readonly kind: 'timeout'; readonly steady: boolean }

export interface PortRequest {
  readonly protocol: 'tcp' | 'http' | 'https' | 'grpc'
  readonly port: number
  /** Path for http, service for grpc. */
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly timeoutMs: number
}

export interface ImageInfo {
  readonly id: string
  /** Digest form first, then tags. */
  readonly names: readonly string[]
  readonly sizeBytes: number
}

export interface LogEntry {
  readonly timeMs: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export interface UsageStats {
  readonly cpuMilli: number
  readonly memoryBytes: number
}

export interface RuntimeService {
  /** 'containerd'. */
  readonly name: string
  readonly version: string
  pod(uid: string): CriPod | undefined
  pods(): Iterable<CriPod>
  runPodSandbox(config: SandboxConfig): Task<string>
  /** Kills what still runs in it. */
  stopPodSandbox(id: string): Task
  /** Forgets the pod's sandboxes and containers. */
  removePod(uid: string): void
  createContainer(sandboxId: string, config: ContainerConfig): Task<string>
  startContainer(id: string): Task
  /** SIGTERM, then SIGKILL after the grace period; ends when the container has exited. */
  stopContainer(id: string, graceSeconds: number): Task
  removeContainer(id: string): void
  execSync(id: string, command: readonly string[], timeoutMs: number): Task<ExecResult>
  /** A command with its streams attached; `run` throws CriError when the command is not there. */
  exec(id: string, command: readonly string[], streams: ExecStreams): ExecSession
  /** Connects to the first process of a container. */
  attach(id: string, listener: (stream: 'stdout' | 'stderr', text: string) => void): Attachment
  request(sandboxId: string, request: PortRequest): Task<PortAnswer>
  /** Called with a pod's uid when one of its sandboxes or containers started, exited or went. */
  onLifecycle(listener: (podUid: string) => void): void
  /** The kubelet has brought the files of a pod's volumes up to date. */
  volumesChanged?(uid: string): void
  /** Calls back whenever something that a probe could see has changed in the pod. Gives the unsubscriber. */
  watchPod(uid: string, listener: () => void): () => void
  /** Undefined when it has not been pulled. */
  imageStatus(image: string): ImageInfo | undefined
  images(): readonly ImageInfo[]
  /** Takes as long as the download does. `authenticated` tells whether pull credentials for the registry are at hand. */
  pullImage(image: string, authenticated: boolean): Task<ImageInfo>
  removeImage(id: string): void
  /** What an image holds, for an image volume. */
  imageFiles(image: string): VolumeFiles
  logs(containerId: string): readonly LogEntry[]
  /** Each further line, and the end of the container. Gives what stops it. */
  followLogs(containerId: string, onLine: (line: LogEntry) => void, onEnd: () => void): () => void
  /** New limits for a running container; 0: none. */
  updateResources(
    containerId: string,
    limits: { readonly memoryBytes: number; readonly cpuMilli: number; readonly cpuRequestMilli: number },
  ): void
  containerStats(id: string): UsageStats
  /** Memory in use by all containers. */
  readonly memoryBytes: number
  /** Calls back when memoryBytes has changed. */
  onMemory(listener: () => void): void
  /** Power is cut: everything that runs is gone, what was on disk stays. */
  powerOff(): void
}

/** A failure that the runtime reported. */
export function isCriError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'CriError'
}
