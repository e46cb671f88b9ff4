/** conntrack: the table of connections, listed, counted and deleted. */
import type { Connection } from '../conntrack/conntrack.ts'
import { printConnection } from '../conntrack/print.ts'
import type { ConntrackTable } from '../conntrack/table.ts'
import { cidrTest } from '../netfilter/cidr.ts'
import { installed } from '../netfilter/install.ts'
import { canonicalAddress } from '../address.ts'
import type { CommandOutput, NodeCommand } from './command.ts'
import { ok } from './output.ts'

const NAME = 'conntrack v1.4.7 (conntrack-tools)'
const USAGE = `Command line interface for the connection tracking system. Version 1.4.7
Usage: conntrack [commands] [options]

Commands:
  -L [table] [options]		List conntrack or expectation table
  -G [table] parameters		Get conntrack or expectation
  -D [table] parameters		Delete conntrack or expectation
  -F [table]			Flush table
  -C [table]			Show counter
  -S				Show statistics
`

type Verb = 'L' | 'G' | 'D' | 'F' | 'C' | 'S' | 'V' | 'h' | 'E' | 'I' | 'U'
const VERBS: { readonly [option: string]: Verb } = {
  '-L': 'L',
  '--dump': 'L',
  '-G': 'G',
  '--get': 'G',
  '-D': 'D',
  '--delete': 'D',
  '-F': 'F',
  '--flush': 'F',
  '-C': 'C',
  '--count': 'C',
  '-S': 'S',
  '--stats': 'S',
  '-V': 'V',
  '--version': 'V',
  '-h': 'h',
  '--help': 'h',
  '-E': 'E',
  '--event': 'E',
  '-I': 'I',
  '--create': 'I',
  '-U': 'U',
  '--update': 'U',
}
/** Filters by one name each. */
const FILTERS: { readonly [option: string]: string } = {
  '-s': 'src',
  '--src': 'src',
  '--orig-src': 'src',
  '-d': 'dst',
  '--dst': 'dst',
  '--orig-dst': 'dst',
  '-r': 'reply-src',
  '--reply-src': 'reply-src',
  '-q': 'reply-dst',
  '--reply-dst': 'reply-dst',
  '-n': 'src-nat',
  '--src-nat': 'src-nat',
  '-g': 'dst-nat',
  '--dst-nat': 'dst-nat',
  '-j': 'any-nat',
  '--any-nat': 'any-nat',
  '-p': 'proto',
  '--proto': 'proto',
  '--protonum': 'proto',
  '-f': 'family',
  '--family': 'family',
  '-m': 'mark',
  '--mark': 'mark',
  '-u': 'status',
  '--status': 'status',
  '-o': 'output',
  '--output': 'output',
  '-t': 'timeout',
  '--timeout': 'timeout',
  '-b': 'buffer',
}
/** Only after -p tcp or udp; --state only after tcp. */
const PORT_FILTERS: { readonly [option: string]: string } = {
  '--sport': 'sport',
  '--orig-port-src': 'sport',
  '--dport': 'dport',
  '--orig-port-dst': 'dport',
  '--reply-port-src': 'reply-sport',
  '--reply-port-dst': 'reply-dport',
  '--state': 'state',
}
/** Their value may be left out. */
const OPTIONAL = ['src-nat', 'dst-nat', 'any-nat']
const PROTOCOLS = ['tcp', 'udp', 'sctp', 'icmp', 'icmpv6', 'dccp', 'udplite', 'gre', 'unknown']

class Refused extends Error {}

type Test = (connection: Connection) => boolean
interface Asked {
  readonly verb: Verb | undefined
  readonly table: string
  readonly filters: ReadonlyMap<string, string>
}

export const conntrack: NodeCommand = (netns, argv) => {
  try {
    return run(installed(netns).conntrack, read(argv.slice(1)))
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return {
      stdout: '',
      stderr: `${NAME}: ${error.message}\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
      exitCode: 2,
    }
  }
}

function read(words: readonly string[]): Asked {
  let verb: Verb | undefined
  let table = 'conntrack'
  const filters = new Map<string, string>()
  for (let i = 0; i < words.length; i++) {
    const [word = '', inline] = (words[i] ?? '').split('=')
    const next = inline ?? words[i + 1]
    const isValue = next !== undefined && (inline !== undefined || !next.startsWith('-'))
    const found = VERBS[word]
    const filter = FILTERS[word] ?? portFilter(word, filters.get('proto'))
    if (found) {
      if (verb) throw new Refused("Can't do multiple commands at once")
      verb = found
      if (isValue && found !== 'S') table = words[++i] ?? table
    } else if (filter === undefined) {
      throw new Refused(`unknown option \`${word}'`)
    } else if (OPTIONAL.includes(filter) && !isValue) {
      filters.set(filter, '')
    } else {
      if (next === undefined) throw new Refused(`option \`${word}' requires an argument`)
      filters.set(filter, checked(filter, next))
      if (inline === undefined) i++
    }
  }
  if (table !== 'conntrack' && table !== 'expect' && table !== 'dying' && table !== 'unconfirmed')
    throw new Refused(`unknown type \`${table}'`)
  return { verb, table, filters }
}

