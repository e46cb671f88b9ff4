/** -m mark, connmark, conntrack, state, addrtype, physdev, ipvs: what the kernel knows about a packet. */
import type { Connection, Tuple } from '../../conntrack/conntrack.ts'
import { parseNetwork, parsePort, parsePorts, parseProtocol, protocolNumber, hex } from '../values.ts'
import { cidrTest } from '../cidr.ts'
import { UsageError, type Given } from '../options.ts'
import type { CtPart, CtState, MatchOf, NameMatch } from '../rule.ts'
import type { Walk } from '../walk.ts'
import { bang, type MatchExtension } from './extension.ts'

function markMatch(kind: 'mark' | 'connmark'): MatchExtension<'mark' | 'connmark'> {
  const text = (match: MatchOf<'mark'>) => hex(match.value) + (match.mask === 0xffffffff ? '' : `/${hex(match.mask)}`)
  return {
    options: { mark: { invertible: true } },
    build(given) {
      given.required('mark')
      return { kind, value: 0, mask: 0xffffffff, ...given.masked('mark'), inverted: given.inverted('mark') }
    },
    save: (match) => `${bang(match.inverted)} --mark ${text(match)}`,
    list: (match) => `${kind} match ${kind === 'connmark' ? ' ' : ''}${match.inverted ? '! ' : ''}${text(match)}`,
    compile({ value, mask, inverted }) {
      const actual =
        kind === 'mark' ? ({ flight }: Walk) => flight.packet.mark : ({ flight }: Walk) => flight.connection?.mark ?? 0
      return (walk) => ((actual(walk) & mask) === (value | 0)) !== inverted
    },
  }
}
export const mark = markMatch('mark')
export const connmark = markMatch('connmark')

/** In the order in which they are printed. */
const STATES: readonly CtState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT']

function parseStates(text: string, what: string, allowed: readonly CtState[]): CtState[] {
  const names = text.split(',').map((name) => name.toUpperCase())
  const unknown = names.find((name) => !allowed.some((state) => state === name))
  if (unknown !== undefined) throw new UsageError(`Bad ${what} "${unknown}"`)
  return STATES.filter((state) => names.includes(state))
}

/** Whether a packet's connection is translated at that end. */
function translated(connection: Connection, end: 'SNAT' | 'DNAT'): boolean {
  return end === 'SNAT' ? connection.hasSnat : connection.hasDnat
}

function hasState({ flight }: Walk, states: readonly CtState[]): boolean {
  if (states.includes(flight.state)) return true
  const { connection } = flight
  if (!connection) return false
  return states.some((state) => (state === 'SNAT' || state === 'DNAT') && translated(connection, state))
}

export const state: MatchExtension<'state'> = {
  options: { state: { invertible: true } },
  build: (given) => ({
    kind: 'state',
    states: parseStates(given.required('state'), 'state', STATES.slice(0, 5)),
    inverted: given.inverted('state'),
  }),
  save: (match) => `${bang(match.inverted)} --state ${match.states.join(',')}`,
  list: (match) => `${match.inverted ? '! ' : ''}state ${match.states.join(',')}`,
  compile:
    ({ states, inverted }) =>
    (walk) =>
      hasState(walk, states) !== inverted,
}

/** In the order in which they are printed. */
const PARTS: readonly CtPart['option'][] = [
  'ctproto',
  'ctorigsrc',
  'ctorigdst',
  'ctreplsrc',
  'ctrepldst',
  'ctorigsrcport',
  'ctorigdstport',
  'ctreplsrcport',
  'ctrepldstport',
  'ctstatus',
  'ctdir',
]
const STATUSES = ['NONE', 'EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED']

