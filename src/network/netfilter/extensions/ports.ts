/** -m tcp, udp, sctp, multiport: what transport headers say. */
import type { TcpFlags } from '../../packet.ts'
import { UsageError, type Given, type OptionTable } from '../options.ts'
import type { MatchOf, PortRange, TcpFlagsMatch } from '../rule.ts'
import { parsePorts, printPorts, serviceName } from '../values.ts'
import { bang, type MatchExtension } from './extension.ts'

const PORT_OPTIONS: OptionTable = {
  'source-port': { invertible: true, twice: "Only one `--source-port' allowed" },
  sport: { same: 'source-port' },
  'destination-port': { invertible: true, twice: "Only one `--destination-port' allowed" },
  dport: { same: 'destination-port' },
}
const TCP_OPTIONS: OptionTable = {
  ...PORT_OPTIONS,
  'tcp-flags': { values: 2, invertible: true, twice: "Only one of `--syn' or `--tcp-flags'  allowed" },
  syn: { values: 0, invertible: true, twice: "Only one of `--syn' or `--tcp-flags'  allowed" },
}

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']
const SYN: Omit<TcpFlagsMatch, 'inverted'> = { mask: ['FIN', 'SYN', 'RST', 'ACK'], set: ['SYN'] }
const FLAGS_OF: { readonly [flags in TcpFlags]: readonly string[] } = {
  S: ['SYN'],
  'S.': ['SYN', 'ACK'],
  '.': ['ACK'],
  'P.': ['PSH', 'ACK'],
  'F.': ['FIN', 'ACK'],
  R: ['RST'],
  'R.': ['RST', 'ACK'],
}

function parseFlags(text: string): string[] {
  if (text === 'ALL') return FLAGS
  if (text === 'NONE') return []
  const names = text.split(',').map((name) => name.toUpperCase())
  const unknown = names.find((name) => !FLAGS.includes(name))
  if (unknown !== undefined) throw new UsageError(`Unknown TCP flag \`${unknown}'`)
  return FLAGS.filter((flag) => names.includes(flag))
}

function portsGiven(given: Given, option: string): PortRange | undefined {
  const text = given.text(option)
  return text === undefined ? undefined : parsePorts(text, given.inverted(option))
}

function flagsGiven(given: Given): TcpFlagsMatch | undefined {
  if (given.has('syn')) return { ...SYN, inverted: given.inverted('syn') }
  const mask = given.text('tcp-flags')
  if (mask === undefined) return undefined
  return { mask: parseFlags(mask), set: parseFlags(given.second('tcp-flags')), inverted: given.inverted('tcp-flags') }
}

/** Whether ports say anything: all of them and not inverted do not. */
function narrows(ports: PortRange | undefined): ports is PortRange {
  return ports !== undefined && (ports.inverted || ports.from > 0 || ports.to < 65535)
}

function inPorts(ports: PortRange, port: number): boolean {
  return (port >= ports.from && port <= ports.to) !== ports.inverted
}

type Transport = 'tcp' | 'udp' | 'sctp'

function build(kind: Transport): (given: Given) => MatchOf<Transport> {
  return (given) => {
    const sourcePorts = portsGiven(given, 'source-port')
    const destinationPorts = portsGiven(given, 'destination-port')
    const flags = kind === 'tcp' ? flagsGiven(given) : undefined
    if ((narrows(sourcePorts) || narrows(destinationPorts) || flags) && given.protocol !== kind) {
      throw new UsageError(`${kind.toUpperCase()} match requires '-p ${kind}'`)
    }
    return {
      kind,
      ...(narrows(sourcePorts) && { sourcePorts }),
      ...(narrows(destinationPorts) && { destinationPorts }),
      ...(flags && { flags }),
    }
  }
}

function save(match: MatchOf<Transport>): string {
  const { sourcePorts, destinationPorts, flags } = match
  return (
    (sourcePorts ? `${bang(sourcePorts.inverted)} --sport ${printPorts(sourcePorts)}` : '') +
    (destinationPorts ? `${bang(destinationPorts.inverted)} --dport ${printPorts(destinationPorts)}` : '') +
    (flags ? `${bang(flags.inverted)} --tcp-flags ${flags.mask.join(',') || 'NONE'} ${flags.set.join(',') || 'NONE'}` : '')
  )
}

