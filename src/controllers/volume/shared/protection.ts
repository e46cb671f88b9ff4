import type { KubeObject } from '../../../apimachinery/resource.ts'

/** The object with its finalizer added, or removed once it is being deleted and not in use; null if it is right. */
export function planProtection<T extends KubeObject>(object: T, finalizer: string, inUse: boolean): T | null {
  const { finalizers = [], deletionTimestamp, ...metadata } = object.metadata
  const held = finalizers.includes(finalizer)
  if (deletionTimestamp === undefined)
    return held ? null : { ...object, metadata: { ...metadata, finalizers: [...finalizers, finalizer] } }
  if (!held || inUse) return null
  const left = finalizers.filter((name) => name !== finalizer)
  return { ...object, metadata: { ...metadata, deletionTimestamp, ...(left.length > 0 ? { finalizers: left } : {}) } }
}
