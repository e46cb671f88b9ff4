/** The ports on which load balancers ask whether a node has endpoints of a Service. */
import type { EndpointInfo } from '../changes/endpoint.ts'
import { isLocal } from '../changes/endpoint.ts'
import type { ServiceState } from '../changes/state.ts'

export interface ServiceHealth {
  readonly port: number
  readonly localEndpoints: number
}

/** By 'namespace/name', for each Service with a healthCheckNodePort. k8s 1.36: LocalReadyEndpoints counts addresses, not ports. */
export function serviceHealth(state: ServiceState, nodeName: string): ReadonlyMap<string, ServiceHealth> {
  const found = new Map<string, ServiceHealth>()
  for (const service of state.withHealth) {
    const port = state.portsOf(service)[0]?.healthCheckNodePort ?? 0
    found.set(service, { port, localEndpoints: localReadyAddresses(state, service, nodeName) })
  }
  return found
}

function localReadyAddresses(state: ServiceState, service: string, nodeName: string): number {
  const isCounted = (endpoint: EndpointInfo) => endpoint.ready && isLocal(endpoint, nodeName)
  const addresses = state.portsOf(service).flatMap((port) => state.endpoints(port).filter(isCounted))
  return new Set(addresses.map(({ ip }) => ip)).size
}
