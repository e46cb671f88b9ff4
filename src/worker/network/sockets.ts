import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { ProcessSockets, type SocketOwner } from '../../network/traffic/sockets.ts'
import type { Recorder, TrafficWorld } from '../../network/traffic/types.ts'
import type { PacketSource } from './protocol.ts'

/** Sockets of a process at the source; a text says why there can be none. */
export function openSockets(cluster: Cluster, source: PacketSource, recorder?: Recorder): ProcessSockets | string {
  const owner = ownerOf(cluster, source)
  return typeof owner === 'string' ? owner : new ProcessSockets(worldOf(cluster), owner, recorder)
}

function ownerOf(cluster: Cluster, source: PacketSource): SocketOwner | string {
  const { network } = cluster
  switch (source.kind) {
    case 'outside':
      return { netns: () => network.outside, readFile: () => undefined, libc: 'glibc' }
    case 'node':
      if (!cluster.machine(source.name)) return `there is no machine called ${source.name}`
      if (!network.netnsOfNode(source.name)) return `${source.name} has no power`
      return { netns: () => network.netnsOfNode(source.name), readFile: () => undefined, libc: 'glibc' }
    case 'pod': {
      const key = `${source.namespace}/${source.name}`
      const pod = cluster.etcd.range('pods').find(({ value }) => {
        const { namespace, name } = (value as Pod).metadata
        return `${namespace}/${name}` === key
      })?.value as Pod | undefined
      if (!pod) return `pods "${source.name}" not found`
      const uid = pod.metadata.uid ?? ''
      if (!network.netnsOf(uid)) return `pod ${key} has no network yet`
      return { netns: () => network.netnsOf(uid), readFile: () => undefined, libc: 'glibc' }
    }
  }
}

function worldOf(cluster: Cluster): TrafficWorld {
  const { network, sim } = cluster
  return {
    sim,
    walk: (from, packet, record) => {
      const journey = network.fabric.walk(from, packet, record)
      return { journey, netns: journey.destination }
    },
    listener: ({ node, pod }, protocol, _address, destinationPort) =>
      network.serviceAt({ node, ...(pod === undefined ? {} : { pod }) }, { protocol, destinationPort }),
  }
}
