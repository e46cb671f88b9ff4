import { keyOf, type KubeObject } from '../../apimachinery/resource.ts'
import type { Informer } from '../../client/informer.ts'

export interface TakenChanges<T> {
  /** True the first time: everything there is, in `upserts`. */
  readonly reset: boolean
  readonly upserts: readonly T[]
  /** Last forms of what is gone. */
  readonly removed: readonly T[]
}

/** Collects what changed in an informer's copy between two looks, each object once. */
export class KeyedChanges<T extends KubeObject> {
  private readonly informer: Informer<T>
  private readonly include: (object: T) => boolean
  private readonly upserts = new Map<string, T>()
  private readonly removed = new Map<string, T>()
  private first = true
  private readonly removeHandler: () => void

  constructor(informer: Informer<T>, include: (object: T) => boolean = () => true) {
    this.informer = informer
    this.include = include
    this.removeHandler = informer.addHandler({
      onAdd: (object) => this.changed(object),
      onUpdate: (object) => this.changed(object),
      onDelete: (object) => this.gone(object),
    })
  }

  /** What changed since the last call; null when nothing did. */
  take(): TakenChanges<T> | null {
    if (this.first) {
      this.first = false
      this.upserts.clear()
      this.removed.clear()
      return { reset: true, upserts: [...this.informer.list()].filter(this.include), removed: [] }
    }
    if (this.upserts.size === 0 && this.removed.size === 0) return null
    const taken = { reset: false, upserts: [...this.upserts.values()], removed: [...this.removed.values()] }
    this.upserts.clear()
    this.removed.clear()
    return taken
  }

  stop(): void {
    this.removeHandler()
    this.upserts.clear()
    this.removed.clear()
  }

  private changed(object: T): void {
    if (this.first || !this.include(object)) return
    const key = object.metadata.uid ?? keyOf(object)
    this.removed.delete(key)
    this.upserts.set(key, object)
  }

  private gone(object: T): void {
    if (this.first || !this.include(object)) return
    const key = object.metadata.uid ?? keyOf(object)
    this.upserts.delete(key)
    this.removed.set(key, object)
  }
}
