/** A shell on a machine: the network's commands and the usual text tools, with pipes, variables and redirections. */
import type { CommandOutput, NodeCommand } from '../../network/commands/command.ts'
import { NODE_COMMANDS } from '../../network/commands/registry.ts'
import type { Netns } from '../../network/link/netns.ts'
import { FileSystem, type Mount } from '../../runtime/filesystem.ts'
import type { ChildOptions, Program, ProgramTable, System } from '../../runtime/program.ts'
import type { Sockets } from '../../runtime/sockets.ts'
import { toolsOf } from '../../runtime/tools/tools.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Task } from '../../sim/task.ts'

/** What a shell needs of the machine (or pod) that it is on. */
export interface ShellPlace {
  readonly sim: Simulation
  readonly hostname: string
  readonly address: string
  readonly netns: Netns
  readonly sockets: Sockets
  readonly files: FileSystem
}

const TOOLS: ProgramTable = toolsOf('debian')

/** A command line on a machine, run to its end: what it wrote, and its exit code. */
export function* runShell(place: ShellPlace, line: string, stdin = ''): Task<CommandOutput> {
  const out = { stdout: '', stderr: '' }
  const system = new ShellSystem(place, ['sh', '-c', line], {
    stdin,
    write: (text) => (out.stdout += text),
    writeError: (text) => (out.stderr += text),
  })
  const shell = TOOLS['sh'] as Program
  const exitCode = yield* shell(system)
  return { ...out, exitCode }
}

/** The same for callers that can't wait: a command that takes simulated time is given up. */
export function runShellNow(place: ShellPlace, line: string, stdin = ''): CommandOutput {
  let output: CommandOutput | undefined
  const handle = place.sim.spawn(runShell(place, line, stdin), (result) => (output = result))
  if (output) return output
  handle.cancel()
  return { stdout: '', stderr: `${line}: takes time and was not waited for\n`, exitCode: 124 }
}

/** The files of a machine that its network is configured by. `live` is read at each look. */
export function machineFiles(
  hostname: string,
  address: string,
  mounts: readonly { readonly path: string; readonly files: Map<string, string> }[],
): FileSystem {
  const base = {
    '/etc/hostname': `${hostname}\n`,
    '/etc/hosts': `127.0.0.1 localhost\n${address} ${hostname}\n`,
    '/etc/resolv.conf': 'nameserver 10.0.0.1\n',
    '/tmp/.keep': '',
    '/root/.bashrc': '',
  }
  const mounted = mounts.map(({ path, files }): Mount => ({ containerPath: path, subPath: '', readOnly: false, files }))
  return new FileSystem(base, mounted, () => undefined)
}

class ShellSystem implements System {
  readonly argv: readonly string[]
  readonly env: { readonly [name: string]: string }
  readonly cwd: string
  readonly stdin: string
  readonly image = ''
  readonly memoryLimitBytes = 0
  private readonly place: ShellPlace
  private readonly options: ChildOptions
  private readonly parent: ShellSystem | null

  constructor(place: ShellPlace, argv: readonly string[], options: ChildOptions, parent: ShellSystem | null = null) {
    this.place = place
    this.argv = argv
    this.options = options
    this.parent = parent
    this.env = options.env ?? parent?.env ?? { PATH: '/usr/sbin:/usr/bin', HOME: '/root', USER: 'root', HOSTNAME: place.hostname }
    this.cwd = options.cwd ?? parent?.cwd ?? '/root'
    this.stdin = options.stdin ?? ''
  }

  get sim(): Simulation {
    return this.place.sim
  }
  get files(): FileSystem {
    return this.place.files
  }
  get hostname(): string {
    return this.place.hostname
  }
  get ip(): string {
    return this.place.address
  }
  get sockets(): Sockets {
    return this.place.sockets
  }

  write(text: string): void {
    if (this.options.write) this.options.write(text)
    else this.parent?.write(text)
  }

  writeError(text: string): void {
    if (this.options.writeError) this.options.writeError(text)
    else this.parent?.writeError(text)
  }

  // SIMPLIFIED: programs started from a machine's shell can't listen.
  listen(): boolean {
    return false
  }
  unlisten(): void {
    // Nothing listens.
  }
  service(): undefined {
    return undefined
  }
  watch(): () => void {
    return () => undefined
  }
  changed(): void {
    // Nobody probes a machine.
  }
  unsteady(): void {
    // Nobody probes a machine.
  }
  setMemory(): void {
    // Not counted.
  }
  setCpu(): void {
    // Not counted.
  }
  onSignal(): void {
    // Nobody sends any.
  }

  find(name: string): Program | undefined {
    const bare = name.slice(name.lastIndexOf('/') + 1)
    const command = NODE_COMMANDS[bare]
    return command ? this.asProgram(command) : TOOLS[bare]
  }

  child(argv: readonly string[], changes: ChildOptions = {}): System {
    return new ShellSystem(this.place, argv, changes, this)
  }

  release(): void {
    // Holds nothing.
  }

  private asProgram(command: NodeCommand): Program {
    const { netns } = this.place
    return function* (system): Task<number> {
      netns.settle()
      const { stdout, stderr, exitCode } = command(netns, system.argv, system.stdin)
      // Whoever keeps something in order here sees what was done to it.
      netns.settle()
      if (stdout !== '') system.write(stdout)
      if (stderr !== '') system.writeError(stderr)
      return exitCode
    }
  }
}
