import type { Directive } from '../corefile.ts'
import { fullName, isIn, type DnsRecord } from '../message.ts'

/** Which names go on to the next plugin when this one has nothing: those of `fallthrough [ZONES...]`. */
export function fallthroughOf({ body }: Pick<Directive, 'body'>): (name: string) => boolean {
  const line = body.find(({ words }) => words[0] === 'fallthrough')
  if (!line) return () => false
  const zones = line.words.slice(1).map(fullName)
  return (name) => zones.length === 0 || zones.some((zone) => isIn(name, zone))
}

/** The zone's start of authority, as CoreDNS makes it up. The serial is the time in seconds. */
export const soa = (zone: string, ttl: number, nowMs: number): DnsRecord => ({
  name: zone,
  type: 'SOA',
  ttl,
  data: `ns.dns.${zone} hostmaster.${zone} ${Math.floor(nowMs / 1000)} 7200 1800 86400 ${ttl}`,
})

/** '30s', '5' (seconds) and the like in milliseconds; NaN when it is neither. */
export function spanMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  if (!match) return Number.NaN
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000
  return Number(match[1]) * unit
}