function portFilter(word: string, protocol: string | undefined): string | undefined {
  const filter = PORT_FILTERS[word]
  if (filter === 'state') return protocol === 'tcp' ? filter : undefined
  return protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp' ? filter : undefined
}

function checked(filter: string, value: string): string {
  if (filter === 'proto' && !PROTOCOLS.includes(value)) throw new Refused(`\`${value}' unsupported protocol`)
  const isAddress = /src|dst|nat/.test(filter)
  if (isAddress && canonicalAddress(value.split('/')[0] ?? '') === undefined) throw new Refused(`Invalid IP address \`${value}'`)
  return value
}

function run(table: ConntrackTable, { verb, table: name, filters }: Asked): CommandOutput {
  switch (verb) {
    case undefined:
    case 'h':
      return ok(USAGE)
    case 'V':
      return ok(NAME)
    case 'C':
      return ok(name === 'conntrack' ? String(table.size) : '0')
    case 'S':
      return ok(statistics(table))
    case 'F':
      if (name === 'conntrack') table.flush()
      return said(name === 'conntrack' ? 'connection tracking table has been emptied.' : 'expectation table has been emptied.')
    case 'E':
      return said('0 flow events have been shown.')
    case 'I':
    case 'U':
      if (!filters.has('proto')) throw new Refused("You need to supply the `--protonum' option for this command")
      // SIMPLIFIED: entries are made by packets only.
      return said('Operation failed: operation not supported', 1)
    default:
      return select(table, verb, name, filters)
  }
}

function select(table: ConntrackTable, verb: 'L' | 'G' | 'D', name: string, filters: ReadonlyMap<string, string>): CommandOutput {
  const tests = testsOf(filters)
  const found = name === 'conntrack' ? table.list().filter((connection) => tests.every((test) => test(connection))) : []
  const now = table.now()
  const start = filters.get('output')?.split(',').includes('extended') ? 'ipv4     2 ' : ''
  const lines = found.map((connection) => `${start}${printConnection(connection, now)}\n`).join('')
  if (verb === 'G' && found.length === 0) return said("Operation failed: such conntrack doesn't exist", 1)
  if (verb === 'D') {
    for (const connection of found) table.delete(connection)
    return { ...said(`${found.length} flow entries have been deleted.`, found.length === 0 ? 1 : 0), stdout: lines }
  }
  const what = name === 'expect' ? 'expectations' : 'flow entries'
  return { ...said(`${found.length} ${what} have been shown.`), stdout: lines }
}

function said(text: string, exitCode = 0): CommandOutput {
  return { stdout: '', stderr: `${NAME}: ${text}\n`, exitCode }
}

function testsOf(filters: ReadonlyMap<string, string>): Test[] {
  return [...filters].map(([filter, value]): Test => {
    const isAt = value === '' ? () => true : cidrTest(value)
    switch (filter) {
      case 'src':
        return ({ original }) => isAt(original.source)
      case 'dst':
        return ({ original }) => isAt(original.destination)
      case 'reply-src':
        return ({ reply }) => isAt(reply.source)
      case 'reply-dst':
        return ({ reply }) => isAt(reply.destination)
      case 'dst-nat':
        return ({ reply, hasDnat }) => hasDnat && isAt(reply.source)
      case 'src-nat':
        return ({ reply, hasSnat }) => hasSnat && isAt(reply.destination)
      case 'any-nat':
        return ({ reply, hasDnat, hasSnat }) => (hasDnat && isAt(reply.source)) || (hasSnat && isAt(reply.destination))
      case 'proto':
        return ({ original }) => original.protocol === value
      case 'family':
        return ({ original }) => original.source.includes(':') === (value === 'ipv6')
      case 'mark':
        return ({ mark }) => mark === Number(value)
      case 'status':
        return (connection) => value.split(',').every((status) => hasStatus(connection, status))
      case 'sport':
        return ({ original }) => original.sourcePort === Number(value)
      case 'dport':
        return ({ original }) => original.destinationPort === Number(value)
      case 'reply-sport':
        return ({ reply }) => reply.sourcePort === Number(value)
      case 'reply-dport':
        return ({ reply }) => reply.destinationPort === Number(value)
      case 'state':
        return ({ tcpState }) => tcpState === value
      default:
        return () => true
    }
  })
}

function hasStatus({ assured, unreplied, confirmed, hasDnat, hasSnat }: Connection, status: string): boolean {
  if (status === 'ASSURED') return assured
  if (status === 'SEEN_REPLY') return !unreplied
  if (status === 'UNSET' || status === 'UNREPLIED') return unreplied
  if (status === 'SRC_NAT') return hasSnat
  if (status === 'DST_NAT') return hasDnat
  return status === 'CONFIRMED' && confirmed
}

function statistics({ counters }: ConntrackTable): string {
  const { found, invalid, insert, insertFailed, drop, earlyDrop, error } = counters
  return (
    `cpu=0   \tfound=${found} invalid=${invalid} insert=${insert} insert_failed=${insertFailed} drop=${drop} ` +
    `early_drop=${earlyDrop} error=${error} search_restart=0 clash_resolve=0 chaintoolong=0 `
  )
}
