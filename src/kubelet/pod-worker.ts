import type { Pod, PodStatus } from '../apimachinery/generated/types.ts'
import type { Timer } from '../sim/simulation.ts'
import { sleep, type Task, type TaskHandle } from '../sim/task.ts'
import { parseTime } from '../sim/time.ts'
import type { WaitingReason } from './container-status.ts'
import type { Rejection } from './admission.ts'
import { StartFailure } from './image-manager.ts'
import type { NodeServices } from './node-services.ts'
import { isTerminalPhase } from './pod-facts.ts'
import { killPod } from './pod-kill.ts'
import { PodProbes } from './pod-probes.ts'
import { generatePodStatus } from './pod-status.ts'
import type { AppliedResources } from './resize.ts'
import { syncContainers } from './pod-sync.ts'
import { PodVolumes } from './pod-volumes.ts'
import { finalStatus } from './final-status.ts'

const RETRY_MS = 10_000
const JITTER = 0.5
const CLEANUP_MS = 100
/** Containers older than the process by this much were started by its predecessor. k8s 1.36: kubeletRestartGracePeriod. */
const RESTART_GRACE_MS = 10_000
/** A relist that was asked for. */
const NOTICE_MS = 50

/**
 * One pod's life on the node. A worker does one thing at a time; whatever happens meanwhile makes it look again after.
 * k8s 1.36: kubelet pod_workers.go, SyncPod, SyncTerminatingPod, SyncTerminatedPod.
 */
export class PodWorker {
  pod: Pod
  /** 'ended': the containers have stopped; 'finished': cleaned up as well. */
  state: 'running' | 'terminating' | 'ended' | 'finished' = 'running'
  readonly probes: PodProbes
  readonly volumes: PodVolumes
  readonly reasons = new Map<string, WaitingReason>()
  /** What running containers were given. */
  readonly applied: AppliedResources = new Map()
  private readonly node: NodeServices
  private failure: Rejection | undefined
  private disrupts = false
  private graceSeconds: number | undefined
  private task: TaskHandle | null = null
  private isWorking = false
  private isPending = false
  private requeue: Timer | null = null
  private relist: Timer | null = null
  private deadline: Timer | null = null
  private isStopped = false
  /** The view of the containers is older than what was done to them until then. k8s 1.36: podCache.GetNewerThan. */
  private freshMs = 0
  /** The API object is gone. */
  isRemoved = false

  constructor(node: NodeServices, pod: Pod) {
    this.node = node
    this.pod = pod
    this.volumes = new PodVolumes(node)
    this.probes = new PodProbes({
      sim: node.sim,
      runtime: node.runtime,
      recorder: node.recorder,
      pod: () => this.pod,
      podIP: () => this.podIP,
      cri: (name) => this.cri?.containers.find((c) => c.name === name),
      ranBeforeMs: node.startedMs - RESTART_GRACE_MS,
      onVerdict: (kind, _container, healthy) => {
        this.publish(false)
        if (kind !== 'readiness' && (!healthy || kind === 'startup')) this.poke()
      },
    })
  }

  get uid(): string {
    return this.pod.metadata.uid ?? ''
  }

  get cri() {
    return this.node.runtime.pod(this.uid)
  }

  get podIP(): string {
    return this.pod.spec?.hostNetwork ? this.node.hostIP : (this.cri?.sandboxes[0]?.ip ?? '')
  }

  get mayBeRunning(): boolean {
    return this.state === 'running' || this.state === 'terminating'
  }

  /** Looks at the pod now, or right after what is under way. */
  poke(): void {
    if (this.isStopped || this.state === 'finished') return
    if (this.isWorking) {
      this.isPending = true
      return
    }
    this.isWorking = true
    this.task = this.node.sim.spawn(this.work())
  }

  /** The runtime reported something: the kubelet notices when it next lists its containers. */
  noticeLater(): void {
    if (this.relist || this.isStopped) return
    this.relist = this.node.sim.scheduleAt(this.node.nextRelistMs(), () => {
      this.relist = null
      this.poke()
    })
  }

  /** Ends the pod for a reason of the kubelet's own; `disrupts` when it is not the pod's own doing. */
  fail(failure: Rejection, graceSeconds?: number, disrupts = false): void {
    this.failure ??= failure
    this.disrupts ||= disrupts
    this.terminate(graceSeconds)
  }

  /** Stops the containers; a second call can only shorten the grace period. */
  terminate(graceSeconds?: number): void {
    const shorter = graceSeconds !== undefined && (this.graceSeconds === undefined || graceSeconds < this.graceSeconds)
    if (shorter) this.graceSeconds = graceSeconds
    if (this.state === 'terminating' && shorter) this.hurry(graceSeconds)
    if (this.state !== 'running') return this.poke()
    if (this.disrupts) this.node.status.disrupt(this.pod, this.failure?.message ?? '')
    this.state = 'terminating'
    this.deadline?.cancel()
    this.requeue?.cancel()
    this.volumes.interrupt()
    this.poke()
  }

  /** The process ends; the containers are left as they are. */
  stop(): void {
    this.isStopped = true
    this.task?.cancel()
    this.requeue?.cancel()
    this.relist?.cancel()
    this.deadline?.cancel()
    this.probes.stop()
    this.volumes.release(this.uid)
  }

