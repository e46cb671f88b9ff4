/** ipset: sets of addresses and ports that rules ask. */
import { hashText } from '../../sim/random.ts'
import { installed } from '../netfilter/install.ts'
import type { IpSet, Member, SetOptions } from '../netfilter/ipset/ip-set.ts'
import type { ElementOptions, IpSets } from '../netfilter/ipset/ip-sets.ts'
import { SetError, setType } from '../netfilter/ipset/set-type.ts'
import { words } from '../netfilter/parse.ts'
import type { CommandOutput, NodeCommand } from './command.ts'
import { ok } from './output.ts'

const VERBS: { readonly [word: string]: string } = {
  create: 'create',
  n: 'create',
  '-N': 'create',
  add: 'add',
  '-A': 'add',
  del: 'del',
  '-D': 'del',
  test: 'test',
  '-T': 'test',
  destroy: 'destroy',
  x: 'destroy',
  '-X': 'destroy',
  list: 'list',
  '-L': 'list',
  save: 'save',
  '-S': 'save',
  restore: 'restore',
  '-R': 'restore',
  flush: 'flush',
  '-F': 'flush',
  rename: 'rename',
  e: 'rename',
  '-E': 'rename',
  swap: 'swap',
  w: 'swap',
  '-W': 'swap',
  help: 'help',
  '-h': 'help',
  '--help': 'help',
  version: 'version',
  '-v': 'version',
  '-V': 'version',
  '--version': 'version',
}
/** Words after the command that must be there. */
const NEEDED: { readonly [verb: string]: number } = { create: 2, add: 2, del: 2, test: 2, rename: 2, swap: 2 }
const VERSION = 'ipset v7.17, protocol version: 7'
const HELP = `ipset v7.17

Usage: ipset [options] COMMAND

Commands:
create SETNAME TYPENAME [type-specific-options]
        Create a new set
add SETNAME ENTRY
        Add entry to the named set
del SETNAME ENTRY
        Delete entry from the named set
test SETNAME ENTRY
        Test entry in the named set
destroy [SETNAME]
        Destroy a named set or all sets
list [SETNAME]
        List the entries of a named set or all sets
save [SETNAME]
        Save the named set or all sets to stdout
restore
        Restore a saved state
flush [SETNAME]
        Flush a named set or all sets
rename FROM-SETNAME TO-SETNAME
        Rename two sets
swap FROM-SETNAME TO-SETNAME
        Swap the contect of two existing sets
help
        Print this help
version
        Print version information
`

interface Flags {
  readonly exist: boolean
  readonly quiet: boolean
  readonly terse: boolean
  readonly names: boolean
  readonly sorted: boolean
  readonly plain: readonly string[]
}

export const ipset: NodeCommand = (netns, argv, stdin) => {
  const { sets } = installed(netns)
  try {
    return run(sets, argv.slice(1), stdin)
  } catch (error) {
    if (!(error instanceof SetError)) throw error
    return refusal(error)
  }
}

function refusal({ message, exitCode }: SetError, line = 0): CommandOutput {
  const at = line > 0 && exitCode === 1 ? `Error in line ${line}: ` : ''
  return {
    stdout: '',
    stderr: `ipset v7.17: ${at}${message}\n${exitCode === 2 ? "Try `ipset help' for more information.\n" : ''}`,
    exitCode,
  }
}

/** Options that may stand anywhere. */
function flagsOf(argv: readonly string[]): Flags {
  const any = (...names: readonly string[]) => argv.some((word) => names.includes(word))
  const FLAGS = [
    '-exist',
    '-!',
    '--exist',
    '-q',
    '-quiet',
    '-t',
    '-terse',
    '-n',
    '-name',
    '-s',
    '-sorted',
    '-r',
    '-resolve',
    '-o',
    '-output',
    'plain',
  ]
  const first = argv.findIndex((word) => VERBS[word] !== undefined)
  return {
    exist: any('-exist', '-!', '--exist'),
    quiet: any('-q', '-quiet'),
    terse: any('-t', '-terse'),
    names: any('-n', '-name'),
    sorted: any('-s', '-sorted'),
    plain: argv.filter((word, i) => i === first || !FLAGS.includes(word)),
  }
}

