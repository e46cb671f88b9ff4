/**
 * What is written down while a packet goes its way, for whoever wants to look: stations in order, and at each one the
 * rules that were tried. Nothing here decides anything. Recording is optional: walkers take `Trace | null`.
 */
import type { Netns } from './link/netns.ts'
import type { Packet } from './packet.ts'

/** Where a station stands. */
export interface Place {
  /** Machine; '' for the world outside. */
  readonly node: string
  /** 'namespace/name' of the pod whose network namespace it is; undefined: the machine's own. */
  readonly pod?: string
  /** Interface, e.g. 'eth0', 'cni0', 'veth1a2b3c4d', 'flannel.1', 'kube-ipvs0'. */
  readonly device?: string
}

/** One rule, element lookup or scheduler choice that was looked at. */
export interface RuleStep {
  readonly engine: 'iptables' | 'nftables' | 'ipvs' | 'policy'
  readonly table: string
  readonly chain: string
  /** Position in the chain from 0; -1 for a chain's policy. */
  readonly index: number
  /** The rule as its tool prints it ('-A KUBE-SVC-… -j KUBE-SEP-…'). */
  readonly text: string
  readonly outcome: 'matched' | 'skipped'
  /** Skipped: the match that failed, e.g. '-d 10.96.0.10/32'; matched: what it did, e.g. 'jump KUBE-SVC-X', 'mark 0x4000', 'DNAT 10.244.1.5:8080'. */
  readonly why: string
  /** Depth of the jump stack. */
  readonly depth: number
  /** A random choice: matched when `drawn` < `probability`. With `of` (numgen): `drawn` is a whole number below it. */
  readonly dice?: { readonly probability: number; readonly drawn: number; readonly of?: number }
  /** How many rules in a row this step stands for (long runs of skipped rules are told once). Default 1. */
  readonly count?: number
}

export type StationKind =
  | 'process' // a program sends
  | 'socket' // source address and port are chosen; or a socket takes it
  | 'dns' // a name is looked up (its own journeys are in `queries`)
  | 'hook' // netfilter: `name` is PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING
  | 'conntrack' // the connection was known: translated without rules
  | 'route' // a route was chosen
  | 'neighbour' // ARP, FDB
  | 'device' // through a veth pair, bridge or interface
  | 'encapsulate'
  | 'decapsulate'
  | 'wire' // from machine to machine
  | 'policy' // NetworkPolicy
  | 'delivered' // a listening process has it
  | 'dropped'
  | 'rejected' // an error packet went back

/** One stop of a packet. */
export interface Station {
  readonly kind: StationKind
  readonly place: Place
  /** Hook, device, route... by its real name. */
  readonly name: string
  /** Microseconds since the journey began, and how long this station took. */
  readonly atUs: number
  readonly tookUs: number
  readonly before: Packet
  readonly after: Packet
  /** What decided here, by its real text: the route line, the neighbour entry, why it was dropped. */
  readonly detail: string
  readonly rules: readonly RuleStep[]
  /** How many rules or elements were looked at, also those that `rules` leaves out. */
  readonly looked: number
}

/** Collects the rule steps of one station. */
export class RuleLog {
  readonly steps: RuleStep[] = []
  looked = 0

  add(step: RuleStep): void {
    this.steps.push(step)
  }
}

/** How a packet's way ended. */
export type Outcome =
  /** A socket (or the kernel, for echo requests) of this namespace takes it. */
  | { readonly kind: 'delivered'; readonly place: Place }
  /** An error came back to the sender: a reset, or an ICMP error. */
  | { readonly kind: 'rejected'; readonly place: Place; readonly why: string; readonly answer: Packet }
  /** Nothing comes back. */
  | { readonly kind: 'dropped'; readonly place: Place; readonly why: string }

/** One packet's whole way, one direction. */
export interface Journey {
  /** Empty when it was not recorded. */
  readonly stations: readonly Station[]
  readonly outcome: Outcome
  readonly tookUs: number
  /** As it was sent and as it arrived. */
  readonly sent: Packet
  readonly arrived: Packet
  /** Where it was delivered: who sends the answer. Undefined unless the outcome is 'delivered'. */
  readonly destination: Netns | undefined
}
