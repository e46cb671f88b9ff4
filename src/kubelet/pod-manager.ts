import { configmaps, secrets, services } from '../apimachinery/generated/resources.ts'
import type { ConfigMap, Node, Pod, Secret, Service } from '../apimachinery/generated/types.ts'
import { qosOf } from '../apiserver/kinds/shared/qos.ts'
import { jsonEqual } from '../apimachinery/equal.ts'
import type { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Random } from '../sim/random.ts'
import type { Simulation } from '../sim/simulation.ts'
import { admit } from './admission.ts'
import { Backoff } from './backoff.ts'
import type { RuntimeService, VolumeFiles } from './cri.ts'
import { Eviction, type PodUsage } from './eviction.ts'
import { ImageManager } from './image-manager.ts'
import type { PodNetwork } from './network.ts'
import type { NodeServices } from './node-services.ts'
import type { NodeDisk, NodeVolumes } from './node-volumes.ts'
import { ObjectCache } from './object-cache.ts'
import type { KubeletConfig, Machine } from './options.ts'
import { gatesChanged, isMirrorPod, isTerminalPhase } from './pod-facts.ts'
import type { NodeResources } from './pod-fields.ts'
import { PodWorker } from './pod-worker.ts'
import { StaticPods } from './static-pods.ts'
import { StatusManager } from './status-manager.ts'

const RELIST_MS = 1000
/** What the operating system and the kubelet itself use. */
const SYSTEM_BYTES = 400 * 1024 * 1024

export interface PodManagerOptions {
  readonly client: Client
  readonly recorder: EventRecorder
  readonly runtime: RuntimeService
  readonly network: PodNetwork
  readonly machine: Machine
  readonly config: KubeletConfig
  readonly nodeName: string
  readonly staticPods: readonly Pod[]
  readonly node: () => Node | undefined
  readonly onImages: () => void
  readonly onPressure: () => void
  readonly volumeStore: (volumeName: string) => VolumeFiles
  readonly disk: NodeDisk
  readonly memory: NodeDisk
  readonly volumes: NodeVolumes
  readonly nfs: (server: string, path: string) => VolumeFiles
  readonly onVolumeGrown: (volumeName: string, listener: () => void) => () => void
}

/** The pods of a node with real containers, and what they share. */
export class PodManager implements NodeServices {
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
  readonly nodeName: string
  readonly resources: NodeResources
  readonly volumeStore: (volumeName: string) => VolumeFiles
  readonly disk: NodeDisk
  readonly memory: NodeDisk
  readonly volumes: NodeVolumes
  readonly nfs: (server: string, path: string) => VolumeFiles
  readonly onVolumeGrown: (volumeName: string, listener: () => void) => () => void
  readonly node: () => Node | undefined
  private readonly workers = new Map<string, PodWorker>()
  private readonly staticPods: StaticPods
  private readonly serviceInformer: Informer<Service>
  readonly eviction: Eviction
  readonly startedMs: number
  private isStopped = false
  private isShuttingDown = false

