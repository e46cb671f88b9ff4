/** -j REJECT, MARK, CONNMARK, LOG, NFLOG, CT, NOTRACK, TRACE, TCPMSS, TTL, HL. */
import { UsageError, type Given, type OptionTable } from '../options.ts'
import type { TargetOf } from '../rule.ts'
import { hex, quoted } from '../values.ts'
import type { TargetExtension } from './extension.ts'

/** Canonical name first. */
const REJECTS = {
  4: [
    ['icmp-net-unreachable', 'net-unreach'],
    ['icmp-host-unreachable', 'host-unreach'],
    ['icmp-port-unreachable', 'port-unreach'],
    ['icmp-proto-unreachable', 'proto-unreach'],
    ['icmp-net-prohibited', 'net-prohib'],
    ['icmp-host-prohibited', 'host-prohib'],
    ['tcp-reset', 'tcp-rst'],
    ['icmp-admin-prohibited', 'admin-prohib'],
  ],
  6: [
    ['icmp6-no-route', 'no-route'],
    ['icmp6-adm-prohibited', 'adm-prohibited'],
    ['icmp6-addr-unreachable', 'addr-unreach'],
    ['icmp6-port-unreachable', 'port-unreach'],
    ['tcp-reset', 'tcp-reset'],
    ['icmp6-policy-fail', 'policy-fail'],
    ['icmp6-reject-route', 'reject-route'],
  ],
} as const

