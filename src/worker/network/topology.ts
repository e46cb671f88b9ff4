import { configmaps, endpointslices, nodes, pods, services } from '../../apimachinery/generated/resources.ts'
import type { Node, Pod, Service } from '../../apimachinery/generated/types.ts'
import { currentPlugin } from '../../cluster/network/plugin-switch.ts'
import type { Netns } from '../../network/link/netns.ts'
import { topOwner } from '../feeds/owners.ts'
import type { FeedContext } from '../feeds/feed.ts'
import { conntrackOf, proxyModeOf } from './kernel.ts'
import type { NetDevice, NetLink, NetNode, NetPod, NetService, NetTopology } from './protocol.ts'

/** What a picture can hold. */
const MOST_NODES = 40
const MOST_PODS = 1500
const MOST_SERVICES = 600
/** Devices of a machine beside the veth ends of its pods. */
const MOST_DEVICES = 12

/** Who is in the network, by what the API says, and what their kernels say. */
export function topologyOf(context: FeedContext): NetTopology {
  const { cluster, informers } = context
  const { network } = cluster
  const allNodes = [...informers.for(nodes).list()].toSorted(byName)
  const shownNodes = allNodes.slice(0, MOST_NODES)
  const names = new Set(shownNodes.map((node) => node.metadata.name ?? ''))
  const allPods = [...informers.for(pods).list()].filter(isPlaced)
  const shownPods = allPods
    .filter((pod) => names.has(pod.spec?.nodeName ?? ''))
    .toSorted(byName)
    .slice(0, MOST_PODS)
  return {
    ...cniOf(context),
    configuredMode: configuredMode(context),
    outside: addressOf(network.outside),
    nodes: shownNodes.map((node) => nodeRow(context, node)),
    moreNodes: allNodes.length - shownNodes.length,
    pods: shownPods.map((pod) => podRow(context, pod)),
    morePods: allPods.length - shownPods.length,
    services: serviceRows(context),
    links: network.fabric.links.faults().map(({ a, b, state }): NetLink => {
      const { cut, extraUs, lossPercent } = state
      return { a, b, cut, delayMs: extraUs / 1000, lossPercent }
    }),
    partition: network.fabric.links.partitions(),
  }
}

function byName(a: Node | Pod | Service, b: Node | Pod | Service): number {
  const [x, y] = [keyOf(a), keyOf(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

function keyOf({ metadata }: Node | Pod | Service): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

function isPlaced({ spec, status }: Pod): boolean {
  return (spec?.nodeName ?? '') !== '' && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}

function nodeRow({ cluster }: FeedContext, node: Node): NetNode {
  const name = node.metadata.name ?? ''
  const host = cluster.machine(name)
  const netns = cluster.network.netnsOfNode(name)
  return {
    name,
    address: node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? host?.spec.address ?? '',
    podCidr: node.spec?.podCIDR ?? '',
    powered: host?.powered === true,
    proxy: proxyModeOf(cluster, name),
    devices: netns ? devicesOf(netns) : [],
    conntrack: conntrackOf(netns, cluster.sim.now),
  }
}

function devicesOf(netns: Netns): readonly NetDevice[] {
  return [...netns.devices.values()]
    .filter(({ kind }) => kind !== 'veth' && kind !== 'loopback')
    .slice(0, MOST_DEVICES)
    .map(({ name, kind, addresses, mtu, up }) => ({ name, kind, addresses: addresses.slice(0, 4), mtu, up }))
}

function addressOf(netns: Netns): string {
  for (const { kind, addresses } of netns.devices.values()) if (kind === 'physical') return addresses[0]?.split('/')[0] ?? ''
  return ''
}

function podRow({ informers }: FeedContext, pod: Pod): NetPod {
  const { name = '', namespace = '' } = pod.metadata
  return {
    namespace,
    name,
    node: pod.spec?.nodeName ?? '',
    ip: pod.status?.podIP ?? '',
    hostNetwork: pod.spec?.hostNetwork === true,
    ready: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true,
    owner: topOwner(informers, pod) || `Pod/${name}`,
  }
}

function serviceRows({ informers }: FeedContext): readonly NetService[] {
  const ready = new Map<string, Set<string>>()
  for (const slice of informers.for(endpointslices).list()) {
    const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`
    const addresses = ready.get(key) ?? new Set()
    for (const { conditions, addresses: list } of slice.endpoints ?? [])
      if (conditions?.ready !== false) for (const address of list) addresses.add(address)
    ready.set(key, addresses)
  }
  return [...informers.for(services).list()]
    .toSorted(byName)
    .slice(0, MOST_SERVICES)
    .map((service): NetService => {
      const { name = '', namespace = '' } = service.metadata
      const { type = 'ClusterIP', clusterIP = '', externalIPs = [], ports = [] } = service.spec ?? {}
      const balancers = service.status?.loadBalancer?.ingress?.map(({ ip = '' }) => ip).filter((ip) => ip !== '') ?? []
      return {
        namespace,
        name,
        type,
        clusterIP,
        external: [...externalIPs, ...balancers],
        ports: ports.map(({ name: port = '', protocol = 'TCP', port: number, nodePort = 0 }) => ({
          name: port,
          protocol,
          port: number,
          nodePort,
        })),
        endpoints: ready.get(`${namespace}/${name}`)?.size ?? 0,
      }
    })
}

/** By the add-on's own configuration. */
function cniOf({ informers, cluster }: FeedContext): Pick<NetTopology, 'cni' | 'cniMode'> {
  const maps = informers.for(configmaps)
  const calico = maps.get('kube-system', 'calico-config')
  if (calico && currentPlugin(cluster) === 'calico') {
    const backend = calico.data?.['calico_backend'] ?? ''
    return { cni: 'calico', cniMode: backend === 'bird' ? 'bgp' : backend }
  }
  const flannel = maps.get('kube-flannel', 'kube-flannel-cfg') ?? maps.get('kube-system', 'kube-flannel-cfg')
  const backend = /"Type"\s*:\s*"([^"]+)"/.exec(flannel?.data?.['net-conf.json'] ?? '')?.[1]
  return flannel ? { cni: 'flannel', cniMode: backend ?? '' } : { cni: '', cniMode: '' }
}

/** What the ConfigMap of kube-proxy says; '' means iptables. */
function configuredMode({ informers }: FeedContext): string {
  const text = informers.for(configmaps).get('kube-system', 'kube-proxy')?.data?.['config.conf'] ?? ''
  const mode = /^mode:\s*["']?([a-z]*)["']?\s*$/m.exec(text)?.[1] ?? ''
  return mode === '' ? 'iptables' : mode
}
