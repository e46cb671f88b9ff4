import { nodes } from '../apimachinery/generated/resources.ts'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { Informer } from '../client/informer.ts'
import { Kubelet } from '../kubelet/kubelet.ts'
import type { HollowOptions } from '../kubelet/options.ts'
import { NodeNetwork } from '../network/cni/host-local.ts'
import type { Registry } from '../runtime/registry.ts'
import { Runtime } from '../runtime/runtime.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Cluster } from './cluster.ts'
import { nodeUser } from './identities.ts'
import type { MachineSpec } from './machine.ts'

export interface NodeHostOptions {
  readonly hollow?: Omit<HollowOptions, 'podIP'> | undefined
  /** Where images come from. */
  readonly registry: Registry
  /** Images on the disk from the start. */
  readonly preloaded: readonly string[]
  /** The network works from the start, without a daemon in a pod: how a managed control plane prepares its machines. */
  readonly ownNetwork?: boolean
}

/** A machine with power, a kubelet, a container runtime and a network. */
export class NodeHost {
  readonly spec: MachineSpec
  readonly sim: Simulation
  readonly kubelet: Kubelet
  readonly runtime: Runtime | undefined
  readonly network = new NodeNetwork()
  powered = false
  private readonly subnetWatch: Informer<Node>
  private readonly ownNetwork: boolean

  constructor(cluster: Cluster, spec: MachineSpec, options: NodeHostOptions) {
    this.spec = spec
    this.ownNetwork = options.ownNetwork === true
    this.sim = cluster.sim
    const limits = { qps: 50, burst: 100 }
    const client = cluster.client(nodeUser(spec.name), 'kubelet', limits)
    const { hollow, registry, preloaded } = options
    this.runtime = hollow ? undefined : new Runtime({ sim: cluster.sim, registry, nodeName: spec.name, preloaded })
    this.kubelet = new Kubelet({
      nodeName: spec.name,
      client,
      eventClient: cluster.client(nodeUser(spec.name), 'kubelet', limits),
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
      hollow: hollow ? { ...hollow, podIP: spec.address } : undefined,
    })
    this.subnetWatch = new Informer(client, nodes, { fieldSelector: `metadata.name=${spec.name}` })
    this.subnetWatch.addHandler({ onAdd: (node) => this.configure(node), onUpdate: (node) => this.configure(node) })
  }

  get name(): string {
    return this.spec.name
  }

  powerOn(): void {
    if (this.powered) return
    this.powered = true
    this.kubelet.start()
    if (this.ownNetwork) this.startNetwork()
  }

  powerOff(): void {
    if (!this.powered) return
    this.powered = false
    this.subnetWatch.stop()
    this.kubelet.powerOff()
    this.network.clear()
  }

  /** The network daemon begins its work: it waits for the node's pod CIDR and writes the CNI configuration. */
  startNetwork(): void {
    this.subnetWatch.start()
  }

  /** The daemon ended. What it configured stays, as on a real machine. */
  stopNetwork(): void {
    this.subnetWatch.stop()
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

  private configure(node: Node): void {
    if (node.spec?.podCIDR) this.network.configure(node.spec.podCIDR)
  }
}
