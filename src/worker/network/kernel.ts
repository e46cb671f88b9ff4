/** What the view reads of a node's kernel and of its kube-proxy. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { Netns } from '../../network/link/netns.ts'
import type { NetNode, ProxyMode } from './protocol.ts'

/** Mode of the kube-proxy that runs on a node; null while none does. */
export function proxyModeOf(_cluster: Cluster, _node: string): ProxyMode | null {
  return null
}

/** How full the table of connections is. */
export function conntrackOf(_netns: Netns | undefined): NetNode['conntrack'] {
  return { count: 0, max: 0 }
}
