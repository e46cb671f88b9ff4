import type { Pod, Volume } from '../apimachinery/generated/types.ts'
import { waitFor, type Task } from '../sim/task.ts'
import { ClaimVolume } from './claim-volume.ts'
import type { VolumeFiles } from './cri.ts'
import { StartFailure } from './image-manager.ts'
import type { NodeServices } from './node-services.ts'
import { emptyDirPath } from './node-volumes.ts'
import { PodTokens } from './pod-tokens.ts'
import { followsObjects, MountError, nextMountDelay, volumeFiles, type VolumeSources } from './volumes.ts'

interface Waiting {
  delayMs: number
  retryMs: number
}

const MOUNT_MS = 100
const RESYNC_MS = 60_000
/** After this time without all volumes the kubelet says so and begins anew. k8s 1.36: podAttachAndMountTimeout. */
const TIMEOUT_MS = 123_000

/** The volumes of one pod: set up before its containers, tried again while they can't be, kept up to date after. */
export class PodVolumes {
  readonly mounted = new Map<string, VolumeFiles>()
  private readonly node: NodeServices
  private readonly waiting = new Map<string, Waiting>()
  private readonly claims = new Map<string, ClaimVolume>()
  private readonly tokens: PodTokens
  private readonly unattached = new Set<string>()
  private wake: (() => void) | null = null
  private refreshing = false
  private released = false

  constructor(node: NodeServices) {
    this.node = node
    this.tokens = new PodTokens(node.client)
  }

  /** Waits until every volume is set up. Gives up when cancel() is called. */
  *mount(current: () => Pod, podIP: () => string): Task<boolean> {
    const volumes = current().spec?.volumes ?? []
    if (volumes.every((v) => this.mounted.has(v.name))) return true
    yield* this.pause(MOUNT_MS)
    let patienceEndMs = this.node.sim.now + TIMEOUT_MS
    while (!this.released) {
      let nextMs = Infinity
      for (const volume of current().spec?.volumes ?? []) {
        if (this.mounted.has(volume.name)) continue
        yield* this.tryMount(current(), volume, podIP())
        const waiting = this.waiting.get(volume.name)
        if (waiting) nextMs = Math.min(nextMs, waiting.retryMs)
      }
      if (nextMs === Infinity) return true
      yield* this.pause(Math.max(1, Math.min(nextMs, patienceEndMs) - this.node.sim.now))
      if (this.released || this.node.sim.now < patienceEndMs) continue
      this.complain(current())
      patienceEndMs = this.node.sim.now + TIMEOUT_MS
    }
    return false
  }

  /** k8s 1.36: volumemanager WaitForAttachAndMount. */
  private complain(pod: Pod): void {
    const list = (names: readonly string[]) => `[${names.join(' ')}]`
    const unmounted = [...this.waiting.keys()].sort()
    const unattached = unmounted.filter((name) => this.unattached.has(name))
    const message = `unmounted volumes=${list(unmounted)}, unattached volumes=${list(unattached)}, failed to process volumes=[]: context deadline exceeded`
    this.node.recorder.event(pod, 'Warning', 'FailedMount', `Unable to attach or mount volumes: ${message}`)
  }

  /** The pod has ended: what was its own is removed, what was mounted is let go. */
  unmount(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    for (const { name, emptyDir } of pod.spec?.volumes ?? [])
      if (emptyDir) this.folders(emptyDir.medium === 'Memory').remove(emptyDirPath(uid, name))
    this.node.volumes.letGo(uid)
  }

  private folders(inMemory: boolean) {
    return inMemory ? this.node.memory : this.node.disk
  }

  /** Ends a wait that is under way and lets go of what was watched. */
  release(user: string): void {
    this.released = true
    this.wake?.()
    for (const claim of this.claims.values()) claim.release()
    this.node.configMaps.release(user)
    this.node.secrets.release(user)
  }

  interrupt(): void {
    this.released = true
    this.wake?.()
  }

  private pause(ms: number): Task<void> {
    return waitFor<void>((resume) => {
      const timer = this.node.sim.schedule(ms, () => resume())
      this.wake = () => {
        timer.cancel()
        this.wake = null
        resume()
      }
      return () => timer.cancel()
    })
  }

