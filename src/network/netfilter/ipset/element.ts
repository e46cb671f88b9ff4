/** Members of sets as text: what `ipset add` takes, and the one form in which a set keeps them. */
import { canonicalAddress, fromNumber, toNumber } from '../../address.ts'
import { parseNetwork, serviceNumber } from '../values.ts'
import { SetError, type SetType } from './set-type.ts'

/** An element may stand for many ('10.0.0.1-10.0.0.9', 'tcp:80-90'): this many at most. */
const MOST = 65_536
const PORT_PROTOCOLS = ['tcp', 'sctp', 'udp', 'udplite']

/** The members that an element stands for, in canonical text. Throws SetError. */
export function parseElement(text: string, type: SetType, family: 4 | 6): string[] {
  const { dimensions } = type
  const parts = text.split(',')
  if (parts.length > dimensions.length && dimensions.length === 1) {
    throw new SetError(`Syntax error: Elem separator in ${text}, but settype ${type.name} supports none.`)
  }
  const names = ['', 'Second', 'Third']
  if (parts.length < dimensions.length)
    throw new SetError(`Syntax error: ${names[parts.length]} element is missing from ${text}.`)
  let members = ['']
  dimensions.forEach((dimension, i) => {
    const part = parts[i] ?? ''
    const values =
      dimension === 'ip'
        ? addresses(part, family)
        : dimension === 'net'
          ? [network(part, family)]
          : dimension === 'port'
            ? ports(part, type.storage === 'bitmap')
            : [part]
    members = members.flatMap((start) => values.map((value) => (i === 0 ? value : `${start},${value}`)))
  })
  return members
}

function unresolved(text: string, family: 4 | 6): SetError {
  return new SetError(`Syntax error: cannot parse ${text}: resolving to IPv${family} address failed`)
}

function oneAddress(text: string, family: 4 | 6): string {
  const address = canonicalAddress(text)
  if (address === undefined || address.includes(':') !== (family === 6)) throw unresolved(text, family)
  return address
}

function addresses(text: string, family: 4 | 6): string[] {
  if (family === 6) return [oneAddress(text, family)]
  if (text.includes('/')) {
    const [base = '', bits = '32'] = parseNetworkOr(text, family).split('/')
    return span(toNumber(base), toNumber(base) + 2 ** (32 - Number(bits)) - 1)
  }
  const [from, to] = text.split('-')
  const first = toNumber(oneAddress(from ?? '', family))
  return span(first, to === undefined ? first : toNumber(oneAddress(to, family)))
}

function span(from: number, to: number): string[] {
  if (to - from >= MOST) throw new SetError('Hash is full, cannot add more elements')
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => fromNumber(from + i))
}

function parseNetworkOr(text: string, family: 4 | 6): string {
  const [host = '', bits] = text.split('/')
  if (canonicalAddress(host) === undefined) throw unresolved(host, family)
  if (bits !== undefined && (!/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))) {
    throw new SetError(`Syntax error: '${bits}' is out of range 0-${family === 4 ? 32 : 128}`)
  }
  return parseNetwork(text, family)
}

function network(text: string, family: 4 | 6): string {
  const cidr = parseNetworkOr(text, family)
  if (cidr.endsWith('/0')) throw new SetError('The value of the CIDR parameter of the IP address is invalid')
  return cidr.replace(family === 4 ? /\/32$/ : /\/128$/, '')
}

function ports(text: string, bare: boolean): string[] {
  const [protocol, range] = text.includes(':') ? text.split(':') : ['tcp', text]
  if (protocol === undefined || range === undefined) return []
  if (protocol === 'icmp' || protocol === 'icmpv6') return [text]
  if (!PORT_PROTOCOLS.includes(protocol)) throw new SetError(`Syntax error: cannot parse '${protocol}' as a protocol`)
  const [from, to = from] = range.split('-').map((port) => onePort(port))
  const all = Array.from({ length: (to ?? 0) - (from ?? 0) + 1 }, (_, i) => (from ?? 0) + i)
  return all.map((port) => (bare ? String(port) : `${protocol}:${port}`))
}

function onePort(text: string): number {
  const port = serviceNumber(text)
  if (port !== undefined) return port
  const range = /^\d+$/.test(text) ? `'${text}' is out of range 0-65535` : `'${text}' is invalid as number`
  throw new SetError(`Syntax error: ${range}\nSyntax error: 'tcp' is invalid as number\ncannot parse '${text}' as a tcp port`)
}
