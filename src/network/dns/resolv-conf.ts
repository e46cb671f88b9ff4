/** The two files by which a C library resolves names. */
import { canonicalAddress } from '../address.ts'

export interface ResolvConf {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
  readonly timeoutMs: number
  readonly attempts: number
  readonly rotate: boolean
}

/** Source: resolv.conf(5); at most three servers are used. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  let search: string[] = []
  const options = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (word === 'nameserver') nameservers.push(canonicalAddress(rest[0] ?? '') ?? rest[0] ?? '')
    else if (word === 'search') search = rest
    else if (word === 'domain') search = rest.slice(0, 1)
    else if (word === 'options') for (const option of rest) options.set(option.split(':')[0] ?? '', option.split(':')[1] ?? '')
  }
  const number = (name: string, fallback: number, most: number) =>
    Math.min(most, Number(options.get(name) ?? fallback) || fallback)
  return {
    nameservers: nameservers.slice(0, 3),
    search,
    ndots: options.get('ndots') === '0' ? 0 : number('ndots', 1, 15),
    timeoutMs: number('timeout', 5, 30) * 1000,
    attempts: number('attempts', 2, 5),
    rotate: options.has('rotate'),
  }
}

export interface HostsEntry {
  readonly address: string
  readonly names: readonly string[]
}

/** The lines of /etc/hosts. */
export function parseHosts(text: string): readonly HostsEntry[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const canonical = canonicalAddress(address)
    return canonical === undefined || names.length === 0 ? [] : [{ address: canonical, names }]
  })
}
