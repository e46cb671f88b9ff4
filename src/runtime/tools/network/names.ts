/** What the tools that ask name servers share. */
import type { Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import type { DnsMessage, DnsQuestion, DnsType, Endpoint, SocketFailure } from '../../sockets.ts'

export interface ResolverConfig {
  readonly servers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
}

/** The container's /etc/resolv.conf. */
export function resolverConfig(system: System): ResolverConfig {
  const servers: string[] = []
  let search: string[] = []
  let ndots = 1
  for (const line of (system.files.read('/etc/resolv.conf') ?? '').split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver' && rest[0] !== undefined) servers.push(rest[0])
    if (word === 'search') search = rest
    const option = rest.find((one) => one.startsWith('ndots:'))
    if (word === 'options' && option !== undefined) ndots = Number(option.slice(6))
  }
  return { servers: servers.length > 0 ? servers : ['127.0.0.1'], search, ndots }
}

/** The names that are tried, in order, where the search path counts. */
export function searched(name: string, { search, ndots }: ResolverConfig): readonly string[] {
  if (name.endsWith('.')) return [name]
  const full = search.map((domain) => `${name}.${domain.replace(/\.$/, '')}`)
  return name.split('.').length - 1 >= ndots ? [name, ...full] : [...full, name]
}

/** '10.96.0.10' -> '10.0.96.10.in-addr.arpa'; undefined for names. */
export function reverseOf(text: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return `${text.split('.').toReversed().join('.')}.in-addr.arpa`
  if (!/^[0-9a-f]*:[0-9a-f:]*$/i.test(text)) return undefined
  const [head = '', tail] = text.toLowerCase().split('::')
  const groups = (part: string | undefined) => (part === undefined || part === '' ? [] : part.split(':'))
  const [left, right] = [groups(head), groups(tail)]
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  const digits = [...left, ...middle, ...right].flatMap((group) => [...group.padStart(4, '0')])
  return `${digits.toReversed().join('.')}.ip6.arpa`
}

export const TYPES: readonly string[] = ['A', 'AAAA', 'CNAME', 'SRV', 'PTR', 'TXT', 'NS', 'SOA', 'MX', 'ANY']
export const asType = (text: string): DnsType | undefined =>
  TYPES.includes(text.toUpperCase()) ? (text.toUpperCase() as DnsType) : undefined

/** Without the last dot. */
export const bare = (name: string): string => name.replace(/\.$/, '')

/** The server that a tool was told to ask, by address or by name. */
export function* serverOf(system: System, given: string | undefined, port = 53): Task<Endpoint | undefined> {
  const [first = ''] = resolverConfig(system).servers
  if (given === undefined) return { address: first, port }
  const found = yield* system.sockets.lookup(given)
  return 'failure' in found ? undefined : { address: found.addresses[0] ?? '', port }
}

/** Asks up to `tries` times. */
export function* askServer(
  system: System,
  question: DnsQuestion,
  server: Endpoint,
  tries: number,
  timeoutMs: number,
): Task<DnsMessage | SocketFailure> {
  let answer: DnsMessage | SocketFailure = { failure: 'ETIMEDOUT', afterMs: 0 }
  for (let i = 0; i < tries; i++) {
    answer = yield* system.sockets.query(question, server, timeoutMs)
    if (!('failure' in answer)) return answer
  }
  return answer
}