  /** Generates the status and hands it over. */
  publish(terminal: boolean): PodStatus {
    const { node, pod } = this
    const generated = generatePodStatus({
      pod,
      cri: this.cri,
      runtimeName: node.runtime.name,
      hostIP: node.hostIP,
      old: node.status.get(this.uid) ?? pod.status ?? {},
      reasons: this.reasons,
      readiness: this.probes,
      terminal,
      failure: this.failure,
    })
    const kept = node.status.set(pod, generated)
    if (this.state === 'running' || this.state === 'terminating')
      this.probes.look([...(kept.initContainerStatuses ?? []), ...(kept.containerStatuses ?? [])])
    return kept
  }

  private *work(): Task {
    try {
      do {
        this.isPending = false
        this.requeue?.cancel()
        this.requeue = null
        if (this.state === 'running') {
          if (this.freshMs > this.node.sim.now) yield* sleep(this.freshMs - this.node.sim.now)
          if (this.state === 'running') yield* this.sync()
        }
        if (this.state === 'terminating') yield* this.syncTerminating()
        if (this.state === 'ended') yield* this.syncTerminated()
      } while (this.isPending && this.state !== 'finished')
    } finally {
      this.isWorking = false
    }
  }

  private *sync(): Task {
    const status = this.publish(false)
    if (isTerminalPhase(status.phase) || isTerminalPhase(this.pod.status?.phase)) {
      this.state = 'terminating'
      return
    }
    this.armDeadline(status)
    const notReady = this.node.network.notReadyReason()
    if (notReady !== undefined && !this.pod.spec?.hostNetwork) {
      this.node.recorder.event(this.pod, 'Warning', 'NetworkNotReady', `network is not ready: ${notReady}`)
      return this.retryIn(RETRY_MS)
    }
    const mounted = yield* this.volumes.mount(
      () => this.pod,
      () => this.podIP,
    )
    if (!mounted || this.state !== 'running') return
    this.probes.add(this.pod)
    const result = yield* syncContainers(this.node, this)
    if (result.acted) this.freshMs = result.failure ? this.node.nextRelistMs() : this.node.sim.now + NOTICE_MS
    if (this.state !== 'running') return
    if (result.failure) this.retryAfter(result.failure)
    else if (result.acted) this.noticeSoon()
  }

  private retryAfter(failure: StartFailure): void {
    const { sim } = this.node
    const known = failure.retryAtMs === undefined ? RETRY_MS : Math.min(60_000, Math.max(0, failure.retryAtMs - sim.now))
    this.retryIn(known)
    // SIMPLIFIED: one more look a second later, so that the waiting reason is seen while the container waits; the real
    // kubelet gets there by container events that are not all simulated.
    if (failure.reason === 'CrashLoopBackOff')
      this.relist ??= sim.schedule(1000, () => {
        this.relist = null
        if (this.state === 'running' && !this.isStopped && !this.isWorking) this.publish(false)
      })
  }

  private retryIn(delayMs: number): void {
    this.requeue = this.node.sim.schedule(delayMs * (1 + this.node.random.next() * JITTER), () => {
      this.requeue = null
      this.poke()
    })
  }

  /** After something was started the kubelet looks at once. k8s 1.36: RequestPodRelist. */
  private noticeSoon(): void {
    this.relist?.cancel()
    this.relist = this.node.sim.schedule(NOTICE_MS, () => {
      this.relist = null
      this.poke()
    })
  }

  private armDeadline(status: PodStatus): void {
    const seconds = this.pod.spec?.activeDeadlineSeconds
    if (seconds === undefined || this.deadline) return
    const endMs = parseTime(status.startTime ?? '') + seconds * 1000
    this.deadline = this.node.sim.scheduleAt(endMs, () => {
      const message = 'Pod was active on the node longer than the specified deadline'
      this.node.recorder.event(this.pod, 'Normal', 'DeadlineExceeded', message)
      this.fail({ reason: 'DeadlineExceeded', message })
    })
  }

  private *syncTerminating(): Task {
    this.publish(false)
    this.probes.stopLivenessAndStartup()
    yield* killPod(this.node, this.pod, this.cri, this.graceSeconds)
    this.probes.stop()
    // What was being started when the end was decided.
    while (this.cri?.containers.some((c) => c.state === 'running'))
      yield* killPod(this.node, this.pod, this.cri, this.graceSeconds)
    this.node.network.removePod(this.uid)
    this.state = 'ended'
    this.publish(true)
  }

  private *syncTerminated(): Task {
    yield* sleep(CLEANUP_MS)
    const status = this.publish(true)
    this.volumes.release(this.uid)
    this.volumes.unmount(this.pod)
    this.state = 'finished'
    this.node.status.set(this.pod, finalStatus(this.pod, status), true)
    // After this task has ended: what follows may stop it.
    this.node.sim.schedule(0, () => this.node.onFinished(this.pod))
  }

  private hurry(graceSeconds: number): void {
    for (const c of this.cri?.containers ?? [])
      if (c.state === 'running') this.node.sim.spawn(this.node.runtime.stopContainer(c.id, Math.max(graceSeconds, 2)))
  }
}
