import { parseGoDuration } from '../../apimachinery/duration.ts'
import { formatTime, utcParts } from '../../sim/time.ts'
import { sleep, waitFor, type Task } from '../../sim/task.ts'
import { print, type ProgramTable, type System } from '../program.ts'

function* sleepProgram(system: System): Task<number> {
  const [, ...spans] = system.argv
  if (spans.length === 0) {
    system.writeError('sleep: missing operand\n')
    return 1
  }
  let totalMs = 0
  for (const span of spans) {
    if (span === 'infinity' || span === 'inf') return yield* waitFor<number>(() => undefined)
    const days = /^([0-9.]+)d$/.exec(span)
    const ms = days ? Number(days[1]) * 86_400_000 : /^[0-9.]+$/.test(span) ? Number(span) * 1000 : parseGoDuration(span)
    if (Number.isNaN(ms)) {
      system.writeError(`sleep: invalid time interval '${span}'\n`)
      return 1
    }
    totalMs += ms
  }
  yield* sleep(totalMs)
  return 0
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number) => String(n).padStart(2, '0')

function formatDate(ms: number, format: string): string {
  const t = utcParts(ms)
  const fields: { readonly [letter: string]: string } = {
    s: String(Math.floor(ms / 1000)),
    Y: String(t.year),
    m: two(t.month),
    d: two(t.day),
    H: two(t.hour),
    M: two(t.minute),
    S: two(t.second),
    F: `${t.year}-${two(t.month)}-${two(t.day)}`,
    T: `${two(t.hour)}:${two(t.minute)}:${two(t.second)}`,
    N: `${String(ms % 1000).padStart(3, '0')}000000`,
    a: WEEKDAYS[t.weekday] ?? '',
    b: MONTHS[t.month - 1] ?? '',
    e: String(t.day).padStart(2),
    Z: 'UTC',
    z: '+0000',
    '%': '%',
  }
  return format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => fields[letter] ?? whole)
}

function* date(system: System): Task<number> {
  system.unsteady()
  const format = system.argv.find((a) => a.startsWith('+'))
  const iso = system.argv.some((a) => a === '-Iseconds' || a === '-Is')
  const { now } = system.sim
  print(system, iso ? formatTime(now) : formatDate(now, format?.slice(1) ?? '%a %b %e %T UTC %Y'))
  return 0
}

const unescape = (text: string) =>
  text.replace(/\\([ntr0\\])/g, (_, c: string) => ({ n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' })[c] ?? c)

function* echo(system: System): Task<number> {
  let words = system.argv.slice(1)
  let newline = true
  let escapes = false
  while (/^-[neE]+$/.test(words[0] ?? '')) {
    if (words[0]?.includes('n')) newline = false
    if (words[0]?.includes('e')) escapes = true
    words = words.slice(1)
  }
  const text = words.join(' ')
  system.write((escapes ? unescape(text) : text) + (newline ? '\n' : ''))
  return 0
}

function* printf(system: System): Task<number> {
  const [, format = '', ...values] = system.argv
  let next = 0
  system.write(
    unescape(format).replace(/%([sd%])/g, (_, c: string) => (c === '%' ? '%' : (values[next++] ?? (c === 'd' ? '0' : '')))),
  )
  return 0
}

function* env(system: System): Task<number> {
  for (const [name, value] of Object.entries(system.env)) print(system, `${name}=${value}`)
  return 0
}

const says = (text: (system: System) => string) =>
  function* (system: System): Task<number> {
    print(system, text(system))
    return 0
  }

/** The name of a number in /etc/passwd or /etc/group. */
function named(system: System, file: string, number: number): string | undefined {
  if (number === 0) return 'root'
  const line = (system.files.read(file) ?? '').split('\n').find((l) => l.split(':')[2] === String(number))
  return line?.split(':')[0]
}

const USERS = '/etc/passwd'
const GROUPS = '/etc/group'

function* whoami(system: System): Task<number> {
  const { user } = system.files.owner
  const name = named(system, USERS, user)
  if (name !== undefined) print(system, name)
  else system.writeError(`whoami: unknown uid ${user}\n`)
  return name === undefined ? 1 : 0
}

function* id(system: System): Task<number> {
  const { user, group, groups } = system.files.owner
  const all = [...new Set([group, ...groups])]
  const text = (file: string, number: number) => {
    const name = named(system, file, number)
    return name === undefined ? String(number) : `${number}(${name})`
  }
  const option = system.argv.find((a) => /^-[ugGn]+$/.test(a)) ?? ''
  const isNamed = option.includes('n')
  const bare = (file: string, number: number) => (isNamed ? (named(system, file, number) ?? String(number)) : String(number))
  if (option.includes('u')) print(system, bare(USERS, user))
  else if (option.includes('g')) print(system, bare(GROUPS, group))
  else if (option.includes('G')) print(system, all.map((g) => bare(GROUPS, g)).join(' '))
  else
    print(
      system,
      `uid=${text(USERS, user)} gid=${text(GROUPS, group)}${all.length > 1 || user === 0 ? ` groups=${all.map((g) => text(GROUPS, g)).join(',')}` : ''}`,
    )
  return 0
}

/** Small programs that touch neither files nor the network. */
export const basicTools: ProgramTable = {
  sleep: sleepProgram,
  *true() {
    return 0
  },
  *false() {
    return 1
  },
  date,
  echo,
  printf,
  env,
  printenv: function* (system) {
    const [, name] = system.argv
    if (name === undefined) return yield* env(system)
    const value = system.env[name]
    if (value === undefined) return 1
    print(system, value)
    return 0
  },
  hostname: says((system) => (system.argv[1] === '-i' ? system.ip : system.hostname)),
  whoami,
  id,
  uname: says((system) =>
    system.argv[1] === '-a' ? `Linux ${system.hostname} 6.12.43+deb13-amd64 #1 SMP x86_64 GNU/Linux` : 'Linux',
  ),
  seq: function* (system) {
    const numbers = system.argv.slice(1).map(Number)
    const [first = 1, last = first] = numbers.length > 1 ? [numbers[0], numbers.at(-1)] : [1, numbers[0]]
    const step = numbers.length > 2 ? (numbers[1] ?? 1) : 1
    for (let i = first; step > 0 ? i <= last : i >= last; i += step) print(system, String(i))
    return 0
  },
}
