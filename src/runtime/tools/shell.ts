import { sleep, waitFor, type Task, type TaskHandle } from '../../sim/task.ts'
import { normalize } from '../filesystem.ts'
import type { Input } from '../terminal.ts'
import { runProgram, type ChildOptions, type Signal, type System } from '../program.ts'
import { evaluate } from './shell-arithmetic.ts'
import { parseScript, ShellSyntaxError, type Command, type Redirect, type Script, type Word } from './shell-parser.ts'

/** Rounds of a loop that may run without time passing. */
const BUSY_ROUNDS = 200
const BUSY_PAUSE_MS = 100

/** What a script lacks that goes on in the next line. */
const UNFINISHED = /unterminated quoted string|unexpected end of file/

/** Leaves the script with a code. */
class Exit {
  readonly code: number
  constructor(code: number) {
    this.code = code
  }
}

/** Leaves or goes on with the innermost loop. */
class LoopJump {
  readonly isBreak: boolean
  constructor(isBreak: boolean) {
    this.isBreak = isBreak
  }
}

/** Text that is piped in; what has been read is gone. */
interface Piped {
  text: string
}

interface Streams {
  /** Undefined: the shell's own input, at whose other end somebody is. */
  readonly stdin: Piped | undefined
  readonly write: (text: string) => void
  readonly writeError: (text: string) => void
}

class Shell {
  private readonly system: System
  private readonly variables: Record<string, string>
  private readonly parameters: readonly string[]
  private readonly jobs: TaskHandle[] = []
  private readonly traps = new Map<string, string>()
  private cwd: string
  private last = 0
  private onError = false
  private rounds = 0
  private roundsMs = 0

  constructor(system: System, parameters: readonly string[]) {
    this.system = system
    this.parameters = parameters
    this.variables = { ...system.env }
    this.cwd = system.cwd
  }

  *run(text: string): Task<number> {
    const { system } = this
    const streams: Streams = {
      stdin: system.input ? undefined : { text: system.stdin },
      write: (out) => system.write(out),
      writeError: (out) => system.writeError(out),
    }
    try {
      yield* this.script(parseScript(text), streams)
    } catch (thrown) {
      if (thrown instanceof Exit) this.last = thrown.code
      else if (thrown instanceof ShellSyntaxError) {
        system.writeError(`sh: ${thrown.message}\n`)
        this.last = 2
      } else if (!(thrown instanceof LoopJump)) throw thrown
    } finally {
      for (const job of this.jobs) job.cancel()
    }
    return this.last
  }

  /** Line by line, as somebody types or pipes them; with a prompt when it is a terminal. */
  *interactive(input: Input): Task<number> {
    const { system } = this
    const streams: Streams = { stdin: undefined, write: (out) => system.write(out), writeError: (out) => system.writeError(out) }
    let pending = ''
    for (;;) {
      if (input.isTerminal) system.write(pending === '' ? this.prompt() : '> ')
      const line = yield* input.readLine()
      if (line === undefined) break
      pending += `${line}\n`
      try {
        const script = parseScript(pending)
        pending = ''
        yield* this.interruptible(this.script(script, streams), input)
      } catch (thrown) {
        if (thrown instanceof Exit) return thrown.code
        if (thrown instanceof ShellSyntaxError) {
          if (UNFINISHED.test(thrown.message)) continue
          pending = ''
          system.writeError(`sh: ${thrown.message}\n`)
          this.last = 2
        } else if (!(thrown instanceof LoopJump)) throw thrown
      }
    }
    return this.last
  }

  private prompt(): string {
    const { argv, hostname } = this.system
    return argv[0]?.endsWith('bash') ? `root@${hostname}:${this.cwd}# ` : `${this.cwd} # `
  }

  /** Ctrl-C ends what runs, not the shell. */
  private *interruptible(task: Task, input: Input): Task {
    yield* waitFor<void>((resume, fail) => {
      const handle = this.system.sim.spawn(task, () => resume(), fail)
      input.onInterrupt = () => {
        handle.cancel()
        this.last = 130
        resume()
      }
      return () => handle.cancel()
    })
    input.onInterrupt = null
  }

