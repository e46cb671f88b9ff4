/** The seam between a node and its pod network: what /etc/cni/net.d chooses. */
import type { Netns } from '../link/netns.ts'

export interface HostPort {
  readonly hostPort: number
  readonly hostIP: string
  readonly containerPort: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
}

/** The pod that a sandbox is made for. */
export interface PodSandbox {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly hostPorts?: readonly HostPort[]
}

/** A pod that has been joined to the network. */
export interface Attachment extends PodSandbox {
  /** Without length; the first is status.podIP. */
  readonly addresses: readonly string[]
}

export interface CniPlugin {
  /** Its file in /etc/cni/net.d; the first by name is used. */
  readonly file: string
  /** What the file says. */
  readonly text: string
  /** Files that the daemon has written for it, by path. */
  runFiles?(): ReadonlyMap<string, string>
  /** Gives the addresses of a new pod. Throws CniError. */
  allocate(pod: PodSandbox): readonly string[]
  release(uid: string): void
  /** The machine has started anew. */
  clear(): void
  /** Lays the cables: fills the pod's namespace and joins it to the machine's. Called when somebody first looks. */
  plug(host: Netns, pod: Netns, attachment: Attachment): void
  /** The pod is gone: what plug() did in the machine's namespace is undone. */
  unplug(host: Netns, attachment: Attachment): void
}
