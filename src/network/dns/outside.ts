/** The internet's names, a few of them: what a resolver outside the cluster answers. */
import { isIPv6 } from '../packet.ts'
import { fullName, type DnsMessage, type DnsQuestion, type DnsRecord } from './message.ts'

/** Addresses of documentation networks where the real ones change; well-known ones as they are. */
const NAMES: { readonly [name: string]: readonly string[] } = {
  'example.com.': ['203.0.113.80', '2001:db8:80::1'],
  'www.example.com.': ['203.0.113.80', '2001:db8:80::1'],
  'example.org.': ['203.0.113.81'],
  'kubernetes.io.': ['203.0.113.90'],
  'k8s.io.': ['203.0.113.90'],
  'registry.k8s.io.': ['203.0.113.91'],
  'github.com.': ['203.0.113.92'],
  'raw.githubusercontent.com.': ['203.0.113.93'],
  'google.com.': ['203.0.113.100', '2001:db8:100::1'],
  'www.google.com.': ['203.0.113.100', '2001:db8:100::1'],
  'baidu.com.': ['203.0.113.101'],
  'docker.io.': ['203.0.113.102'],
  'registry-1.docker.io.': ['203.0.113.102'],
  'dns.google.': ['8.8.8.8', '8.8.4.4'],
  'one.one.one.one.': ['1.1.1.1', '1.0.0.1'],
}
const ALIASES: { readonly [name: string]: string } = {
  'www.kubernetes.io.': 'kubernetes.io.',
  'www.baidu.com.': 'www.a.shifen.com.',
}
const TTL = 300
const ROOT = 'a.root-servers.net. nstld.verisign-grs.com. 2026010500 1800 900 604800 86400'

/** Addresses behind the names; a host outside answers for them. */
export const OUTSIDE_ADDRESSES: readonly string[] = [...new Set(Object.values(NAMES).flat())]

/** What the resolver outside says. */
export function askOutside(question: DnsQuestion): DnsMessage {
  const name = fullName(question.name)
  const alias = ALIASES[name]
  const target = alias ?? name
  const addresses = NAMES[target] ?? (target === 'www.a.shifen.com.' ? NAMES['baidu.com.'] : undefined)
  const { type } = question
  const denial: DnsRecord = { name: '.', type: 'SOA', ttl: 900, data: ROOT }
  if (!addresses) return { question, code: 'NXDOMAIN', authoritative: false, answers: [], authority: [denial] }
  const answers: DnsRecord[] = alias ? [{ name, type: 'CNAME', ttl: TTL, data: alias }] : []
  for (const data of addresses) if (type === (isIPv6(data) ? 'AAAA' : 'A')) answers.push({ name: target, type, ttl: TTL, data })
  return { question, code: 'NOERROR', authoritative: false, answers, ...(answers.length === 0 ? { authority: [denial] } : {}) }
}
