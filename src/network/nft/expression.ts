/** nftables rules as data: a rule is a list of statements over expressions. Immutable; nodes share them. */
import type { DataType } from './values.ts'

export type Header = 'ip' | 'ip6' | 'tcp' | 'udp' | 'sctp' | 'th' | 'icmp' | 'icmpv6'
type MetaKey =
  | 'mark'
  | 'l4proto'
  | 'nfproto'
  | 'iifname'
  | 'oifname'
  | 'iif'
  | 'oif'
  | 'protocol'
  | 'length'
  | 'pkttype'
  | 'skuid'
export type BinaryOperator = '&' | '|' | '^'
export type Comparison = '==' | '!=' | '<' | '>' | '<=' | '>='

/** What is read from the packet, or drawn. */
export type Expression =
  | { readonly kind: 'payload'; readonly header: Header; readonly field: string }
  | { readonly kind: 'meta'; readonly key: MetaKey }
  | { readonly kind: 'ct'; readonly key: 'state' | 'status' | 'mark' | 'direction' }
  /** fib saddr type: what kind of address this is for the machine. */
  | { readonly kind: 'fib'; readonly of: readonly string[]; readonly result: 'type' | 'oif' | 'oifname' }
  | { readonly kind: 'numgen'; readonly mode: 'random' | 'inc'; readonly modulus: number; readonly offset: number }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: string }
  | { readonly kind: 'concat'; readonly parts: readonly Expression[] }
  | { readonly kind: 'map'; readonly key: Expression; readonly map: MapReference }
  | { readonly kind: 'constant'; readonly value: Value }

/** The right side of a match, a key or a value of a set. Texts are canonical (values.ts). */
export type Value =
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'prefix'; readonly cidr: string }
  | { readonly kind: 'range'; readonly from: string; readonly to: string }
  | { readonly kind: 'concat'; readonly parts: readonly Value[] }
  /** Bit field values joined by commas. */
  | { readonly kind: 'list'; readonly values: readonly string[] }
  /** '@name'. */
  | { readonly kind: 'set'; readonly name: string }
  | { readonly kind: 'anonymous'; readonly elements: readonly Element[] }

/** A named map, or one written in the rule. */
export type MapReference =
  | { readonly kind: 'set'; readonly name: string }
  | { readonly kind: 'anonymous'; readonly elements: readonly Element[] }

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'continue' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }

/** An element of a set or map. */
export interface Element {
  readonly key: Value
  readonly data?: { readonly verdict: Verdict } | { readonly value: Value }
  readonly comment?: string
  /** Own timeout; undefined: the set's. */
  readonly timeoutMs?: number
}

export type Statement =
  | { readonly kind: 'match'; readonly left: Expression; readonly comparison: Comparison; readonly right: Value }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'vmap'; readonly key: Expression; readonly map: MapReference }
  /** meta mark set …, ct mark set …. */
  | { readonly kind: 'mangle'; readonly target: Expression; readonly value: Expression }
  | { readonly kind: 'counter'; readonly packets: number; readonly bytes: number }
  | NatStatement
  | { readonly kind: 'reject'; readonly with?: RejectWith }
  | {
      readonly kind: 'update'
      readonly operation: 'add' | 'update' | 'delete'
      readonly set: string
      readonly key: Expression
      readonly timeoutMs?: number
    }
  | { readonly kind: 'notrack' }
  | { readonly kind: 'limit'; readonly rate: number; readonly unit: string; readonly burst: number; readonly over: boolean }
  | { readonly kind: 'log'; readonly prefix?: string; readonly level?: string }

export interface NatStatement {
  readonly kind: 'dnat' | 'snat' | 'masquerade' | 'redirect'
  /** Said in inet tables, and for maps: 'dnat ip to'. */
  readonly family?: 'ip' | 'ip6'
  /** An address, or address and port from a map. */
  readonly address?: Expression
  readonly port?: Expression
  readonly flags: readonly ('random' | 'fully-random' | 'persistent')[]
}

export type RejectWith = { readonly kind: 'tcp reset' } | { readonly kind: 'icmp' | 'icmpv6' | 'icmpx'; readonly code: string }

export interface NftRule {
  readonly statements: readonly Statement[]
  readonly comment?: string
}

const PAYLOAD_TYPES: Readonly<Record<Header, Readonly<Record<string, DataType>>>> = {
  ip: { saddr: 'ipv4_addr', daddr: 'ipv4_addr', protocol: 'inet_proto', ttl: 'integer', length: 'integer' },
  ip6: { saddr: 'ipv6_addr', daddr: 'ipv6_addr', nexthdr: 'inet_proto', hoplimit: 'integer', length: 'integer' },
  tcp: { sport: 'inet_service', dport: 'inet_service', flags: 'tcp_flag' },
  udp: { sport: 'inet_service', dport: 'inet_service', length: 'integer' },
  sctp: { sport: 'inet_service', dport: 'inet_service' },
  th: { sport: 'inet_service', dport: 'inet_service' },
  icmp: { type: 'icmp_type', code: 'integer', id: 'integer' },
  icmpv6: { type: 'icmpv6_type', code: 'integer', id: 'integer' },
}

const META_TYPES: Readonly<Record<MetaKey, DataType>> = {
  mark: 'mark',
  l4proto: 'inet_proto',
  nfproto: 'nf_proto',
  iifname: 'ifname',
  oifname: 'ifname',
  iif: 'ifname',
  oif: 'ifname',
  protocol: 'ether_type',
  length: 'integer',
  pkttype: 'fib_addrtype',
  skuid: 'integer',
}

export function isHeader(word: string): word is Header {
  return Object.hasOwn(PAYLOAD_TYPES, word)
}

export function isMetaKey(word: string): word is MetaKey {
  return Object.hasOwn(META_TYPES, word)
}

/** Fields of a header that can be asked for. */
export function fieldsOf(header: Header): readonly string[] {
  return Object.keys(PAYLOAD_TYPES[header])
}

/** The types of an expression's parts: one, or several of a concatenation. */
export function typesOf(expression: Expression): readonly DataType[] {
  switch (expression.kind) {
    case 'payload':
      return [PAYLOAD_TYPES[expression.header][expression.field] ?? 'integer']
    case 'meta':
      return [META_TYPES[expression.key]]
    case 'ct':
      return [expression.key === 'mark' ? 'mark' : expression.key === 'direction' ? 'ct_dir' : `ct_${expression.key}`]
    case 'fib':
      return [expression.result === 'type' ? 'fib_addrtype' : 'ifname']
    case 'numgen':
      return ['integer']
    case 'binary':
      return typesOf(expression.left)
    case 'concat':
      return expression.parts.flatMap(typesOf)
    case 'map':
    case 'constant':
      return ['integer']
  }
}
