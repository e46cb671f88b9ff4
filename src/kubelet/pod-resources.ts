/** What a pod asks of its node. */
import type { Pod, ResourceRequirements } from '../apimachinery/generated/types.ts'
import { aggregateContainers } from '../apiserver/kinds/shared/qos.ts'
import { addResources } from '../apiserver/kinds/shared/quantities.ts'

type Resources = { readonly [name: string]: string }

/** Sum over the containers (or the pod's own figures, which win) and the runtime's overhead. */
export function podResources(pod: Pod, kind: 'requests' | 'limits'): Resources {
  const { spec } = pod
  if (!spec) return {}
  let total: Resources = aggregateContainers(spec, kind)
  if (spec.resources?.[kind]) total = { ...total, ...spec.resources[kind] }
  return spec.overhead && (kind === 'requests' || Object.keys(total).length > 0) ? addResources(total, spec.overhead) : total
}

const some = (resources: Resources) => (Object.keys(resources).length > 0 ? resources : undefined)

/** status.resources and status.allocatedResources. k8s 1.36: InPlacePodLevelResourcesVerticalScaling. */
export function podResourceStatus(pod: Pod): {
  readonly resources: ResourceRequirements
  readonly allocatedResources?: Resources
} {
  const requests = some(podResources(pod, 'requests'))
  const limits = some(podResources(pod, 'limits'))
  return {
    resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
    ...(requests ? { allocatedResources: requests } : {}),
  }
}
