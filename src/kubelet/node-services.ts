import type { ConfigMap, Node, Pod, Secret, Service } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Random } from '../sim/random.ts'
import type { Simulation } from '../sim/simulation.ts'
import type { Backoff } from './backoff.ts'
import type { RuntimeService, VolumeFiles } from './cri.ts'
import type { ImageManager } from './image-manager.ts'
import type { PodNetwork } from './network.ts'
import type { NodeDisk, NodeVolumes } from './node-volumes.ts'
import type { ObjectCache } from './object-cache.ts'
import type { NodeResources } from './pod-fields.ts'
import type { StatusManager } from './status-manager.ts'

/** What all pod workers of a kubelet share. */
export interface NodeServices {
  readonly sim: Simulation
  readonly client: Client
  readonly runtime: RuntimeService
  readonly recorder: EventRecorder
  readonly images: ImageManager
  readonly crashes: Backoff
  readonly status: StatusManager
  readonly network: PodNetwork
  readonly configMaps: ObjectCache<ConfigMap>
  readonly secrets: ObjectCache<Secret>
  readonly random: Random
  readonly hostIP: string
  /** When this process started. */
  readonly startedMs: number
  readonly nodeName: string
  readonly resources: NodeResources
  node(): Node | undefined
  services(): Iterable<Service>
  /** What a persistent volume holds, by the volume's name. */
  volumeStore(volumeName: string): VolumeFiles
  readonly disk: NodeDisk
  /** Volumes in memory; gone with the power. */
  readonly memory: NodeDisk
  readonly volumes: NodeVolumes
  nfs(server: string, path: string): VolumeFiles
  onVolumeGrown(volumeName: string, listener: () => void): () => void
  /** When the kubelet looks at its containers next. */
  nextRelistMs(): number
  /** All of a pod has ended here and its object is gone or may go. */
  onFinished(pod: Pod): void
}
