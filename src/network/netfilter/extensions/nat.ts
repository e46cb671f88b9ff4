/** -j DNAT, SNAT, REDIRECT, MASQUERADE, NETMAP. */
import { UsageError, type Given } from '../options.ts'
import type { PortRange, TargetOf } from '../rule.ts'
import { parseAddress, parseNetwork } from '../values.ts'
import type { TargetExtension } from './extension.ts'

const FLAGS = { random: { values: 0 }, 'random-fully': { values: 0 }, persistent: { values: 0 } } as const
const WITH_PORTS = ['tcp', 'udp', 'sctp', 'dccp']

function parseRange(text: string, given: Given): PortRange {
  if (!WITH_PORTS.includes(given.protocol)) throw new UsageError('Need TCP, UDP, SCTP or DCCP with port specification')
  const [from, to = from] = text.split('-').map((part) => (/^\d+$/.test(part) && Number(part) <= 65535 ? Number(part) : NaN))
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to))
    throw new UsageError(`Port \`${text}' not valid`)
  if (from > to) throw new UsageError(`Port range \`${text}' funky`)
  return { from, to, inverted: false }
}

function portsGiven(given: Given): { ports?: PortRange } {
  const text = given.text('to-ports')
  return text === undefined ? {} : { ports: parseRange(text, given) }
}

function dash(ports: PortRange): string {
  return ports.from === ports.to ? String(ports.from) : `${ports.from}-${ports.to}`
}

function flagsGiven(given: Given): { random?: true; randomFully?: true; persistent?: true } {
  return {
    ...(given.has('random') && { random: true }),
    ...(given.has('random-fully') && { randomFully: true }),
    ...(given.has('persistent') && { persistent: true }),
  }
}

/** Cuts 'address[-address][:ports]', with IPv6 addresses in brackets when ports follow. */
function parsePlace(text: string, given: Given): Pick<TargetOf<'DNAT'>, 'address' | 'lastAddress' | 'ports'> {
  const [, bracketed, plain, ports] =
    (given.family === 6 ? /^(?:\[([^\]]+)\]|([^[\]]+?))(?::(\d.*))?$/ : /^()([^:]*)(?::(.*))?$/).exec(text) ?? []
  const v6Plain = given.family === 6 && !bracketed
  const [from = '', to] = (bracketed || (v6Plain ? text : (plain ?? ''))).split('-')
  const address = parseAddress(from, given.family)
  if (address === undefined) throw new UsageError(`Bad IP address "${from}"`)
  const lastAddress = to === undefined ? undefined : parseAddress(to, given.family)
  if (to !== undefined && lastAddress === undefined) throw new UsageError(`Bad IP address "${to}"`)
  return {
    address,
    ...(lastAddress !== undefined && lastAddress !== address && { lastAddress }),
    ...(ports !== undefined && !v6Plain && { ports: parseRange(ports, given) }),
  }
}

function place(target: TargetOf<'DNAT'>): string {
  const addresses = target.lastAddress === undefined ? target.address : `${target.address}-${target.lastAddress}`
  if (!target.ports) return addresses
  return `${addresses.includes(':') ? `[${addresses}]` : addresses}:${dash(target.ports)}`
}

type WithFlags = { readonly random?: boolean; readonly randomFully?: boolean; readonly persistent?: boolean }
function flags(target: WithFlags, prefix: '--' | ''): string {
  return (
    (target.random ? ` ${prefix}random` : '') +
    (target.randomFully ? ` ${prefix}random-fully` : '') +
    (target.persistent ? ` ${prefix}persistent` : '')
  )
}

function translation(kind: 'DNAT' | 'SNAT'): TargetExtension<'DNAT' | 'SNAT'> {
  const option = kind === 'DNAT' ? 'to-destination' : 'to-source'
  return {
    options: { [option]: {}, ...FLAGS },
    build: (given) => ({ kind, ...parsePlace(given.required(option), given), ...flagsGiven(given) }),
    save: (target) => ` --${option} ${place(target)}${flags(target, '--')}`,
    list: (target) => `to:${place(target)}${flags(target, '')}`,
  }
}
export const DNAT = translation('DNAT')
export const SNAT = translation('SNAT')

export const REDIRECT: TargetExtension<'REDIRECT'> = {
  options: { 'to-ports': {}, random: { values: 0 } },
  build: (given) => ({ kind: 'REDIRECT', ...portsGiven(given), ...(given.has('random') && { random: true }) }),
  save: (target) => (target.ports ? ` --to-ports ${dash(target.ports)}` : '') + flags(target, '--'),
  list: (target) => ((target.ports ? `redir ports ${dash(target.ports)}` : '') + flags(target, '')).trim(),
}

export const MASQUERADE: TargetExtension<'MASQUERADE'> = {
  options: { 'to-ports': {}, random: { values: 0 }, 'random-fully': { values: 0 } },
  build: (given) => ({
    kind: 'MASQUERADE',
    ...portsGiven(given),
    ...(given.has('random') && { random: true }),
    randomFully: given.has('random-fully'),
  }),
  save: (target) => (target.ports ? ` --to-ports ${dash(target.ports)}` : '') + flags(target, '--'),
  list: (target) => ((target.ports ? `masq ports: ${dash(target.ports)}` : '') + flags(target, '')).trim(),
}

export const NETMAP: TargetExtension<'NETMAP'> = {
  options: { to: {} },
  build: (given) => ({ kind: 'NETMAP', to: parseNetwork(given.required('to'), given.family) }),
  save: (target) => ` --to ${target.to}`,
  list: (target) => `to:${target.to}`,
}
