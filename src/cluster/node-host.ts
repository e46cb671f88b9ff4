import type { Pod } from '../apimachinery/generated/types.ts'
import { Kubelet } from '../kubelet/kubelet.ts'
import type { HollowOptions } from '../kubelet/options.ts'
import { NodeNetwork } from '../network/cni/host-local.ts'
import type { Cluster } from './cluster.ts'
import { nodeUser } from './identities.ts'
import type { MachineSpec } from './machine.ts'

export interface NodeHostOptions {
  readonly hollow?: Omit<HollowOptions, 'podIP'> | undefined
}

/** A machine with power, a kubelet, a container runtime and a network. */
export class NodeHost {
  readonly spec: MachineSpec
  readonly kubelet: Kubelet
  readonly network = new NodeNetwork()
  powered = false

  constructor(cluster: Cluster, spec: MachineSpec, options: NodeHostOptions) {
    this.spec = spec
    const limits = { qps: 50, burst: 100 }
    const client = cluster.client(nodeUser(spec.name), 'kubelet', limits)
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
      network: options.hollow ? undefined : this.network,
      hollow: options.hollow ? { ...options.hollow, podIP: spec.address } : undefined,
    })
  }

  get name(): string {
    return this.spec.name
  }

  powerOn(): void {
    if (this.powered) return
    this.powered = true
    this.kubelet.start()
  }

  powerOff(): void {
    if (!this.powered) return
    this.powered = false
    this.kubelet.powerOff()
    this.network.clear()
  }

  startProgress(_pod: Pod): number {
    return 1
  }
}
