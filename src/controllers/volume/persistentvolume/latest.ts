import { keyOf, type KubeObject } from '../../../apimachinery/resource.ts'
import type { Informer } from '../../../client/informer.ts'

const revisionOf = ({ metadata }: KubeObject) => Number(metadata.resourceVersion)

/** An informer's objects with what this controller has written since. */
export class Latest<T extends KubeObject> {
  private readonly informer: Informer<T>
  private readonly written = new Map<string, T>()

  constructor(informer: Informer<T>) {
    this.informer = informer
    informer.addHandler({ onDelete: (object) => this.written.delete(keyOf(object)) })
  }

  get(key: string): T | undefined {
    const cached = this.informer.getByKey(key)
    const own = this.written.get(key)
    if (!own || !cached) return cached
    if (revisionOf(own) > revisionOf(cached)) return own
    this.written.delete(key)
    return cached
  }

  *values(): Generator<T> {
    for (const object of this.informer.list()) yield this.written.size === 0 ? object : (this.get(keyOf(object)) ?? object)
  }

  /** Remembers what was written. */
  put(object: T): T {
    this.written.set(keyOf(object), object)
    return object
  }
}
