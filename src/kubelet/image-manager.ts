import { formatGoDuration } from '../apimachinery/duration.ts'
import type { Container, Pod } from '../apimachinery/generated/types.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Simulation } from '../sim/simulation.ts'
import { waitFor, type Task } from '../sim/task.ts'
import { imagePullBackoff } from './backoff.ts'
import { isCriError, type ImageInfo, type RuntimeService } from './cri.ts'

/** Why a container could not be started: what its waiting state will say. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure'
  /** 'ErrImagePull', 'CreateContainerConfigError', 'CrashLoopBackOff'... */
  readonly reason: string
  /** When it is worth trying again, if that is known. */
  readonly retryAtMs: number | undefined

  constructor(reason: string, message: string, retryAtMs?: number) {
    super(message)
    this.reason = reason
    this.retryAtMs = retryAtMs
  }
}

/** Where an event about one container points. */
export function containerPath(pod: Pod, container: Container): string {
  const spec = pod.spec
  if (spec?.initContainers?.some((c) => c.name === container.name)) return `spec.initContainers{${container.name}}`
  if (spec?.ephemeralContainers?.some((c) => c.name === container.name)) return `spec.ephemeralContainers{${container.name}}`
  return `spec.containers{${container.name}}`
}

/**
 * Sees to it that a container's image is on the machine. Images are pulled one at a time, failed pulls are tried again
 * with growing pauses. k8s 1.36: kubelet/images EnsureImageExists, serializeImagePulls.
 */
export class ImageManager {
  private readonly sim: Simulation
  private readonly runtime: RuntimeService
  private readonly recorder: EventRecorder
  private readonly onPulled: () => void
  private readonly backoff = imagePullBackoff()
  private readonly lastErrors = new Map<string, string>()
  private readonly queue: (() => void)[] = []
  private isPulling = false

  constructor(sim: Simulation, runtime: RuntimeService, recorder: EventRecorder, onPulled: () => void) {
    this.sim = sim
    this.runtime = runtime
    this.recorder = recorder
    this.onPulled = onPulled
  }

  /** Throws StartFailure. */
  *ensure(pod: Pod, container: Container, hasCredentials: boolean): Task<ImageInfo> {
    const image = container.image ?? ''
    const path = containerPath(pod, container)
    const policy = container.imagePullPolicy ?? defaultPolicy(image)
    if (!isValidName(image)) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`
      this.recorder.event(pod, 'Warning', 'InspectFailed', message, path)
      throw new StartFailure('InvalidImageName', message)
    }
    if (policy !== 'Always') {
      const present = this.runtime.imageStatus(image)
      if (present) {
        const message = `Container image "${image}" already present on machine and can be accessed by the pod`
        this.recorder.event(pod, 'Normal', 'Pulled', message, path)
        return present
      }
      if (policy === 'Never') {
        const message = `Container image "${image}" is not present with pull policy of Never`
        this.recorder.event(pod, 'Warning', 'ErrImageNeverPull', message, path)
        throw new StartFailure('ErrImageNeverPull', message)
      }
    }
    return yield* this.pull(pod, path, image, hasCredentials)
  }

  private *pull(pod: Pod, path: string, image: string, hasCredentials: boolean): Task<ImageInfo> {
    const key = `${pod.metadata.uid ?? ''}_${image}`
    if (this.backoff.isWaiting(key, this.sim.now)) {
      const message = `Back-off pulling image "${image}"`
      this.recorder.event(pod, 'Normal', 'BackOff', message, path)
      const cause = this.lastErrors.get(key)
      throw new StartFailure('ImagePullBackOff', cause ? `${message}: ${cause}` : message)
    }
    this.lastErrors.delete(key)
    this.recorder.event(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, path)
    const askedMs = this.sim.now
    yield* this.turn()
    const beganMs = this.sim.now
    try {
      const info = yield* this.runtime.pullImage(image, hasCredentials)
      const took = formatGoDuration(this.sim.now - beganMs)
      const waited = formatGoDuration(this.sim.now - askedMs)
      const message = `Successfully pulled image "${image}" in ${took} (${waited} including waiting). Image size: ${info.sizeBytes} bytes.`
      this.recorder.event(pod, 'Normal', 'Pulled', message, path)
      this.backoff.collect(this.sim.now)
      this.onPulled()
      return info
    } catch (error) {
      if (!isCriError(error)) throw error
      this.recorder.event(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${error.message}`, path)
      this.backoff.next(key, this.sim.now, this.sim.now)
      this.lastErrors.set(key, `ErrImagePull: ${error.message}`)
      throw new StartFailure('ErrImagePull', error.message)
    } finally {
      this.next()
    }
  }

  private *turn(): Task {
    if (this.isPulling) {
      yield* waitFor<void>((resume) => {
        this.queue.push(resume)
        return () => void this.queue.splice(this.queue.indexOf(resume), 1)
      })
    }
    this.isPulling = true
  }

  private next(): void {
    this.isPulling = false
    const resume = this.queue.shift()
    if (!resume) return
    this.isPulling = true
    resume()
  }
}

/** What the API server sets when the pod does not say. */
function defaultPolicy(image: string): string {
  const tag = /:([\w][\w.-]*)$/.exec(image)?.[1]
  return !image.includes('@') && (tag === undefined || tag === 'latest') ? 'Always' : 'IfNotPresent'
}

const NAME =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?$/
const isValidName = (image: string) => NAME.test(image)
