/** QoS class and the sums over a pod's containers. Source: k8s 1.36 core/helper/qos, component-helpers/resource. */
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../apimachinery/generated/types.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import type { StringMap } from './checks.ts'
import { addResources, maxResources } from './quantities.ts'

/** A sidecar: an init container that keeps running. */
export const isRestartableInit = (container: Container) => container.restartPolicy === 'Always'

/**
 * What the containers of a pod ask for together, before overhead: all containers and sidecars at once, or the
 * hungriest moment of initialization, whichever is more.
 */
export function aggregateContainers(spec: PodSpec, kind: 'requests' | 'limits'): StringMap {
  let total: StringMap = {}
  for (const container of spec.containers ?? []) total = addResources(total, container.resources?.[kind])
  let sidecars: StringMap = {}
  let peak: StringMap = {}
  for (const container of spec.initContainers ?? []) {
    const own = container.resources?.[kind] ?? {}
    if (isRestartableInit(container)) {
      total = addResources(total, own)
      sidecars = addResources(sidecars, own)
      peak = maxResources(peak, sidecars)
    } else {
      peak = maxResources(peak, addResources(own, sidecars))
    }
  }
  return maxResources(total, peak)
}

const computeOnly = (list: StringMap | undefined): StringMap =>
  Object.fromEntries(
    Object.entries(list ?? {}).filter(([n, q]) => (n === 'cpu' || n === 'memory') && compareQuantities(q, '0') > 0),
  )

/** The pod's class by its resources alone. */
export function computeQos(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const owners: readonly (ResourceRequirements | undefined)[] =
    spec.resources !== undefined
      ? [spec.resources]
      : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.resources)
  let requests: StringMap = {}
  let limits: StringMap = {}
  let guaranteed = true
  for (const owner of owners) {
    const ownLimits = computeOnly(owner?.limits)
    requests = addResources(requests, computeOnly(owner?.requests))
    limits = addResources(limits, ownLimits)
    const hasLimits = Object.keys(owner?.limits ?? {}).length > 0
    const fullyLimited = ownLimits['cpu'] !== undefined && ownLimits['memory'] !== undefined
    if (!fullyLimited && (spec.resources === undefined || hasLimits)) guaranteed = false
  }
  const names = Object.keys(requests)
  if (names.length === 0 && Object.keys(limits).length === 0) return 'BestEffort'
  const equal =
    names.length === Object.keys(limits).length &&
    names.every((n) => limits[n] !== undefined && compareQuantities(limits[n], requests[n] ?? '0') === 0)
  return guaranteed && equal ? 'Guaranteed' : 'Burstable'
}

/** The class that the pod has, or would get. */
export function qosOf(pod: Pod): string {
  return pod.status?.qosClass || computeQos(pod.spec ?? { containers: [] })
}
