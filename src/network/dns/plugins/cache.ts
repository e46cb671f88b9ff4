import type { Task } from '../../../sim/task.ts'
import { fullName, isIn, type DnsRecord, type DnsReply } from '../message.ts'
import { argumentError, zonesOf, type Plugin } from './plugin.ts'

const DEFAULT_SUCCESS_S = 3600
const DEFAULT_DENIAL_S = 1800
const CAPACITY = 9984
const MINIMUM_S = 5
/** Read and left alone. */
const IGNORED = new Set(['prefetch', 'serve_stale', 'servfail', 'keepttl'])

interface Entry {
  readonly reply: DnsReply
  readonly storedMs: number
  readonly ttl: number
}

/** CoreDNS plugin/cache. SIMPLIFIED: no prefetching, and nothing stale is served. */
export const cache: Plugin = ({ directive, zones, fail, world }) => {
  const [first] = directive.args
  const hasTtl = first !== undefined && /^\d+$/.test(first)
  const cachedZones = zonesOf(directive.args.slice(hasTtl ? 1 : 0), zones)
  let success = hasTtl ? Number(first) : DEFAULT_SUCCESS_S
  let denial = hasTtl ? Number(first) : DEFAULT_DENIAL_S
  const disabled = { success: [] as readonly string[], denial: [] as readonly string[] }
  for (const { words, line } of directive.body) {
    const [property = '', ...args] = words
    if (property === 'success') success = Number(args[1] ?? success)
    else if (property === 'denial') denial = Number(args[1] ?? denial)
    else if (property === 'disable') {
      const [what, ...names] = args
      if (what !== 'success' && what !== 'denial')
        return fail(what === undefined ? argumentError('disable') : `cache type for disable must be "success" or "denial"`, line)
      disabled[what] = names.length > 0 ? names.map(fullName) : ['.']
    } else if (!IGNORED.has(property)) fail(argumentError(property), line)
  }
  const entries = new Map<string, Entry>()
  const ttlOf = (reply: DnsReply, limit: number) => {
    const records = [...reply.answers, ...(reply.authority ?? [])]
    return Math.min(
      limit,
      Math.max(
        MINIMUM_S,
        records.reduce((least, { ttl }) => Math.min(least, ttl), limit),
      ),
    )
  }
  return (next) =>
    function* (query): Task<DnsReply | null> {
      if (!cachedZones.some((zone) => isIn(query.name, zone))) return yield* next(query)
      const key = `${query.type} ${query.name}`
      const known = entries.get(key)
      if (known && world.now() < known.storedMs + known.ttl * 1000) return aged(known, world.now())
      const reply = yield* next(query)
      if (!reply || reply.code === 'SERVFAIL' || reply.code === 'REFUSED') return reply
      const kind = reply.answers.length > 0 ? 'success' : 'denial'
      if (disabled[kind].some((zone) => isIn(query.name, zone))) return reply
      const ttl = ttlOf(reply, kind === 'success' ? success : denial)
      if (entries.size >= CAPACITY) entries.delete(entries.keys().next().value ?? '')
      const capped = withTtl(reply, () => ttl)
      if (ttl > 0) entries.set(key, { reply: capped, storedMs: world.now(), ttl })
      return capped
    }
}

function withTtl(reply: DnsReply, change: (ttl: number) => number): DnsReply {
  const list = (records: readonly DnsRecord[]) => records.map((record) => ({ ...record, ttl: change(record.ttl) }))
  return { ...reply, answers: list(reply.answers), ...(reply.authority ? { authority: list(reply.authority) } : {}) }
}

const aged = ({ reply, storedMs }: Entry, nowMs: number) =>
  withTtl({ ...reply, authoritative: reply.authoritative }, (ttl) => Math.max(0, ttl - Math.floor((nowMs - storedMs) / 1000)))
