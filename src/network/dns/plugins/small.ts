/** Plugins of a few lines. */
import type { Task } from '../../../sim/task.ts'
import { fullName, isIn, type DnsRecord, type DnsReply, type DnsType } from '../message.ts'
import { fallthroughOf } from './parts.ts'
import { nothing, type Link, type Plugin, type Query } from './plugin.ts'

const through: Link = (next) => next

/** What matters elsewhere (ports, reloading), or what is not simulated. */
export const passive: Plugin = () => through

/** CoreDNS plugin/log. */
export const log: Plugin = ({ world, zones, directive }) => {
  const only = directive.args.filter((word) => !word.includes('{')).map(fullName)
  const served = only.length > 0 ? only : zones
  let id = 0
  return (next) =>
    function* (query): Task<DnsReply | null> {
      const startMs = world.now()
      const reply = yield* next(query)
      if (!served.some((zone) => isIn(query.name, zone))) return reply
      id = (id + 7919) % 65536
      const size = 28 + query.name.length
      const flags = reply?.authoritative ? 'qr,aa,rd' : 'qr,rd,ra'
      const seconds = Math.max(0.000123, (world.now() - startMs) / 1000).toFixed(9)
      const { address, port } = query.peer
      world.log(
        `[INFO] ${address}:${port} - ${id} "${query.type} IN ${query.name} ${query.protocol} ${size} false 512" ${reply?.code ?? 'SERVFAIL'} ${flags} ${size + 30 * (reply?.answers.length ?? 0)} ${seconds}s`,
      )
      return reply
    }
}

/** CoreDNS plugin/loadbalance: addresses in another order each time. */
export const loadbalance: Plugin = ({ world, directive, fail }) => {
  const [policy = 'round_robin'] = directive.args
  if (policy !== 'round_robin' && policy !== 'weighted') fail(`unknown policy: ${policy}`)
  const shuffle = (records: readonly DnsRecord[]) => {
    const names = records.filter(({ type }) => type !== 'A' && type !== 'AAAA')
    const addresses = records.filter(({ type }) => type === 'A' || type === 'AAAA')
    for (let i = addresses.length - 1; i > 0; i--) {
      const j = Math.floor(world.random() * (i + 1))
      ;[addresses[i], addresses[j]] = [addresses[j] as DnsRecord, addresses[i] as DnsRecord]
    }
    return [...names, ...addresses]
  }
  return (next) =>
    function* (query): Task<DnsReply | null> {
      const reply = yield* next(query)
      return reply && reply.answers.length > 1 ? { ...reply, answers: shuffle(reply.answers) } : reply
    }
}

/** CoreDNS plugin/template: answers, or a code, for names that match. SIMPLIFIED: fields of Go templates beyond .Name, .Match and groups are not filled in. */
export const template: Plugin = ({ directive, zones }) => {
  const [, wanted = 'ANY', ...names] = directive.args
  const served = names.length > 0 ? names.map(fullName) : zones
  const lines = (word: string) => directive.body.filter(({ words }) => words[0] === word).map(({ words }) => words.slice(1))
  const patterns = lines('match')
    .flat()
    .map((text) => new RegExp(text.replaceAll('(?P<', '(?<')))
  const code = lines('rcode')[0]?.[0] as DnsReply['code'] | undefined
  const falls = fallthroughOf(directive)
  const fill = (text: string, { name }: Query, match: RegExpExecArray | null) =>
    text.replace(/\{\{\s*\.(\w+)(?:\.(\w+))?\s*\}\}/g, (_, field: string, group: string | undefined) =>
      field === 'Name' ? name : field === 'Group' ? (match?.groups?.[group ?? ''] ?? '') : '',
    )
  return (next) =>
    function* (query): Task<DnsReply | null> {
      if (!served.some((zone) => isIn(query.name, zone)) || (wanted !== 'ANY' && wanted !== query.type)) return yield* next(query)
      const match = patterns.map((pattern) => pattern.exec(query.name)).find((found) => found !== null) ?? null
      if (patterns.length > 0 && !match) return falls(query.name) ? yield* next(query) : nothing('NXDOMAIN')
      const answers = lines('answer').map((words): DnsRecord => {
        const [name = '', ttl = '60', , type = 'A', ...data] = fill(words.join(' '), query, match).split(/\s+/)
        return { name: fullName(name), ttl: Number(ttl), type: type as DnsType, data: data.join(' ') }
      })
      return { code: code ?? 'NOERROR', authoritative: true, answers }
    }
}

/** CoreDNS plugin/whoami. */
export const whoami: Plugin = () => () =>
  function* ({ name, peer, protocol }): Task<DnsReply | null> {
    const srv: DnsRecord = { name: `_${protocol}.${name}`, type: 'SRV', ttl: 0, data: `0 0 ${peer.port} .` }
    const address: DnsRecord = { name, type: peer.address.includes(':') ? 'AAAA' : 'A', ttl: 0, data: peer.address }
    return { code: 'NOERROR', authoritative: true, answers: [], additional: [address, srv] }
  }

/** CoreDNS plugin/autopath: walks the search path of the asker's pod on the server. */
export const autopath: Plugin = ({ world, directive }) => {
  const usesKubernetes = directive.args.at(-1) === '@kubernetes'
  return (next) =>
    function* (query): Task<DnsReply | null> {
      const pod = usesKubernetes ? world.names.podsByAddress(query.peer.address)[0] : undefined
      const first = `${pod?.metadata.namespace ?? ''}.svc.cluster.local.`
      if (!pod || !query.name.endsWith(`.${first}`) || (query.type !== 'A' && query.type !== 'AAAA')) return yield* next(query)
      const base = query.name.slice(0, -first.length)
      for (const tail of [first, 'svc.cluster.local.', 'cluster.local.', '']) {
        const reply = yield* next({ ...query, name: base + tail })
        if (!reply || reply.code === 'NXDOMAIN') continue
        const alias: DnsRecord = { name: query.name, type: 'CNAME', ttl: 30, data: base + tail }
        return tail === first || reply.answers.length === 0 ? reply : { ...reply, answers: [alias, ...reply.answers] }
      }
      return yield* next(query)
    }
}
