/** getaddrinfo: the questions that a C library asks, in its order. */
import { sleep, type Task } from '../../sim/task.ts'
import { canonicalAddress } from '../address.ts'
import type { DnsMessage, DnsQuestion } from '../dns/message.ts'
import { parseHosts, parseResolvConf, type ResolvConf } from '../dns/resolv-conf.ts'
import { isIPv6 } from '../packet.ts'
import { isFailure, type Endpoint, type Lookup, type SocketFailure } from './types.ts'

export type Libc = 'glibc' | 'musl'

export interface ResolverWorld {
  nowMs(): number
  readFile(path: string): string | undefined
  query(question: DnsQuestion, server: Endpoint, timeoutMs: number): Task<DnsMessage | SocketFailure>
}

/** The full names that are tried for a name, in order. Source: resolv.conf(5), musl name_from_dns_search. */
export function candidates(name: string, { search, ndots }: ResolvConf, libc: Libc): readonly string[] {
  if (name.endsWith('.')) return [name]
  const dots = name.split('.').length - 1
  const searched = search.map((domain) => `${name}.${domain.replace(/\.$/, '')}.`)
  if (dots < ndots) return [...searched, `${name}.`]
  return libc === 'musl' ? [`${name}.`] : [`${name}.`, ...searched]
}

type Asked = { readonly kind: 'answer'; readonly message: DnsMessage } | { readonly kind: 'none' }

/** One question to the servers in turn, each as often as `attempts` says. */
export function* ask(world: ResolverWorld, conf: ResolvConf, question: DnsQuestion): Task<Asked> {
  const servers = conf.nameservers.length > 0 ? conf.nameservers : ['127.0.0.1']
  let last: Asked = { kind: 'none' }
  for (let attempt = 0; attempt < conf.attempts; attempt++)
    for (const address of servers) {
      const message = yield* world.query(question, { address, port: 53 }, conf.timeoutMs)
      if (isFailure(message)) continue
      last = { kind: 'answer', message }
      if (message.code !== 'SERVFAIL' && message.code !== 'REFUSED') return last
    }
  return last
}

interface Found {
  readonly addresses: readonly string[]
  readonly name: string
  readonly failed: boolean
}

/** Both families for one full name. */
function* askBoth(world: ResolverWorld, conf: ResolvConf, name: string, families: readonly (4 | 6)[]): Task<Found> {
  const addresses: string[] = []
  let canonical = name
  let failed = false
  for (const family of families) {
    const type = family === 4 ? 'A' : 'AAAA'
    const asked = yield* ask(world, conf, { name, type })
    if (asked.kind === 'none' || asked.message.code === 'SERVFAIL') {
      failed = true
      // Where nobody answers one question, nobody answers the other, and both were sent at once.
      if (asked.kind === 'none') break
      continue
    }
    for (const record of asked.message.answers) {
      if (record.type === type) addresses.push(record.data)
      if (record.type === 'CNAME') canonical = record.data
    }
  }
  return { addresses, name: canonical.replace(/\.$/, ''), failed }
}

/** Source: getaddrinfo(3) with nsswitch "files dns". */
export function* lookup(world: ResolverWorld, name: string, libc: Libc, family?: 4 | 6): Task<Lookup> {
  const startMs = world.nowMs()
  const literal = canonicalAddress(name.replace(/^\[|\]$/g, ''))
  if (literal !== undefined) return { addresses: [literal], canonicalName: literal }
  const bare = name.replace(/\.$/, '').toLowerCase()
  const fits = (address: string) => family === undefined || isIPv6(address) === (family === 6)
  const known = parseHosts(world.readFile('/etc/hosts') ?? '').filter(({ names }) => names.some((n) => n.toLowerCase() === bare))
  const local = known.map(({ address }) => address).filter(fits)
  if (local.length > 0) return { addresses: preferred(local), canonicalName: known[0]?.names[0] ?? bare }
  if (bare === 'localhost') return { addresses: ['127.0.0.1'], canonicalName: bare }
  const conf = parseResolvConf(world.readFile('/etc/resolv.conf') ?? '')
  const families: readonly (4 | 6)[] = family === undefined ? [4, 6] : [family]
  let anyFailed = false
  for (const candidate of candidates(bare === name.toLowerCase() ? name : `${bare}.`, conf, libc)) {
    const found = yield* askBoth(world, conf, candidate, families)
    if (found.addresses.length > 0) return { addresses: preferred(found.addresses), canonicalName: found.name }
    anyFailed ||= found.failed
    if (found.failed) break
  }
  yield* sleep(0)
  return { failure: anyFailed ? 'EAI_AGAIN' : 'EAI_NONAME', afterMs: world.nowMs() - startMs }
}

/** IPv4 first: no pod of a single-stack cluster has a route for the other. SIMPLIFIED: RFC 6724 is not weighed. */
const preferred = (addresses: readonly string[]) => [...addresses].sort((a, b) => Number(isIPv6(a)) - Number(isIPv6(b)))
