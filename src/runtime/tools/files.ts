import { sleep, type Task } from '../../sim/task.ts'
import { normalize, parent } from '../filesystem.ts'
import { listMode } from '../file-mode.ts'
import { print, standardInput, type ProgramTable, type System } from '../program.ts'

const operands = (system: System) => system.argv.slice(1).filter((a) => !a.startsWith('-') || a === '-')
const has = (system: System, letter: string) => system.argv.slice(1).some((a) => /^-[a-zA-Z]+$/.test(a) && a.includes(letter))
const at = (system: System, path: string) => normalize(path, system.cwd)

/** Text of each operand, or of standard input when there is none; complains about what is not there. */
function* inputs(
  system: System,
  names: readonly string[],
): Task<{ readonly texts: readonly string[]; readonly failed: boolean }> {
  if (names.length === 0) return { texts: [yield* standardInput(system)], failed: false }
  const texts: string[] = []
  let failed = false
  for (const name of names) {
    const text = name === '-' ? yield* standardInput(system) : system.files.read(at(system, name))
    if (text !== undefined) texts.push(text)
    else {
      failed = true
      const cause = system.files.isFolder(at(system, name)) ? 'Is a directory' : 'No such file or directory'
      const who = system.argv[0]?.split('/').at(-1) ?? ''
      system.writeError(who === 'cat' ? `cat: can't open '${name}': ${cause}\n` : `${who}: ${name}: ${cause}\n`)
    }
  }
  return { texts, failed }
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

function* cat(system: System): Task<number> {
  const { texts, failed } = yield* inputs(system, operands(system))
  for (const text of texts) system.write(text)
  return failed ? 1 : 0
}

function* touch(system: System): Task<number> {
  for (const name of operands(system)) {
    const path = at(system, name)
    if (system.files.exists(path)) continue
    const error = system.files.write(path, '')
    if (error) {
      system.writeError(`touch: ${name}: ${error}\n`)
      return 1
    }
  }
  return 0
}

function* rm(system: System): Task<number> {
  let code = 0
  for (const name of operands(system)) {
    if (system.files.remove(at(system, name)) || has(system, 'f')) continue
    system.writeError(`rm: can't remove '${name}': No such file or directory\n`)
    code = 1
  }
  return code
}

function* mkdir(system: System): Task<number> {
  for (const name of operands(system)) {
    const path = at(system, name)
    if (!has(system, 'p') && system.files.exists(path)) {
      system.writeError(`mkdir: can't create directory '${name}': File exists\n`)
      return 1
    }
    system.files.makeFolder(path)
  }
  return 0
}

/** One line of ls -l. SIMPLIFIED: neither date nor link count is kept. */
function longLine(system: System, path: string, name: string): string {
  const stat = system.files.stat(path)
  if (!stat) return name
  const owner = (number: number) => (number === 0 ? 'root' : String(number)).padEnd(8)
  const bytes = stat.isFolder ? 4096 : (system.files.read(path) ?? '').length
  return `${listMode(stat)}    1 ${owner(stat.user)} ${owner(stat.group)} ${String(bytes).padStart(9)} Jan  1 00:00 ${name}`
}

function* ls(system: System): Task<number> {
  const names = operands(system)
  const line = (path: string, name: string) => (has(system, 'l') ? longLine(system, path, name) : name)
  for (const name of names.length > 0 ? names : ['.']) {
    const path = at(system, name)
    if (system.files.isFolder(path) && !has(system, 'd'))
      for (const entry of system.files.list(path)) print(system, line(`${path}/${entry}`, entry))
    else if (system.files.exists(path)) print(system, line(path, name))
    else {
      system.writeError(`ls: ${name}: No such file or directory\n`)
      return 1
    }
  }
  return 0
}

function* copy(system: System, move: boolean): Task<number> {
  const names = operands(system)
  const target = names.at(-1) ?? ''
  for (const name of names.slice(0, -1)) {
    const text = system.files.read(at(system, name))
    if (text === undefined) {
      system.writeError(`${move ? 'mv' : 'cp'}: can't stat '${name}': No such file or directory\n`)
      return 1
    }
    const to = at(system, target)
    system.files.write(system.files.isFolder(to) ? `${to}/${name.split('/').at(-1)}` : to, text)
    if (move) system.files.remove(at(system, name))
  }
  return 0
}

function* grep(system: System): Task<number> {
  const [pattern = '', ...names] = operands(system)
  let regex: RegExp
  try {
    regex = new RegExp(pattern, has(system, 'i') ? 'i' : '')
  } catch {
    regex = new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  }
  const { texts } = yield* inputs(system, names)
  const found = texts.flatMap(linesOf).filter((line) => regex.test(line) !== has(system, 'v'))
  if (has(system, 'c')) print(system, String(found.length))
  else if (!has(system, 'q')) for (const line of found) print(system, line)
  return found.length > 0 ? 0 : 1
}

function count(system: System): number {
  const option = system.argv.slice(1).find((a) => /^-n?\d+$/.test(a))
  if (option) return Number(option.replace(/^-n?/, ''))
  const n = system.argv.indexOf('-n')
  return n >= 0 ? Number(system.argv[n + 1]) : 10
}

const fileNames = (system: System) => operands(system).filter((name) => !/^\d+$/.test(name))

function* head(system: System): Task<number> {
  const { texts, failed } = yield* inputs(system, fileNames(system))
  for (const text of texts) for (const line of linesOf(text).slice(0, count(system))) print(system, line)
  return failed ? 1 : 0
}

function* tail(system: System): Task<number> {
  const names = fileNames(system)
  const follow = has(system, 'f') || has(system, 'F')
  if (names[0] === '/dev/null' && follow) return yield* forever()
  const { texts, failed } = yield* inputs(system, names)
  for (const text of texts) for (const line of linesOf(text).slice(-count(system))) print(system, line)
  if (follow && names.length > 0) yield* followFile(system, at(system, names[0] ?? ''))
  return failed ? 1 : 0
}

function* forever(): Task<number> {
  for (;;) yield* sleep(365 * 86_400_000)
}

/** SIMPLIFIED: looks at the file once a second. */
function* followFile(system: System, path: string): Task {
  let seen = system.files.read(path)?.length ?? 0
  for (;;) {
    yield* sleep(1000)
    const text = system.files.read(path) ?? ''
    if (text.length < seen) seen = 0
    if (text.length > seen) system.write(text.slice(seen))
    seen = text.length
  }
}

function* wc(system: System): Task<number> {
  const text = (yield* inputs(system, operands(system))).texts.join('')
  if (has(system, 'l')) print(system, String(linesOf(text).length))
  else if (has(system, 'c')) print(system, String(text.length))
  else print(system, `${linesOf(text).length} ${text.split(/\s+/).filter(Boolean).length} ${text.length}`)
  return 0
}

function* test(system: System): Task<number> {
  let args = system.argv.slice(1)
  if (system.argv[0] === '[') args = args.slice(0, -1)
  return evaluate(system, args) ? 0 : 1
}

function evaluate(system: System, args: readonly string[]): boolean {
  for (const [operator, joins] of [
    ['-o', (a: boolean, b: boolean) => a || b],
    ['-a', (a: boolean, b: boolean) => a && b],
  ] as const) {
    const i = args.indexOf(operator, 1)
    if (i > 0) return joins(evaluate(system, args.slice(0, i)), evaluate(system, args.slice(i + 1)))
  }
  if (args[0] === '!') return !evaluate(system, args.slice(1))
  if (args.length === 1) return args[0] !== ''
  if (args.length === 2) return unary(system, args[0] ?? '', args[1] ?? '')
  const [left = '', operator = '', right = ''] = args
  const [a, b] = [Number(left), Number(right)]
  switch (operator) {
    case '=':
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '-eq':
      return a === b
    case '-ne':
      return a !== b
    case '-lt':
      return a < b
    case '-le':
      return a <= b
    case '-gt':
      return a > b
    case '-ge':
      return a >= b
    default:
      return false
  }
}

function unary(system: System, operator: string, value: string): boolean {
  const path = at(system, value)
  switch (operator) {
    case '-z':
      return value === ''
    case '-n':
      return value !== ''
    case '-f':
      return system.files.read(path) !== undefined
    case '-d':
      return system.files.isFolder(path)
    case '-e':
    case '-r':
    case '-w':
    case '-x':
      return system.files.exists(path)
    case '-s':
      return (system.files.read(path) ?? '') !== ''
    default:
      return false
  }
}

function* nothing(): Task<number> {
  return 0
}

/** Programs on files. */
export const fileTools: ProgramTable = {
  cat,
  touch,
  rm,
  mkdir,
  ls,
  cp: (system) => copy(system, false),
  mv: (system) => copy(system, true),
  grep,
  head,
  tail,
  wc,
  test,
  '[': test,
  sync: nothing,
  *tee(system) {
    const text = yield* standardInput(system)
    for (const name of operands(system)) {
      const path = at(system, name)
      if (has(system, 'a')) system.files.append(path, text)
      else system.files.write(path, text)
    }
    system.write(text)
    return 0
  },
  *basename(system) {
    print(system, (system.argv[1] ?? '').split('/').at(-1) ?? '')
    return 0
  },
  *dirname(system) {
    print(system, parent(system.argv[1] ?? ''))
    return 0
  },
}
