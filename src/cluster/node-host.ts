import type { Pod } from '../apimachinery/generated/types.ts'
import type { UserInfo } from '../apiserver/api.ts'
import { Client, type ClientOptions } from '../client/client.ts'
import { Kubelet } from '../kubelet/kubelet.ts'
import type { HollowOptions } from '../kubelet/options.ts'
import { CalicoNode } from '../network/cni/calico/node.ts'
import { Flanneld } from '../network/cni/flannel/flanneld.ts'
import type { NetConf } from '../network/cni/flannel/net-conf.ts'
import { NodeNetwork } from '../network/cni/node-network.ts'
import { machineNetns } from '../network/link/machine.ts'
import type { Netns } from '../network/link/netns.ts'
import { installNetfilter } from '../network/netfilter/install.ts'
import type { FileSystem } from '../runtime/filesystem.ts'
import type { Registry } from '../runtime/registry.ts'
import { Runtime } from '../runtime/runtime.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Cluster } from './cluster.ts'
import { nodeUser, serviceAccountUser } from './identities.ts'
import type { MachineSpec } from './machine.ts'
import { NodeEndpoint } from './network/node-endpoint.ts'
import { machineFiles } from './network/node-shell.ts'
import { hostListeners, listenersOf, podListeners } from './network/listeners.ts'
import { MANAGED_CONF } from './network/network.ts'
import { GATEWAY } from './network/outside.ts'

export interface NodeHostOptions {
  readonly hollow?: Omit<HollowOptions, 'podIP'> | undefined
  /** Where images come from. */
  readonly registry: Registry
  /** Images on the disk from the start. */
  readonly preloaded: readonly string[]
  /** The network works from the start, without a daemon in a pod: how a managed control plane prepares its machines. */
  readonly ownNetwork?: boolean
}

const CNI_FOLDER = '/etc/cni/net.d'
const FLANNEL_FOLDER = '/run/flannel'

const NO_FILES = new Map<string, string>()

/** A machine with power, a kubelet, a container runtime and a network. */
export class NodeHost {
  readonly spec: MachineSpec
  readonly sim: Simulation
  readonly kubelet: Kubelet
  readonly runtime: Runtime | undefined
  readonly network = new NodeNetwork((podUid) => podListeners(this, podUid))
  private lazyFlanneld: Flanneld | null = null
  /** The API server as this machine reaches it. */
  readonly endpoint: NodeEndpoint
  private readonly cluster: Cluster
  private lazyFiles: FileSystem | null = null
  private shownFiles: readonly string[] = []
  private cniFolder = NO_FILES
  private flannelFolder = NO_FILES
  private lazyCalico: CalicoNode | null = null
  powered = false
  private readonly ownNetwork: boolean
  private machineNetns: Netns | null = null

  constructor(cluster: Cluster, spec: MachineSpec, options: NodeHostOptions) {
    this.spec = spec
    this.cluster = cluster
    this.endpoint = new NodeEndpoint(cluster.api)
    this.ownNetwork = options.ownNetwork === true
    this.sim = cluster.sim
    const limits = { qps: 50, burst: 100 }
    const client = this.client(nodeUser(spec.name), 'kubelet', limits)
    const { hollow, registry, preloaded } = options
    const sockets = cluster.network.traffic.factory(this)
    this.runtime = hollow ? undefined : new Runtime({ sim: cluster.sim, registry, nodeName: spec.name, preloaded, sockets })
    this.kubelet = new Kubelet({
      nodeName: spec.name,
      client,
      eventClient: this.client(nodeUser(spec.name), 'kubelet', limits),
      machine: {
        cpuMilli: spec.cpuMilli,
        memoryBytes: spec.memoryBytes,
        ephemeralStorageBytes: spec.diskBytes,
        address: spec.address,
      },
      config: {
        nodeLabels: spec.labels,
        taints: spec.controlPlane ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : [],
      },
      staticPods: spec.staticPods,
      runtime: this.runtime,
      network: hollow ? undefined : this.network,
      volumeStore: (volumeName) => cluster.volumes.files(spec.name, volumeName),
      disk: cluster.volumes.disk(spec.name),
      nfs: (server, path) => cluster.volumes.nfs(server, path),
      onVolumeGrown: (volumeName, listener) => cluster.volumes.onGrown(volumeName, listener),
      hollow: hollow ? { ...hollow, podIP: spec.address } : undefined,
    })
  }

  /** A client for a program on this machine: it fails while the machine is cut off. */
  client(user: UserInfo, userAgent: string, limits: Pick<ClientOptions, 'qps' | 'burst'> = {}): Client {
    return new Client(this.endpoint, this.sim, { user, userAgent, ...limits })
  }