  private *script(script: Script, streams: Streams): Task {
    for (const { joins, pipeline, background } of script) {
      if ((joins === '&&' && this.last !== 0) || (joins === '||' && this.last === 0)) continue
      if (background) {
        this.jobs.push(this.system.sim.spawn(this.detached(pipeline.commands, streams)))
        this.last = 0
        continue
      }
      yield* this.pipeline(pipeline.commands, streams)
      if (pipeline.negated) this.last = this.last === 0 ? 1 : 0
      else if (this.onError && this.last !== 0 && joins === ';') throw new Exit(this.last)
    }
  }

  private *detached(commands: readonly Command[], streams: Streams): Task {
    const copy = new Shell(this.system, this.parameters)
    Object.assign(copy.variables, this.variables)
    try {
      yield* copy.pipeline(commands, streams)
    } catch (thrown) {
      if (!(thrown instanceof Exit)) throw thrown
    }
  }

  /** SIMPLIFIED: the stages of a pipe run one after the other. */
  private *pipeline(commands: readonly Command[], streams: Streams): Task {
    let { stdin } = streams
    for (const [i, command] of commands.entries()) {
      if (i === commands.length - 1) {
        yield* this.command(command, { ...streams, stdin })
        return
      }
      let output = ''
      yield* this.command(command, { ...streams, stdin, write: (text) => (output += text) })
      stdin = { text: output }
    }
  }

  private *command(command: Command, outer: Streams): Task {
    const streams = yield* this.redirected(command.redirects, outer)
    if (!streams) {
      this.last = 1
      return
    }
    switch (command.kind) {
      case 'simple':
        return yield* this.simple(command, streams)
      case 'group':
        return yield* this.script(command.body, streams)
      case 'while':
        return yield* this.loop(command, streams)
      case 'for':
        return yield* this.each(command, streams)
      case 'if':
        return yield* this.condition(command, streams)
    }
  }

  private *loop(command: Extract<Command, { kind: 'while' }>, streams: Streams): Task {
    let code = 0
    for (;;) {
      yield* this.breathe()
      yield* this.script(command.test, streams)
      if ((this.last === 0) === command.until) break
      if (!(yield* this.body(command.body, streams))) break
      code = this.last
    }
    this.last = code
  }

  private *each(command: Extract<Command, { kind: 'for' }>, streams: Streams): Task {
    const values: string[] = []
    for (const word of command.words) values.push(...(yield* this.fields(word)))
    for (const value of values) {
      this.variables[command.name] = value
      if (!(yield* this.body(command.body, streams))) break
    }
  }

  /** False when the loop is to end. */
  private *body(body: Script, streams: Streams): Task<boolean> {
    try {
      yield* this.script(body, streams)
    } catch (thrown) {
      if (!(thrown instanceof LoopJump)) throw thrown
      this.last = 0
      return !thrown.isBreak
    }
    return true
  }

  private *condition(command: Extract<Command, { kind: 'if' }>, streams: Streams): Task {
    for (const { test, body } of command.branches) {
      yield* this.script(test, streams)
      if (this.last === 0) return yield* this.script(body, streams)
    }
    this.last = 0
    if (command.otherwise) yield* this.script(command.otherwise, streams)
  }

  /** An endless loop that takes no time is cut into slices. */
  private *breathe(): Task {
    const { sim } = this.system
    if (sim.now !== this.roundsMs) {
      this.roundsMs = sim.now
      this.rounds = 0
    }
    if (++this.rounds < BUSY_ROUNDS) return
    this.system.setCpu(1000)
    yield* sleep(BUSY_PAUSE_MS)
  }

  private *simple(command: Extract<Command, { kind: 'simple' }>, streams: Streams): Task {
    const own: Record<string, string> = {}
    for (const { name, value } of command.assignments) own[name] = yield* this.text(value)
    const argv: string[] = []
    for (const word of command.words) argv.push(...(yield* this.fields(word)))
    if (argv.length === 0) {
      Object.assign(this.variables, own)
      this.last = 0
      return
    }
    if (yield* this.builtin(argv, streams)) return
    this.last = yield* this.external(argv, { ...this.variables, ...own }, streams, false)
  }

