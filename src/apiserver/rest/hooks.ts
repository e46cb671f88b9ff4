import type { KubeObject } from '../../apimachinery/resource.ts'
import type { RequestScope } from './context.ts'

/** A write that has begun: the object as it will go on, and what to do when its fate is known. */
export interface BegunWrite {
  readonly object: KubeObject
  /** Called with what was stored, or undefined when the write failed or was a dry run. */
  readonly finish: (stored: KubeObject | undefined) => void
}

/**
 * What a resource does around its writes beyond its strategy, with books of its own (addresses and ports of Services).
 * Runs after admission and before the strategy. k8s 1.36: registry Store BeginCreate, BeginUpdate, AfterDelete.
 */
export interface StoreHook {
  readonly beginCreate?: (scope: RequestScope, object: KubeObject) => BegunWrite
  readonly beginUpdate?: (scope: RequestScope, object: KubeObject, old: KubeObject) => BegunWrite
  readonly afterDelete?: (scope: RequestScope, object: KubeObject) => void
  /** The object as answers show it; watches give what is stored. k8s 1.36: registry Store Decorator. */
  readonly shown?: (object: KubeObject) => KubeObject
}
