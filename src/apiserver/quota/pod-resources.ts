import type { Pod } from '../../apimachinery/generated/types.ts'
import { addResources } from '../kinds/shared/quantities.ts'
import { aggregateContainers } from '../kinds/shared/qos.ts'

type Resources = { readonly [name: string]: string }

/**
 * What a pod asks for as a whole: its containers at their hungriest, what it sets for itself, and its overhead.
 * k8s 1.36: resourcehelper.PodRequests, PodLimits.
 */
export function podResources({ spec }: Pod): { readonly requests: Resources; readonly limits: Resources } {
  if (!spec) return { requests: {}, limits: {} }
  const of = (kind: 'requests' | 'limits'): Resources => ({ ...aggregateContainers(spec, kind), ...spec.resources?.[kind] })
  const requests = addResources(of('requests'), spec.overhead)
  const limits = of('limits')
  // Overhead counts only toward limits that are set.
  const overhead = Object.fromEntries(Object.entries(spec.overhead ?? {}).filter(([name]) => limits[name] !== undefined))
  return { requests, limits: addResources(limits, overhead) }
}
