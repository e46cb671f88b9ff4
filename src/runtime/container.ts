import type { Simulation, Timer } from '../sim/simulation.ts'
import type { Task, TaskHandle } from '../sim/task.ts'
import { cgroupFiles, type CgroupLimits } from './cgroup.ts'
import { FileSystem, type Mount } from './filesystem.ts'
import { CpuMeter } from './cpu-meter.ts'
import type { Manifest } from './registry.ts'
import { CriError } from './registry.ts'
import { LogBuffer } from './log-buffer.ts'
import type { PodBox } from './pod-box.ts'
import { Process } from './process.ts'
import { Input, Terminal } from './terminal.ts'
import { runProgram, type ChildOptions, type Program, type ProgramTable, type Signal } from './program.ts'

/** What the kubelet asks for; the shape of the CRI's ContainerConfig. */
export interface ContainerConfig {
  readonly name: string
  readonly attempt: number
  readonly image: string
  readonly command: readonly string[] | undefined
  readonly args: readonly string[] | undefined
  readonly env: { readonly [name: string]: string }
  readonly workingDir: string
  readonly mounts: readonly Mount[]
  readonly memoryLimitBytes: number
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

type OutputListener = (stream: 'stdout' | 'stderr', text: string) => void

/** Somebody's connection to the first process of a container. */
export interface Attachment {
  write(text: string): void
  closeInput(): void
  detach(): void
}

const KILLED = 137
const MESSAGE_LIMIT = 4096

/** A container: its files, its log, its processes, and how it ended. */
export class Container {
  readonly id: string
  readonly sandboxId: string
  readonly pod: PodBox
  readonly config: ContainerConfig
  readonly sim: Simulation
  readonly image: string
  readonly imageRef: string
  readonly env: { readonly [name: string]: string }
  readonly workingDir: string
  readonly log = new LogBuffer()
  readonly handlers = new Map<Signal, () => void>()
  /** Ports of the pod that processes of this container listen on. */
  readonly openPorts = new Set<number>()
  readonly createdMs: number
  state: 'created' | 'running' | 'exited' = 'created'
  startedMs = 0
  finishedMs = 0
  exitCode = 0
  reason = ''
  message = ''
  memoryBytes = 0
  cpuMilli = 0
  /** Of answering what comes over the network. */
  private meter: CpuMeter | null = null
  /** 0: none. */
  memoryLimitBytes: number
  private readonly manifest: Manifest
  private readonly tools: ProgramTable
  private readonly argv: readonly string[]
  private readonly listeners = new Set<OutputListener>()
  private terminal: Terminal | null = null
  private input: Input | undefined
  /** Shows what is typed to the one who types. */
  private echo: ((text: string) => void) | null = null
  private readonly cgroup = new Map<string, string>()
  /** New limits since it was started. */
  private resized: CgroupLimits | null = null
  private lazyFiles: FileSystem | null = null
  private task: TaskHandle | null = null
  private process: Process | null = null
  private killTimer: Timer | null = null
  private waiters: (() => void)[] = []

  constructor(id: string, sandboxId: string, pod: PodBox, config: ContainerConfig, manifest: Manifest, tools: ProgramTable) {
    this.id = id
    this.sandboxId = sandboxId
    this.pod = pod
    this.config = config
    this.memoryLimitBytes = config.memoryLimitBytes
    this.sim = pod.sim
    this.manifest = manifest
    this.tools = tools
    const { image, reference } = manifest
    this.image = reference.repository + (reference.tag ? `:${reference.tag}` : '')
    this.imageRef = `${reference.repository}@${manifest.digest}`
    this.env = image.env ? { ...image.env, ...config.env } : config.env
    this.workingDir = config.workingDir || image.workingDir || '/'
    this.createdMs = this.sim.now
    const { command, args } = config
    const entrypoint = command?.length ? command : (image.entrypoint ?? [])
    const cmd = args?.length ? args : command?.length ? [] : (image.cmd ?? [])
    this.argv = [...entrypoint, ...cmd]
  }

