import { ManagedFieldsLog } from '../apimachinery/managedfields/log.ts'
import { jsonEqual } from '../apimachinery/equal.ts'
import { clearsManagedFields, encodeManagers, managersOfRequest, type Managers } from '../apimachinery/managedfields/managers.ts'
import type { ManagedFieldsEntry } from '../apimachinery/generated/types.ts'
import type { JsonObject, KubeObject } from '../apimachinery/resource.ts'
import type { Model } from '../apimachinery/schema/schema.ts'
import { formatTime } from '../sim/time.ts'
import { resetOf } from './ownership.ts'
import type { ResourceInfo } from './resources.ts'

/** One write, as managedFields will tell of it. */
export interface FieldWrite {
  readonly manager: string
  /** Version of the request. */
  readonly apiVersion: string
  readonly model: Model | string
  /** NaN: the entry carries no time. */
  readonly timeMs: number
  readonly subresource: string
  readonly info: ResourceInfo
  /** What was sent, decoded and defaulted, before admission and the strategy saw it. */
  readonly after: KubeObject
  /** The owners after this write when they are known already (server-side apply). */
  readonly managers?: Managers
}

/** Equal but for times, which alone are no reason to write. */
export function sameOwners(a: Managers, b: Managers): boolean {
  const plain = (managers: Managers) => encodeManagers(managers)?.map(({ time: _, ...rest }) => rest)
  return a === b || jsonEqual(plain(a), plain(b))
}

const json = (object: KubeObject) => object as unknown as JsonObject

/**
 * Who set which field. A write only leaves a note beside the stored version; the owners are worked out when a reader
 * wants them. In-process clients never ask. A note lives as long as the version it belongs to.
 */
export class ManagedFieldsBook {
  private readonly logs = new WeakMap<KubeObject, ManagedFieldsLog>()

  /** Notes that `write` made `object` from `old`. */
  record(object: KubeObject, old: KubeObject | undefined, write: FieldWrite): void {
    if (write.managers) {
      this.logs.set(object, ManagedFieldsLog.of(write.managers))
      return
    }
    const { info, after, subresource, timeMs } = write
    const { managedFields } = after.metadata
    let log = this.logOf(old)
    if (managedFields) log = ManagedFieldsLog.of(managersOfRequest(managedFields, log.managers(), subresource))
    const { convert } = info
    const shown = (o: KubeObject) => json(convert ? convert.fromStorage(o) : o)
    this.logs.set(
      object,
      log.append({
        before: old === undefined ? undefined : shown(old),
        after: shown(after),
        manager: write.manager,
        apiVersion: write.apiVersion,
        subresource,
        timeText: Number.isNaN(timeMs) ? '' : formatTime(timeMs),
        model: write.model,
        reset: resetOf(info, subresource),
      }),
    )
  }

  /** Whether a write that leaves the object as it is gives its fields to others, or to nobody. */
  movesFields(old: KubeObject, write: FieldWrite): boolean {
    const probe = { ...old }
    this.record(probe, old, write)
    return !sameOwners(this.managersOf(old), this.managersOf(probe))
  }

  /** Gives `object` the owners that `from` has. */
  carry(object: KubeObject, from: KubeObject): void {
    const log = this.logs.get(from)
    if (log && object !== from) this.logs.set(object, log)
  }

  /** Whether the request makes the object forget its owners, and it has some. */
  forgets(changed: KubeObject, old: KubeObject): boolean {
    return clearsManagedFields(changed.metadata.managedFields) && this.managersOf(old).size > 0
  }

  managersOf(object: KubeObject | undefined): Managers {
    return this.logOf(object).managers()
  }

  /** The managedFields of a stored version; undefined if there are none. */
  entriesOf(object: KubeObject): readonly ManagedFieldsEntry[] | undefined {
    return this.logs.get(object)?.entries()
  }

  /** The object as readers outside see it, with its managedFields. */
  withManagedFields<T extends KubeObject>(object: T): T {
    const entries = this.entriesOf(object)
    return entries === undefined ? object : { ...object, metadata: { ...object.metadata, managedFields: entries } }
  }

  private logOf(object: KubeObject | undefined): ManagedFieldsLog {
    return (object && this.logs.get(object)) ?? ManagedFieldsLog.EMPTY
  }
}
