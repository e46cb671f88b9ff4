import { Fabric } from '../../network/fabric/fabric.ts'
import type { CalicoStore } from '../../network/cni/calico/store.ts'
import { parseNetConf, type NetConf } from '../../network/cni/flannel/net-conf.ts'
import type { CommandOutput } from '../../network/commands/command.ts'
import type { Netns } from '../../network/link/netns.ts'
import type { KubeProxy } from '../../network/proxy/kube-proxy.ts'
import type { Packet } from '../../network/packet.ts'
import type { Place } from '../../network/trace.ts'
import type { Recorder } from '../../network/traffic/types.ts'
import type { PortService } from '../../runtime/program.ts'
import type { Sockets } from '../../runtime/sockets.ts'
import type { Task } from '../../sim/task.ts'
import type { Cluster } from '../cluster.ts'
import { PANEL } from '../identities.ts'
import type { NodeHost } from '../node-host.ts'
import { calicoStore } from './calico.ts'
import { NetworkFaults, type FaultResult } from './faults.ts'
import { currentPlugin, switchPlugin, type NetworkPlugin } from './plugin-switch.ts'
import { whyUnconnected } from './proxied.ts'
import { NodeLeases } from './lease-book.ts'
import { API_PORT, hostPods, podService } from './listeners.ts'
import { machineFiles, runShell, runShellNow, type ShellPlace } from './node-shell.ts'
import { LoadBalancers } from './load-balancer.ts'
import { PolicyBooks } from './policy-books.ts'
import { CLIENT, makeWorld, onOutside, type World } from './outside.ts'
import { ClusterTraffic } from './traffic-world.ts'

/** The cluster's network as one thing: all machines' and pods' namespaces, what joins them, and the world around. */
export class ClusterNetwork {
  readonly fabric: Fabric
  readonly leases: NodeLeases
  readonly faults: NetworkFaults
  readonly policyBooks: PolicyBooks
  readonly loadBalancers: LoadBalancers
  /** Connections between processes. */
  readonly traffic: ClusterTraffic
  /** The kube-proxies that run, by machine. */
  readonly proxies = new Map<string, KubeProxy>()
  private readonly cluster: Cluster
  private readonly byAddress = new Map<string, NodeHost>()
  private readonly clientFiles = machineFiles('client', CLIENT, [])
  private lazyWorld: World | null = null
  private lazyCalico: CalicoStore | null = null

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
    this.faults = new NetworkFaults(cluster, this.fabric)
    this.policyBooks = new PolicyBooks(cluster)
    this.loadBalancers = new LoadBalancers(cluster)
    this.fabric.links.onChange(() => this.followLinks())
  }

  /** Sockets of a pod (by uid), of a machine (by name) or of 'outside'; undefined: there is no such thing, or it does not run. */
  sockets(source: string, recorder?: Recorder): Sockets | undefined {
    return this.traffic.socketsOf(source, recorder)
  }

  /** What calico's nodes share, where calico is the network plug-in. */
  get calico(): CalicoStore {
    this.lazyCalico ??= calicoStore(this.cluster)
    return this.lazyCalico
  }

  /** Sockets of the machine that the API server runs on; undefined: it is none of the cluster's, or down. */
  apiSockets(): Sockets | undefined {
    for (const host of this.cluster.machines()) if (host.spec.controlPlane && host.powered) return this.sockets(host.name)
    return undefined
  }

  /** Why a connection from the API server's machine fails; undefined: it does not, or the API server runs elsewhere. */
  dialFromApi(address: string, port: number): string | undefined {
    for (const host of this.cluster.machines())
      if (host.spec.controlPlane && host.powered) return whyUnconnected(this.fabric, host.netns, address, port)
    return undefined
  }

  /** A machine is plugged into the LAN. */
  join(host: NodeHost): void {
    this.byAddress.set(host.spec.address, host)
    host.setReach(this.reachesApi(host))
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

  /** Another network plug-in: the old daemon is deleted, the new manifest applied. Pods that run keep what they have. */
  switchPlugin(to: NetworkPlugin): FaultResult {
    return switchPlugin(this.cluster, to)
  }

  /** The plug-in that joins new pods; undefined: none yet. */
  get plugin(): NetworkPlugin | undefined {
    return currentPlugin(this.cluster)
  }

  /** A command line on a machine, for callers that can't wait: what takes time (curl) is given up with code 124. */
  command(node: string, line: string, stdin = ''): CommandOutput {
    const place = this.shellOn(node)
    if (!place) return noMachine(node)
    const output = runShellNow(place, line, stdin)
    this.cluster.machine(node)?.takeFiles()
    return output
  }

  /** The same in simulated time. */
  *shell(node: string, line: string, stdin = ''): Task<CommandOutput> {
    const place = this.shellOn(node)
    if (!place) return noMachine(node)
    const output = yield* runShell(place, line, stdin)
    this.cluster.machine(node)?.takeFiles()
    return output
  }

  /** Whether programs on a machine reach the API server: some control-plane machine, or the provider's beside the cluster. */
  reachesApi(host: NodeHost): boolean {
    if (host.spec.controlPlane) return true
    const { links } = this.fabric
    if (this.cluster.isExternal) return !links.between(host.name, '').cut
    for (const other of this.cluster.machines())
      if (other.spec.controlPlane && !links.between(host.name, other.name).cut) return true
    return false
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

  private followLinks(): void {
    for (const host of this.cluster.machines()) host.setReach(this.reachesApi(host))
  }

  private shellOn(node: string): ShellPlace | undefined {
    const { sim } = this.cluster
    const sockets = this.sockets(node)
    if (!sockets) return undefined
    if (node === 'outside')
      return { sim, sockets, hostname: 'client', address: CLIENT, netns: this.outside, files: this.clientFiles }
    const host = this.cluster.machine(node)
    const netns = this.netnsOfNode(node)
    if (!host || !netns) return undefined
    return { sim, sockets, hostname: node, address: host.spec.address, netns, files: host.files }
  }

  private get world(): World {
    if (!this.lazyWorld) {
      this.lazyWorld = makeWorld()
      for (const netns of Object.values(this.lazyWorld) as Netns[]) netns.carrier = this.fabric
      // A managed control plane answers behind the router.
      this.lazyWorld.gateway.listens = (protocol, _address, port) =>
        protocol === 'tcp' && port === API_PORT && this.cluster.isExternal ? 'kube-apiserver' : undefined
      this.traffic.openInternet(this.lazyWorld.internet, this.lazyWorld.gateway)
    }
    return this.lazyWorld
  }

  /** The machine that answers for a load balancer's address. */
  private announcer(address: string): NodeHost | undefined {
    const node = this.loadBalancers.nodeFor(address)
    return node === undefined ? undefined : this.cluster.machine(node)
  }

  private find(segment: string, address: string): Netns | undefined {
    const host = segment === 'lan' ? (this.byAddress.get(address) ?? this.announcer(address)) : undefined
    if (host) return host.powered ? host.netns : undefined
    return onOutside(this.world, segment, address)
  }
}

function noMachine(node: string): CommandOutput {
  return { stdout: '', stderr: `ssh: connect to host ${node} port 22: No route to host\n`, exitCode: 255 }
}

/** How a provider's network is set up: plain routes. */
export const MANAGED_CONF: NetConf = parseNetConf('{"Network": "10.244.0.0/16", "Backend": {"Type": "host-gw"}}')
