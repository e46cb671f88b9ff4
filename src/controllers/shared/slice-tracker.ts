import type { EndpointSlice } from '../../apimachinery/generated/types.ts'

const DELETION_EXPECTED = -1
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by'

/** The key of the service that a slice belongs to. */
export function serviceKeyOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`
}

/**
 * Remembers the generation of each slice that was written, so that older ones in the cache are recognised.
 * k8s 1.36: endpointslice util EndpointSliceTracker.
 */
export class SliceTracker {
  private readonly services = new Map<string, Map<string, number>>()

  has(slice: EndpointSlice): boolean {
    return this.services.get(serviceKeyOf(slice))?.has(slice.metadata.uid ?? '') ?? false
  }

  /** Whether somebody else has changed the slice. */
  shouldSync(slice: EndpointSlice): boolean {
    const generation = this.services.get(serviceKeyOf(slice))?.get(slice.metadata.uid ?? '')
    return generation === undefined || (slice.metadata.generation ?? 0) > generation
  }

  /** Whether these slices of a service, from the cache, are older than what was written. */
  isStale(serviceKey: string, slices: readonly EndpointSlice[]): boolean {
    const tracked = this.services.get(serviceKey)
    if (!tracked) return false
    const present = new Set<string>()
    for (const { metadata } of slices) {
      present.add(metadata.uid ?? '')
      const generation = tracked.get(metadata.uid ?? '')
      if (generation === undefined) continue
      if (generation === DELETION_EXPECTED || generation > (metadata.generation ?? 0)) return true
    }
    for (const [uid, generation] of tracked) if (generation !== DELETION_EXPECTED && !present.has(uid)) return true
    return false
  }

  update(slice: EndpointSlice): void {
    this.set(slice, slice.metadata.generation ?? 0)
  }

  expectDeletion(slice: EndpointSlice): void {
    this.set(slice, DELETION_EXPECTED)
  }

  /** Forgets a deleted slice; whether its deletion was expected. */
  handleDeletion(slice: EndpointSlice): boolean {
    const tracked = this.services.get(serviceKeyOf(slice))
    const generation = tracked?.get(slice.metadata.uid ?? '')
    tracked?.delete(slice.metadata.uid ?? '')
    return generation === undefined || generation === DELETION_EXPECTED
  }

  forget(serviceKey: string): void {
    this.services.delete(serviceKey)
  }

  private set(slice: EndpointSlice, generation: number): void {
    const key = serviceKeyOf(slice)
    let tracked = this.services.get(key)
    if (!tracked) this.services.set(key, (tracked = new Map()))
    tracked.set(slice.metadata.uid ?? '', generation)
  }
}