  constructor(options: PodManagerOptions) {
    const { client, recorder, runtime, machine, nodeName, config } = options
    this.client = client
    this.sim = client.sim
    this.runtime = runtime
    this.recorder = recorder
    this.network = options.network
    this.nodeName = nodeName
    this.hostIP = machine.address
    this.node = options.node
    this.volumeStore = options.volumeStore
    this.disk = options.disk
    this.memory = options.memory
    this.volumes = options.volumes
    this.nfs = options.nfs
    this.onVolumeGrown = options.onVolumeGrown
    this.resources = machine
    this.random = this.sim.random(`kubelet/${nodeName}`)
    this.images = new ImageManager(this.sim, runtime, recorder, options.onImages)
    this.crashes = new Backoff(Math.min(10_000, config.maxRestartDelayMs), config.maxRestartDelayMs)
    this.status = new StatusManager(client, { mayBeRunning: (uid) => this.workers.get(uid)?.mayBeRunning ?? false })
    this.configMaps = new ObjectCache(client, configmaps)
    this.secrets = new ObjectCache(client, secrets)
    this.serviceInformer = new Informer(client, services)
    this.staticPods = new StaticPods(client, nodeName, options.staticPods)
    this.startedMs = this.sim.now
    this.eviction = new Eviction({
      sim: this.sim,
      recorder,
      nodeName,
      thresholdBytes: config.evictionMemoryBytes,
      availableBytes: () => machine.memoryBytes - SYSTEM_BYTES - runtime.memoryBytes,
      usage: () => this.activeWorkers().map((worker) => this.usageOf(worker)),
      evict: (pod, message) => this.evict(pod, message),
      onPressure: options.onPressure,
    })
    runtime.onMemory(() => {
      if (!this.isStopped) this.eviction.notice()
    })
    runtime.onLifecycle((uid) => {
      if (!this.isStopped) this.workers.get(uid)?.noticeLater()
    })
    options.network.onChange(() => {
      if (this.isStopped) return
      for (const worker of this.workers.values()) if (worker.cri === undefined) worker.poke()
    })
  }

  /** Static pods run whether or not there is an API server. */
  startStatic(): void {
    for (const pod of this.staticPods.pods) this.run(pod)
  }

  /** The node is registered: mirror pods can be made. */
  onRegistered(): void {
    this.serviceInformer.start()
    const node = this.node()
    if (node) this.staticPods.createMirrors(node)
  }

  add(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    if (isMirrorPod(pod)) return this.addMirror(pod)
    const worker = this.workers.get(uid)
    if (worker) return this.update(pod, worker.pod)
    if (isTerminalPhase(pod.status?.phase) && pod.metadata.deletionTimestamp === undefined && !this.runtime.pod(uid)) return
    if (!this.admitted(pod)) return
    this.run(pod)
  }

  update(pod: Pod, old: Pod): void {
    if (isMirrorPod(pod)) return this.addMirror(pod)
    this.status.observe(pod)
    const worker = this.workers.get(pod.metadata.uid ?? '')
    if (!worker) {
      if (pod.metadata.deletionTimestamp !== undefined) this.add(pod)
      return
    }
    worker.pod = pod
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
    if (deletionTimestamp !== undefined) {
      if (worker.state === 'finished') {
        if (old.metadata.deletionTimestamp === undefined) this.letGo(worker)
      } else if (deletionGracePeriodSeconds !== old.metadata.deletionGracePeriodSeconds || worker.state === 'running')
        worker.terminate(deletionGracePeriodSeconds)
    } else if (isTerminalPhase(pod.status?.phase) && worker.state === 'running') worker.terminate()
    else if (needsSync(pod, old)) worker.poke()
  }

  remove(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    if (isMirrorPod(pod)) {
      const node = this.node()
      if (node && !this.isStopped) this.staticPods.createMirrors(node, pod.metadata.name)
      return
    }
    this.status.forget(uid)
    const worker = this.workers.get(uid)
    if (!worker) return
    worker.pod = pod
    worker.isRemoved = true
    if (worker.state === 'finished') this.bury(worker)
    else worker.terminate(pod.metadata.deletionGracePeriodSeconds)
  }

  /** Called by a worker whose pod is done. */
  onFinished(pod: Pod): void {
    const worker = this.workers.get(pod.metadata.uid ?? '')
    if (worker?.isRemoved) this.bury(worker)
  }

  stop(): void {
    this.isStopped = true
    this.eviction.stop()
    for (const worker of this.workers.values()) worker.stop()
    this.workers.clear()
    this.status.stop()
    this.configMaps.stop()
    this.secrets.stop()
    this.serviceInformer.stop()
  }

