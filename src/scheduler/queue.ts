import type { Simulation, Timer } from '../sim/simulation.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import { BackoffQueue } from './backoff-queue.ts'
import type { Profile } from './config.ts'
import { eventMatches, podChanges, type Change, type ClusterEvent } from './events.ts'
import { KeyedHeap } from './heap.ts'
import type { Nominator } from './nominator.ts'
import { podInfoOf, type PodInfo } from './pod-info.ts'
import type { QueuedPod } from './queued-pod.ts'

const UNSCHEDULABLE_LIMIT_MS = 5 * 60_000
const FLUSH_PERIOD_MS = 30_000

interface QueueOptions {
  readonly initialBackoffMs: number
  readonly maxBackoffMs: number
  /** Called when there may be something to pop. */
  readonly onReady: () => void
}

/**
 * Pods that wait for a node: active (to be tried), backing off, and unschedulable (until an event makes another try
 * worth while, or five minutes have passed). k8s 1.36: scheduler backend/queue.
 * A scheduling cycle takes no simulated time, so no event can arrive while a pod is in one.
 */
export class SchedulingQueue {
  private readonly sim: Simulation
  private readonly profiles: ReadonlyMap<string, Profile>
  private readonly nominator: Nominator
  private readonly options: QueueOptions
  private readonly active: KeyedHeap<QueuedPod>
  private readonly backoff: BackoffQueue
  private readonly unschedulable = new Map<string, QueuedPod>()
  private readonly startMs: number
  private backoffTimer: { readonly timer: Timer; readonly atMs: number } | null = null
  private flushTimer: Timer | null = null

  constructor(sim: Simulation, profiles: ReadonlyMap<string, Profile>, nominator: Nominator, options: QueueOptions) {
    this.sim = sim
    this.profiles = profiles
    this.nominator = nominator
    this.options = options
    this.startMs = sim.now
    const sort = [...profiles.values()][0]?.queueSort
    const order = (pod: QueuedPod) => ({ priority: pod.info.priority, timestampMs: pod.timestampMs })
    const less = (a: QueuedPod, b: QueuedPod) => sort?.less?.(order(a), order(b)) ?? false
    this.active = new KeyedHeap(less)
    this.backoff = new BackoffQueue(options.initialBackoffMs, options.maxBackoffMs, less)
  }

  /** Pods by where they wait. */
  pending(): {
    readonly active: readonly QueuedPod[]
    readonly backoff: readonly QueuedPod[]
    readonly unschedulable: readonly QueuedPod[]
  } {
    return { active: this.active.list(), backoff: this.backoff.list(), unschedulable: [...this.unschedulable.values()] }
  }

  add(pod: Pod): void {
    this.admit(podInfoOf(pod))
  }

  private admit(info: PodInfo): void {
    const fresh: QueuedPod = {
      info,
      timestampMs: this.sim.now,
      attempts: 0,
      rejections: 0,
      consecutiveErrors: 0,
      backoffEndMs: undefined,
      rejectedBy: new Set(),
      gatedBy: '',
      cause: this.sim.cause,
    }
    if (this.toActive(fresh)) this.nominator.set(info, info.pod.status?.nominatedNodeName ?? '')
  }

  /** The pod to try next; undefined if none waits. An idle scheduler does not wait for back-offs after rejections. */
  pop(): QueuedPod | undefined {
    const pod = this.active.pop() ?? this.backoff.popEarly()
    if (!pod) return undefined
    pod.attempts++
    pod.backoffEndMs = undefined
    return pod
  }

  get hasNext(): boolean {
    return this.active.size > 0 || this.backoff.hasEarly
  }

  /** Puts back a popped pod for which no node was found; `rejectedBy` says why. */
  putBack(pod: QueuedPod): void {
    if (pod.rejectedBy.size > 0) {
      pod.rejections++
      pod.consecutiveErrors = 0
    } else pod.consecutiveErrors++
    pod.timestampMs = this.sim.now
    pod.backoffEndMs = undefined
    if (pod.rejectedBy.size > 0) this.park(pod)
    else this.requeue(pod)
  }

  /** A waiting pod's object changed. */
  update(old: Pod, pod: Pod): void {
    const info = podInfoOf(pod)
    const waiting = this.active.get(info.uid) ?? this.backoff.get(info.uid)
    if (waiting) {
      waiting.info = info
      if (this.active.get(info.uid)) this.active.set(info.uid, waiting)
      else this.backoff.add(waiting)
      this.nominator.update(podInfoOf(old), info)
      return
    }
    const parked = this.unschedulable.get(info.uid)
    if (!parked) return this.admit(info)
    parked.info = info
    this.nominator.update(podInfoOf(old), info)
    if (podChanges(old, pod).some((event) => this.isWorthRetrying(parked, event, { old, new: pod }))) this.requeue(parked)
  }

  delete(pod: Pod): void {
    const { uid } = podInfoOf(pod)
    this.nominator.remove(uid)
    this.active.delete(uid)
    this.backoff.delete(uid)
    this.unschedulable.delete(uid)
  }