  private *tryMount(pod: Pod, volume: Volume, podIP: string): Task {
    const state = this.waiting.get(volume.name)
    const { now } = this.node.sim
    if (state && state.retryMs > now) return
    try {
      if (!(yield* this.isClaimReady(pod, volume))) return
      yield* this.tokens.fetch(pod, volume)
      const files = volume.image ? yield* this.imageFiles(pod, volume) : volumeFiles(pod, volume, this.sources(pod, podIP))
      this.waiting.delete(volume.name)
      this.mounted.set(volume.name, files)
    } catch (error) {
      if (!(error instanceof MountError)) throw error
      const message = `MountVolume.${error.step} failed for volume "${this.titleOf(pod, volume)}" : ${error.message}`
      this.node.recorder.event(pod, 'Warning', 'FailedMount', message)
      this.later(volume.name, nextMountDelay(state?.delayMs ?? 0))
    }
  }

  /** SIMPLIFIED: pulled without credentials, and a failure shows as one of mounting. */
  private *imageFiles(pod: Pod, { name, image }: Volume): Task<VolumeFiles> {
    const { reference = '', pullPolicy } = image ?? {}
    try {
      yield* this.node.images.ensure(
        pod,
        { name, image: reference, ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}) },
        false,
      )
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error
      throw new MountError(error.message)
    }
    return this.node.runtime.imageFiles(reference)
  }

  private later(name: string, delayMs: number): void {
    this.waiting.set(name, { delayMs, retryMs: this.node.sim.now + delayMs })
  }

  /** False while the volume's claim, if it has one, is not bound or its disk not attached. Throws MountError. */
  private *isClaimReady(pod: Pod, volume: Volume): Task<boolean> {
    const name = claimOf(pod, volume)
    if (name === undefined) return true
    let claim = this.claims.get(name)
    if (!claim) this.claims.set(name, (claim = new ClaimVolume(this.node, () => pod, name)))
    const state = yield* claim.setUp()
    if (state === 'unattached') {
      this.unattached.add(volume.name)
      this.later(volume.name, nextMountDelay(this.waiting.get(volume.name)?.delayMs ?? 0))
    } else this.unattached.delete(volume.name)
    if (state === 'unbound') this.later(volume.name, 1000)
    return state === 'mounted'
  }

  /** Events name a claim's volume by its PersistentVolume. */
  private titleOf(pod: Pod, volume: Volume): string {
    return this.claims.get(claimOf(pod, volume) ?? '')?.volumeName ?? volume.name
  }

  private sources(pod: Pod, podIP: string): VolumeSources {
    const user = pod.metadata.uid ?? ''
    const namespace = pod.metadata.namespace ?? ''
    const changed = () => this.refreshLater(pod, podIP)
    return {
      podIP,
      hostIP: this.node.hostIP,
      node: this.node.resources,
      configMap: (name) => this.node.configMaps.get(user, namespace, name, changed),
      secret: (name) => this.node.secrets.get(user, namespace, name, changed),
      claim: (name) => this.claims.get(name)?.files ?? new Map(),
      hostPath: (path) => this.node.disk.folder(path),
      hostPathExists: (path) => this.node.disk.has(path),
      emptyDir: (volume, inMemory) => this.folders(inMemory).folder(emptyDirPath(user, volume)),
      nfs: (server, path) => this.node.nfs(server, path),
      token: (audience) => this.tokens.get(audience),
    }
  }

  /**
   * Brings changed objects into the running pod at its next regular sync, 60 to 90 seconds apart.
   * SIMPLIFIED: files mounted by subPath change too.
   */
  private refreshLater(pod: Pod, podIP: string): void {
    if (this.refreshing || this.released) return
    this.refreshing = true
    this.node.sim.schedule(RESYNC_MS * (1 + this.node.random.next() * 0.5), () => {
      this.refreshing = false
      if (this.released) return
      for (const volume of pod.spec?.volumes ?? []) {
        const files = this.mounted.get(volume.name)
        if (files && followsObjects(volume)) this.refresh(pod, volume, files, podIP)
      }
      this.node.runtime.volumesChanged?.(pod.metadata.uid ?? '')
    })
  }

  private refresh(pod: Pod, volume: Volume, files: VolumeFiles, podIP: string): void {
    try {
      const fresh = volumeFiles(pod, volume, this.sources(pod, podIP))
      for (const name of files.keys()) if (!fresh.has(name)) files.delete(name)
      for (const [name, text] of fresh) files.set(name, text)
    } catch (error) {
      if (!(error instanceof MountError)) throw error
      this.node.recorder.event(
        pod,
        'Warning',
        'FailedMount',
        `MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`,
      )
    }
  }
}

function claimOf(pod: Pod, volume: Volume): string | undefined {
  return volume.ephemeral ? `${pod.metadata.name ?? ''}-${volume.name}` : volume.persistentVolumeClaim?.claimName
}
