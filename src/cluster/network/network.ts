import { Fabric } from '../../network/fabric/fabric.ts'
import { parseNetConf, type NetConf } from '../../network/cni/flannel/net-conf.ts'
import type { Netns } from '../../network/link/netns.ts'
import type { Packet } from '../../network/packet.ts'
import type { Place } from '../../network/trace.ts'
import type { Recorder } from '../../network/traffic/types.ts'
import type { PortService } from '../../runtime/program.ts'
import type { Sockets } from '../../runtime/sockets.ts'
import type { Cluster } from '../cluster.ts'
import { PANEL } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'
import { NodeLeases } from './lease-book.ts'
import { API_PORT, hostPods, podService } from './listeners.ts'
import { makeWorld, onOutside, type World } from './outside.ts'
import { ClusterTraffic } from './traffic-world.ts'

/** The cluster's network as one thing: all machines' and pods' namespaces, what joins them, and the world around. */
export class ClusterNetwork {
  readonly fabric: Fabric
  readonly leases: NodeLeases
  /** Connections between processes. */
  readonly traffic: ClusterTraffic
  private readonly cluster: Cluster
  private readonly byAddress = new Map<string, NodeHost>()
  private lazyWorld: World | null = null

  constructor(cluster: Cluster, managed: boolean) {
    this.cluster = cluster
    const { sim } = cluster
    this.leases = new NodeLeases(cluster.client(PANEL, 'network'), managed)
    this.fabric = new Fabric({
      now: () => sim.now,
      random: (stream) => sim.random(stream).next(),
      onSegment: (segment, address) => this.find(segment, address),
    })
    this.traffic = new ClusterTraffic(cluster, this)
  }

  /** Sockets of a pod (by uid), of a machine (by name) or of 'outside'; undefined: there is no such thing, or it does not run. */
  sockets(source: string, recorder?: Recorder): Sockets | undefined {
    return this.traffic.socketsOf(source, recorder)
  }

  /** A machine is plugged into the LAN. */
  join(host: NodeHost): void {
    this.byAddress.set(host.spec.address, host)
  }

  /** A machine is taken away. */
  leave(host: NodeHost): void {
    this.byAddress.delete(host.spec.address)
  }

  /** A client machine on the LAN that is not part of the cluster. */
  get outside(): Netns {
    return this.world.client
  }

  /** Every public address. What listens there is set by whoever plays it. */
  get internet(): Netns {
    return this.world.internet
  }

  /** A machine's namespace, brought up to date; undefined without such a machine, or without power. */
  netnsOfNode(name: string): Netns | undefined {
    const host = this.cluster.machine(name)
    if (!host?.powered) return undefined
    host.netns.settle()
    return host.netns
  }

  /** A pod's namespace (its machine's, for pods in the host's network). */
  netnsOf(podUid: string): Netns | undefined {
    const host = this.hostOf(podUid)
    if (!host?.powered) return undefined
    const machine = host.netns
    machine.settle()
    return host.network.has(podUid) ? host.network.netnsOf(podUid) : machine
  }

  /** The machine that runs a pod. */
  hostOf(podUid: string): NodeHost | undefined {
    for (const host of this.cluster.machines()) if (host.network.has(podUid) || host.runtime?.pod(podUid)) return host
    return undefined
  }

  /** What answers at the place where a packet was delivered. */
  serviceAt(place: Place, packet: Pick<Packet, 'protocol' | 'destinationPort'>): PortService | undefined {
    const host = this.cluster.machine(place.node)
    if (!host?.runtime) return undefined
    const { protocol, destinationPort: port } = packet
    const boxes =
      place.pod === undefined
        ? hostPods(host)
        : [...host.runtime.pods()].filter((box) => `${box.namespace}/${box.name}` === place.pod)
    for (const box of boxes) {
      const service = podService(box, protocol, port)
      if (service) return service
    }
    return undefined
  }

  private get world(): World {
    if (!this.lazyWorld) {
      this.lazyWorld = makeWorld()
      // A managed control plane answers behind the router.
      this.lazyWorld.gateway.listens = (protocol, _address, port) =>
        protocol === 'tcp' && port === API_PORT && this.cluster.isExternal ? 'kube-apiserver' : undefined
      this.traffic.openInternet(this.lazyWorld.internet, this.lazyWorld.gateway)
    }
    return this.lazyWorld
  }

  private find(segment: string, address: string): Netns | undefined {
    const host = segment === 'lan' ? this.byAddress.get(address) : undefined
    if (host) return host.powered ? host.netns : undefined
    return onOutside(this.world, segment, address)
  }
}

/** How a provider's network is set up: plain routes. */
export const MANAGED_CONF: NetConf = parseNetConf('{"Network": "10.244.0.0/16", "Backend": {"Type": "host-gw"}}')
