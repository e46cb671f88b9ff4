/** All matches and targets by the name that `-m` and `-j` know them by. */
import type { Match, MatchKind, Target } from '../rule.ts'
import type { MatchExtension, TargetExtension } from './extension.ts'
import { comment, hl, iprange, length, mac, owner, pkttype, rpfilter, ttl } from './headers.ts'
import { icmp, icmp6 } from './icmp.ts'
import { connlimit, limit, nfacct, recent, set, statistic } from './lists.ts'
import { DNAT, MASQUERADE, NETMAP, REDIRECT, SNAT } from './nat.ts'
import { multiport, sctp, tcp, udp } from './ports.ts'
import { addrtype, connmark, conntrack, ipvs, mark, physdev, state } from './state.ts'
import { CONNMARK, CT, HL, LOG, MARK, NFLOG, NOTRACK, REJECT, TCPMSS, TRACE, TTL } from './targets.ts'

const MATCHES: { readonly [K in MatchKind]: MatchExtension<K> } = {
  addrtype,
  comment,
  connlimit,
  connmark,
  conntrack,
  hl,
  icmp,
  icmp6,
  iprange,
  ipvs,
  length,
  limit,
  mac,
  mark,
  multiport,
  nfacct,
  owner,
  physdev,
  pkttype,
  recent,
  rpfilter,
  sctp,
  set,
  state,
  statistic,
  tcp,
  ttl,
  udp,
}

type ExtensionTarget = Exclude<Target, { kind: 'jump' | 'goto' | 'ACCEPT' | 'DROP' | 'RETURN' | 'none' }>
const TARGETS: { readonly [K in ExtensionTarget['kind']]: TargetExtension<K> } = {
  CONNMARK,
  CT,
  DNAT,
  HL,
  LOG,
  MARK,
  MASQUERADE,
  NETMAP,
  NFLOG,
  NOTRACK,
  REDIRECT,
  REJECT,
  SNAT,
  TCPMSS,
  TRACE,
  TTL,
}

/**
 * SIMPLIFIED: targets whose kernel module is not there; and of matches, string, time, u32, hashlimit, connbytes, quota, bpf
 * and others that look into payloads or keep tables of their own are unknown.
 */
export const MISSING_TARGETS: readonly string[] = [
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
  'DSCP',
  'HMARK',
  'IDLETIMER',
  'NFQUEUE',
  'QUEUE',
  'SECMARK',
  'SET',
  'SYNPROXY',
  'TEE',
  'TOS',
  'TPROXY',
]

/** Names differ between the families only here. */
const OF_FAMILY: { readonly [name: string]: 4 | 6 } = { icmp: 4, ttl: 4, TTL: 4, icmp6: 6, hl: 6, HL: 6 }

/** A match of any kind: what it reads and what it prints belong together. */
export type AnyMatch = MatchExtension<MatchKind>
export type AnyTarget = TargetExtension<ExtensionTarget['kind']>

function isFor(name: string, family: 4 | 6): boolean {
  return (OF_FAMILY[name] ?? family) === family
}

/** undefined when there is no such match. */
export function findMatch(name: string, family: 4 | 6): AnyMatch | undefined {
  const usual = name === 'icmpv6' || name === 'ipv6-icmp' ? 'icmp6' : name
  if (!Object.hasOwn(MATCHES, usual) || !isFor(usual, family)) return undefined
  return MATCHES[usual as MatchKind] as AnyMatch
}

/** undefined when there is no such target. */
export function findTarget(name: string, family: 4 | 6): AnyTarget | undefined {
  if (!Object.hasOwn(TARGETS, name) || !isFor(name, family)) return undefined
  return TARGETS[name as ExtensionTarget['kind']] as AnyTarget
}

/** The match's own code. */
export function matchCode(match: Match): AnyMatch {
  return MATCHES[match.kind] as AnyMatch
}

/** The target's own code; undefined for verdicts and jumps. */
export function targetCode(target: Target): { readonly code: AnyTarget; readonly target: ExtensionTarget } | undefined {
  if (!isExtension(target)) return undefined
  return { code: TARGETS[target.kind] as AnyTarget, target }
}

function isExtension(target: Target): target is ExtensionTarget {
  return Object.hasOwn(TARGETS, target.kind)
}
