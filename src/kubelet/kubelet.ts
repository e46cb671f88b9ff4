import { nodes, pods } from '../apimachinery/generated/resources.ts'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import { Informer } from '../client/informer.ts'
import { EventRecorder } from '../client/recorder.ts'
import { formatTime } from '../sim/time.ts'
import { assert } from '../sim/assert.ts'
import type { UsageStats } from './cri.ts'
import { HollowPods } from './hollow.ts'
import { LocalNetwork } from './local-network.ts'
import { NodeAgent } from './node-agent.ts'
import type { NodeFacts } from './node-status.ts'
import { Folders, NodeVolumes, type CsiDriverInfo } from './node-volumes.ts'
import { PodApi } from './pod-api.ts'
import { PodManager } from './pod-manager.ts'
import { DEFAULT_CONFIG, type KubeletConfig, type KubeletOptions } from './options.ts'

/** Who looks after the pods of the node: real containers, or hollow ones. */
interface PodKeeper {
  add(pod: Pod): void
  update(pod: Pod, old: Pod): void
  remove(pod: Pod): void
  stop(): void
}

/**
 * The node's agent: registers the node, watches the pods bound to it and runs them.
 * start() after stop() is a restarted process that finds its containers running; after powerOff() it is a machine that
 * has booted, whose containers are gone.
 */
export class Kubelet {
  readonly nodeName: string
  private readonly options: KubeletOptions
  private readonly config: KubeletConfig
  private readonly agent: NodeAgent
  private readonly recorder: EventRecorder | null
  private readonly informer: Informer<Pod>
  private keeper: PodKeeper | null = null
  private manager: PodManager | null = null
  /** Logs and exec; undefined on a hollow node. */
  readonly podApi: PodApi | undefined
  private readonly ownVolumes = new Folders()
  private readonly ownDisk = new Folders()
  private readonly memory = new Folders()
  private readonly volumes: NodeVolumes
  private readonly ownNetwork = new LocalNetwork()
  private boots = 0
  /** The Node as others may have changed it: what pods are admitted against. */
  private readonly nodeWatch: Informer<Node> | null
  /** Whether the process runs. */
  running = false

  constructor(options: KubeletOptions) {
    this.options = options
    this.nodeName = options.nodeName
    this.config = { ...DEFAULT_CONFIG, ...options.config }
    const { client, nodeName } = options
    this.recorder = options.hollow ? null : new EventRecorder(options.eventClient ?? client, 'kubelet', nodeName)
    this.podApi = options.runtime && new PodApi(options.runtime, () => client.sim.now)
    this.agent = new NodeAgent(client, this.recorder, nodeName, () => this.facts())
    this.volumes = new NodeVolumes(
      () => this.nodeWatch?.get('', nodeName) ?? this.agent.node,
      () => this.running && this.agent.refresh('next look'),
    )
    options.network?.onChange(() => this.running && this.agent.refresh('now'))
    this.informer = new Informer(client, pods, { fieldSelector: `spec.nodeName=${nodeName}` })
    this.nodeWatch = options.hollow ? null : new Informer(client, nodes, { fieldSelector: `metadata.name=${nodeName}` })
    this.informer.addHandler({
      onAdd: (pod) => this.keeper?.add(pod),
      onUpdate: (pod, old) => this.onUpdate(pod, old),
      onDelete: (pod) => this.keeper?.remove(pod),
    })
  }

  /** Starts the process; safe to call again. */
  start(): void {
    if (this.running) return
    this.running = true
    this.keeper = this.makeKeeper()
    this.manager?.startStatic()
    this.agent.start(() => {
      if (!this.running) return
      this.nodeWatch?.start()
      this.manager?.onRegistered()
      const before = [...this.informer.list()]
      this.informer.start()
      // What the stale copy already held is not reported again.
      for (const pod of before) {
        const now = this.informer.get(pod.metadata.namespace ?? '', pod.metadata.name ?? '')
        if (now && now.metadata.uid === pod.metadata.uid) this.keeper?.add(now)
      }
    })
  }

