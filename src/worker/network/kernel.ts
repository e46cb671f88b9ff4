/** What the view reads of a node's kernel and of its kube-proxy. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { Netns } from '../../network/link/netns.ts'
import { netfilterOf } from '../../network/netfilter/install.ts'
import type { NetNode, ProxyMode } from './protocol.ts'

/** Mode of the kube-proxy that runs on a node; null while none does. */
export function proxyModeOf({ network }: Cluster, node: string): ProxyMode | null {
  return network.proxies.get(node)?.config.mode ?? null
}

/** Counts change with every connection: they are read anew after this much simulated time. */
const COUNT_AGAIN_MS = 2000
const counted = new WeakMap<Netns, { readonly atMs: number; readonly shown: NetNode['conntrack'] }>()

/** How full the table of connections is. */
export function conntrackOf(netns: Netns | undefined, nowMs: number): NetNode['conntrack'] {
  const table = netns && netfilterOf(netns)?.conntrack
  if (!table) return { count: 0, max: 0 }
  const known = counted.get(netns)
  if (known && nowMs >= known.atMs && nowMs - known.atMs < COUNT_AGAIN_MS && known.shown.max === table.max) return known.shown
  const shown = { count: table.size, max: table.max }
  counted.set(netns, { atMs: nowMs, shown })
  return shown
}
