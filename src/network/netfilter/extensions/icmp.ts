/** -m icmp and icmp6: kinds of control messages. */
import type { Icmp, Packet } from '../../packet.ts'
import { UsageError, type Given } from '../options.ts'
import { bang, type MatchExtension } from './extension.ts'

/** Type, code (undefined: any) and names of messages. The first name is the one that is shown. */
type Message = readonly [type: number, code: number | undefined, ...names: string[]]

const ICMP: readonly Message[] = [
  [0, undefined, 'echo-reply', 'pong'],
  [3, undefined, 'destination-unreachable'],
  [3, 0, 'network-unreachable'],
  [3, 1, 'host-unreachable'],
  [3, 2, 'protocol-unreachable'],
  [3, 3, 'port-unreachable'],
  [3, 4, 'fragmentation-needed'],
  [3, 5, 'source-route-failed'],
  [3, 6, 'network-unknown'],
  [3, 7, 'host-unknown'],
  [3, 9, 'network-prohibited'],
  [3, 10, 'host-prohibited'],
  [3, 11, 'TOS-network-unreachable'],
  [3, 12, 'TOS-host-unreachable'],
  [3, 13, 'communication-prohibited'],
  [4, undefined, 'source-quench'],
  [5, undefined, 'redirect'],
  [8, undefined, 'echo-request', 'ping'],
  [9, undefined, 'router-advertisement'],
  [10, undefined, 'router-solicitation'],
  [11, undefined, 'time-exceeded', 'ttl-exceeded'],
  [11, 0, 'ttl-zero-during-transit'],
  [11, 1, 'ttl-zero-during-reassembly'],
  [12, undefined, 'parameter-problem'],
  [13, undefined, 'timestamp-request'],
  [14, undefined, 'timestamp-reply'],
]
const ICMP6: readonly Message[] = [
  [1, undefined, 'destination-unreachable'],
  [1, 0, 'no-route'],
  [1, 1, 'communication-prohibited'],
  [1, 3, 'address-unreachable'],
  [1, 4, 'port-unreachable'],
  [2, undefined, 'packet-too-big'],
  [3, undefined, 'time-exceeded', 'ttl-exceeded'],
  [3, 0, 'ttl-zero-during-transit'],
  [4, undefined, 'parameter-problem'],
  [128, undefined, 'echo-request', 'ping'],
  [129, undefined, 'echo-reply', 'pong'],
  [133, undefined, 'router-solicitation'],
  [134, undefined, 'router-advertisement'],
  [135, undefined, 'neighbour-solicitation', 'neighbor-solicitation'],
  [136, undefined, 'neighbour-advertisement', 'neighbor-advertisement'],
]

/** The numbers on the wire of a message in the simulation. */
function numbersOf(icmp: Icmp, family: 4 | 6): readonly [number, number] {
  const v4 = family === 4
  if (icmp.type === 'echo-request') return [v4 ? 8 : 128, 0]
  if (icmp.type === 'echo-reply') return [v4 ? 0 : 129, 0]
  if (icmp.type === 'time-exceeded') return [v4 ? 11 : 3, 0]
  if (icmp.code === 'fragmentation-needed' && !v4) return [2, 0]
  const codes = v4
    ? { net: 0, host: 1, port: 3, 'admin-prohibited': 13, 'fragmentation-needed': 4 }
    : { net: 0, host: 3, port: 4, 'admin-prohibited': 1, 'fragmentation-needed': 0 }
  return [v4 ? 3 : 1, codes[icmp.code ?? 'net']]
}

function parseType(text: string, messages: readonly Message[], what: string): string {
  const lower = text.toLowerCase()
  if (lower === 'any' || lower === '255/255') return 'any'
  if (/^\d+(\/\d+)?$/.test(text)) return text
  const found = messages.filter(([, , ...names]) => names.some((name) => name.toLowerCase().startsWith(lower)))
  const exact =
    found.find(([, , ...names]) => names.some((name) => name.toLowerCase() === lower)) ??
    (found.length === 1 ? found[0] : undefined)
  if (!exact) {
    const [first, second] = found
    throw new UsageError(
      first && second
        ? `Ambiguous ${what} type \`${text}': \`${first[2]}' or \`${second[2]}'?`
        : `Unknown ${what} type \`${text}'`,
    )
  }
  return exact[1] === undefined ? String(exact[0]) : `${exact[0]}/${exact[1]}`
}

function control(kind: 'icmp' | 'icmp6'): MatchExtension<'icmp' | 'icmp6'> {
  const option = kind === 'icmp' ? 'icmp-type' : 'icmpv6-type'
  const messages = kind === 'icmp' ? ICMP : ICMP6
  const shown = kind === 'icmp' ? 'icmp' : 'ipv6-icmp'
  const family = kind === 'icmp' ? 4 : 6
  return {
    options: { [option]: { invertible: true } },
    build(given: Given) {
      const type = parseType(given.required(option), messages, kind === 'icmp' ? 'ICMP' : 'ICMPv6')
      return { kind, type, inverted: given.inverted(option) }
    },
    save: (match) => `${bang(match.inverted)} --${option} ${match.type}`,
    list(match, numeric) {
      const [type, code] = match.type === 'any' ? ['255'] : match.type.split('/')
      const known = messages.find(
        (each) => String(each[0]) === type && (each[1] === undefined ? code === undefined : String(each[1]) === code),
      )
      if (!numeric && known) return `${shown} ${match.inverted ? '!' : ''}${known[2]}`
      return `${shown}${match.inverted ? ' !' : ''}type ${type}${code === undefined ? (type === '255' ? ' code 255' : '') : ` code ${code}`}`
    },
    compile({ type, inverted }) {
      const [wantedType, wantedCode] = type === 'any' ? [] : type.split('/').map(Number)
      const test = (packet: Packet) => {
        if (wantedType === undefined) return true
        const [actual, code] = packet.icmp ? numbersOf(packet.icmp, family) : [-1, -1]
        return actual === wantedType && (wantedCode === undefined || wantedCode === code)
      }
      return ({ flight: { packet } }) => packet.icmp !== undefined && test(packet) !== inverted
    },
  }
}

export const icmp = control('icmp')
export const icmp6 = control('icmp6')
