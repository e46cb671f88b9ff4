/** Units are worked out once and shared by all nodes for which they come out equal. */
import type { EndpointInfo } from './changes/endpoint.ts'
import { usesLocalEndpoints, type ServicePortInfo } from './changes/service-port.ts'
import { categorize, type Categories, type NodePlace } from './changes/topology.ts'

/** Endpoints of a port as a node may use them, with a text that is equal for nodes that may use the same ones. */
export interface SharedCategories {
  readonly categories: Categories
  readonly key: string
}

const isPlaceless = new WeakMap<readonly EndpointInfo[], SharedCategories>()

/** As categorize(); without hints and policy Local the same for all nodes, and remembered. */
export function sharedCategories(port: ServicePortInfo, endpoints: readonly EndpointInfo[], place: NodePlace): SharedCategories {
  const hasHints = () => endpoints.some(({ zones, nodes }) => zones.length > 0 || nodes.length > 0)
  if (usesLocalEndpoints(port) || hasHints()) {
    const categories = categorize(endpoints, port, place)
    const chosen = endpoints.map((endpoint) => mark(endpoint, categories)).join('')
    return { categories, key: `${chosen}${categories.hasAny ? '+' : '-'}` }
  }
  let known = isPlaceless.get(endpoints)
  if (!known) isPlaceless.set(endpoints, (known = { categories: categorize(endpoints, port, place), key: '' }))
  return known
}

function mark(endpoint: EndpointInfo, { cluster, local }: Categories): string {
  return String(Number(cluster.includes(endpoint)) + 2 * Number(local.includes(endpoint)))
}

/**
 * Remembers what was made of a service port and its endpoints (both by identity), by a text for the rest: settings and
 * categories. Forgets with the objects.
 */
export class UnitMemo<U> {
  private readonly byPort = new WeakMap<ServicePortInfo, WeakMap<readonly EndpointInfo[], Map<string, U>>>()
  /** How often something had to be made. */
  made = 0

  get(port: ServicePortInfo, endpoints: readonly EndpointInfo[], key: string, make: () => U): U {
    let byEndpoints = this.byPort.get(port)
    if (!byEndpoints) this.byPort.set(port, (byEndpoints = new WeakMap()))
    let byKey = byEndpoints.get(endpoints)
    if (!byKey) byEndpoints.set(endpoints, (byKey = new Map()))
    let unit = byKey.get(key)
    if (unit === undefined) {
      this.made++
      byKey.set(key, (unit = make()))
    }
    return unit
  }
}