function partValue(option: CtPart['option'], text: string, given: Given): string {
  if (option === 'ctproto') return String(protocolNumber(parseProtocol(text)))
  if (option === 'ctdir') {
    if (given.inverted(option)) throw new UsageError('conntrack: option "--ctdir" cannot be inverted.\n')
    if (!/^(ORIGINAL|REPLY)$/i.test(text)) throw new UsageError(`conntrack: Bad value for "--ctdir" option: "${text}"`)
    return text.toUpperCase()
  }
  if (option === 'ctstatus') {
    const names = text.split(',').map((name) => name.toUpperCase())
    const unknown = names.find((name) => !STATUSES.includes(name))
    if (unknown !== undefined) throw new UsageError(`Bad ctstatus "${unknown}"`)
    return STATUSES.filter((status) => names.includes(status)).join(',')
  }
  if (option.endsWith('port')) {
    const { from, to } = parsePorts(text, false)
    return from === to ? String(from) : `${from}:${to}`
  }
  return parseNetwork(text, given.family).replace(given.family === 4 ? /\/32$/ : /\/128$/, '')
}

function sideOf(option: CtPart['option'], { original, reply }: Connection): { address: string; port: number } {
  const tuple: Tuple = option.startsWith('ctorig') ? original : reply
  const source = option.includes('src')
  return { address: source ? tuple.source : tuple.destination, port: source ? tuple.sourcePort : tuple.destinationPort }
}

function compilePart({ option, value, inverted }: CtPart): (walk: Walk) => boolean {
  const test = ((): ((connection: Connection, walk: Walk) => boolean) => {
    if (option === 'ctproto') return (connection) => protocolNumber(connection.original.protocol) === Number(value)
    if (option === 'ctdir') return (_, { flight }) => (flight.direction === 'original') === (value === 'ORIGINAL')
    if (option === 'ctstatus') {
      const wanted = value.split(',')
      return ({ assured, confirmed, unreplied }) =>
        wanted.some(
          (status) =>
            (status === 'ASSURED' && assured) || (status === 'CONFIRMED' && confirmed) || (status === 'SEEN_REPLY' && !unreplied),
        )
    }
    if (option.endsWith('port')) {
      const [from = 0, to = from] = value.split(':').map(parsePort)
      return (connection) => sideOf(option, connection).port >= from && sideOf(option, connection).port <= to
    }
    const inside = cidrTest(value)
    return (connection) => inside(sideOf(option, connection).address)
  })()
  return (walk) => (walk.flight.connection !== null && test(walk.flight.connection, walk)) !== inverted
}

export const conntrack: MatchExtension<'conntrack'> = {
  options: {
    ctstate: { invertible: true },
    ...Object.fromEntries(PARTS.map((option) => [option, { invertible: true }])),
  },
  build(given) {
    const parts = PARTS.flatMap((option): CtPart[] => {
      const text = given.text(option)
      return text === undefined ? [] : [{ option, value: partValue(option, text, given), inverted: given.inverted(option) }]
    })
    const states = given.text('ctstate')
    if (states === undefined && parts.length === 0) throw new UsageError('conntrack: At least one option is required')
    return {
      kind: 'conntrack',
      states: states === undefined ? [] : parseStates(states, 'ctstate', STATES),
      inverted: given.inverted('ctstate'),
      ...(parts.length > 0 && { parts }),
    }
  },
  save: ({ states, inverted, parts }) =>
    (states.length > 0 ? `${bang(inverted)} --ctstate ${states.join(',')}` : '') +
    (parts ?? []).map((part) => `${bang(part.inverted)} --${part.option} ${part.value}`).join(''),
  list: ({ states, inverted, parts }) =>
    [
      ...(states.length > 0 ? [`${inverted ? '! ' : ''}ctstate ${states.join(',')}`] : []),
      ...(parts ?? []).map((part) => `${part.inverted ? '! ' : ''}${part.option} ${part.value}`),
    ].join(' '),
  compile({ states, inverted, parts }) {
    const tests = (parts ?? []).map(compilePart)
    return (walk) => (states.length === 0 || hasState(walk, states) !== inverted) && tests.every((test) => test(walk))
  },
}

/** In the order in which they are printed. */
const ADDRESS_TYPES = ['UNSPEC', 'UNICAST', 'LOCAL', 'BROADCAST', 'ANYCAST', 'MULTICAST', 'BLACKHOLE', 'UNREACHABLE', 'PROHIBIT']

