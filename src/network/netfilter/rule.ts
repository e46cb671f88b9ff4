/** iptables rules as data. The walker executes them, the printer prints them as iptables-save does, the parser reads command lines into them. */

/** A prefix, possibly negated: `! -s 10.244.0.0/16`. Always with a length ('10.96.0.1/32'). */
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
export type CtState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED' | 'DNAT' | 'SNAT'

/** Extension matches, in the order of the command line. */
export type Match =
  | { readonly kind: 'comment'; readonly text: string }
  | {
      readonly kind: 'tcp' | 'udp' | 'sctp'
      readonly sourcePorts?: PortRange
      readonly destinationPorts?: PortRange
      /** tcp --syn. */
      readonly syn?: boolean
    }
  | {
      readonly kind: 'multiport'
      readonly side: 'source' | 'destination' | 'either'
      readonly ports: readonly PortRange[]
      readonly inverted: boolean
    }
  | { readonly kind: 'icmp'; readonly type: string }
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number; readonly inverted: boolean }
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
      readonly source?: NameMatch
      readonly destination?: NameMatch
      readonly limitInterfaceOut?: boolean
    }
  | { readonly kind: 'conntrack'; readonly states: readonly CtState[]; readonly inverted: boolean }
  | {
      readonly kind: 'recent'
      readonly action: 'set' | 'rcheck' | 'update' | 'remove'
      readonly name: string
      readonly seconds?: number
      readonly reap?: boolean
      readonly mask: string
      readonly side: 'rsource' | 'rdest'
    }
  | { readonly kind: 'set'; readonly set: string; readonly directions: readonly ('src' | 'dst')[]; readonly inverted: boolean }
  | { readonly kind: 'nfacct'; readonly name: string }
  | { readonly kind: 'physdev'; readonly isBridged: boolean; readonly inverted: boolean }
  | { readonly kind: 'limit'; readonly perSecond: number; readonly text: string; readonly burst: number }

export type Target =
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'ACCEPT' | 'DROP' | 'RETURN' | 'NOTRACK' }
  | { readonly kind: 'REJECT'; readonly rejectWith: string }
  | { readonly kind: 'MARK'; readonly value: number; readonly mask: number }
  | { readonly kind: 'DNAT' | 'SNAT'; readonly address: string; readonly ports?: PortRange; readonly randomFully?: boolean }
  | { readonly kind: 'REDIRECT'; readonly ports?: PortRange }
  | { readonly kind: 'MASQUERADE'; readonly randomFully: boolean }
  | { readonly kind: 'LOG'; readonly prefix: string }
  /** No target: the rule only counts, or its matches act (recent --set). */
  | { readonly kind: 'none' }

export interface Rule {
  readonly source?: CidrMatch
  readonly destination?: CidrMatch
  readonly inInterface?: NameMatch
  readonly outInterface?: NameMatch
  readonly protocol?: NameMatch
  readonly matches: readonly Match[]
  readonly target: Target
}
