/** The members that kube-proxy wants in its ip sets, and how they get there. */
import type { Family } from '../changes/service-port.ts'
import { IPVS_SETS, SET_NAMES, setName, type SetInfo, type SetName } from './sets.ts'

/** The kernel's ip sets, as kube-proxy uses them through the ipset command. */
export interface SetStore {
  /** Rises with every change by anybody. */
  readonly version: number
  /** Makes a set unless it is there. */
  ensure(name: string, info: SetInfo, family: Family): void
  /** Members as text; undefined: no such set. */
  members(name: string): Iterable<string> | undefined
  add(name: string, member: string): void
  delete(name: string, member: string): void
}

type Entries = ReadonlyMap<SetName, readonly string[]>
const NO_ENTRIES: Entries = new Map()

export class SetMembers {
  private readonly store: SetStore
  private readonly family: Family
  /** How many service ports want a member. */
  private readonly wanted = new Map<SetName, Map<string, number>>(SET_NAMES.map((name) => [name, new Map()]))
  private touched = new Map<SetName, Set<string>>()

  constructor(store: SetStore, family: Family) {
    this.store = store
    this.family = family
  }

  ensure(): void {
    for (const name of SET_NAMES) this.store.ensure(setName(name, this.family), IPVS_SETS[name], this.family)
  }

  /** A service port's members change. */
  change(before: Entries = NO_ENTRIES, after: Entries = NO_ENTRIES): void {
    for (const [name, members] of after) for (const member of members) this.count(name, member, 1)
    for (const [name, members] of before) for (const member of members) this.count(name, member, -1)
  }

  /** An address comes on kube-ipvs0, or goes. */
  setAddress(address: string, isBound: boolean): void {
    this.count('KUBE-IPVS-IPS', address, isBound ? 1 : -1)
  }

  filled(): ReadonlySet<SetName> {
    return new Set(SET_NAMES.filter((name) => this.of(name).size > 0))
  }

  /** Brings the kernel's sets up to date: where something changed, or all. */
  write(all: boolean): void {
    for (const name of SET_NAMES) {
      if (all) this.compare(name)
      else for (const member of this.touched.get(name) ?? []) this.writeMember(name, member)
    }
    this.touched = new Map()
  }

  private compare(name: SetName): void {
    const set = setName(name, this.family)
    const known = new Set(this.store.members(set))
    for (const member of known) if (!this.of(name).has(member)) this.store.delete(set, member)
    for (const member of this.of(name).keys()) if (!known.has(member)) this.store.add(set, member)
  }

  private writeMember(name: SetName, member: string): void {
    const set = setName(name, this.family)
    if (this.of(name).has(member)) this.store.add(set, member)
    else this.store.delete(set, member)
  }

  private of(name: SetName): Map<string, number> {
    return this.wanted.get(name) as Map<string, number>
  }

  private count(name: SetName, member: string, by: number): void {
    const members = this.of(name)
    const count = (members.get(member) ?? 0) + by
    if (count > 0) members.set(member, count)
    else members.delete(member)
    const touched = this.touched.get(name)
    if (touched) touched.add(member)
    else this.touched.set(name, new Set([member]))
  }
}