function typesGiven(given: Given, option: string): NameMatch | undefined {
  const text = given.text(option)
  if (text === undefined) return undefined
  const names = text.split(',').map((name) => name.toUpperCase())
  const unknown = text.split(',').find((name) => !ADDRESS_TYPES.includes(name.toUpperCase()))
  if (unknown !== undefined) throw new UsageError(`addrtype: bad type "${unknown}"`)
  return { name: ADDRESS_TYPES.filter((type) => names.includes(type)).join(','), inverted: given.inverted(option) }
}

/** SIMPLIFIED: broadcast addresses of subnets, anycast and the types of special routes are taken for unicast. */
function addressType(address: string, walk: Walk): string {
  if (walk.environment.isLocalAddress(address)) return 'LOCAL'
  if (address === '255.255.255.255') return 'BROADCAST'
  if (/^(22[4-9]|23\d)\./.test(address) || /^ff/i.test(address)) return 'MULTICAST'
  return address === '0.0.0.0' || address === '::' ? 'UNSPEC' : 'UNICAST'
}

function compileType(match: NameMatch | undefined, address: (walk: Walk) => string): (walk: Walk) => boolean {
  if (!match) return () => true
  const types = match.name.split(',')
  return (walk) => types.includes(addressType(address(walk), walk)) !== match.inverted
}

export const addrtype: MatchExtension<'addrtype'> = {
  options: {
    'src-type': { invertible: true },
    'dst-type': { invertible: true },
    'limit-iface-in': { values: 0 },
    'limit-iface-out': { values: 0 },
  },
  build(given) {
    const source = typesGiven(given, 'src-type')
    const destination = typesGiven(given, 'dst-type')
    if (!source && !destination) throw new UsageError('addrtype: you must specify --src-type or --dst-type')
    return {
      kind: 'addrtype',
      ...(source && { source }),
      ...(destination && { destination }),
      ...(given.has('limit-iface-in') && { limitInterfaceIn: true }),
      ...(given.has('limit-iface-out') && { limitInterfaceOut: true }),
    }
  },
  save: ({ source, destination, limitInterfaceIn, limitInterfaceOut }) =>
    (source ? `${bang(source.inverted)} --src-type ${source.name}` : '') +
    (destination ? `${bang(destination.inverted)} --dst-type ${destination.name}` : '') +
    (limitInterfaceIn ? ' --limit-iface-in' : '') +
    (limitInterfaceOut ? ' --limit-iface-out' : ''),
  list: ({ source, destination, limitInterfaceIn, limitInterfaceOut }) =>
    'ADDRTYPE match' +
    (source ? ` src-type ${source.inverted ? '!' : ''}${source.name}` : '') +
    (destination ? ` dst-type ${destination.inverted ? '!' : ''}${destination.name}` : '') +
    (limitInterfaceIn ? ' limit-in' : '') +
    (limitInterfaceOut ? ' limit-out' : ''),
  // SIMPLIFIED: --limit-iface-in/out do not narrow LOCAL to the addresses of one interface.
  compile({ source, destination }) {
    const sourceTest = compileType(source, ({ flight }) => flight.packet.source)
    const destinationTest = compileType(destination, ({ flight }) => flight.packet.destination)
    return (walk) => sourceTest(walk) && destinationTest(walk)
  },
}

