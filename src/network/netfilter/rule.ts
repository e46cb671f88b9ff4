/** iptables rules as data. The walker executes them, the printer prints them as iptables-save does, the parser reads command lines into them. */

/** A prefix, possibly negated: `! -s 10.244.0.0/16`. Always with a length ('10.96.0.1/32') or, where bits are scattered, a mask. */
export interface CidrMatch {
  readonly cidr: string
  readonly inverted: boolean
}
export interface NameMatch {
  readonly name: string
  readonly inverted: boolean
}
export interface PortRange {
  readonly from: number
  readonly to: number
  readonly inverted: boolean
}
/** `--tcp-flags SYN,RST SYN`: of the flags in `mask`, exactly those in `set` are on. */
export interface TcpFlagsMatch {
  readonly mask: readonly string[]
  readonly set: readonly string[]
  readonly inverted: boolean
}
export type CtState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED' | 'DNAT' | 'SNAT'

/** What `-m conntrack` compares besides the state, under the option's own name. */
export interface CtPart {
  readonly option:
    | 'ctproto'
    | 'ctorigsrc'
    | 'ctorigdst'
    | 'ctreplsrc'
    | 'ctrepldst'
    | 'ctorigsrcport'
    | 'ctorigdstport'
    | 'ctreplsrcport'
    | 'ctrepldstport'
    | 'ctstatus'
    | 'ctdir'
  readonly value: string
  readonly inverted: boolean
}

/** Extension matches, in the order of the command line. */
export type Match =
  | { readonly kind: 'comment'; readonly text: string }
  | {
      readonly kind: 'tcp' | 'udp' | 'sctp'
      readonly sourcePorts?: PortRange
      readonly destinationPorts?: PortRange
      /** tcp only; --syn is short for FIN,SYN,RST,ACK SYN. */
      readonly flags?: TcpFlagsMatch
    }
  | {
      readonly kind: 'multiport'
      readonly side: 'source' | 'destination' | 'either'
      readonly ports: readonly PortRange[]
      readonly inverted: boolean
    }
  /** type: 'any', '8' or '3/3'. */
  | { readonly kind: 'icmp' | 'icmp6'; readonly type: string; readonly inverted: boolean }
  | { readonly kind: 'mark' | 'connmark'; readonly value: number; readonly mask: number; readonly inverted: boolean }
  | { readonly kind: 'statistic'; readonly mode: 'random'; readonly probability: number; readonly inverted: boolean }
  | {
      readonly kind: 'statistic'
      readonly mode: 'nth'
      readonly every: number
      readonly packet: number
      readonly inverted: boolean
    }
  | {
      readonly kind: 'addrtype'
      /** Comma-separated when several. */
      readonly source?: NameMatch
      readonly destination?: NameMatch
      readonly limitInterfaceIn?: boolean
      readonly limitInterfaceOut?: boolean
    }
  | {
      readonly kind: 'conntrack'
      /** Empty: the state is not asked. */
      readonly states: readonly CtState[]
      readonly inverted: boolean
      readonly parts?: readonly CtPart[]
    }
  | { readonly kind: 'state'; readonly states: readonly CtState[]; readonly inverted: boolean }
  | {
      readonly kind: 'recent'
      readonly action: 'set' | 'rcheck' | 'update' | 'remove'
      readonly inverted: boolean
      readonly name: string
      readonly seconds?: number
      readonly reap?: boolean
      readonly hitCount?: number
      readonly ttl?: boolean
      readonly mask: string
      readonly side: 'rsource' | 'rdest'
    }
  | { readonly kind: 'set'; readonly set: string; readonly directions: readonly ('src' | 'dst')[]; readonly inverted: boolean }
  | { readonly kind: 'nfacct'; readonly name: string }
  | {
      readonly kind: 'physdev'
      readonly in?: NameMatch
      readonly out?: NameMatch
      /** Each: whether it is inverted; undefined: not asked. */
      readonly isIn?: boolean
      readonly isOut?: boolean
      readonly isBridged?: boolean
    }
  /** text: '5/min'. */
  | { readonly kind: 'limit'; readonly perSecond: number; readonly text: string; readonly burst: number }
  | { readonly kind: 'iprange'; readonly source?: NameMatch; readonly destination?: NameMatch }
  | { readonly kind: 'mac'; readonly address: string; readonly inverted: boolean }
  | { readonly kind: 'length'; readonly from: number; readonly to: number; readonly inverted: boolean }
  | { readonly kind: 'ttl' | 'hl'; readonly test: 'eq' | 'lt' | 'gt'; readonly value: number; readonly inverted: boolean }
  | { readonly kind: 'owner'; readonly user?: NameMatch; readonly group?: NameMatch; readonly socket?: boolean }
  | { readonly kind: 'pkttype'; readonly type: string; readonly inverted: boolean }
  | {
      readonly kind: 'connlimit'
      readonly count: number
      readonly above: boolean
      /** Prefix length by which clients are grouped. */
      readonly prefix: number
      readonly side: 'saddr' | 'daddr'
    }
  | { readonly kind: 'rpfilter'; readonly flags: readonly string[] }
  | {
      readonly kind: 'ipvs'
      readonly any?: boolean
      readonly protocol?: number
      readonly address?: string
      readonly port?: number
      readonly direction?: 'ORIGINAL' | 'REPLY'
      /** Options that stand after '!'. */
      readonly inverted: readonly ('ipvs' | 'vproto' | 'vaddr' | 'vport')[]
    }