  /** Something in the cluster changed: brings back the pods that it may help. */
  move(event: ClusterEvent, change: Change, concerns?: (pod: PodInfo) => boolean): void {
    if (this.unschedulable.size === 0) return
    const interested = this.pluginsInterestedIn(event)
    if (interested.size === 0) return
    for (const pod of [...this.unschedulable.values()]) {
      if (pod.gatedBy && !interested.has(pod.gatedBy)) continue
      if (!hasAny(pod.rejectedBy, interested) || (concerns && !concerns(pod.info))) continue
      if (this.isWorthRetrying(pod, event, change)) this.requeue(pod)
    }
  }

  private pluginsInterestedIn(event: ClusterEvent): ReadonlySet<string> {
    const plugins = new Set<string>()
    for (const { hints } of this.profiles.values())
      for (const [plugin, list] of hints) if (list.some((hint) => eventMatches(hint, event))) plugins.add(plugin)
    return plugins
  }

  /** Tries these pods again at once, wherever they wait. */
  activate(pods: readonly PodInfo[]): void {
    for (const { uid } of pods) {
      const pod = this.unschedulable.get(uid) ?? this.backoff.delete(uid)
      if (pod) this.toActive(pod)
    }
  }

  private hintsOf(pod: QueuedPod, plugin: string) {
    return this.profiles.get(pod.info.pod.spec?.schedulerName ?? '')?.hints.get(plugin) ?? []
  }

  private isWorthRetrying(pod: QueuedPod, event: ClusterEvent, change: Change): boolean {
    if (pod.rejectedBy.size === 0) return true
    for (const plugin of pod.rejectedBy)
      for (const hint of this.hintsOf(pod, plugin))
        if (eventMatches(hint, event) && (hint.worthRetrying?.(pod.info, change) ?? true)) return true
    return false
  }

  private requeue(pod: QueuedPod): void {
    if (this.backoff.isBackingOff(pod, this.sim.now)) this.toBackoff(pod)
    else this.toActive(pod)
  }

  /** Asks the preEnqueue plugins, the one that keeps the pod out first. */
  private isGated(pod: QueuedPod): boolean {
    const plugins = this.profiles.get(pod.info.pod.spec?.schedulerName ?? '')?.preEnqueue ?? []
    const order = pod.gatedBy
      ? plugins.toSorted((a, b) => Number(b.name === pod.gatedBy) - Number(a.name === pod.gatedBy))
      : plugins
    const gate = order.find((plugin) => plugin.preEnqueue?.(pod.info.pod))
    pod.gatedBy = gate?.name ?? ''
    if (gate) pod.rejectedBy = new Set([...pod.rejectedBy, gate.name])
    return gate !== undefined
  }

  private toActive(pod: QueuedPod, mayBeGated = true): boolean {
    if (mayBeGated && this.isGated(pod)) {
      this.park(pod)
      return false
    }
    this.unschedulable.delete(pod.info.uid)
    this.backoff.delete(pod.info.uid)
    pod.cause = this.sim.cause
    this.active.set(pod.info.uid, pod)
    this.options.onReady()
    return true
  }

  private toBackoff(pod: QueuedPod): void {
    if (this.isGated(pod)) return this.park(pod)
    this.unschedulable.delete(pod.info.uid)
    pod.cause = this.sim.cause
    this.backoff.add(pod)
    this.setBackoffTimer()
    this.options.onReady()
  }

  private park(pod: QueuedPod): void {
    this.unschedulable.set(pod.info.uid, pod)
    if (!pod.gatedBy) this.setFlushTimer()
  }

  private setBackoffTimer(): void {
    const atMs = this.backoff.nextEndMs()
    if (atMs === Infinity || (this.backoffTimer && this.backoffTimer.atMs <= atMs)) return
    this.backoffTimer?.timer.cancel()
    const timer = this.sim.schedule(Math.max(0, atMs - this.sim.now), () => {
      this.backoffTimer = null
      for (const pod of this.backoff.popEnded(this.sim.now)) this.toActive(pod, false)
      this.setBackoffTimer()
    })
    this.backoffTimer = { timer, atMs }
  }

  /** Pods that have been unschedulable for five minutes get another try, at the next half minute. */
  private setFlushTimer(): void {
    if (this.flushTimer) return
    let oldestMs = Infinity
    for (const pod of this.unschedulable.values()) if (!pod.gatedBy) oldestMs = Math.min(oldestMs, pod.timestampMs)
    if (oldestMs === Infinity) return
    const periods = Math.floor((oldestMs + UNSCHEDULABLE_LIMIT_MS - this.startMs) / FLUSH_PERIOD_MS) + 1
    const atMs = this.startMs + periods * FLUSH_PERIOD_MS
    this.flushTimer = this.sim.schedule(Math.max(0, atMs - this.sim.now), () => {
      this.flushTimer = null
      const isDue = (pod: QueuedPod) => !pod.gatedBy && this.sim.now - pod.timestampMs > UNSCHEDULABLE_LIMIT_MS
      for (const pod of [...this.unschedulable.values()].filter(isDue)) this.requeue(pod)
      this.setFlushTimer()
    })
  }

  /** Forgets every pod and timer. */
  stop(): void {
    this.backoffTimer?.timer.cancel()
    this.flushTimer?.cancel()
    this.backoffTimer = this.flushTimer = null
    this.unschedulable.clear()
    while (this.active.pop()) continue
    for (const pod of this.backoff.list()) this.backoff.delete(pod.info.uid)
  }
}

function hasAny(set: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const item of set) if (others.has(item)) return true
  return false
}
