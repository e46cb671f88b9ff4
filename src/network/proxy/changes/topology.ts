/** Which endpoints of a Service port a node may use. */
import { isLocal, NO_ENDPOINTS, type EndpointInfo } from './endpoint.ts'
import { usesClusterEndpoints, usesLocalEndpoints, type ServicePortInfo } from './service-port.ts'

export interface Categories {
  /** For traffic of policy Cluster. */
  readonly cluster: readonly EndpointInfo[]
  /** For traffic of policy Local. */
  readonly local: readonly EndpointInfo[]
  /** Both together. */
  readonly reachable: readonly EndpointInfo[]
  /** Whether there is a usable endpoint on any node. */
  readonly hasAny: boolean
}

/** Where a node stands. */
export interface NodePlace {
  readonly nodeName: string
  /** Label topology.kubernetes.io/zone; '' without. */
  readonly zone: string
}

const NONE: Categories = { cluster: NO_ENDPOINTS, local: NO_ENDPOINTS, reachable: NO_ENDPOINTS, hasAny: false }

const isFallback = (endpoint: EndpointInfo) => endpoint.serving && endpoint.terminating

/**
 * Ready endpoints, or those that still serve while terminating when none is ready; by hints for this node or zone when
 * all ready ones have them. k8s 1.36: CategorizeEndpoints.
 */
export function categorize(endpoints: readonly EndpointInfo[], info: ServicePortInfo, place: NodePlace): Categories {
  if (endpoints.length === 0) return NONE
  const available = usesClusterEndpoints(info) ? topology(endpoints, place) : undefined
  const cluster = available ? clusterEndpoints(endpoints, available) : NO_ENDPOINTS
  if (!usesLocalEndpoints(info)) return { cluster, local: NO_ENDPOINTS, reachable: cluster, hasAny: cluster.length > 0 }

  const here = endpoints.filter((endpoint) => isLocal(endpoint, place.nodeName))
  const ready = here.filter((endpoint) => endpoint.ready)
  const local = ready.length > 0 ? ready : here.filter(isFallback)
  const hasAny = cluster.length > 0 || endpoints.some((endpoint) => endpoint.ready || isFallback(endpoint))
  if (!available) return { cluster, local, reachable: local, hasAny }
  const wanted = new Set([...cluster, ...local])
  const reachable = wanted.size === cluster.length ? cluster : endpoints.filter((endpoint) => wanted.has(endpoint))
  return { cluster, local, reachable, hasAny }
}

function clusterEndpoints(endpoints: readonly EndpointInfo[], available: (endpoint: EndpointInfo) => boolean) {
  const ready = endpoints.filter((endpoint) => endpoint.ready && available(endpoint))
  return ready.length > 0 ? ready : endpoints.filter(isFallback)
}

const everywhere = () => true

/** k8s 1.36: topologyModeFromHints, availableForTopology. */
function topology(endpoints: readonly EndpointInfo[], { nodeName, zone }: NodePlace): (endpoint: EndpointInfo) => boolean {
  const forNode = (endpoint: EndpointInfo) => endpoint.nodes.includes(nodeName)
  const forZone = (endpoint: EndpointInfo) => endpoint.zones.includes(zone)
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  if (ready.every(({ nodes }) => nodes.length > 0) && ready.some(forNode)) return forNode
  if (ready.every(({ zones }) => zones.length > 0) && ready.some(forZone)) return forZone
  return everywhere
}