export type Target =
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'goto'; readonly chain: string }
  | { readonly kind: 'ACCEPT' }
  | { readonly kind: 'DROP' }
  | { readonly kind: 'RETURN' }
  | { readonly kind: 'NOTRACK' | 'TRACE' }
  | { readonly kind: 'CT'; readonly notrack: boolean; readonly zone?: number }
  | { readonly kind: 'REJECT'; readonly rejectWith: string }
  | { readonly kind: 'MARK'; readonly value: number; readonly mask: number }
  | {
      readonly kind: 'CONNMARK'
      readonly action: 'set' | 'save' | 'restore'
      readonly value: number
      readonly mask: number
      readonly packetMask: number
    }
  | {
      readonly kind: 'DNAT' | 'SNAT'
      readonly address: string
      /** `10.0.0.1-10.0.0.5`: the last of the range. */
      readonly lastAddress?: string
      readonly ports?: PortRange
      readonly random?: boolean
      readonly randomFully?: boolean
      readonly persistent?: boolean
    }
  | { readonly kind: 'REDIRECT'; readonly ports?: PortRange; readonly random?: boolean }
  | {
      readonly kind: 'MASQUERADE'
      readonly ports?: PortRange
      readonly random?: boolean
      readonly randomFully: boolean
    }
  | { readonly kind: 'NETMAP'; readonly to: string }
  | { readonly kind: 'LOG'; readonly prefix: string; readonly level: number }
  | { readonly kind: 'NFLOG'; readonly prefix: string; readonly group: number }
  | { readonly kind: 'TCPMSS'; readonly mss: number | 'clamp' }
  | { readonly kind: 'TTL' | 'HL'; readonly action: 'set' | 'dec' | 'inc'; readonly value: number }
  /** No target: the rule only counts, or its matches act (recent --set). */
  | { readonly kind: 'none' }

export interface Rule {
  readonly source?: CidrMatch
  readonly destination?: CidrMatch
  readonly inInterface?: NameMatch
  readonly outInterface?: NameMatch
  /** By name where it has one: 'tcp', 'ipencap', '250'. */
  readonly protocol?: NameMatch
  /** -f: second and further fragments only; value: whether it is inverted. */
  readonly fragments?: boolean
  readonly matches: readonly Match[]
  readonly target: Target
}

export type MatchKind = Match['kind']
export type TargetKind = Target['kind']
/** Members of a union that may be of a kind. */
type OfKind<T extends { readonly kind: string }, K> = T extends unknown ? ([T['kind'] & K] extends [never] ? never : T) : never
/** The match of a kind. */
export type MatchOf<K extends MatchKind> = OfKind<Match, K>
export type TargetOf<K extends TargetKind> = OfKind<Target, K>

export const TABLES = ['mangle', 'security', 'raw', 'filter', 'nat'] as const
/** In the order in which iptables-save prints them. */
export type TableName = (typeof TABLES)[number]
