import type { Container, Namespace, Pod, PodSpec } from '../../apimachinery/generated/types.ts'
import type { KubeObject } from '../../apimachinery/resource.ts'
import type { RequestScope } from './context.ts'
import { changeFromRequest } from './patch.ts'
import { updateObject } from './update.ts'

/** Writes only what `merge` takes from the request's object into the present one. */
function writePart<T extends KubeObject>(scope: RequestScope, merge: (wanted: T, current: T) => T): KubeObject {
  const change = changeFromRequest(scope)
  return updateObject(scope, (current) => merge(change(current) as T, current as T))
}

/** Metadata of the request counts only as a precondition. */
const keepMeta = (wanted: KubeObject, current: KubeObject) => ({
  ...current.metadata,
  resourceVersion: wanted.metadata.resourceVersion,
  ...(wanted.metadata.managedFields ? { managedFields: wanted.metadata.managedFields } : {}),
})

/** k8s 1.36: core/pod podEphemeralContainersStrategy. */
export function writeEphemeralContainers(scope: RequestScope): KubeObject {
  return writePart<Pod>(scope, (wanted, current) => {
    const { ephemeralContainers: _, ...rest } = current.spec ?? ({} as PodSpec)
    const added = wanted.spec?.ephemeralContainers
    return {
      ...current,
      metadata: keepMeta(wanted, current),
      spec: { ...rest, ...(added ? { ephemeralContainers: added } : {}) } as PodSpec,
    }
  })
}

/** k8s 1.36: core/pod podResizeStrategy, dropNonResizeUpdates. */
export function writeResize(scope: RequestScope): KubeObject {
  return writePart<Pod>(scope, (wanted, current) => {
    const spec = current.spec ?? ({ containers: [] } as PodSpec)
    return {
      ...current,
      metadata: keepMeta(wanted, current),
      spec: {
        ...spec,
        containers: resized(spec.containers, wanted.spec?.containers),
        ...(spec.initContainers ? { initContainers: resized(spec.initContainers, wanted.spec?.initContainers) } : {}),
        ...(wanted.spec?.resources ? { resources: wanted.spec.resources } : {}),
      },
    }
  })
}

function resized(current: readonly Container[], wanted: readonly Container[] | undefined): readonly Container[] {
  // Containers that were added, removed or renamed are left for validation to see.
  if (wanted?.length !== current.length || wanted.some((c, i) => c.name !== current[i]?.name)) return wanted ?? current
  return current.map((container, i) => {
    const { resources, resizePolicy } = wanted[i] ?? container
    return { ...container, resources, ...(resizePolicy ? { resizePolicy } : {}) }
  })
}

/** k8s 1.36: core/namespace namespaceFinalizeStrategy. */
export function writeFinalizers(scope: RequestScope): KubeObject {
  return writePart<Namespace>(scope, (wanted, current) => ({
    ...current,
    metadata: { ...current.metadata, ...keepMeta(wanted, current), finalizers: current.metadata.finalizers },
    spec: wanted.spec ?? {},
  }))
}
