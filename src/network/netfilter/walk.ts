/** What a rule's matches see of the packet and the machine. */
import type { IpSets } from './ipset/ip-sets.ts'
import type { Flight, HookEnvironment } from './hooks.ts'
import type { Match } from './rule.ts'
import type { RecentLists } from './recent.ts'

/** What matches remember from packet to packet, in one network namespace. */
export interface MatchMemory {
  readonly recent: RecentLists
  readonly sets: IpSets
  /** Packets counted by `-m nfacct`, by object name. */
  readonly accounts: Map<string, { packets: number; bytes: number }>
  /** Buckets and counters of single matches. */
  readonly buckets: WeakMap<Match, { tokens: number; atMs: number }>
  /** How many connections a client has (connlimit). */
  connections(key: string, prefix: number, side: 'saddr' | 'daddr'): number
}

/** One packet's passage through one table. */
export interface Walk {
  readonly flight: Flight
  readonly environment: HookEnvironment
  readonly memory: MatchMemory
  /** The last number drawn by a random match, for the record. */
  drawn: number | undefined
}