function run(sets: IpSets, argv: readonly string[], stdin: string): CommandOutput {
  const flags = flagsOf(argv)
  const [word, name, value, ...rest] = flags.plain
  if (word === undefined) throw new SetError('No command specified.', 2)
  const verb = VERBS[word]
  if (verb === undefined) throw new SetError(`No command specified: unknown argument ${word}`, 2)
  const needed = NEEDED[verb] ?? 0
  if (needed > 0 && name === undefined) throw new SetError(`Missing mandatory argument to command ${verb}`, 2)
  if (needed > 1 && value === undefined) throw new SetError(`Missing second mandatory argument to command ${verb}`, 2)
  if (verb === 'restore') return restoreSets(sets, stdin, flags)
  if (verb === 'version') return ok(VERSION)
  if (verb === 'help') return ok(HELP)
  if (verb === 'list' || verb === 'save') return show(sets, verb, name, flags)
  if (verb === 'test') return test(sets, name ?? '', value ?? '', flags)
  change(sets, verb, name, value ?? '', rest, flags.exist)
  return ok()
}

function change(
  sets: IpSets,
  verb: string,
  name: string | undefined,
  value: string,
  rest: readonly string[],
  exist: boolean,
): void {
  const set = name ?? ''
  if (verb === 'create') sets.create(set, value, createOptions(value, rest), exist)
  else if (verb === 'add') sets.addElement(set, value, { ...elementOptions(rest), exist })
  else if (verb === 'del') sets.deleteElement(set, value, exist)
  else if (verb === 'rename') sets.rename(set, value)
  else if (verb === 'swap') sets.swap(set, value)
  else if (verb === 'destroy') sets.destroy(name)
  else sets.flush(name)
}

function number(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0
}

function createOptions(typeName: string, list: readonly string[]): SetOptions {
  setType(typeName)
  let options: SetOptions = { family: 4, hashSize: 1024, maxElements: 65_536, ...(typeName === 'list:set' && { size: 8 }) }
  for (let i = 0; i < list.length; i++) {
    const word = list[i] ?? ''
    const next = () => list[++i]
    if (word === 'family') options = { ...options, family: next() === 'inet6' ? 6 : 4 }
    else if (word === 'hashsize') options = { ...options, hashSize: 2 ** Math.ceil(Math.log2(Math.max(64, number(next())))) }
    else if (word === 'maxelem') options = { ...options, maxElements: number(next()) }
    else if (word === 'range') options = { ...options, range: next() ?? '' }
    else if (word === 'timeout') options = { ...options, timeout: number(next()) }
    else if (word === 'size') options = { ...options, size: number(next()) }
    else if (word === 'comment') options = { ...options, comment: true }
    else if (word === 'counters') options = { ...options, counters: true }
    else if (word === 'bucketsize' || word === 'initval' || word === 'netmask') next()
    else if (word !== 'forceadd' && word !== 'skbinfo') throw new SetError(`Unknown argument: \`${word}'`, 2)
  }
  return options
}

function elementOptions(list: readonly string[]): ElementOptions {
  let options: ElementOptions = {}
  for (let i = 0; i < list.length; i++) {
    const word = list[i] ?? ''
    if (word === 'timeout') options = { ...options, timeout: number(list[++i]) }
    else if (word === 'comment') options = { ...options, comment: list[++i] ?? '' }
    else if (word === 'nomatch') options = { ...options, nomatch: true }
    else throw new SetError(`Unknown argument: \`${word}'`, 2)
  }
  return options
}

function test(sets: IpSets, name: string, element: string, { quiet }: Flags): CommandOutput {
  const isIn = sets.test(name, element)
  const text = isIn ? `Warning: ${element} is in set ${name}.` : `${element} is NOT in set ${name}.`
  return { stdout: '', stderr: quiet ? '' : `${text}\n`, exitCode: isIn ? 0 : 1 }
}