  private *external(argv: readonly string[], env: Record<string, string>, streams: Streams, replace: boolean): Task<number> {
    const [name = ''] = argv
    const path = name.includes('/') ? normalize(name, this.cwd) : name
    const script = this.system.files.read(path)
    const program = this.system.find(name)
    const { stdin, ...outputs } = streams
    const options: ChildOptions = { env, cwd: this.cwd, ...outputs, stdin: stdin?.text, replace }
    if (program) return yield* runProgram(this.system.child(argv, options), program)
    if (name.includes('/') && script !== undefined)
      return yield* runProgram(this.system.child(['sh', path, ...argv.slice(1)], options), shell)
    streams.writeError(`sh: ${name}: not found\n`)
    return 127
  }

  /** Whether it was one. */
  private *builtin(argv: readonly string[], streams: Streams): Task<boolean> {
    const [name, first = '', ...rest] = argv
    this.last = 0
    switch (name) {
      case ':':
        return true
      case 'exit':
      case 'return':
        throw new Exit(first === '' ? this.last : Number(first) & 255)
      case 'break':
      case 'continue':
        throw new LoopJump(name === 'break')
      case 'cd':
        this.cwd = normalize(first || '/root', this.cwd)
        return true
      case 'pwd':
        streams.write(`${this.cwd}\n`)
        return true
      case 'export':
      case 'local':
      case 'readonly':
        for (const word of [first, ...rest]) {
          const equals = word.indexOf('=')
          if (equals > 0) this.variables[word.slice(0, equals)] = word.slice(equals + 1)
        }
        return true
      case 'unset':
        for (const variable of [first, ...rest]) delete this.variables[variable]
        return true
      case 'set':
        if (/^-[a-z]*e/.test(first)) this.onError = true
        return true
      case 'trap':
        for (const signal of rest) this.trap(first, signal)
        return true
      case 'wait':
        while (this.jobs.some((job) => !job.done)) yield* sleep(100)
        return true
      case 'exec':
        if (first === '') return true
        throw new Exit(yield* this.external([first, ...rest], this.variables, streams, true))
      case 'eval':
        yield* this.script(parseScript([first, ...rest].join(' ')), streams)
        return true
      case 'read':
        yield* this.readInto([first, ...rest], streams)
        return true
      default:
        return false
    }
  }

  /** read [-r] NAME...: the fields of the next line; fails at the end. */
  private *readInto(words: readonly string[], { stdin }: Streams): Task {
    const names = words.filter((word) => word !== '' && !word.startsWith('-'))
    const line = stdin ? takeLine(stdin) : yield* this.system.input?.readLine() ?? noLine()
    if (line === undefined) this.last = 1
    const fields = (line ?? '').split(/[ \t]+/).filter(Boolean)
    names.forEach((name, i) => {
      this.variables[name] = i === names.length - 1 ? fields.slice(i).join(' ') : (fields[i] ?? '')
    })
  }

  private trap(action: string, signal: string): void {
    const name = signal.startsWith('SIG') ? signal : signal === '15' ? 'SIGTERM' : signal === '2' ? 'SIGINT' : `SIG${signal}`
    this.traps.set(name, action)
  }

