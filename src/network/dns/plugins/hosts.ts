import type { Task } from '../../../sim/task.ts'
import { isIPv6 } from '../../packet.ts'
import { addressOfReverse, fullName, isIn, type DnsRecord, type DnsReply } from '../message.ts'
import { parseHosts } from '../resolv-conf.ts'
import { fallthroughOf } from './parts.ts'
import { argumentError, zonesOf, type Plugin } from './plugin.ts'

const DEFAULT_TTL = 3600
const WORDS = new Set(['fallthrough', 'no_reverse', 'ttl', 'reload'])

/** CoreDNS plugin/hosts: a file of the form of /etc/hosts, and lines of that form. */
export const hosts: Plugin = ({ directive, zones, fail, world }) => {
  const [first] = directive.args
  const isFile = first?.includes('/') === true
  const file = isFile ? first : '/etc/hosts'
  const served = zonesOf(directive.args.slice(isFile ? 1 : 0), zones)
  let ttl = DEFAULT_TTL
  let reverses = true
  const lines: string[] = []
  for (const { words, line } of directive.body) {
    const [property = '', value] = words
    if (property === 'no_reverse') reverses = false
    else if (property === 'ttl') {
      if (value === undefined) fail(argumentError('ttl'), line)
      ttl = Number(value)
      if (!Number.isInteger(ttl)) fail(`ttl needs a number of second, got "${value}"`, line)
      if (ttl <= 0 || ttl > 65535) fail('ttl provided is invalid', line)
    } else if (!WORDS.has(property)) {
      if (words.length < 2) fail(`unknown property '${property}'`, line)
      lines.push(words.join(' '))
    }
  }
  const falls = fallthroughOf(directive)
  const inline = parseHosts(lines.join('\n'))
  return (next) =>
    function* (query): Task<DnsReply | null> {
      const { name, type } = query
      if (!served.some((zone) => isIn(name, zone))) return yield* next(query)
      const entries = [...inline, ...parseHosts(world.readFile(file) ?? '')]
      const record = (kind: DnsRecord['type'], data: string): DnsRecord => ({ name, type: kind, ttl, data })
      const address = addressOfReverse(name)
      if (address !== undefined) {
        const names = reverses ? entries.filter((entry) => entry.address === address).flatMap((entry) => entry.names) : []
        if (names.length === 0 || type !== 'PTR') return yield* next(query)
        return { code: 'NOERROR', authoritative: true, answers: names.map((one) => record('PTR', fullName(one))) }
      }
      const known = entries.filter((entry) => entry.names.some((one) => fullName(one) === name))
      const answers = known
        .filter((entry) => (type === 'A' || type === 'AAAA') && isIPv6(entry.address) === (type === 'AAAA'))
        .map((entry) => record(type, entry.address))
      if (answers.length > 0) return { code: 'NOERROR', authoritative: true, answers }
      if (known.length > 0) return { code: 'NOERROR', authoritative: true, answers: [] }
      return falls(name) ? yield* next(query) : { code: 'NXDOMAIN', authoritative: true, answers: [] }
    }
}
