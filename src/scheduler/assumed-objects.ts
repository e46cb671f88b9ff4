import type { KubeObject } from '../apimachinery/resource.ts'

/**
 * Objects as they will be once the API server has taken our writes. One stands in for the stored object until the
 * informer brings a newer version of that, or it is dropped. k8s 1.36: scheduler assume cache.
 */
export class AssumedObjects<T extends KubeObject> {
  private readonly assumed = new Map<string, { readonly base: string | undefined; readonly object: T }>()

  assume(key: string, object: T): void {
    this.assumed.set(key, { base: object.metadata.resourceVersion, object })
  }

  drop(key: string): void {
    this.assumed.delete(key)
  }

  /** The assumed version of a stored object, or the stored one itself. */
  resolve<S extends T | undefined>(key: string, stored: S): S {
    const entry = this.assumed.get(key)
    if (!entry) return stored
    if (stored && stored.metadata.resourceVersion === entry.base) return entry.object as unknown as S
    this.assumed.delete(key)
    return stored
  }
}