  /** Machines are told before they go down: pods are ended, then the node is off. k8s 1.36: GracefulNodeShutdown. */
  shutdown(graceSeconds: number): void {
    this.isShuttingDown = true
    const failure = { reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' }
    for (const worker of this.workers.values()) worker.fail(failure, graceSeconds, true)
  }

  /** Workers whose pods run, for eviction and for those who look. */
  activeWorkers(): PodWorker[] {
    return [...this.workers.values()].filter((w) => w.state === 'running')
  }

  services(): Iterable<Service> {
    return this.serviceInformer.list()
  }

  nextRelistMs(): number {
    const passed = (this.sim.now - this.startedMs) % RELIST_MS
    return this.sim.now + RELIST_MS - passed
  }

  private usageOf(worker: PodWorker): PodUsage {
    const containers = (worker.cri?.containers ?? [])
      .filter((c) => c.state === 'running')
      .map((c) => ({ name: c.name, memoryBytes: this.runtime.containerStats(c.id).memoryBytes }))
    return { pod: worker.pod, containers, memoryBytes: containers.reduce((sum, c) => sum + c.memoryBytes, 0) }
  }

  private evict(pod: Pod, message: string): void {
    this.recorder.event(pod, 'Warning', 'Evicted', message)
    this.workers.get(pod.metadata.uid ?? '')?.fail({ reason: 'Evicted', message }, 1, true)
  }

  private run(pod: Pod): void {
    const worker = new PodWorker(this, pod)
    this.workers.set(pod.metadata.uid ?? '', worker)
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
    if (deletionTimestamp !== undefined) worker.terminate(deletionGracePeriodSeconds)
    else worker.poke()
  }

  /** Turns away what does not fit; pods that already have containers here are not asked again. */
  private admitted(pod: Pod): boolean {
    const uid = pod.metadata.uid ?? ''
    const node = this.node()
    if (!node || this.runtime.pod(uid) || pod.metadata.deletionTimestamp !== undefined) return true
    const others = [...this.workers.values()].filter((w) => w.mayBeRunning && !w.isRemoved).map((w) => w.pod)
    const rejection = this.isShuttingDown
      ? { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }
      : this.eviction.isUnderPressure && isLowOnMemory(pod)
        ? { reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' }
        : admit(pod, others, node)
    if (!rejection) return true
    this.recorder.event(pod, 'Warning', rejection.reason, rejection.message)
    this.status.set(
      pod,
      { phase: 'Failed', reason: rejection.reason, message: `Pod was rejected: ${rejection.message}`, qosClass: qosOf(pod) },
      true,
    )
    return false
  }

  private addMirror(pod: Pod): void {
    const uid = this.staticPods.uidOf(pod)
    if (uid !== undefined) this.status.setMirror(uid, pod)
  }

  /** The pod had ended before it was deleted: nothing is left to stop. */
  private letGo(worker: PodWorker): void {
    const status = this.status.get(worker.uid) ?? worker.pod.status ?? {}
    this.status.set(worker.pod, status, true)
  }

  private bury(worker: PodWorker): void {
    worker.stop()
    this.workers.delete(worker.uid)
    this.runtime.removePod(worker.uid)
  }
}

/** Under memory pressure only pods with requests come in, or those that tolerate it. k8s 1.36: eviction manager Admit. */
function isLowOnMemory(pod: Pod): boolean {
  const tolerates = pod.spec?.tolerations?.some(
    (t) => t.operator === 'Exists' && (!t.key || t.key === 'node.kubernetes.io/memory-pressure'),
  )
  return qosOf(pod) === 'BestEffort' && !tolerates
}

/** Whether an update brought something that the kubelet acts on; its own status writes come back as well. */
function needsSync(pod: Pod, old: Pod): boolean {
  if (pod.metadata.generation !== old.metadata.generation || !jsonEqual(pod.spec, old.spec)) return true
  if (!jsonEqual(pod.metadata.labels, old.metadata.labels)) return true
  if (!jsonEqual(pod.metadata.annotations, old.metadata.annotations)) return true
  return gatesChanged(pod, old)
}
