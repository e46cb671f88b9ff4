import type { Pod, Taint } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import type { RuntimeService, VolumeFiles } from './cri.ts'
import type { PodNetwork } from './network.ts'
import type { NodeDisk } from './node-volumes.ts'

/** What the kubelet finds out about the machine it runs on. */
export interface Machine {
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly ephemeralStorageBytes: number
  /** The node's InternalIP. */
  readonly address: string
  readonly architecture?: string
  readonly kernelVersion?: string
  readonly osImage?: string
}

/** The part of KubeletConfiguration and of the command line that is simulated; the defaults are Kubernetes'. */
export interface KubeletConfig {
  readonly maxPods: number
  /** Taken off the capacity to give what pods may use. */
  readonly reserved: { readonly cpuMilli: number; readonly memoryBytes: number }
  /** --node-labels */
  readonly nodeLabels: { readonly [key: string]: string }
  /** --register-with-taints */
  readonly taints: readonly Taint[]
  readonly providerId: string
  /** evictionHard memory.available, bytes. */
  readonly evictionMemoryBytes: number
  /** crashLoopBackOff.maxContainerRestartPeriod */
  readonly maxRestartDelayMs: number
}

export const DEFAULT_CONFIG: KubeletConfig = {
  maxPods: 110,
  reserved: { cpuMilli: 0, memoryBytes: 0 },
  nodeLabels: {},
  taints: [],
  providerId: '',
  evictionMemoryBytes: 100 * 1024 * 1024,
  maxRestartDelayMs: 300_000,
}

/**
 * No containers at all: pods go through the motions of a kubelet with an instant runtime and no probes.
 * 'all' writes every intermediate status, as kubemark's hollow node does; 'few' writes only the last one, for scale.
 */
export interface HollowOptions {
  readonly writes: 'all' | 'few'
  /** From binding to Running, milliseconds. Default 1000. */
  readonly startMs?: number
  /** The one address that all pods of the node report. */
  readonly podIP: string
}

export interface KubeletOptions {
  readonly nodeName: string
  /** User system:node:<name>, group system:nodes; Kubernetes' default limit is 50 requests a second, burst 100. */
  readonly client: Client
  /** Events have a rate limit of their own. Default: `client`. */
  readonly eventClient?: Client
  readonly machine: Machine
  readonly config?: Partial<KubeletConfig>
  /** Absent with `hollow` only. */
  readonly runtime?: RuntimeService
  /** Absent: the network is always ready and pods get addresses made up from the node's number. */
  readonly network?: PodNetwork
  /** Manifests under /etc/kubernetes/manifests. */
  readonly staticPods?: readonly Pod[]
  readonly hollow?: HollowOptions
  /** What persistent volumes hold, by volume name: shared by the nodes of a cluster. Default: the node's own. */
  readonly volumeStore?: (volumeName: string) => VolumeFiles
  /** The machine's disk. Default: one of the kubelet's own. */
  readonly disk?: NodeDisk
  /** What an NFS server exports. Default: nothing is shared. */
  readonly nfs?: (server: string, path: string) => VolumeFiles
  /** Calls back whenever a volume may have grown, until the returned function is called. */
  readonly onVolumeGrown?: (volumeName: string, listener: () => void) => () => void
}
