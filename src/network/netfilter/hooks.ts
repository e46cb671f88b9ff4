/**
 * The five hooks of the kernel's packet path and what hangs on them. iptables tables, nftables base chains, IPVS and
 * connection tracking are all HookFunctions with the kernel's own priorities; Netfilter (netfilter.ts) runs them in order.
 */
import type { Connection, Direction } from '../conntrack/conntrack.ts'
import type { Packet } from '../packet.ts'
import type { RuleLog } from '../trace.ts'

export const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const
export type Hook = (typeof HOOKS)[number]

/** The kernel's priorities (include/uapi/linux/netfilter_ipv4.h): lower runs first. */
export const PRIORITY = {
  raw: -300,
  conntrack: -200,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  ipvs: 99,
  srcnat: 100,
  confirm: 2_147_483_647,
} as const

/** A packet on its way through one network namespace. `packet`, `connection` change as hooks act on it. */
export interface Flight {
  packet: Packet
  /** '' while unknown (OUTPUT has no input interface). */
  inInterface: string
  outInterface: string
  /** Its connection, once conntrack has looked; null for untracked or before. */
  connection: Connection | null
  direction: Direction
  /** ctstate as rules see it. */
  state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED'
  /** Set by hooks that chose the next hop themselves (IPVS): deliver as if routed to this address. */
  rerouted: boolean
}

/** What hooks may ask of the namespace they run in. */
export interface HookEnvironment {
  /** addrtype LOCAL: an address of this namespace (of any interface, and 127.0.0.0/8). */
  isLocalAddress(address: string): boolean
  /** Address that masquerade gives to packets leaving by an interface. */
  sourceAddressFor(outInterface: string, destination: string): string
  /** [0, 1): the kernel's dice, seeded. */
  random(): number
  /** Simulated milliseconds. */
  now(): number
}

export type Verdict = 'accept' | 'drop' | RejectVerdict
export interface RejectVerdict {
  /** e.g. 'icmp-port-unreachable', 'tcp-reset'. */
  readonly rejectWith: string
}

/** Something registered at a hook. */
export interface HookFunction {
  readonly hook: Hook
  readonly priority: number
  /** 'nat', 'filter', 'ip kube-proxy filter-prerouting', 'ipvs', 'conntrack'. */
  readonly name: string
  run(flight: Flight, environment: HookEnvironment, log: RuleLog | null): Verdict
}
