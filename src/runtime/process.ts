import type { Simulation } from '../sim/simulation.ts'
import type { Container } from './container.ts'
import type { FileSystem } from './filesystem.ts'
import type { Sockets } from './sockets.ts'
import type { Input } from './terminal.ts'
import { watchedSockets } from './watched-sockets.ts'
import type { ChildOptions, PortService, Program, Signal, System } from './program.ts'

interface OpenPort {
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

/** One process of a container: the System that its program sees. */
export class Process implements System {
  readonly argv: readonly string[]
  readonly env: { readonly [name: string]: string }
  readonly cwd: string
  readonly stdin: string
  readonly input: Input | undefined
  private readonly container: Container
  private readonly options: ChildOptions
  /** The container's first process, which gets its signals. */
  private readonly isFirst: boolean
  private readonly parent: Process | null
  private memoryBytes = 0
  private cpuMilli = 0
  private ports: OpenPort[] = []
  private lazySockets: Sockets | null = null
  /** Set by unsteady(), also by children. */
  isUnsteady = false

  constructor(
    container: Container,
    argv: readonly string[],
    isFirst: boolean,
    options: ChildOptions = {},
    parent: Process | null = null,
  ) {
    this.container = container
    this.argv = argv
    this.isFirst = isFirst
    this.options = options
    this.parent = parent
    this.env = options.env ?? parent?.env ?? container.env
    this.cwd = options.cwd ?? parent?.cwd ?? container.workingDir
    this.stdin = options.stdin ?? ''
    this.input = options.input ?? (options.stdin === undefined ? parent?.input : undefined)
  }

  get sim(): Simulation {
    return this.container.sim
  }
  get files(): FileSystem {
    return this.container.files
  }
  get hostname(): string {
    return this.container.pod.hostname
  }
  get ip(): string {
    return this.container.pod.ip
  }
  get image(): string {
    return this.container.image
  }
  get memoryLimitBytes(): number {
    return this.container.memoryLimitBytes
  }

  write(text: string): void {
    if (this.options.write) this.options.write(text)
    else if (this.parent) this.parent.write(text)
    else this.container.output('stdout', text)
  }

  writeError(text: string): void {
    if (this.options.writeError) this.options.writeError(text)
    else if (this.parent) this.parent.writeError(text)
    else this.container.output('stderr', text)
  }

  get sockets(): Sockets {
    const { pod, files, image } = this.container
    this.lazySockets ??= watchedSockets(
      pod.sockets({ podUid: pod.uid, image, readFile: (path) => files.read(path) }),
      pod.ip,
      () => this.unsteady(),
    )
    return this.lazySockets
  }

  listen(port: number, service: PortService): boolean {
    const { pod } = this.container
    const protocol = service.protocol === 'udp' ? 'udp' : 'tcp'
    const taken = pod.portsOf(protocol)
    if (taken.has(port)) return false
    taken.set(port, service)
    this.ports.push({ port, protocol })
    this.container.openPorts.add(port)
    pod.changed()
    return true
  }

  unlisten(port: number, protocol: 'tcp' | 'udp' = 'tcp'): void {
    this.ports = this.ports.filter((open) => open.port !== port || open.protocol !== protocol)
    this.close({ port, protocol })
    this.container.pod.changed()
  }

  watch(listener: () => void): () => void {
    return this.container.pod.watch(listener)
  }

  service(port: number): PortService | undefined {
    return this.container.pod.ports.get(port)
  }

  changed(): void {
    this.container.pod.changed()
  }

  unsteady(): void {
    this.isUnsteady = true
    this.parent?.unsteady()
  }

  setMemory(bytes: number): void {
    this.container.addMemory(bytes - this.memoryBytes)
    this.memoryBytes = bytes
  }

  setCpu(milli: number): void {
    this.container.cpuMilli += milli - this.cpuMilli
    this.cpuMilli = milli
  }

  onSignal(signal: Signal, handler: () => void): void {
    if (this.isFirst) this.container.handlers.set(signal, handler)
  }

  find(name: string): Program | undefined {
    return this.container.find(name)
  }

  child(argv: readonly string[], changes: ChildOptions = {}): System {
    return new Process(this.container, argv, this.isFirst && changes.replace === true, changes, this)
  }

  release(): void {
    this.setMemory(0)
    this.setCpu(0)
    if (this.ports.length === 0) return
    const { ports } = this
    this.ports = []
    for (const port of ports) this.close(port)
    this.container.pod.changed()
  }

  private close({ port, protocol }: OpenPort): void {
    const { pod, openPorts } = this.container
    pod.portsOf(protocol).delete(port)
    if (!this.ports.some((open) => open.port === port)) openPorts.delete(port)
  }
}