  get name(): string {
    return this.config.name
  }
  get attempt(): number {
    return this.config.attempt
  }
  get specHash(): string {
    return this.config.specHash
  }

  get files(): FileSystem {
    if (this.lazyFiles) return this.lazyFiles
    const { mounts, runAsUser, runAsGroup = 0, groups = [], readOnlyRoot, mayEscalate = true } = this.config
    const { files = {}, user = 0 } = this.manifest.image
    const owner = { user: runAsUser ?? user, group: runAsGroup, groups, mayEscalate }
    const { cpuLimitMilli: cpuMilli, cpuRequestMilli } = this.config
    this.setCgroup({ memoryBytes: this.memoryLimitBytes, cpuMilli, cpuRequestMilli, ...this.resized })
    const cgroup = { containerPath: '/sys/fs/cgroup', subPath: '', readOnly: true, files: this.cgroup }
    this.lazyFiles = new FileSystem(files, [...mounts, cgroup], () => this.pod.changed(), owner, readOnlyRoot)
    return this.lazyFiles
  }

  /** A program by name, or by its path in one of the usual folders. */
  find(name: string): Program | undefined {
    const base = name.slice(name.lastIndexOf('/') + 1)
    return this.manifest.image.programs[name] ?? this.manifest.image.programs[base] ?? this.tools[base]
  }

