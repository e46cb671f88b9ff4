import type { Family } from '../changes/service-port.ts'
import type { SetInfo } from '../ipvs/sets.ts'
import type { SetStore } from '../ipvs/set-members.ts'

/** Ip sets that only remember. */
export class MemorySets implements SetStore {
  readonly sets = new Map<string, Set<string>>()
  version = 0

  ensure(name: string, _info: SetInfo, _family: Family): void {
    if (!this.sets.has(name)) this.sets.set(name, new Set())
  }

  members(name: string): Iterable<string> | undefined {
    return this.sets.get(name)
  }

  add(name: string, member: string): void {
    this.sets.get(name)?.add(member)
    this.version++
  }

  delete(name: string, member: string): void {
    this.sets.get(name)?.delete(member)
    this.version++
  }
}
