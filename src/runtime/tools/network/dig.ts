import type { Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import type { DnsMessage, DnsRecord, DnsType, Endpoint, SocketFailure } from '../../sockets.ts'
import { unixDate } from './dates.ts'
import { askServer, asType, bare, resolverConfig, reverseOf, searched, serverOf } from './names.ts'

const VERSION = '9.18.39'
const SECTIONS = ['cmd', 'comments', 'question', 'answer', 'authority', 'additional', 'stats'] as const
type Section = (typeof SECTIONS)[number]

interface Query {
  server: string | undefined
  port: number
  name: string
  type: DnsType
  readonly shown: Set<Section>
  short: boolean
  search: boolean
  tcp: boolean
  timeoutMs: number
  tries: number
}

function setFlag(query: Query, flag: string): void {
  const off = flag.startsWith('no')
  const name = off ? flag.slice(2) : flag
  const [key = '', value] = name.split('=')
  const show = (section: Section) => (off ? query.shown.delete(section) : query.shown.add(section))
  if (name === 'all') SECTIONS.forEach(show)
  else if (SECTIONS.includes(key as Section)) show(key as Section)
  else if (key === 'short') query.short = !off
  else if (key === 'search') query.search = !off
  else if (key === 'tcp' || key === 'vc') query.tcp = !off
  else if (key === 'time' || key === 'timeout') query.timeoutMs = Number(value) * 1000
  else if (key === 'tries') query.tries = Number(value)
  else if (key === 'retry') query.tries = Number(value) + 1
}

function readArguments(argv: readonly string[]): Query {
  const query: Query = {
    server: undefined,
    port: 53,
    name: '',
    type: 'A',
    shown: new Set(SECTIONS),
    short: false,
    search: false,
    tcp: false,
    timeoutMs: 5000,
    tries: 3,
  }
  const words = argv.slice(1)
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    if (word.startsWith('@')) query.server = word.slice(1)
    else if (word.startsWith('+')) setFlag(query, word.slice(1))
    else if (word === '-t' || word === '-q' || word === '-x' || word === '-p' || word === '-c') {
      const value = words[++i] ?? ''
      if (word === '-t') query.type = asType(value) ?? 'A'
      else if (word === '-q') query.name = value
      else if (word === '-p') query.port = Number(value)
      else if (word === '-x') {
        query.name = reverseOf(value) ?? value
        query.type = 'PTR'
      }
    } else if (!word.startsWith('-')) {
      const type = asType(word)
      if (type && query.name !== '') query.type = type
      else if (word.toUpperCase() !== 'IN') query.name = word
    }
  }
  return query
}

const full = (name: string) => (name.endsWith('.') ? name : `${name}.`)
const record = ({ name, ttl, type, data }: DnsRecord) =>
  `${full(name)}${name.length < 24 ? '\t'.repeat(Math.max(1, 3 - Math.floor((name.length + 1) / 8))) : ' '}${ttl}\tIN\t${type}\t${data}\n`

/** dig of BIND 9. */
export function* dig(system: System): Task<number> {
  const query = readArguments(system.argv)
  const server = yield* serverOf(system, query.server, query.port)
  if (!server) {
    system.writeError(`dig: couldn't get address for '${query.server}': not found\n`)
    return 10
  }
  const title =
    query.shown.has('cmd') && !query.short
      ? `\n; <<>> DiG ${VERSION} <<>> ${system.argv.slice(1).join(' ')}\n;; global options: +cmd\n`
      : ''
  const startMs = system.sim.now
  const names = query.search ? searched(query.name, resolverConfig(system)) : [query.name]
  let answer: DnsMessage | SocketFailure = { failure: 'ETIMEDOUT', afterMs: 0 }
  for (const name of names) {
    answer = yield* ask(system, { ...query, name }, server)
    if ('failure' in answer || (answer.code === 'NOERROR' && answer.answers.length > 0)) break
  }
  if ('failure' in answer) {
    const why =
      answer.failure === 'ECONNREFUSED' ? 'connection refused' : answer.failure === 'ETIMEDOUT' ? 'timed out' : 'host unreachable'
    system.write(
      `${`;; communications error to ${server.address}#${server.port}: ${why}\n`.repeat(query.tries)}${title}${query.short ? '' : ';; no servers could be reached\n'}`,
    )
    return 9
  }
  if (query.short) for (const { data } of answer.answers) system.write(`${data}\n`)
  else system.write(title + shown(system, query, server, answer, system.sim.now - startMs))
  return 0
}