export const physdev: MatchExtension<'physdev'> = {
  options: {
    'physdev-in': { invertible: true },
    'physdev-out': { invertible: true },
    'physdev-is-in': { values: 0, invertible: true },
    'physdev-is-out': { values: 0, invertible: true },
    'physdev-is-bridged': { values: 0, invertible: true },
  },
  build(given) {
    const flag = (option: string) => (given.has(option) ? given.inverted(option) : undefined)
    const [isIn, isOut, isBridged] = [flag('physdev-is-in'), flag('physdev-is-out'), flag('physdev-is-bridged')]
    const [input, output] = [given.name('physdev-in'), given.name('physdev-out')]
    if (!input && !output && isIn === undefined && isOut === undefined && isBridged === undefined) {
      throw new UsageError('PHYSDEV: no physdev option specified')
    }
    return {
      kind: 'physdev',
      ...(input && { in: input }),
      ...(output && { out: output }),
      ...(isIn !== undefined && { isIn }),
      ...(isOut !== undefined && { isOut }),
      ...(isBridged !== undefined && { isBridged }),
    }
  },
  save: (match) =>
    (match.isIn === undefined ? '' : `${bang(match.isIn)} --physdev-is-in`) +
    (match.in ? `${bang(match.in.inverted)} --physdev-in ${match.in.name}` : '') +
    (match.isOut === undefined ? '' : `${bang(match.isOut)} --physdev-is-out`) +
    (match.out ? `${bang(match.out.inverted)} --physdev-out ${match.out.name}` : '') +
    (match.isBridged === undefined ? '' : `${bang(match.isBridged)} --physdev-is-bridged`),
  list: (match) => `PHYSDEV match${physdev.save(match)}`,
  // SIMPLIFIED: packets are never seen as crossing a bridge (br_netfilter), so no bridge port is ever known.
  compile: (match) => () =>
    match.isIn !== false &&
    match.isOut !== false &&
    match.isBridged !== false &&
    match.in?.inverted !== false &&
    match.out?.inverted !== false,
}

export const ipvs: MatchExtension<'ipvs'> = {
  options: {
    ipvs: { values: 0, invertible: true },
    vproto: { invertible: true },
    vaddr: { invertible: true },
    vport: { invertible: true },
    vdir: {},
  },
  build(given) {
    const [protocol, address, port, direction] = [
      given.text('vproto'),
      given.text('vaddr'),
      given.text('vport'),
      given.text('vdir'),
    ]
    const options = ['ipvs', 'vproto', 'vaddr', 'vport'] as const
    if (!options.some((option) => given.has(option)) && direction === undefined)
      throw new UsageError('IPVS: At least one option is required')
    return {
      kind: 'ipvs',
      ...(given.has('ipvs') && { any: true }),
      ...(protocol !== undefined && { protocol: protocolNumber(parseProtocol(protocol)) }),
      ...(address !== undefined && { address: parseNetwork(address, given.family).replace(/\/(32|128)$/, '') }),
      ...(port !== undefined && { port: parsePort(port) }),
      ...(direction !== undefined && {
        direction: direction.toUpperCase() === 'REPLY' ? ('REPLY' as const) : ('ORIGINAL' as const),
      }),
      inverted: options.filter((option) => given.inverted(option)),
    }
  },
  save: (match) =>
    (match.any ? `${bang(match.inverted.includes('ipvs'))} --ipvs` : '') +
    (match.protocol === undefined ? '' : `${bang(match.inverted.includes('vproto'))} --vproto ${match.protocol}`) +
    (match.address === undefined ? '' : `${bang(match.inverted.includes('vaddr'))} --vaddr ${match.address}`) +
    (match.port === undefined ? '' : `${bang(match.inverted.includes('vport'))} --vport ${match.port}`) +
    (match.direction === undefined ? '' : ` --vdir ${match.direction}`),
  list: (match) => ipvs.save(match).trim().replaceAll('--', ''),
  // What IPVS balances has another destination after translation than the client asked for.
  compile(match) {
    const not = (option: MatchOf<'ipvs'>['inverted'][number]) => match.inverted.includes(option)
    const inside = match.address === undefined ? undefined : cidrTest(match.address)
    return ({ flight: { connection, direction } }) => {
      const balanced = connection !== null && connection.reply.source !== connection.original.destination
      if (match.any && balanced === not('ipvs')) return false
      if (!connection || !balanced) return match.any === true
      const { original } = connection
      if (match.protocol !== undefined && (protocolNumber(original.protocol) === match.protocol) === not('vproto')) return false
      if (inside && inside(original.destination) === not('vaddr')) return false
      if (match.port !== undefined && (original.destinationPort === match.port) === not('vport')) return false
      return match.direction === undefined || (match.direction === 'ORIGINAL') === (direction === 'original')
    }
  },
}
