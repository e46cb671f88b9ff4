/** What the kubelet asks of the pod network (CNI): an address for each sandbox. Plugged in by cluster/. */
import type { Task } from '../sim/task.ts'

export interface PodSandbox {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly hostPorts?: readonly {
    readonly hostPort: number
    readonly hostIP: string
    readonly containerPort: number
    readonly protocol: 'tcp' | 'udp' | 'sctp'
  }[]
}

export interface PodNetwork {
  /**
   * Undefined when the network is ready; else why the node cannot be Ready, e.g. 'container runtime network not ready:
   * NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'.
   */
  notReadyReason(): string | undefined
  /** Calls back when notReadyReason may have changed. */
  onChange(listener: () => void): void
  /** CNI ADD, with the ports that the machine is to pass on. Throws an Error named 'CriError' whose message is the plugin's. */
  addPod(pod: PodSandbox): Task<string>
  /** CNI DEL. */
  removePod(uid: string): void
}