function* ask(system: System, { name, type, tcp, tries, timeoutMs }: Query, server: Endpoint): Task<DnsMessage | SocketFailure> {
  if (!tcp) return yield* askServer(system, { name, type }, server, tries, timeoutMs)
  const connection = yield* system.sockets.connect(server, { timeoutMs })
  if ('failure' in connection) return connection
  const answer = yield* connection.dns({ name, type }, timeoutMs)
  connection.close()
  return answer
}

function shown(system: System, { shown: sections, tcp }: Query, server: Endpoint, answer: DnsMessage, tookMs: number): string {
  const { answers, authority = [], additional = [], question } = answer
  const comment = (text: string) => (sections.has('comments') ? text : '')
  const section = (name: Section, title: string, records: readonly DnsRecord[]) =>
    sections.has(name) && records.length > 0
      ? `${comment(`;; ${title} SECTION:\n`)}${records.map(record).join('')}${comment('\n')}`
      : ''
  const id = 1 + (((system.sim.now / 7 + question.name.length * 7919) % 65_534) | 0)
  const flags = answer.authoritative ? 'qr aa rd' : 'qr rd ra'
  const size =
    40 +
    question.name.length +
    [...answers, ...authority, ...additional].reduce((sum, { name, data }) => sum + name.length + data.length + 10, 0)
  return [
    comment(
      `;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${answer.code}, id: ${id}\n;; flags: ${flags}; QUERY: 1, ANSWER: ${answers.length}, AUTHORITY: ${authority.length}, ADDITIONAL: ${additional.length + 1}\n${answer.authoritative ? ';; WARNING: recursion requested but not available\n' : ''}\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n`,
    ),
    sections.has('question')
      ? `${comment(';; QUESTION SECTION:\n')};${full(question.name)}${question.name.length < 23 ? '\t\t' : ' '}IN\t${question.type}\n${comment('\n')}`
      : '',
    section('answer', 'ANSWER', answers),
    section('authority', 'AUTHORITY', authority),
    section('additional', 'ADDITIONAL', additional),
    sections.has('stats')
      ? `;; Query time: ${tookMs} msec\n;; SERVER: ${server.address}#${server.port}(${server.address}) (${tcp ? 'TCP' : 'UDP'})\n;; WHEN: ${unixDate(system.sim.now)}\n;; MSG SIZE  rcvd: ${size}\n\n`
      : '',
  ].join('')
}

/** host of BIND 9. */
export function* host(system: System): Task<number> {
  const words = system.argv.slice(1)
  const at = words.indexOf('-t')
  const type = at === -1 ? undefined : asType(words[at + 1] ?? '')
  const [name = '', given] = words.filter((word, i) => !word.startsWith('-') && (at === -1 || i !== at + 1))
  const server = (yield* serverOf(system, given)) ?? { address: '', port: 53 }
  const reverse = reverseOf(name)
  const names = reverse === undefined ? searched(name, resolverConfig(system)) : [reverse]
  const types: readonly DnsType[] = reverse !== undefined ? ['PTR'] : type ? [type] : ['A', 'AAAA']
  for (const one of names) {
    const lines: string[] = []
    for (const each of types) {
      const answer = yield* askServer(system, { name: one, type: each }, server, 2, 5000)
      if ('failure' in answer) {
        system.write(`;; connection timed out; no servers could be reached\n`)
        return 1
      }
      for (const found of answer.answers) lines.push(hostLine(found))
    }
    if (lines.length === 0) continue
    for (const text of new Set(lines)) system.write(`${text}\n`)
    return 0
  }
  system.write(`Host ${names.at(-1) ?? name}. not found: 3(NXDOMAIN)\n`.replace('..', '.'))
  return 1
}

function hostLine({ name, type, data }: DnsRecord): string {
  if (type === 'A') return `${bare(name)} has address ${data}`
  if (type === 'AAAA') return `${bare(name)} has IPv6 address ${data}`
  if (type === 'CNAME') return `${bare(name)} is an alias for ${data}`
  if (type === 'PTR') return `${bare(name)} domain name pointer ${data}`
  if (type === 'SRV') return `${bare(name)} has SRV record ${data}`
  return `${bare(name)} descriptive text ${data}`
}