  /** Throws CriError when there is nothing to run. */
  start(): void {
    const [name] = this.argv
    const program = name === undefined ? undefined : this.find(name)
    const now = this.sim.now
    if (!program) {
      this.state = 'exited'
      this.startedMs = 0
      this.finishedMs = now
      this.exitCode = 128
      this.reason = 'StartError'
      const cause = name === undefined ? 'no command specified' : notFound(name)
      this.message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${cause}`
      this.pod.lifecycle()
      throw new CriError(this.message)
    }
    this.state = 'running'
    this.startedMs = now
    this.process = new Process(this, this.argv, true, this.openInput())
    this.pod.lifecycle()
    this.task = this.sim.spawn(runProgram(this.process, program), (code) => this.exit(code, code === 0 ? 'Completed' : 'Error'))
  }

  /** Delivers a signal; the first process ignores what it has no handler for. */
  signal(signal: Signal): void {
    if (this.state === 'running') this.handlers.get(signal)?.()
  }

  /** SIGKILL. */
  kill(reason = 'Error'): void {
    if (this.state !== 'running') return
    this.task?.cancel()
    this.exit(KILLED, reason)
  }

  /** Asks it to stop and kills it after the grace period. */
  stop(graceMs: number): void {
    if (this.state !== 'running') return
    this.signal(this.manifest.image.stopSignal ?? 'SIGTERM')
    if (this.state !== 'running') return
    if (this.killTimer) this.killTimer.cancel()
    this.killTimer = this.sim.schedule(graceMs, () => this.kill())
  }

  /** Calls back once it has exited. */
  onExit(waiter: () => void): void {
    if (this.state === 'running') this.waiters.push(waiter)
    else waiter()
  }

  addMemory(bytes: number): void {
    this.memoryBytes += bytes
    this.pod.addMemory(bytes)
    const limit = this.memoryLimitBytes
    // The kernel kills at the next page touched, not within the call.
    if (bytes > 0 && limit > 0 && this.memoryBytes > limit) this.sim.schedule(0, () => this.kill('OOMKilled'))
  }

  /** Uses that much of a processor for an answer. Gives when it is done, milliseconds from now. `cores`: without a limit. */
  burn(cpuMs: number, cores: number): number {
    const limit = this.config.cpuLimitMilli
    this.meter ??= new CpuMeter()
    return this.meter.burn(this.sim.now, cpuMs, limit > 0 ? limit / 1000 : cores)
  }

  /** Thousandths of a processor in use, with what answers cost. */
  get usedMilli(): number {
    return this.state === 'running' ? this.cpuMilli + (this.meter?.milli(this.sim.now) ?? 0) : 0
  }

  private setCgroup(limits: CgroupLimits): void {
    for (const [name, text] of cgroupFiles(limits)) this.cgroup.set(name, text)
  }

  /** Sets other limits; a container that is above its memory is killed. */
  limit(limits: CgroupLimits): void {
    const { memoryBytes } = limits
    this.resized = limits
    if (this.lazyFiles) this.setCgroup(limits)
    this.memoryLimitBytes = memoryBytes
    if (memoryBytes > 0 && this.memoryBytes > memoryBytes) this.kill('OOMKilled')
  }

  /** The machine lost power: what ran is found dead. */
  lose(): void {
    if (this.state !== 'running') return
    this.task?.cancel()
    this.exit(255, 'Unknown')
  }

  /** What the first process writes: into the log, and to whoever is attached. */
  output(stream: 'stdout' | 'stderr', text: string): void {
    this.log.write(this.sim.now, stream, text)
    for (const listener of this.listeners) listener(stream, text)
  }

  /** Connects to the first process. Without `stdin` in the config nothing can be sent. */
  attach(listener: OutputListener): Attachment {
    const { terminal, input } = this
    const show: OutputListener = terminal ? (_, text) => listener('stdout', text.replace(/\r?\n/g, '\r\n')) : listener
    this.listeners.add(show)
    if (terminal) this.echo = (text) => listener('stdout', text)
    return {
      write: (text) => (terminal ? terminal.type(text) : input?.push(text)),
      closeInput: () => input?.close(),
      detach: () => {
        this.listeners.delete(show)
        this.echo = null
      },
    }
  }

  private openInput(): ChildOptions {
    if (!this.config.stdin) return {}
    if (this.config.tty) this.terminal = new Terminal((text) => this.echo?.(text))
    this.input = this.terminal?.input ?? new Input(false)
    return { input: this.input }
  }

  /** A process beside the first, for exec. Throws CriError when the command is not there. */
  *exec(command: readonly string[], options: ChildOptions, onProcess: (process: Process) => void): Task<number> {
    const [name = ''] = command
    const program = this.find(name)
    if (!program)
      throw new CriError(
        `rpc error: code = Unknown desc = failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: ${notFound(name)}`,
      )
    const process = new Process(this, command, false, options)
    onProcess(process)
    return yield* runProgram(process, program)
  }

  private exit(code: number, reason: string): void {
    if (this.state !== 'running') return
    this.killTimer?.cancel()
    this.killTimer = null
    this.state = 'exited'
    this.finishedMs = this.sim.now
    this.exitCode = code
    this.reason = reason
    this.process?.release()
    this.process = null
    for (const port of this.openPorts) {
      this.pod.ports.delete(port)
      this.pod.udpPorts.delete(port)
    }
    this.openPorts.clear()
    this.task = null
    this.handlers.clear()
    this.log.close(this.sim.now)
    this.message = this.terminationMessage()
    this.pod.addMemory(-this.memoryBytes)
    this.memoryBytes = 0
    this.cpuMilli = 0
    const { waiters } = this
    this.waiters = []
    for (const waiter of waiters) waiter()
    this.pod.changed()
    this.pod.lifecycle()
  }

  /** The message file, or with FallbackToLogsOnError the end of the log after a failure. */
  private terminationMessage(): string {
    const { terminationMessagePath, terminationMessageFromLogs } = this.config
    const text = this.lazyFiles?.read(terminationMessagePath) ?? ''
    if (text !== '' || !terminationMessageFromLogs || this.exitCode === 0) return text.slice(0, MESSAGE_LIMIT)
    const end = this.log
      .all()
      .slice(-80)
      .map((line) => line.text)
      .join('\n')
    return `${end}${end === '' || this.log.isCut ? '' : '\n'}`.slice(-2048)
  }
}

function notFound(name: string): string {
  return name.includes('/')
    ? `exec: "${name}": stat ${name}: no such file or directory`
    : `exec: "${name}": executable file not found in $PATH`
}