  /** The process ends; what it started keeps running, and nobody renews the lease. */
  stop(): void {
    if (!this.running) return
    this.running = false
    this.informer.stop()
    this.nodeWatch?.stop()
    this.agent.stop()
    this.keeper?.stop()
    this.keeper = null
    this.manager = null
    this.volumes.forget()
  }

  /** A storage driver's node service has begun to answer. k8s 1.36: the plugin registration socket. */
  registerDriver(driver: CsiDriverInfo): void {
    this.volumes.drivers.set(driver.name, driver)
    if (this.running) this.agent.setDrivers([...this.volumes.drivers.values()])
  }

  unregisterDriver(name: string): void {
    if (!this.volumes.drivers.delete(name) || !this.running) return
    this.agent.setDrivers([...this.volumes.drivers.values()])
  }

  /** The machine loses power. */
  powerOff(): void {
    this.stop()
    this.boots++
    this.memory.clear()
    this.volumes.drivers.clear()
    this.options.runtime?.powerOff()
  }

  /** The way to the API server is cut: nobody renews the lease. What runs goes on. */
  disconnect(): void {
    if (this.running) this.agent.disconnect()
  }

  /** The way is whole again. */
  reconnect(): void {
    if (this.running) this.agent.reconnect()
  }

  /** The machine is told to go down: pods get up to `graceSeconds` to end. The caller cuts the power after that. */
  shutdown(graceSeconds = 30): void {
    this.manager?.shutdown(graceSeconds)
  }

  /** CPU and memory in use by each container of a pod: what a metrics server asks for. */
  podStats(podUid: string): readonly { readonly container: string; readonly usage: UsageStats }[] {
    const { runtime } = this.options
    const running = runtime?.pod(podUid)?.containers.filter((c) => c.state === 'running') ?? []
    return running.map((c) => ({ container: c.name, usage: runtime?.containerStats(c.id) ?? { cpuMilli: 0, memoryBytes: 0 } }))
  }

  private onUpdate(pod: Pod, old: Pod): void {
    if (pod.metadata.uid === old.metadata.uid) return this.keeper?.update(pod, old)
    // Deleted and made anew under the same name while nobody looked.
    this.keeper?.remove(old)
    this.keeper?.add(pod)
  }

  private makeKeeper(): PodKeeper {
    const { hollow, client, machine } = this.options
    if (hollow) return new HollowPods(client, hollow, machine.address)
    const { runtime, network, nodeName } = this.options
    assert(runtime && this.recorder, 'a kubelet needs a runtime unless it is hollow')
    const manager = new PodManager({
      client,
      recorder: this.recorder,
      runtime,
      network: network ?? this.ownNetwork,
      machine,
      config: this.config,
      nodeName,
      staticPods: this.options.staticPods ?? [],
      node: () => this.nodeWatch?.get('', nodeName) ?? this.agent.node,
      onImages: () => this.agent.refresh('next look'),
      onPressure: () => this.agent.refresh('now'),
      volumeStore: this.options.volumeStore ?? ((name) => this.ownVolumes.folder(name)),
      disk: this.options.disk ?? this.ownDisk,
      memory: this.memory,
      volumes: this.volumes,
      nfs: this.options.nfs ?? ((server, path) => this.ownVolumes.folder(`${server}:${path}`)),
      onVolumeGrown: this.options.onVolumeGrown ?? (() => () => undefined),
    })
    this.manager = manager
    return manager
  }

  private facts(): NodeFacts {
    const { nodeName, machine, runtime, hollow, network, client } = this.options
    return {
      nodeName,
      machine,
      config: this.config,
      runtimeVersion: runtime ? `${runtime.name}://${runtime.version}` : 'fakeRuntime://0.1.0',
      bootId: hollow ? '' : `${nodeName}-${this.boots}`,
      machineId: hollow ? '' : nodeName,
      images: (runtime?.images() ?? []).slice(0, 50).map(({ names, sizeBytes }) => ({ names, sizeBytes })),
      notReady: network?.notReadyReason(),
      memoryPressure: this.manager?.eviction.isUnderPressure ?? false,
      hollow: hollow !== undefined,
      volumesInUse: this.volumes.inUse(),
      nowText: formatTime(client.sim.now),
    }
  }
}
