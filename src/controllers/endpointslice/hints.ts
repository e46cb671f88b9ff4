import { jsonEqual } from '../../apimachinery/equal.ts'
import type { Endpoint, EndpointSlice, Service } from '../../apimachinery/generated/types.ts'

const CLOSE = new Set(['PreferClose', 'PreferSameZone', 'PreferSameNode'])

/**
 * The slice with the hints that the service's trafficDistribution asks for on its ready endpoints; the same object
 * when nothing changes. k8s 1.36: endpointslice trafficdist.ReconcileHints.
 */
export function withHints(service: Service, slice: EndpointSlice): EndpointSlice {
  const { trafficDistribution } = service.spec ?? {}
  const close = trafficDistribution !== undefined && CLOSE.has(trafficDistribution)
  const endpoints = (slice.endpoints ?? []).map((endpoint) => {
    const wanted = close ? hintsFor(endpoint, trafficDistribution === 'PreferSameNode') : undefined
    if (jsonEqual(endpoint.hints, wanted)) return endpoint
    const { hints: _, ...rest } = endpoint
    return wanted ? { ...rest, hints: wanted } : rest
  })
  return endpoints.every((endpoint, i) => endpoint === slice.endpoints?.[i]) ? slice : { ...slice, endpoints }
}

function hintsFor({ conditions, zone, nodeName, hints }: Endpoint, byNode: boolean): Endpoint['hints'] {
  if (conditions?.ready !== true) return hints
  const forNodes = byNode && nodeName !== undefined ? { forNodes: [{ name: nodeName }] } : {}
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] }
  const wanted = { ...forZones, ...forNodes }
  return Object.keys(wanted).length > 0 ? wanted : undefined
}
