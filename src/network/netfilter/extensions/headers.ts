/** -m comment, iprange, mac, length, ttl, hl, owner, pkttype, rpfilter. */
import { toNumber } from '../../address.ts'
import { UsageError, type Given } from '../options.ts'
import type { NameMatch } from '../rule.ts'
import { parseAddress, quoted } from '../values.ts'
import { bang, type MatchExtension } from './extension.ts'

export const comment: MatchExtension<'comment'> = {
  options: { comment: {} },
  build: (given) => ({ kind: 'comment', text: given.required('comment').slice(0, 255) }),
  save: (match) => ` --comment ${quoted(match.text)}`,
  list: (match) => `/* ${match.text} */`,
  compile: () => () => true,
}

function rangeGiven(given: Given, option: string): NameMatch | undefined {
  const text = given.text(option)
  if (text === undefined) return undefined
  const ends = text.split('-').map((end) => parseAddress(end, given.family))
  const [from, to = from] = ends
  if (ends.length > 2 || from === undefined || to === undefined) {
    throw new UsageError(`iprange: Bad value for "--${option}" option: "${text}"`)
  }
  return { name: `${from}-${to}`, inverted: given.inverted(option) }
}

function compileRange(match: NameMatch | undefined): (address: string) => boolean {
  if (!match) return () => true
  const [from = 0, to = 0] = match.name.split('-').map(toNumber)
  return (address) => (toNumber(address) >= from && toNumber(address) <= to) !== match.inverted
}

export const iprange: MatchExtension<'iprange'> = {
  options: { 'src-range': { invertible: true }, 'dst-range': { invertible: true } },
  build(given) {
    const [source, destination] = [rangeGiven(given, 'src-range'), rangeGiven(given, 'dst-range')]
    if (!source && !destination) throw new UsageError("iprange match: You must specify `--src-range' or `--dst-range'")
    return { kind: 'iprange', ...(source && { source }), ...(destination && { destination }) }
  },
  save: ({ source, destination }) =>
    (source ? `${bang(source.inverted)} --src-range ${source.name}` : '') +
    (destination ? `${bang(destination.inverted)} --dst-range ${destination.name}` : ''),
  list: ({ source, destination }) =>
    [
      ...(source ? [`source IP range${bang(source.inverted)} ${source.name}`] : []),
      ...(destination ? [`destination IP range${bang(destination.inverted)} ${destination.name}`] : []),
    ].join(' '),
  // SIMPLIFIED: IPv6 ranges match nothing.
  compile({ source, destination }) {
    const [inSource, inDestination] = [compileRange(source), compileRange(destination)]
    return ({ flight: { packet } }) =>
      !packet.source.includes(':') && inSource(packet.source) && inDestination(packet.destination)
  },
}

export const mac: MatchExtension<'mac'> = {
  options: { 'mac-source': { invertible: true } },
  build(given) {
    const address = given.required('mac-source').toLowerCase()
    if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(address)) throw new UsageError('Invalid MAC address specified.')
    return { kind: 'mac', address, inverted: given.inverted('mac-source') }
  },
  save: (match) => `${bang(match.inverted)} --mac-source ${match.address}`,
  list: (match) => `MAC${bang(match.inverted)} ${match.address}`,
  compile: (match) => (walk) =>
    walk.flight.packet.sourceMac !== undefined && (walk.flight.packet.sourceMac === match.address) !== match.inverted,
}

export const length: MatchExtension<'length'> = {
  options: { length: { invertible: true } },
  build(given) {
    const [, from = '', colon, to = ''] = /^(\d*)(:?)(\d*)$/.exec(given.required('length')) ?? ['', 'x']
    const low = from === '' ? 0 : Number(from)
    const high = colon === ':' ? (to === '' ? 65535 : Number(to)) : low
    if (Number.isNaN(low) || high > 65535) throw new UsageError(`length: bad value for option "--length", or out of range.\n`)
    return { kind: 'length', from: low, to: high, inverted: given.inverted('length') }
  },
  save: ({ from, to, inverted }) => `${bang(inverted)} --length ${from === to ? from : `${from}:${to}`}`,
  list: ({ from, to, inverted }) => `length ${inverted ? '!' : ''}${from === to ? from : `${from}:${to}`}`,
  compile:
    ({ from, to, inverted }) =>
    (walk) =>
      (walk.flight.packet.length >= from && walk.flight.packet.length <= to) !== inverted,
}