  /** Tells whether the API server can be reached from here now. */
  setReach(isReached: boolean): void {
    if (isReached !== this.endpoint.isCut) return
    if (!isReached) {
      this.endpoint.cut()
      this.kubelet.disconnect()
    } else {
      this.endpoint.mend()
      this.kubelet.reconnect()
    }
  }

  /** calico-node, where that is the network plug-in. */
  get calico(): CalicoNode {
    this.lazyCalico ??= new CalicoNode({
      nodeName: this.name,
      internalIP: this.spec.address,
      client: this.client(serviceAccountUser('kube-system', 'calico-node'), 'calico-node'),
      network: this.network,
      store: this.cluster.network.calico,
      netns: () => (this.powered ? this.netns : undefined),
    })
    return this.lazyCalico
  }

  /** Whether calico's BGP daemon listens here. */
  get hasBird(): boolean {
    return this.lazyCalico?.isListening === true
  }

  /** The files that the machine's network is configured by, as they are now. */
  get files(): FileSystem {
    const { network, name, spec } = this
    this.takeFiles()
    if (!this.lazyFiles) [this.cniFolder, this.flannelFolder] = [new Map(), new Map()]
    this.cniFolder.clear()
    this.flannelFolder.clear()
    for (const [path, text] of network.writtenFiles()) {
      const file = path.slice(path.lastIndexOf('/') + 1)
      if (path.startsWith(CNI_FOLDER)) this.cniFolder.set(file, text)
      else this.flannelFolder.set(file, text)
    }
    this.shownFiles = [...this.cniFolder.keys()]
    this.lazyFiles ??= machineFiles(name, spec.address, [
      { path: CNI_FOLDER, files: this.cniFolder },
      { path: FLANNEL_FOLDER, files: this.flannelFolder },
    ])
    return this.lazyFiles
  }

  /** Takes in what a shell has done: a configuration that was deleted is not used any more. */
  takeFiles(): void {
    if (!this.lazyFiles) return
    for (const file of this.shownFiles) if (!this.cniFolder.has(file)) this.network.uninstall(file)
    this.shownFiles = []
  }

  /** The machine's network namespace. Made when it is first asked for, and anew after each loss of power. */
  get netns(): Netns {
    this.machineNetns ??= this.makeNetns()
    return this.machineNetns
  }

  get name(): string {
    return this.spec.name
  }

  powerOn(): void {
    if (this.powered) return
    this.powered = true
    this.kubelet.start()
    if (this.ownNetwork) this.startNetwork(MANAGED_CONF)
  }

  powerOff(): void {
    if (!this.powered) return
    this.powered = false
    this.kubelet.powerOff()
    this.stopNetwork()
    this.lazyFlanneld?.clear()
    this.lazyCalico?.clear()
    this.network.clear()
    this.machineNetns = null
  }

  /** The network daemon begins its work: it waits for the node's pod CIDR and writes the CNI configuration. */
  startNetwork(conf: NetConf): void {
    this.lazyFlanneld ??= new Flanneld({
      client: this.client(nodeUser(this.name), 'flanneld'),
      ownClient: this.client(serviceAccountUser('kube-flannel', 'flannel'), 'flanneld'),
      nodeName: this.name,
      address: this.spec.address,
      network: this.network,
      leases: this.cluster.network.leases,
      writesLease: !this.ownNetwork,
    })
    this.lazyFlanneld.start(conf)
  }

  /** The daemon ended. What it configured stays, as on a real machine. */
  stopNetwork(): void {
    this.lazyFlanneld?.stop(() => (this.powered ? this.netns : undefined))
  }

  /** How far the pod's images have come, 0..1 by bytes; 1 when nothing is pulled. */
  startProgress(pod: Pod): number {
    const { runtime } = this
    const images = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
      (container) => container.image ?? '',
    )
    if (!runtime || images.length === 0) return 1
    return images.reduce((sum, image) => sum + runtime.pullProgress(image), 0) / images.length
  }

  private makeNetns(): Netns {
    const netns = machineNetns(this.name, { address: `${this.spec.address}/16`, gateway: GATEWAY })
    installNetfilter(netns, { now: () => this.sim.now })
    netns.listens = hostListeners(this)
    netns.listeners = () => listenersOf(this)
    netns.carrier = this.cluster.network.fabric
    netns.onLook(() => this.lazyFlanneld?.settle(netns))
    netns.onLook(() => this.lazyCalico?.settle(netns))
    netns.onLook(() => this.network.settle(netns))
    return netns
  }
}
