import type { KubeObject } from '../../apimachinery/resource.ts'
import type { RequestScope } from '../rest/context.ts'

/** What an admission plugin looks at. */
export interface AdmissionAttributes {
  readonly scope: RequestScope
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  /** The new object; undefined for deletes. */
  readonly object: KubeObject | undefined
  readonly old: KubeObject | undefined
}

/**
 * An admission plugin, named as in kube-apiserver. `admit` may return a changed object; `validate` only refuses.
 * Both throw a StatusError to refuse. The chain runs every `admit`, then every `validate`.
 */
export interface AdmissionPlugin {
  readonly name: string
  /** The resources it looks at; undefined: all. Writes of others don't ask it. */
  readonly buckets?: readonly string[]
  readonly admit?: (attributes: AdmissionAttributes) => KubeObject | void
  readonly validate?: (attributes: AdmissionAttributes) => void
  /** Asked before a stream is opened (exec, attach, port-forward, proxy); the object is its options. */
  readonly connect?: (attributes: AdmissionAttributes) => void
  /** Called when a validated write has been stored (quota and allocators settle their books) or has failed. */
  readonly settle?: (attributes: AdmissionAttributes, stored: KubeObject | undefined) => void
}