function show(sets: IpSets, verb: 'list' | 'save', name: string | undefined, flags: Flags): CommandOutput {
  if (name !== undefined) sets.get(name)
  // Lists of sets come after the sets that they name.
  const isList = (each: string) => (sets.get(each).type.storage === 'list' ? 1 : 0)
  const shown = name === undefined ? sets.names().toSorted((a, b) => isList(a) - isList(b)) : [name]
  if (flags.names) return ok(shown.map((each) => `${each}\n`).join(''))
  const blocks = shown.map((each) => (verb === 'save' ? saved(sets, each) : listed(sets, each, flags)))
  return ok(blocks.map((lines) => lines.map((line) => `${line}\n`).join('')).join(verb === 'save' ? '' : '\n'))
}

function listed(sets: IpSets, name: string, { terse, sorted }: Flags): string[] {
  const set = sets.get(name)
  const members = set.members(sets.now()).map((each) => printMember(each, set, sets.now()))
  return [
    `Name: ${name}`,
    `Type: ${set.type.name}`,
    `Revision: ${set.type.revision}`,
    `Header: ${header(set, name)}`,
    `Size in memory: ${memory(set)}`,
    `References: ${sets.references(name)}`,
    `Number of entries: ${members.length}`,
    ...(terse ? [] : ['Members:', ...(sorted ? members.toSorted() : members)]),
  ]
}

function saved(sets: IpSets, name: string): string[] {
  const set = sets.get(name)
  return [
    `create ${name} ${set.type.name} ${header(set, name)}`,
    ...set.members(sets.now()).map((each) => `add ${name} ${printMember(each, set, sets.now())}`),
  ]
}

function header({ type, options }: IpSet, name: string): string {
  if (type.storage === 'list') return `size ${options.size ?? 8}`
  const extras = [
    ...(options.timeout === undefined ? [] : [`timeout ${options.timeout}`]),
    ...(options.counters ? ['counters'] : []),
    ...(options.comment ? ['comment'] : []),
  ]
  if (type.storage === 'bitmap') return [`range ${options.range}`, ...extras].join(' ')
  const seed = hashText(name).toString(16).padStart(8, '0')
  return [
    `family ${options.family === 4 ? 'inet' : 'inet6'} hashsize ${options.hashSize} maxelem ${options.maxElements}`,
    ...extras,
    `bucketsize 12 initval 0x${seed}`,
  ].join(' ')
}

/** About what the kernel says. */
function memory({ type, size, options }: IpSet): number {
  if (type.storage === 'list') return 80 + 48 * size
  if (type.storage === 'bitmap') return type.name === 'bitmap:port' ? 8264 : 88 + 32
  const entry = (type.dimensions.length === 1 ? 40 : 48) + (options.family === 6 ? 32 : 0)
  return (type.dimensions.includes('net') ? 456 : 216) + entry * size
}

function printMember(
  [text, { untilMs, comment, nomatch }]: readonly [string, Member],
  { options }: IpSet,
  nowMs: number,
): string {
  const seconds = untilMs === Infinity ? 0 : Math.max(0, Math.floor((untilMs - nowMs) / 1000))
  return (
    text +
    (nomatch ? ' nomatch' : '') +
    (options.timeout === undefined ? '' : ` timeout ${seconds}`) +
    (options.comment && comment !== undefined ? ` comment ${comment === '' ? '""' : `"${comment}"`}` : '')
  )
}

/** Lines of `ipset save`, one by one; what was done before an error stays. */
function restoreSets(sets: IpSets, stdin: string, flags: Flags): CommandOutput {
  for (const [index, line] of stdin.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    try {
      const argv = words(line)
      const result = run(sets, flags.exist ? [...argv, '-exist'] : argv, '')
      if (result.exitCode !== 0) return result
    } catch (error) {
      if (error instanceof SetError) return refusal(error, index + 1)
      throw error
    }
  }
  return ok()
}
