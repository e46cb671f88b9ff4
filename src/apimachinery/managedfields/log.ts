/** Managed fields that are worked out only when somebody looks. */
import type { ManagedFieldsEntry } from '../generated/types.ts'
import type { Managers, Update } from './managers.ts'
import { NO_MANAGERS, encodeManagers, updateManagers } from './managers.ts'

/** So many writes may wait: each keeps the object as it was before alive. */
const MAX_PENDING = 32

/**
 * The owners of one object as of one revision: known ones, and writes since. Immutable; each revision has its own, and
 * they share what they have in common.
 */
export class ManagedFieldsLog {
  static readonly EMPTY = new ManagedFieldsLog(NO_MANAGERS)

  private known: Managers | undefined
  private previous: ManagedFieldsLog | undefined
  private update: Update | undefined
  private readonly pending: number
  private encoded: readonly ManagedFieldsEntry[] | undefined

  private constructor(known: Managers | undefined, previous?: ManagedFieldsLog, update?: Update) {
    this.known = known
    this.previous = previous
    this.update = update
    this.pending = known === undefined ? (previous?.pending ?? 0) + 1 : 0
  }

  /** Starts from owners that are known: after an apply, or when a request set them. */
  static of(managers: Managers): ManagedFieldsLog {
    return managers.size === 0 ? ManagedFieldsLog.EMPTY : new ManagedFieldsLog(managers)
  }

  /** The log after one more write. Cheap: nothing is compared now, but for every 32nd write. */
  append(update: Update): ManagedFieldsLog {
    const next = new ManagedFieldsLog(undefined, this, update)
    if (next.pending >= MAX_PENDING) next.managers()
    return next
  }

  /** The owners, worked out now if need be. */
  managers(): Managers {
    if (this.known !== undefined) return this.known
    const chain: ManagedFieldsLog[] = [this]
    let base = this.previous
    while (base !== undefined && base.known === undefined) {
      chain.push(base)
      base = base.previous
    }
    let managers = base?.known ?? NO_MANAGERS
    for (const log of chain.toReversed()) {
      if (log.update !== undefined) managers = updateManagers(managers, log.update)
      log.known = managers
      log.previous = undefined
      log.update = undefined
    }
    return managers
  }

  /** metadata.managedFields as the API shows it; undefined if there is none. */
  entries(): readonly ManagedFieldsEntry[] | undefined {
    this.encoded ??= encodeManagers(this.managers())
    return this.encoded
  }
}
