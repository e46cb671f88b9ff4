import { sleep, type Task } from '../../sim/task.ts'
import {
  print,
  runProgram,
  untilTerminated,
  type HttpRequest,
  type HttpResponse,
  type PortService,
  type Program,
  type System,
} from '../program.ts'
import type { Endpoint } from '../sockets.ts'

export const MiB = 1024 * 1024

/** A program that starts up, listens and ends when told to. */
export interface ServerSpec {
  /** From start to listening. */
  readonly startMs: number
  readonly memoryBytes: number
  readonly cpuMilli?: number
  readonly ports: (system: System) => readonly { readonly port: number; readonly service: PortService }[]
  /** Log lines before and after it listens. */
  readonly starting?: (system: System) => readonly string[]
  readonly started?: (system: System) => readonly string[]
  readonly stopping?: readonly string[]
  /** From SIGTERM to the end. */
  readonly stopMs?: number
  /** 0 unless given; Java programs end with 143. */
  readonly stopCode?: number
  /** Writes its log to standard error. */
  readonly logsToError?: boolean
  /** What goes wrong before it starts: log lines and exit code. */
  readonly refuses?: (
    system: System,
  ) => { readonly lines: readonly string[]; readonly code: number; readonly afterMs?: number } | undefined
}

export function server(spec: ServerSpec): Program {
  return function* run(system: System): Task<number> {
    const say = (lines: readonly string[] = []) => {
      for (const line of lines)
        if (spec.logsToError) system.writeError(`${line}\n`)
        else print(system, line)
    }
    const refusal = spec.refuses?.(system)
    if (refusal) {
      yield* sleep(refusal.afterMs ?? 100)
      say(refusal.lines)
      return refusal.code
    }
    let isEnding = false
    // A signal that arrives during start-up ends it as well.
    const end = untilTerminated(system)
    system.setMemory(spec.memoryBytes / 2)
    system.setCpu(spec.startMs > 1000 ? 500 : 50)
    say(spec.starting?.(system))
    const starting = system.sim.schedule(spec.startMs, () => {
      if (isEnding) return
      system.setMemory(spec.memoryBytes)
      system.setCpu(spec.cpuMilli ?? 2)
      for (const { port, service } of spec.ports(system))
        if (!system.listen(port, service)) system.writeError(`bind: address already in use: 0.0.0.0:${port}\n`)
      say(spec.started?.(system))
    })
    try {
      yield* end
      isEnding = true
      say(spec.stopping)
      yield* sleep(spec.stopMs ?? 50)
      return spec.stopCode ?? 0
    } finally {
      isEnding = true
      starting.cancel()
    }
  }
}

/** An image's entrypoint script: runs the command it is given, or the server. */
export const entrypoint = (main: Program): Program =>
  function* run(system: System): Task<number> {
    const [, name, ...args] = system.argv
    const other = name === undefined || name.startsWith('-') ? undefined : system.find(name)
    if (other === undefined) return yield* main(system)
    return yield* runProgram(system.child([name ?? '', ...args], { replace: true }), other)
  }

/** An HTTP service that answers every path by a function. */
export const http = (answer: (request: HttpRequest, peer: Endpoint) => HttpResponse): PortService => ({
  protocol: 'http',
  http: answer,
})

/** Always the same page. */
export const fixed = (body: string, status = 200): PortService => http(() => ({ status, body }))

export const tcp: PortService = { protocol: 'tcp' }
export const udp: PortService = { protocol: 'udp' }
