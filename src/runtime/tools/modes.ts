/** Programs on permission bits and owners. */
import type { Task } from '../../sim/task.ts'
import { listMode, type FileStat } from '../file-mode.ts'
import { normalize } from '../filesystem.ts'
import { print, type ProgramTable, type System } from '../program.ts'

const at = (system: System, path: string) => normalize(path, system.cwd)
const isRecursive = (system: System) => system.argv.slice(1).some((a) => /^-[a-zA-Z]*R/.test(a))

/** A file, and with -R all that is below it. */
function* reached(system: System, path: string): Generator<string> {
  yield path
  if (!isRecursive(system) || !system.files.isFolder(path)) return
  for (const name of system.files.list(path)) yield* reached(system, `${path === '/' ? '' : path}/${name}`)
}

const CLASSES: { readonly [who: string]: number } = { u: 0o700, g: 0o070, o: 0o007, a: 0o777 }
const BITS: { readonly [letter: string]: number } = { r: 0o444, w: 0o222, x: 0o111 }

/** 0644, u+x, go-w, a=r. Undefined when it can't be read. */
function changedMode(mode: number, change: string): number | undefined {
  if (/^[0-7]+$/.test(change)) return parseInt(change, 8)
  let result = mode
  for (const part of change.split(',')) {
    const [, who = '', operator, letters = ''] = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(part) ?? []
    if (operator === undefined) return undefined
    let classes = 0
    for (const letter of who || 'a') classes |= CLASSES[letter] ?? 0
    let bits = 0
    for (const letter of letters) bits |= (BITS[letter.toLowerCase()] ?? 0) & classes
    if (letters.includes('t')) bits |= 0o1000
    if (letters.includes('s')) bits |= (classes & 0o700 ? 0o4000 : 0) | (classes & 0o070 ? 0o2000 : 0)
    if (operator === '+') result |= bits
    else if (operator === '-') result &= ~bits
    else result = (result & ~classes) | bits
  }
  return result
}

function apply(
  system: System,
  change: (stat: FileStat) => { readonly mode?: number; readonly user?: number; readonly group?: number } | undefined,
): number {
  const [name = '', , ...names] = [system.argv[0], ...system.argv.slice(1).filter((a) => !/^-[a-zA-Z]+$/.test(a))]
  let code = 0
  for (const file of names) {
    const path = at(system, file)
    if (!system.files.exists(path)) {
      system.writeError(`${name}: ${file}: No such file or directory\n`)
      code = 1
    }
    for (const each of reached(system, path)) {
      const stat = system.files.stat(each)
      const to = stat && change(stat)
      if (to) system.files.change(each, to)
    }
  }
  return code
}

const firstOperand = (system: System) => system.argv.slice(1).find((a) => !/^-[a-zA-Z]+$/.test(a)) ?? ''

function* chmod(system: System): Task<number> {
  const text = firstOperand(system)
  if (changedMode(0, text) === undefined) {
    system.writeError(`chmod: invalid mode '${text}'\n`)
    return 1
  }
  return apply(system, ({ mode }) => ({ mode: changedMode(mode, text) ?? mode }))
}

/** user, user:group, :group. SIMPLIFIED: names other than root's are taken for nobody. */
function* chown(system: System): Task<number> {
  const [user = '', group = ''] = firstOperand(system).split(/[:.]/)
  const number = (text: string) => (/^\d+$/.test(text) ? Number(text) : text === 'root' ? 0 : 65534)
  return apply(system, () => ({ ...(user ? { user: number(user) } : {}), ...(group ? { group: number(group) } : {}) }))
}

function* chgrp(system: System): Task<number> {
  const group = Number(firstOperand(system)) || 0
  return apply(system, () => ({ group }))
}