  /** Runs the script so that trapped signals are acted on at once. SIMPLIFIED: a real shell ends the running command first. */
  *guarded(text: string): Task<number> {
    const { system } = this
    const main = this.run(text)
    return yield* waitFor<number>((resume, fail) => {
      const handle = system.sim.spawn(main, resume, fail)
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as Signal[]) {
        system.onSignal(signal, () => {
          const action = this.traps.get(signal)
          if (action === undefined) return
          const handler = new Shell(system, this.parameters)
          Object.assign(handler.variables, this.variables)
          system.sim.spawn(
            handler.run(action),
            (code) => {
              if (!/\bexit\b/.test(action)) return
              handle.cancel()
              resume(code)
            },
            fail,
          )
        })
      }
      return () => handle.cancel()
    })
  }

  private *redirected(redirects: readonly Redirect[], outer: Streams): Task<Streams | undefined> {
    let streams = outer
    for (const { from, mode, target } of redirects) {
      if (mode === 'join') {
        const { write, writeError } = streams
        streams = from === 'stderr' ? { ...streams, writeError: write } : { ...streams, write: writeError }
        continue
      }
      const path = normalize(yield* this.text(target), this.cwd)
      if (mode === 'read') {
        const text = path === '/dev/null' ? '' : this.system.files.read(path)
        if (text === undefined) {
          outer.writeError(`${this.system.argv[0] ?? 'sh'}: can't open ${path}: no such file\n`)
          return undefined
        }
        streams = { ...streams, stdin: { text } }
        continue
      }
      const sink = this.fileSink(path, mode === 'append', outer)
      if (!sink) return undefined
      if (from !== 'stderr') streams = { ...streams, write: sink }
      if (from !== 'stdout') streams = { ...streams, writeError: sink }
    }
    return streams
  }

  private fileSink(path: string, append: boolean, outer: Streams): ((text: string) => void) | undefined {
    if (path === '/dev/null') return () => undefined
    if (path === '/dev/stdout' || path === '/proc/1/fd/1') return outer.write
    if (path === '/dev/stderr' || path === '/proc/1/fd/2') return outer.writeError
    const { files } = this.system
    const error = append ? (files.exists(path) ? undefined : files.write(path, '')) : files.write(path, '')
    if (error) {
      outer.writeError(`${this.system.argv[0] ?? 'sh'}: can't create ${path}: ${error}\n`)
      return undefined
    }
    return (text) => void files.append(path, text)
  }

  /** A word's value as one text. */
  private *text(word: Word): Task<string> {
    let out = ''
    for (const part of word) out += yield* this.part(part)
    return out
  }

  /** A word's fields: unquoted expansions are split at blanks. */
  private *fields(word: Word): Task<string[]> {
    const fields: string[] = []
    let current: string | undefined
    for (const part of word) {
      const value = yield* this.part(part)
      if (part.quoted || part.kind === 'text') {
        current = (current ?? '') + value
        continue
      }
      const pieces = value.split(/[ \t\n]+/)
      for (const [i, piece] of pieces.entries()) {
        if (i > 0 && current !== undefined) {
          fields.push(current)
          current = undefined
        }
        if (piece !== '') current = (current ?? '') + piece
      }
    }
    if (current !== undefined) fields.push(current)
    return fields
  }

  private *part(part: Word[number]): Task<string> {
    switch (part.kind) {
      case 'text':
        return part.text
      case 'variable':
        return this.variable(part.name) || part.fallback || ''
      case 'arithmetic':
        return String(evaluate(part.expression, (name) => this.variable(name)))
      case 'command': {
        let output = ''
        const inner = new Shell(this.system.child(this.system.argv, { write: (text) => (output += text) }), this.parameters)
        Object.assign(inner.variables, this.variables)
        inner.cwd = this.cwd
        this.last = yield* inner.run(part.script)
        return output.replace(/\n+$/, '')
      }
    }
  }

  private variable(name: string): string {
    if (name === '?') return String(this.last)
    if (name === '$') return '1'
    if (name === '#') return String(Math.max(0, this.parameters.length - 1))
    if (name === '@' || name === '*') return this.parameters.slice(1).join(' ')
    if (/^\d$/.test(name)) return this.parameters[Number(name)] ?? ''
    if (name === 'RANDOM') {
      this.system.unsteady()
      return String(this.system.sim.random('runtime/shell').int(32768))
    }
    return this.variables[name] ?? (name === 'HOSTNAME' ? this.system.hostname : '')
  }
}

function takeLine(piped: Piped): string | undefined {
  if (piped.text === '') return undefined
  const [line = ''] = piped.text.split('\n', 1)
  piped.text = piped.text.slice(line.length + 1)
  return line
}

function* noLine(): Task<undefined> {
  return undefined
}

/** sh -c 'script' [name args...], sh file, or a script on standard input. Without any of these it ends at once. */
export function* shell(system: System): Task<number> {
  const args = system.argv.slice(1)
  let i = 0
  let script: string | undefined
  for (; i < args.length && args[i]?.startsWith('-'); i++) {
    if (!/^-[a-z]*c$/.test(args[i] ?? '')) continue
    script = args[++i] ?? ''
    break
  }
  if (script !== undefined) return yield* new Shell(system, args.slice(i + 1)).guarded(script)
  const file = args[i]
  if (file === undefined) {
    const sh = new Shell(system, [])
    return system.input ? yield* sh.interactive(system.input) : yield* sh.run(system.stdin)
  }
  const text = system.files.read(normalize(file, system.cwd))
  if (text !== undefined) return yield* new Shell(system, args.slice(i)).guarded(text)
  system.writeError(`sh: can't open '${file}': No such file or directory\n`)
  return 2
}
