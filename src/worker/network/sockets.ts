import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { Recorder } from '../../network/traffic/types.ts'
import type { Sockets } from '../../runtime/sockets.ts'
import type { PacketSource } from './protocol.ts'

/** Sockets of a process at the source; a text says why there can be none. */
export function openSockets(cluster: Cluster, source: PacketSource, recorder?: Recorder): Sockets | string {
  const { network } = cluster
  switch (source.kind) {
    case 'outside':
      return network.sockets('outside', recorder) ?? 'there is no machine outside'
    case 'node': {
      const host = cluster.machine(source.name)
      if (!host) return `there is no machine called ${source.name}`
      return (host.powered ? network.sockets(source.name, recorder) : undefined) ?? `${source.name} has no power`
    }
    case 'pod': {
      const pod = findPod(cluster, source.namespace, source.name)
      if (!pod) return `pods "${source.name}" not found`
      return network.sockets(pod.metadata.uid ?? '', recorder) ?? `no container of pod ${source.namespace}/${source.name} runs`
    }
  }
}

function findPod({ etcd }: Cluster, namespace: string, name: string): Pod | undefined {
  for (const { value } of etcd.range('pods')) {
    const { metadata } = value as Pod
    if (metadata.name === name && metadata.namespace === namespace) return value as Pod
  }
  return undefined
}
