import type { Pod } from '../apimachinery/generated/types.ts'
import { formatQuantity, quantityOf, value } from '../apimachinery/quantity.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Simulation, Timer } from '../sim/simulation.ts'
import { podResources } from './pod-resources.ts'

/** How often the kubelet looks at its memory. */
const LOOK_MS = 10_000
/** Pressure is reported for this long after it ended. */
const CALM_MS = 300_000

export interface PodUsage {
  readonly pod: Pod
  readonly memoryBytes: number
  readonly containers: readonly { readonly name: string; readonly memoryBytes: number }[]
}

const requestOf = (pod: Pod) => value(podResources(pod, 'requests')['memory'] ?? '0')

/** First to go comes first: over its request, then of low priority, then most over. k8s 1.36: rankMemoryPressure. */
export function rankForMemory(pods: readonly PodUsage[]): PodUsage[] {
  const over = (p: PodUsage) => p.memoryBytes - requestOf(p.pod)
  return pods.toSorted(
    (a, b) =>
      Number(over(b) > 0) - Number(over(a) > 0) || (a.pod.spec?.priority ?? 0) - (b.pod.spec?.priority ?? 0) || over(b) - over(a),
  )
}

const text = (bytes: number) => formatQuantity(quantityOf(bytes, 'BinarySI'))

/** k8s 1.36: evictionMessage. */
export function evictionMessage(usage: PodUsage, thresholdBytes: number, availableBytes: number): string {
  let message = `The node was low on resource: memory. Threshold quantity: ${text(thresholdBytes)}, available: ${text(availableBytes)}. `
  for (const { name, memoryBytes } of usage.containers) {
    const request = usage.pod.spec?.containers.find((c) => c.name === name)?.resources?.requests?.['memory'] ?? '0'
    if (memoryBytes > value(request))
      message += `Container ${name} was using ${text(Math.ceil(memoryBytes / 1024) * 1024)}, request is ${request}, has larger consumption of memory. `
  }
  return message
}

export interface EvictionHost {
  readonly sim: Simulation
  readonly recorder: EventRecorder
  readonly nodeName: string
  readonly thresholdBytes: number
  availableBytes(): number
  usage(): readonly PodUsage[]
  evict(pod: Pod, message: string): void
  onPressure(isUnderPressure: boolean): void
}

/**
 * Hard eviction on memory: while less than the threshold is free, one pod goes at each look.
 * SIMPLIFIED: memory only; no soft thresholds, and no pressure of disk or process numbers.
 * k8s 1.36: kubelet/eviction eviction_manager.go.
 */
export class Eviction {
  private readonly host: EvictionHost
  private look: Timer | null = null
  private calm: Timer | null = null
  isUnderPressure = false

  constructor(host: EvictionHost) {
    this.host = host
  }

  /** Memory in use has changed. */
  notice(): void {
    if (this.look || this.host.availableBytes() >= this.host.thresholdBytes) return
    this.look = this.host.sim.schedule(LOOK_MS - (this.host.sim.now % LOOK_MS), () => {
      this.look = null
      this.synchronize()
    })
  }

  stop(): void {
    this.look?.cancel()
    this.calm?.cancel()
    this.look = null
  }

  private synchronize(): void {
    const { host } = this
    const available = host.availableBytes()
    if (available >= host.thresholdBytes) return
    this.press()
    host.recorder.record(
      { kind: 'Node', name: host.nodeName, uid: host.nodeName },
      'Warning',
      'EvictionThresholdMet',
      'Attempting to reclaim memory',
    )
    const [victim] = rankForMemory(host.usage().filter(({ pod }) => !isCritical(pod)))
    if (victim) host.evict(victim.pod, evictionMessage(victim, host.thresholdBytes, available))
    this.notice()
  }

  private press(): void {
    this.calm?.cancel()
    this.calm = this.host.sim.schedule(CALM_MS, () => {
      this.isUnderPressure = false
      this.host.onPressure(false)
    })
    if (this.isUnderPressure) return
    this.isUnderPressure = true
    this.host.onPressure(true)
  }
}

/** Static pods, and those of the two system priorities, stay. k8s 1.36: IsCriticalPod. */
function isCritical(pod: Pod): boolean {
  const source = pod.metadata.annotations?.['kubernetes.io/config.source']
  return (source !== undefined && source !== 'api') || (pod.spec?.priority ?? 0) >= 2_000_000_000
}
