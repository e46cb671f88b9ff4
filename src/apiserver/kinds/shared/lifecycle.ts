/** What most kinds do with status and generation in a write. Source: k8s 1.36 the strategies under pkg/registry. */
import { jsonEqual } from '../../../apimachinery/equal.ts'
import type { ObjectMeta } from '../../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../../apimachinery/resource.ts'

interface WithSpecAndStatus extends KubeObject {
  readonly spec?: unknown
  readonly status?: unknown
}

export function withGeneration<T extends KubeObject>(object: T, generation: number): T {
  return { ...object, metadata: { ...object.metadata, generation } }
}

/** One generation more than the stored object's if `changed`, else the same. */
export function nextGeneration<T extends KubeObject>(object: T, old: T, changed: boolean): T {
  const generation = old.metadata.generation
  if (changed) return withGeneration(object, (generation ?? 0) + 1)
  return object.metadata.generation === generation ? object : { ...object, metadata: { ...object.metadata, generation } }
}

/** For kinds whose spec is numbered and that have no status. */
export const generationOfSpec = {
  prepareForCreate: <T extends WithSpecAndStatus>(object: T): T => withGeneration(object, 1),
  prepareForUpdate: <T extends WithSpecAndStatus>(object: T, old: T): T =>
    nextGeneration(object, old, !jsonEqual(object.spec, old.spec)),
}

/** The stored object with the new status, and of the new metadata what a status write may set. */
export function onlyStatus<T extends WithSpecAndStatus>(object: T, old: T, keep: readonly (keyof ObjectMeta)[] = []): T {
  const kept = Object.fromEntries(keep.map((name) => [name, old.metadata[name]]))
  return { ...old, metadata: { ...object.metadata, ...kept, generation: old.metadata.generation }, status: object.status }
}

/** What metav1.ResetObjectMetaForStatus puts back. */
export const META_KEPT_IN_STATUS = [
  'deletionTimestamp',
  'generation',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
] as const

/** Nothing of status can be written with the object; what is stored stays. */
export function keepStatus<T extends WithSpecAndStatus>(object: T, old: T): T {
  if (object.status === old.status) return object
  return { ...object, status: old.status }
}

export interface StatusRules {
  /** Whether changes of the spec are numbered. */
  readonly generation: boolean
  /** Metadata that a status write can't change. */
  readonly keepMeta?: readonly (keyof ObjectMeta)[]
}

/** The usual ways of a kind with spec and status; `empty` is the status of a new object. */
export function specAndStatus(empty: object, rules: StatusRules) {
  return {
    prepareForCreate: <T extends WithSpecAndStatus>(object: T): T => {
      const fresh = { ...object, status: empty }
      return rules.generation ? withGeneration(fresh, 1) : fresh
    },
    prepareForUpdate: <T extends WithSpecAndStatus>(object: T, old: T): T => {
      const kept = keepStatus(object, old)
      return rules.generation ? nextGeneration(kept, old, !jsonEqual(object.spec, old.spec)) : kept
    },
    prepareForStatusUpdate: <T extends WithSpecAndStatus>(object: T, old: T): T => onlyStatus(object, old, rules.keepMeta),
  }
}
