import { isNotFound, StatusError } from '../apimachinery/errors.ts'
import { persistentvolumeclaims } from '../apimachinery/generated/resources.ts'
import type { Pod, Volume } from '../apimachinery/generated/types.ts'
import { waitFor, type Task } from '../sim/task.ts'
import type { VolumeFiles } from './cri.ts'
import type { NodeServices } from './node-services.ts'
import { followsObjects, MountError, nextMountDelay, volumeFiles, type VolumeSources } from './volumes.ts'

interface Waiting {
  delayMs: number
  retryMs: number
}

const MOUNT_MS = 100
const RESYNC_MS = 60_000

/** The volumes of one pod: set up before its containers, tried again while they can't be, kept up to date after. */
export class PodVolumes {
  readonly mounted = new Map<string, VolumeFiles>()
  private readonly node: NodeServices
  private readonly waiting = new Map<string, Waiting>()
  private readonly claims = new Map<string, VolumeFiles>()
  private wake: (() => void) | null = null
  private refreshing = false
  private released = false

  constructor(node: NodeServices) {
    this.node = node
  }

  /** Waits until every volume is set up. Gives up when cancel() is called. */
  *mount(current: () => Pod, podIP: () => string): Task<boolean> {
    const volumes = current().spec?.volumes ?? []
    if (volumes.every((v) => this.mounted.has(v.name))) return true
    yield* this.pause(MOUNT_MS)
    while (!this.released) {
      let nextMs = Infinity
      for (const volume of current().spec?.volumes ?? []) {
        if (this.mounted.has(volume.name)) continue
        yield* this.tryMount(current(), volume, podIP())
        const waiting = this.waiting.get(volume.name)
        if (waiting) nextMs = Math.min(nextMs, waiting.retryMs)
      }
      if (nextMs === Infinity) return true
      yield* this.pause(Math.max(1, nextMs - this.node.sim.now))
    }
    return false
  }

  /** Ends a wait that is under way and lets go of what was watched. */
  release(user: string): void {
    this.released = true
    this.wake?.()
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
    const claim = claimOf(pod, volume)
    if (claim && !(yield* this.readClaim(pod, claim))) {
      this.later(volume.name, 1000)
      return
    }
    try {
      const files = volumeFiles(pod, volume, this.sources(pod, podIP))
      this.waiting.delete(volume.name)
      this.mounted.set(volume.name, files)
    } catch (error) {
      if (!(error instanceof MountError)) throw error
      const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`
      this.node.recorder.event(pod, 'Warning', 'FailedMount', message)
      this.later(volume.name, nextMountDelay(state?.delayMs ?? 0))
    }
  }

  private later(name: string, delayMs: number): void {
    this.waiting.set(name, { delayMs, retryMs: this.node.sim.now + delayMs })
  }

  /** False while the claim is not bound. */
  private *readClaim(pod: Pod, name: string): Task<boolean> {
    try {
      const claim = yield* this.node.client.get(persistentvolumeclaims, pod.metadata.namespace ?? '', name)
      const volume = claim.spec?.volumeName
      if (claim.status?.phase !== 'Bound' || !volume) return false
      this.claims.set(name, this.node.volumeStore(volume))
      return true
    } catch (error) {
      if (isNotFound(error) || error instanceof StatusError) return false
      throw error
    }
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
      claim: (name) => this.claims.get(name) ?? new Map(),
      hostPath: (path) => this.node.hostPath(path),
      hostPathExists: (path) => this.node.hostPathExists(path),
      // SIMPLIFIED: not a signed token; nothing in a container checks it.
      token: () => `${namespace}.${pod.spec?.serviceAccountName ?? 'default'}.${user}`,
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
