/** UDP flows that were sent to an endpoint which is not one any more. k8s 1.36: conntrack CleanStaleEntries. */
import type { Connection } from '../conntrack/conntrack.ts'
import { joinHostPort } from './changes/addresses.ts'
import type { ServiceState } from './changes/state.ts'

/** Those of the connections that must go, so that their clients' next packets find an endpoint that lives. */
export function staleConnections(connections: readonly Connection[], state: ServiceState): readonly Connection[] {
  const udp = connections.filter(({ original }) => original.protocol === 'udp')
  if (udp.length === 0) return []
  const byAddress = new Map<string, ReadonlySet<string>>()
  const byNodePort = new Map<number, ReadonlySet<string>>()
  for (const port of state.ports()) {
    if (port.protocol !== 'UDP') continue
    const serving = new Set(state.endpoints(port).flatMap(({ serving: isServing, text }) => (isServing ? [text] : [])))
    // Without any endpoint the flows may stay: the filter table refuses them.
    if (serving.size === 0) continue
    for (const address of [port.clusterIP, ...port.loadBalancerVIPs, ...port.externalIPs])
      byAddress.set(joinHostPort(address, port.port), serving)
    if (port.nodePort !== 0) byNodePort.set(port.nodePort, serving)
  }
  return udp.filter(({ original, reply }) => {
    const address = byAddress.get(joinHostPort(original.destination, original.destinationPort))
    const serving = address ?? byNodePort.get(original.destinationPort)
    return serving !== undefined && !serving.has(joinHostPort(reply.source, reply.sourcePort))
  })
}
