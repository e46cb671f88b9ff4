/** What the view reads of a node's kernel and of its kube-proxy. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { Netns } from '../../network/link/netns.ts'
import { netfilterOf } from '../../network/netfilter/install.ts'
import type { NetNode, ProxyMode } from './protocol.ts'

/** Mode of the kube-proxy that runs on a node; null while none does. */
export function proxyModeOf({ network }: Cluster, node: string): ProxyMode | null {
  return network.proxies.get(node)?.config.mode ?? null
}

/** How full the table of connections is. */
export function conntrackOf(netns: Netns | undefined): NetNode['conntrack'] {
  const table = netns && netfilterOf(netns)?.conntrack
  return table ? { count: table.size, max: table.max } : { count: 0, max: 0 }
}
