import type { KubeObject } from '../../apimachinery/resource.ts'
import type { Informer } from '../../client/informer.ts'

/** How far an informer's copy has come. */
export interface SeenRevision {
  revision: number
}

/** Follows an informer's revision. To be called before the informer gets other handlers. */
export function trackRevision<T extends KubeObject>(informer: Informer<T>): SeenRevision {
  const seen: SeenRevision = { revision: 0 }
  const see = ({ metadata }: T) => {
    const revision = Number(metadata.resourceVersion)
    if (revision > seen.revision) seen.revision = revision
  }
  informer.addHandler({ onAdd: see, onUpdate: see, onDelete: see })
  return seen
}

/**
 * Newest own writes per key and resource. Until the copies show them, a sync would act on old news; the watch event
 * that brings a write adds its key to the queue again. k8s 1.36: StaleControllerConsistency*, util/consistency.
 */
export class OwnWrites {
  private readonly written = new Map<string, Map<SeenRevision, number>>()

  wrote(key: string, where: SeenRevision, object: KubeObject): void {
    const revision = Number(object.metadata.resourceVersion)
    let entry = this.written.get(key)
    if (!entry) this.written.set(key, (entry = new Map()))
    if (revision > (entry.get(where) ?? 0)) entry.set(where, revision)
  }

  /** Whether everything that was written for the key has come back. */
  isVisible(key: string): boolean {
    const entry = this.written.get(key)
    if (!entry) return true
    for (const [where, revision] of entry) if (where.revision < revision) return false
    this.written.delete(key)
    return true
  }

  forget(key: string): void {
    this.written.delete(key)
  }
}