function listPorts(name: string, ports: PortRange, numeric: boolean): string {
  const one = (port: number) => (numeric ? String(port) : serviceName(port))
  const text = ports.from === ports.to ? one(ports.from) : `${one(ports.from)}:${one(ports.to)}`
  return ` ${name}${ports.from === ports.to ? '' : 's'}:${ports.inverted ? '!' : ''}${text}`
}

function listFlags(flags: TcpFlagsMatch, numeric: boolean): string {
  const one = (names: readonly string[]) => {
    const bits = names.reduce((sum, name) => sum + 2 ** FLAGS.indexOf(name), 0)
    return numeric ? `0x${bits.toString(16).toUpperCase().padStart(2, '0')}` : names.join(',') || 'NONE'
  }
  return ` flags:${flags.inverted ? '!' : ''}${one(flags.mask)}/${one(flags.set)}`
}

function list(match: MatchOf<Transport>, numeric: boolean): string {
  const { sourcePorts, destinationPorts, flags } = match
  return (
    match.kind +
    (sourcePorts ? listPorts('spt', sourcePorts, numeric) : '') +
    (destinationPorts ? listPorts('dpt', destinationPorts, numeric) : '') +
    (flags ? listFlags(flags, numeric) : '')
  )
}

function transport(kind: Transport, options: OptionTable): MatchExtension<Transport> {
  return {
    options,
    build: build(kind),
    save,
    list,
    compile({ sourcePorts, destinationPorts, flags }) {
      return ({ flight: { packet } }) => {
        if (packet.protocol !== kind) return false
        if (sourcePorts && !inPorts(sourcePorts, packet.sourcePort)) return false
        if (destinationPorts && !inPorts(destinationPorts, packet.destinationPort)) return false
        if (!flags) return true
        const on = packet.flags ? FLAGS_OF[packet.flags] : []
        return flags.mask.every((flag) => on.includes(flag) === flags.set.includes(flag)) !== flags.inverted
      }
    },
  }
}

export const tcp = transport('tcp', TCP_OPTIONS)
export const udp = transport('udp', PORT_OPTIONS)
export const sctp = transport('sctp', PORT_OPTIONS)

const SIDES = { 'source-ports': 'source', 'destination-ports': 'destination', ports: 'either' } as const
const WITH_PORTS = ['tcp', 'udp', 'udplite', 'sctp', 'dccp']

export const multiport: MatchExtension<'multiport'> = {
  options: {
    'source-ports': { invertible: true },
    sports: { same: 'source-ports' },
    'destination-ports': { invertible: true },
    dports: { same: 'destination-ports' },
    ports: { invertible: true },
  },
  build(given) {
    const option = given.oneOf('source-ports', 'destination-ports', 'ports')
    if (option !== 'source-ports' && option !== 'destination-ports' && option !== 'ports') {
      throw new UsageError('multiport expection an option')
    }
    if (!WITH_PORTS.includes(given.protocol)) {
      throw new UsageError("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
    }
    const ports = given
      .required(option)
      .split(',')
      .map((text) => parsePorts(text, false))
    if (ports.reduce((sum, range) => sum + (range.from === range.to ? 1 : 2), 0) > 15)
      throw new UsageError('too many ports specified')
    return { kind: 'multiport', side: SIDES[option], ports, inverted: given.inverted(option) }
  },
  save(match) {
    const option = { source: 'sports', destination: 'dports', either: 'ports' }[match.side]
    return `${bang(match.inverted)} --${option} ${match.ports.map(printPorts).join(',')}`
  },
  list(match, numeric) {
    const name = { source: 'sports', destination: 'dports', either: 'ports' }[match.side]
    const one = (port: number) => (numeric ? String(port) : serviceName(port))
    const ports = match.ports.map((range) => (range.from === range.to ? one(range.from) : `${one(range.from)}:${one(range.to)}`))
    return `multiport ${name} ${match.inverted ? ' !' : ''}${ports.join(',')}`
  },
  compile({ side, ports, inverted }) {
    const has = (port: number) => ports.some((range) => port >= range.from && port <= range.to)
    return ({ flight: { packet } }) => {
      const source = side !== 'destination' && has(packet.sourcePort)
      return (source || (side !== 'source' && has(packet.destinationPort))) !== inverted
    }
  },
}