function hops(kind: 'ttl' | 'hl'): MatchExtension<'ttl' | 'hl'> {
  const equal = `${kind}-eq`
  return {
    options: {
      [equal]: { invertible: true },
      [kind]: { same: equal },
      [`${kind}-lt`]: {},
      [`${kind}-gt`]: {},
    },
    build(given) {
      const option = given.oneOf(equal, `${kind}-lt`, `${kind}-gt`)
      if (option === undefined)
        throw new UsageError(
          `${kind.toUpperCase()} match: You must specify one of \`--${kind}-eq', \`--${kind}-lt', \`--${kind}-gt'`,
        )
      const test = option.endsWith('lt') ? 'lt' : option.endsWith('gt') ? 'gt' : 'eq'
      return { kind, test, value: given.integer(option, 0, 255) ?? 0, inverted: given.inverted(option) }
    },
    save: (match) => `${bang(match.inverted)} --${kind}-${match.test} ${match.value}`,
    list(match) {
      const sign = match.test === 'lt' ? '<' : match.test === 'gt' ? '>' : match.inverted ? '!=' : '=='
      return `${kind.toUpperCase()} match ${kind.toUpperCase()} ${sign} ${match.value}`
    },
    compile:
      ({ test, value, inverted }) =>
      (walk) => {
        const { ttl } = walk.flight.packet
        return (test === 'lt' ? ttl < value : test === 'gt' ? ttl > value : ttl === value) !== inverted
      },
  }
}
export const ttl = hops('ttl')
export const hl = hops('hl')

/** Names that `--uid-owner` and `--gid-owner` know. */
const IDS: { readonly [name: string]: string } = { root: '0', daemon: '1', nobody: '65534', nogroup: '65534' }

function idName(id: string): string {
  return Object.keys(IDS).find((name) => IDS[name] === id) ?? id
}

function idGiven(given: Given, option: string): NameMatch | undefined {
  const text = given.text(option)
  if (text === undefined) return undefined
  const id = IDS[text] ?? text
  if (!/^\d+(-\d+)?$/.test(id)) throw new UsageError(`owner: Bad value for "--${option}" option: "${text}"`)
  return { name: id, inverted: given.inverted(option) }
}

export const owner: MatchExtension<'owner'> = {
  options: {
    'uid-owner': { invertible: true },
    'gid-owner': { invertible: true },
    'socket-exists': { values: 0 },
  },
  build(given) {
    const [user, group, socket] = [idGiven(given, 'uid-owner'), idGiven(given, 'gid-owner'), given.has('socket-exists')]
    if (!user && !group && !socket)
      throw new UsageError('owner: At least one of --uid-owner, --gid-owner or --socket-exists is required')
    return { kind: 'owner', ...(user && { user }), ...(group && { group }), ...(socket && { socket }) }
  },
  save: ({ user, group, socket }) =>
    (socket ? ' --socket-exists' : '') +
    (user ? `${bang(user.inverted)} --uid-owner ${user.name}` : '') +
    (group ? `${bang(group.inverted)} --gid-owner ${group.name}` : ''),
  list: ({ user, group, socket }, numeric) =>
    [
      ...(socket ? ['owner socket exists'] : []),
      ...(user ? [`${user.inverted ? '! ' : ''}owner UID match ${numeric ? user.name : idName(user.name)}`] : []),
      ...(group ? [`${group.inverted ? '! ' : ''}owner GID match ${numeric ? group.name : idName(group.name)}`] : []),
    ].join(' '),
  // SIMPLIFIED: every process of the simulation runs as root.
  compile({ user, group }) {
    const root = (match: NameMatch | undefined) => !match || /^0(-|$)/.test(match.name) !== match.inverted
    return () => root(user) && root(group)
  },
}

export const pkttype: MatchExtension<'pkttype'> = {
  options: { 'pkt-type': { invertible: true } },
  build(given) {
    const text = given.required('pkt-type')
    const type = ['unicast', 'broadcast', 'multicast'].find((each) => each === text.toLowerCase())
    if (type === undefined) throw new UsageError(`Bad packet type '${text}'`)
    return { kind: 'pkttype', type, inverted: given.inverted('pkt-type') }
  },
  save: (match) => `${bang(match.inverted)} --pkt-type ${match.type}`,
  list: (match) => `PKTTYPE ${match.inverted ? '!=' : '='} ${match.type}`,
  // All packets of the simulation are unicast.
  compile: (match) => () => (match.type === 'unicast') !== match.inverted,
}

const REVERSE_FLAGS = ['loose', 'validmark', 'accept-local', 'invert']

export const rpfilter: MatchExtension<'rpfilter'> = {
  options: Object.fromEntries(REVERSE_FLAGS.map((flag) => [flag, { values: 0 as const }])),
  build: (given) => ({ kind: 'rpfilter', flags: REVERSE_FLAGS.filter((flag) => given.has(flag)) }),
  save: (match) => match.flags.map((flag) => ` --${flag}`).join(''),
  list: (match) => `rpfilter${match.flags.map((flag) => ` ${flag}`).join('')}`,
  // SIMPLIFIED: the reverse path is taken as good here; rp_filter of the routing code drops what comes in the wrong way.
  compile: (match) => () => !match.flags.includes('invert'),
}