function* stat(system: System): Task<number> {
  const words = system.argv.slice(1)
  const i = words.findIndex((w) => /^-[Lt]*c/.test(w) || w.startsWith('--format'))
  const own = /^-[Lt]*c(.+)$/.exec(words[i] ?? '')?.[1] ?? /^--format=(.*)$/.exec(words[i] ?? '')?.[1]
  const format = i < 0 ? undefined : (own ?? words[i + 1])
  const names = words.filter((w, at) => !w.startsWith('-') && (i < 0 || own !== undefined || at !== i + 1))
  for (const name of names) {
    const path = at(system, name)
    const found = system.files.stat(path)
    if (!found) {
      system.writeError(`stat: can't stat '${name}': No such file or directory\n`)
      return 1
    }
    const who = (number: number) => (number === 0 ? 'root' : 'UNKNOWN')
    const size = found.isFolder ? 4096 : (system.files.read(path) ?? '').length
    const fields: { readonly [letter: string]: string } = {
      a: found.mode.toString(8),
      A: listMode(found),
      u: String(found.user),
      g: String(found.group),
      U: who(found.user),
      G: who(found.group),
      n: name,
      s: String(size),
      F: found.isFolder ? 'directory' : 'regular file',
    }
    const text = format ?? `  File: %n\n  Size: %s\t%F\nAccess: (0%a/%A)  Uid: (%u/%U)   Gid: (%g/%G)`
    print(
      system,
      text.replace(/%([a-zA-Z])/g, (whole, letter: string) => fields[letter] ?? whole),
    )
  }
  return 0
}

/** find [path...] [-type f|d] [-name pattern] */
function* find(system: System): Task<number> {
  const words = system.argv.slice(1)
  const options = words.findIndex((w) => w.startsWith('-'))
  const given = options < 0 ? words : words.slice(0, options)
  const option = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const type = option('-type')
  const pattern = option('-name')
  const name = pattern === undefined ? /^/ : new RegExp(`^${pattern.replace(/[.+^$()|\\]/g, '\\$&').replaceAll('*', '.*')}$`)
  function* walk(shown: string): Generator<string> {
    const path = at(system, shown)
    const isFolder = system.files.isFolder(path)
    const fits = name.test(shown.slice(shown.lastIndexOf('/') + 1)) || (pattern === undefined && shown.endsWith('/'))
    if ((type === undefined || isFolder === (type === 'd')) && fits) yield shown
    if (isFolder) for (const entry of system.files.list(path)) yield* walk(`${shown.replace(/\/$/, '')}/${entry}`)
  }
  for (const start of given.length > 0 ? given : ['.']) {
    if (!system.files.exists(at(system, start))) {
      system.writeError(`find: ${start}: No such file or directory\n`)
      return 1
    }
    for (const found of walk(start)) print(system, found)
  }
  return 0
}

/** Bytes of a text. SIMPLIFIED: a text without characters above 255 is taken for bytes. */
function bytesOf(text: string): number[] {
  const codes = Array.from(text, (char) => char.codePointAt(0) ?? 0)
  if (codes.every((code) => code < 256)) return codes
  const bytes: number[] = []
  for (const part of encodeURIComponent(text).match(/%..|./g) ?? [])
    bytes.push(part.length === 3 ? parseInt(part.slice(1), 16) : part.charCodeAt(0))
  return bytes
}

/** hexdump -C */
function* hexdump(system: System): Task<number> {
  const name = system.argv.slice(1).find((a) => !a.startsWith('-')) ?? ''
  const text = system.files.read(at(system, name))
  if (text === undefined) {
    system.writeError(`hexdump: ${name}: No such file or directory\n`)
    return 1
  }
  const bytes = bytesOf(text)
  const hex = (n: number, width: number) => n.toString(16).padStart(width, '0')
  for (let i = 0; i < bytes.length; i += 16) {
    const line = bytes.slice(i, i + 16)
    const half = (from: number) =>
      line
        .slice(from, from + 8)
        .map((b) => hex(b, 2))
        .join(' ')
    const shown = line.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('')
    print(system, `${hex(i, 8)}  ${half(0).padEnd(23)}  ${half(8).padEnd(23)}  |${shown}|`)
  }
  if (bytes.length > 0) print(system, hex(bytes.length, 8))
  return 0
}

export const modeTools: ProgramTable = { chmod, chown, chgrp, stat, find, hexdump }