export const REJECT: TargetExtension<'REJECT'> = {
  options: { 'reject-with': {} },
  build(given) {
    const text = given.text('reject-with') ?? (given.family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable')
    const found = REJECTS[given.family].find((names) => names.some((name) => name.startsWith(text)))
    if (!found) throw new UsageError(`unknown reject type "${text}"`)
    return { kind: 'REJECT', rejectWith: found[0] }
  },
  save: (target) => ` --reject-with ${target.rejectWith}`,
  list: (target) => `reject-with ${target.rejectWith}`,
}

const MARK_OPTIONS: OptionTable = { 'set-xmark': {}, 'set-mark': {}, 'and-mark': {}, 'or-mark': {}, 'xor-mark': {} }

/** What each way of setting a mark comes to: mark = (mark & ~mask) ^ value. */
function markGiven(given: Given): { readonly value: number; readonly mask: number } | undefined {
  const option = given.oneOf(...Object.keys(MARK_OPTIONS))
  const masked = option === undefined ? undefined : given.masked(option)
  if (!masked) return undefined
  const { value, mask } = masked
  if (option === 'set-mark') return { value, mask: (value | mask) >>> 0 }
  if (option === 'and-mark') return { value: 0, mask: ~value >>> 0 }
  if (option === 'or-mark') return { value, mask: value }
  if (option === 'xor-mark') return { value, mask: 0 }
  return { value, mask }
}

function listMark(name: string, { value, mask }: { readonly value: number; readonly mask: number }): string {
  if (value === 0) return `${name} and ${hex(~mask)}`
  if (value === mask) return `${name} or ${hex(value)}`
  if (mask === 0) return `${name} xor ${hex(value)}`
  return mask === 0xffffffff ? `${name} set ${hex(value)}` : `${name} xset ${hex(value)}/${hex(mask)}`
}

export const MARK: TargetExtension<'MARK'> = {
  options: MARK_OPTIONS,
  build(given) {
    const set = markGiven(given)
    if (!set) throw new UsageError('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required')
    return { kind: 'MARK', ...set }
  },
  save: (target) => ` --set-xmark ${hex(target.value)}/${hex(target.mask)}`,
  list: (target) => listMark('MARK', target),
}

export const CONNMARK: TargetExtension<'CONNMARK'> = {
  options: {
    ...MARK_OPTIONS,
    'save-mark': { values: 0 },
    'restore-mark': { values: 0 },
    mask: {},
    nfmask: {},
    ctmask: {},
  },
  build(given): TargetOf<'CONNMARK'> {
    const set = markGiven(given)
    if (set) return { kind: 'CONNMARK', action: 'set', ...set, packetMask: 0xffffffff }
    const option = given.oneOf('save-mark', 'restore-mark')
    if (option === undefined) throw new UsageError('CONNMARK target: No operation specified')
    const both = given.integer('mask') ?? 0xffffffff
    const action = option === 'save-mark' ? 'save' : 'restore'
    return {
      kind: 'CONNMARK',
      action,
      value: 0,
      mask: given.integer('ctmask') ?? both,
      packetMask: given.integer('nfmask') ?? both,
    }
  },
  save: (target) =>
    target.action === 'set'
      ? ` --set-xmark ${hex(target.value)}/${hex(target.mask)}`
      : ` --${target.action}-mark --nfmask ${hex(target.packetMask)} --ctmask ${hex(target.mask)}`,
  list(target) {
    if (target.action === 'set') return listMark('CONNMARK', target)
    if (target.mask !== target.packetMask)
      return `CONNMARK ${target.action} ctmask ${hex(target.mask)} nfmask ~${hex(target.packetMask)}`
    return `CONNMARK ${target.action}${target.mask === 0xffffffff ? '' : ` mask ${hex(target.mask)}`}`
  },
}

const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug']
const LEVEL_NAMES: { readonly [name: string]: number } = { panic: 0, warning: 4 }

export const LOG: TargetExtension<'LOG'> = {
  options: { 'log-prefix': {}, 'log-level': {} },
  build(given) {
    const text = given.text('log-level') ?? '4'
    const level = /^\d+$/.test(text) ? Number(text) : (LEVEL_NAMES[text] ?? LEVELS.indexOf(text))
    if (level < 0 || level > 7) throw new UsageError(`log level "${text}" unknown\n`)
    const prefix = given.text('log-prefix')
    if (prefix === '') throw new UsageError('Argument must have a minimum length of 1 characters\n')
    return { kind: 'LOG', prefix: (prefix ?? '').slice(0, 29), level }
  },
  save: ({ prefix, level }) =>
    (prefix === '' ? '' : ` --log-prefix ${quoted(prefix)}`) + (level === 4 ? '' : ` --log-level ${level}`),
  list: ({ prefix, level }, numeric) =>
    `LOG${numeric ? ' flags 0' : ''} level ${numeric ? level : LEVELS[level]}${prefix === '' ? '' : ` prefix "${prefix}"`}`,
}

export const NFLOG: TargetExtension<'NFLOG'> = {
  options: { 'nflog-prefix': {}, 'nflog-group': {} },
  build: (given) => ({
    kind: 'NFLOG',
    prefix: given.text('nflog-prefix') ?? '',
    group: given.integer('nflog-group', 0, 65535) ?? 0,
  }),
  save: ({ prefix, group }) =>
    (prefix === '' ? '' : ` --nflog-prefix ${quoted(prefix)}`) + (group === 0 ? '' : ` --nflog-group ${group}`),
  list: ({ prefix, group }) =>
    ((prefix === '' ? '' : ` nflog-prefix ${quoted(prefix)}`) + (group === 0 ? '' : ` nflog-group ${group}`)).trim(),
}

export const CT: TargetExtension<'CT'> = {
  options: { notrack: { values: 0 }, zone: {} },
  build(given) {
    const zone = given.integer('zone', 0, 65535)
    return { kind: 'CT', notrack: given.has('notrack'), ...(zone !== undefined && { zone }) }
  },
  save: ({ notrack, zone }) => (notrack ? ' --notrack' : '') + (zone === undefined ? '' : ` --zone ${zone}`),
  list: ({ notrack, zone }) => `CT${notrack ? ' notrack' : ''}${zone === undefined ? '' : ` zone ${zone}`}`,
}

function plain<K extends 'NOTRACK' | 'TRACE'>(kind: K, shown: string): TargetExtension<'NOTRACK' | 'TRACE'> {
  return { options: {}, build: () => ({ kind }), save: () => '', list: () => shown }
}
export const NOTRACK = plain('NOTRACK', 'NOTRACK')
export const TRACE = plain('TRACE', '')

export const TCPMSS: TargetExtension<'TCPMSS'> = {
  options: { 'set-mss': {}, 'clamp-mss-to-pmtu': { values: 0 } },
  build(given) {
    const option = given.oneOf('set-mss', 'clamp-mss-to-pmtu')
    if (option === undefined) throw new UsageError('TCPMSS target: At least one parameter is required')
    return { kind: 'TCPMSS', mss: given.integer('set-mss', 0, 65495) ?? 'clamp' }
  },
  save: ({ mss }) => (mss === 'clamp' ? ' --clamp-mss-to-pmtu' : ` --set-mss ${mss}`),
  list: ({ mss }) => (mss === 'clamp' ? 'TCPMSS clamp to PMTU' : `TCPMSS set ${mss}`),
}

const HOPS = ['set', 'dec', 'inc'] as const

function hops(kind: 'TTL' | 'HL'): TargetExtension<'TTL' | 'HL'> {
  const name = kind.toLowerCase()
  return {
    options: Object.fromEntries(HOPS.map((action) => [`${name}-${action}`, {}])),
    build(given) {
      const action = HOPS.find((each) => given.has(`${name}-${each}`))
      if (!action) throw new UsageError(`${kind}: You must specify an action`)
      return { kind, action, value: given.integer(`${name}-${action}`, 0, 255) ?? 0 }
    },
    save: ({ action, value }) => ` --${name}-${action} ${value}`,
    list: ({ action, value }) => `${kind} ${{ set: 'set to', dec: 'decrement by', inc: 'increment by' }[action]} ${value}`,
  }
}
export const TTL = hops('TTL')
export const HL = hops('HL')
