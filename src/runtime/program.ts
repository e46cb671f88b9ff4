/**
 * What a program in a container is, and what it can do. An image's programs, the shell and its tools are all of this
 * form; a fuller shell plugs in as one more Program named 'sh'.
 */
import type { Simulation } from '../sim/simulation.ts'
import { waitFor, type Task } from '../sim/task.ts'
import type { FileSystem } from './filesystem.ts'
import type { Input } from './terminal.ts'
import type { DnsMessage, DnsQuestion, Endpoint, Sockets } from './sockets.ts'

/** Runs until it ends; gives the exit code. Killing it cancels the task. */
export type Program = (system: System) => Task<number>

/** Programs by the name under which they are found in $PATH. */
export type ProgramTable = { readonly [name: string]: Program }

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGQUIT'

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

export interface HttpResponse {
  readonly status: number
  readonly body: string
  readonly headers?: { readonly [name: string]: string }
  /** Time until the answer, default 1 ms. */
  readonly delayMs?: number
  /** How much of a processor it took, milliseconds. With many at once answers wait for one another. */
  readonly cpuMs?: number
  /** False when the same question may be answered otherwise without changed() being called. Default true. */
  readonly steady?: boolean
}

/** What answers on a port. Without `http` it accepts connections and says nothing that is simulated. */
export interface PortService {
  readonly protocol: 'tcp' | 'udp' | 'http' | 'https' | 'grpc'
  readonly http?: (request: HttpRequest, peer: Endpoint) => HttpResponse
  /** In place of `http`, for what takes time or asks others: a proxy, a slow page. */
  readonly serve?: (request: HttpRequest, peer: Endpoint) => Task<HttpResponse>
  /** Answers a line of text, or a datagram; undefined: says nothing. */
  readonly talk?: (text: string, peer: Endpoint) => string | undefined
  /** Answers DNS questions; undefined: no answer at all. */
  readonly dns?: (question: DnsQuestion, peer: Endpoint, protocol: 'udp' | 'tcp') => Task<DnsMessage | undefined>
  /** Health of a gRPC service: SERVING unless given. */
  readonly grpc?: (service: string) => 'SERVING' | 'NOT_SERVING'
}

/** The system as one process sees it. */
export interface System {
  readonly sim: Simulation
  /** argv[0] is the program's name. */
  readonly argv: readonly string[]
  readonly env: { readonly [name: string]: string }
  readonly cwd: string
  readonly files: FileSystem
  readonly hostname: string
  readonly ip: string
  readonly image: string
  /** What is piped in; '' when nothing is. */
  readonly stdin: string
  /** In place of `stdin`, when somebody is at the other end: standardInput() reads either. */
  readonly input?: Input | undefined
  readonly memoryLimitBytes: number
  /** The network. What others than the own pod answer depends on more than the pod's state. */
  readonly sockets: Sockets
  /** Text to standard output as is; programs add their own newlines. */
  write(text: string): void
  writeError(text: string): void
  /** False when another process of the pod has the port already. UDP ports are apart from the others. */
  listen(port: number, service: PortService): boolean
  unlisten(port: number, protocol?: 'tcp' | 'udp'): void
  /** What listens on a port of this pod, other than by UDP alone. */
  service(port: number): PortService | undefined
  /** Calls back when files or ports of the pod may have changed. Gives what ends that. */
  watch(listener: () => void): () => void
  /** Says that probes may now be answered otherwise. Ports and files say so by themselves. */
  changed(): void
  /** Says that this run's outcome depends on more than the pod's state (the clock, chance, other pods). */
  unsteady(): void
  /** Memory in use now. Above the container's limit the container is killed. */
  setMemory(bytes: number): void
  /** CPU in use now. */
  setCpu(milli: number): void
  /** Catches a signal; without a handler the first process of a container does not notice SIGTERM. */
  onSignal(signal: Signal, handler: () => void): void
  /** Finds a program by name or path. */
  find(name: string): Program | undefined
  /** The same system for another process: its own arguments, environment, input and output. */
  child(argv: readonly string[], changes?: ChildOptions): System
  /** Called when the process has ended: gives back what it held. */
  release(): void
}

export interface ChildOptions {
  readonly env?: { readonly [name: string]: string }
  readonly cwd?: string
  /** Without it the input is the parent's. */
  readonly stdin?: string | undefined
  readonly input?: Input
  readonly write?: (text: string) => void
  readonly writeError?: (text: string) => void
  /** The new process takes the place of this one (exec): it gets the container's signals. */
  readonly replace?: boolean
}

/** All of standard input: waits for its end when somebody is still typing. */
export function* standardInput({ input, stdin }: System): Task<string> {
  return input ? yield* input.readAll() : stdin
}

/** Writes one line to standard output. */
export function print(system: System, line: string): void {
  system.write(`${line}\n`)
}

/** Waits until the process is told to end. */
export function untilTerminated(system: System, signals: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']): Task<Signal> {
  return waitFor<Signal>((resume) => {
    for (const signal of signals) system.onSignal(signal, () => resume(signal))
  })
}

/** Runs another program inside the same container and waits for it. */
export function* runProgram(system: System, program: Program): Task<number> {
  try {
    return yield* program(system)
  } finally {
    system.release()
  }
}
