/** Sockets of the cluster's processes, of its machines and of the world outside, over its fabric. */
import { askOutside, OUTSIDE_ADDRESSES } from '../../network/dns/outside.ts'
import type { Netns } from '../../network/link/netns.ts'
import type { Packet } from '../../network/packet.ts'
import { ProcessSockets, type SocketOwner } from '../../network/traffic/sockets.ts'
import type { Recorder, TrafficWorld, Walked } from '../../network/traffic/types.ts'
import type { PodBox } from '../../runtime/pod-box.ts'
import type { PortService } from '../../runtime/program.ts'
import type { SocketFactory, Sockets } from '../../runtime/sockets.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { Cluster } from '../cluster.ts'
import type { NodeHost } from '../node-host.ts'
import { apiService, kubeletService } from './machine-services.ts'
import type { ClusterNetwork } from './network.ts'
import { API_PORT, KUBELET_PORT } from './listeners.ts'
import { GATEWAY } from './outside.ts'

/** What a machine's own resolver is, as its /etc/resolv.conf says. */
const HOST_RESOLV = `nameserver ${GATEWAY}\n`
const RESOLVERS = new Set(['8.8.8.8', '8.8.4.4', '1.1.1.1', '1.0.0.1', '114.114.114.114', '223.5.5.5'])
const PUBLIC = new Set([...OUTSIDE_ADDRESSES, ...RESOLVERS])

const resolver: PortService = {
  protocol: 'udp',
  *dns(question) {
    return askOutside(question)
  },
}
const website: PortService = {
  protocol: 'http',
  http: ({ path }) => ({ status: 200, body: `<html><body>${path}</body></html>\n`, delayMs: 20 }),
}

export class ClusterTraffic implements TrafficWorld {
  readonly sim: Simulation
  private readonly cluster: Cluster
  private readonly network: ClusterNetwork
  private readonly boxes = new WeakMap<Netns, PodBox>()
  private readonly api: PortService
  private readonly secureSite: PortService = { ...website, protocol: 'https' }
  private readonly kubelets = new WeakMap<NodeHost, PortService>()

  constructor(cluster: Cluster, network: ClusterNetwork) {
    this.cluster = cluster
    this.network = network
    this.sim = cluster.sim
    this.api = apiService(cluster)
  }

  /** The internet answers for the names that it has, and drops what goes to other addresses. */
  openInternet(internet: Netns, gateway: Netns): void {
    internet.listens = (protocol, address, port) => this.outsideService(protocol, address, port) && 'a server'
    internet.netfilter.register({
      hook: 'INPUT',
      priority: 0,
      name: 'filter',
      run: ({ packet }) => (PUBLIC.has(packet.destination) ? 'accept' : 'drop'),
    })
    const { listens } = gateway
    gateway.listens = (protocol, address, port) => (port === 53 ? 'dnsmasq' : listens(protocol, address, port))
  }

  walk(from: Netns, packet: Packet, record: boolean): Walked {
    const journey = this.network.fabric.walk(from, packet, record)
    return { journey, netns: journey.destination }
  }

  listener(netns: Netns, protocol: 'tcp' | 'udp', address: string, port: number): PortService | undefined {
    if (netns.node === '') return this.outsideService(protocol, address, port)
    const host = this.cluster.machine(netns.node)
    if (!host?.runtime || !host.powered) return undefined
    if (netns.pod !== undefined) return this.boxOf(host, netns)?.serviceOn(protocol, port)
    if (protocol === 'tcp' && port === KUBELET_PORT) return host.kubelet.running ? this.kubelet(host) : undefined
    for (const box of host.runtime.pods()) {
      if (box.sandboxes[0]?.ip !== '') continue
      const service = box.serviceOn(protocol, port)
      if (service) return port === API_PORT && box.name.startsWith('kube-apiserver') ? this.api : service
    }
    return undefined
  }

  isUp(netns: Netns): boolean {
    return netns.node === '' || this.cluster.machine(netns.node)?.powered === true
  }

  isCalm(): boolean {
    return this.network.fabric.links.faults().length === 0
  }

  served(netns: Netns, port: number, cpuMs: number): number {
    const host = this.cluster.machine(netns.node)
    const box = host && netns.pod !== undefined ? this.boxOf(host, netns) : undefined
    const container = box?.containers.find(({ openPorts, state }) => state === 'running' && openPorts.has(port))
    return host && container ? container.burn(cpuMs, host.spec.cpuMilli / 1000) : 0
  }

  /** For the runtime of a machine: the sockets of its pods' processes. */
  factory(host: NodeHost): SocketFactory {
    return ({ podUid, image, readFile }) =>
      this.sockets({ netns: () => this.netnsOn(host, podUid), readFile, libc: libcOf(image) })
  }

  /** Sockets of a pod (by uid), of a machine (by name) or of 'outside', for whoever is not a program. */
  socketsOf(source: string, recorder?: Recorder): Sockets | undefined {
    if (source === 'outside')
      return this.sockets(
        machineOwner(() => this.network.outside),
        recorder,
      )
    if (this.cluster.machine(source))
      return this.sockets(
        machineOwner(() => this.network.netnsOfNode(source)),
        recorder,
      )
    const host = this.network.hostOf(source)
    const box = host?.runtime?.pod(source)
    const container = box?.containers.find(({ state }) => state === 'running')
    if (!host || !box || !container) return undefined
    const { files, image } = container
    return this.sockets(
      { netns: () => this.netnsOn(host, source), readFile: (path) => files.read(path), libc: libcOf(image) },
      recorder,
    )
  }

  private sockets(owner: SocketOwner, recorder?: Recorder): Sockets {
    return new ProcessSockets(this, owner, recorder)
  }

  private netnsOn(host: NodeHost, podUid: string): Netns | undefined {
    if (!host.powered) return undefined
    const machine = host.netns
    machine.settle()
    return host.network.has(podUid) ? host.network.netnsOf(podUid) : machine
  }

  /** The runtime's pod whose namespace it is. */
  private boxOf(host: NodeHost, netns: Netns): PodBox | undefined {
    const known = this.boxes.get(netns)
    if (known && host.runtime?.pod(known.uid) === known) return known
    for (const box of host.runtime?.pods() ?? [])
      if (host.network.has(box.uid) && host.network.netnsOf(box.uid) === netns) {
        this.boxes.set(netns, box)
        return box
      }
    return undefined
  }

  private outsideService(protocol: string, address: string, port: number): PortService | undefined {
    if (port === 53 && (address === GATEWAY || RESOLVERS.has(address))) return resolver
    if (protocol === 'tcp' && port === API_PORT && address === GATEWAY && this.cluster.isExternal) return this.api
    if (protocol !== 'tcp' || !PUBLIC.has(address)) return undefined
    return port === 80 ? website : port === 443 ? this.secureSite : undefined
  }

  private kubelet(host: NodeHost): PortService {
    let service = this.kubelets.get(host)
    if (!service) this.kubelets.set(host, (service = kubeletService(host)))
    return service
  }
}

function machineOwner(netns: () => Netns | undefined): SocketOwner {
  return { netns, readFile: (path) => (path === '/etc/resolv.conf' ? HOST_RESOLV : undefined), libc: 'glibc' }
}

const libcOf = (image: string): SocketOwner['libc'] => (/alpine|musl/.test(image) ? 'musl' : 'glibc')
