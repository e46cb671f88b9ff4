import { assert } from '../sim/assert.ts'
import type { Simulation, Timer } from '../sim/simulation.ts'

/** etcd 3.6 defaults: --election-timeout; each member waits a random time between one and two of these. */
const ELECTION_MS = 1000
/** Votes go out and come back. */
const VOTE_MS = 10
/** A member that starts again: its process, then what it missed. */
const START_MS = 300
const CATCH_UP_MS_PER_ENTRY = 0.05

export type RaftRole = 'leader' | 'follower' | 'candidate' | 'starting' | 'stopped'

export interface RaftMember {
  readonly name: string
  readonly role: RaftRole
  readonly term: number
  /** Last log entry; null while it has all that the leader has. */
  readonly index: number | null
}
type Member = { -readonly [K in keyof RaftMember]: RaftMember[K] }

/**
 * The members of an etcd cluster and who leads them. Nothing is scheduled while a leader has its quorum: replication
 * and heartbeats that succeed are computed, only elections and catching up take events. SIMPLIFIED: a write reaches
 * all running members or none, so logs never diverge and no entry is ever overwritten.
 */
export class RaftGroup {
  private readonly sim: Simulation
  private readonly lastIndex: () => number
  private readonly list: Member[] = []
  private timers: Timer[] = []
  /** Members there have ever been: names are not used again. */
  private named = 0

  /** `lastIndex` tells the newest entry of the log. */
  constructor(sim: Simulation, lastIndex: () => number, size: number) {
    this.sim = sim
    this.lastIndex = lastIndex
    for (let i = 0; i < size; i++) this.list.push(this.newMember(2))
    const first = this.list[0]
    assert(first !== undefined, 'an etcd cluster has at least one member')
    first.role = 'leader'
  }

  members(): readonly RaftMember[] {
    return this.list
  }

  get leader(): RaftMember | undefined {
    return this.list.find(({ role }) => role === 'leader')
  }

  /** Members that have to agree. */
  get quorum(): number {
    return Math.floor(this.list.length / 2) + 1
  }

  /** Whether a write can be committed now. */
  get available(): boolean {
    return this.leader !== undefined && this.voters().length >= this.quorum
  }

  /** Adds or removes members, one after the other as etcdctl member add and remove do; false without a quorum. */
  resize(size: number): boolean {
    if (!this.available) return false
    while (this.list.length < size) this.list.push(this.newMember(this.leader?.term ?? 0))
    while (this.list.length > size) {
      const gone = this.list.findLast(({ role }) => role === 'stopped') ?? this.list.findLast(({ role }) => role !== 'leader')
      if (!gone) break
      this.list.splice(this.list.indexOf(gone), 1)
    }
    return true
  }

  /** The member's process ends. False if it does not run. */
  stop(name: string): boolean {
    const member = this.find(name)
    if (!member || member.role === 'stopped') return false
    const led = member.role === 'leader'
    member.index ??= this.lastIndex()
    member.role = 'stopped'
    if (led) this.elect()
    else if (this.voters().length < this.quorum) this.stepDownLater()
    return true
  }

  /** The member's process starts and reads what it missed. False if it runs. */
  start(name: string): boolean {
    const member = this.find(name)
    if (!member || member.role !== 'stopped') return false
    member.role = 'starting'
    const missed = this.lastIndex() - (member.index ?? 0)
    this.after(START_MS + (this.available ? missed * CATCH_UP_MS_PER_ENTRY : 0), () => {
      if (member.role !== 'starting') return
      member.role = 'follower'
      const { leader } = this
      if (leader) this.follow(member, leader.term)
      else this.elect()
    })
    return true
  }

  private find(name: string): Member | undefined {
    return this.list.find((member) => member.name === name)
  }

  private newMember(term: number): Member {
    return { name: `etcd-${++this.named}`, role: 'follower', term, index: null }
  }

  /** Members that answer. */
  private voters(): Member[] {
    return this.list.filter(({ role }) => role === 'leader' || role === 'follower' || role === 'candidate')
  }

  private follow(member: Member, term: number): void {
    member.role = 'follower'
    member.term = term
    member.index = null
  }

  /** Raft's CheckQuorum: a leader that hears from too few steps down after an election timeout. */
  private stepDownLater(): void {
    this.after(ELECTION_MS, () => {
      const { leader } = this
      if (!leader || this.voters().length >= this.quorum) return
      const member = leader as Member
      member.role = 'follower'
      member.index = this.lastIndex()
    })
  }

  /** Followers wait for a leader, each its own time; the first that gives up stands for election. */
  private elect(): void {
    for (const timer of this.timers) timer.cancel()
    this.timers = []
    const random = this.sim.random('etcd/raft')
    for (const member of this.voters()) {
      const waitMs = ELECTION_MS + random.int(ELECTION_MS)
      this.timers.push(this.sim.schedule(waitMs, () => this.stand(member)))
    }
  }

  /** etcd 3.6 asks with PreVote first, so terms don't rise while there is no quorum. */
  private stand(member: Member): void {
    if (this.leader || member.role !== 'follower' || this.voters().length < this.quorum) return
    const newest = this.lastIndex()
    const votes = this.voters().filter((other) => (other.index ?? newest) <= (member.index ?? newest))
    if (votes.length < this.quorum) return
    member.role = 'candidate'
    const term = Math.max(...this.list.map((other) => other.term)) + 1
    for (const voter of votes) voter.term = term
    this.after(VOTE_MS, () => {
      if (member.role !== 'candidate') return
      member.role = 'follower'
      if (this.voters().length < this.quorum) return
      for (const other of this.voters()) this.follow(other, term)
      member.role = 'leader'
    })
  }

  private after(delayMs: number, action: () => void): void {
    this.sim.schedule(delayMs, action)
  }
}
