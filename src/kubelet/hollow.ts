import { StatusError } from '../apimachinery/errors.ts'
import { jsonEqual } from '../apimachinery/equal.ts'
import { pods } from '../apimachinery/generated/resources.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import { keyOf } from '../apimachinery/resource.ts'
import type { Client } from '../client/client.ts'
import type { Timer } from '../sim/simulation.ts'
import { sleep, type Task } from '../sim/task.ts'
import { formatTime } from '../sim/time.ts'
import { hollowStatus, type HollowStage } from './hollow-status.ts'
import type { HollowOptions } from './options.ts'
import { gatesChanged, isTerminalPhase } from './pod-facts.ts'
import { podResources } from './pod-resources.ts'
import { statusPatch } from './status-patch.ts'

interface HollowPod {
  pod: Pod
  stage: HollowStage
  readonly seenText: string
  startedText: string
  restarts: number
  resizing: boolean
  failure?: { readonly reason: string; readonly message: string }
  /** The write that is waiting or under way belongs to this number; a newer one makes it void. */
  turn: number
  timer: Timer | null
  deadline: Timer | null
}

const END_PAUSE_MS = 100

/**
 * Pods of a node without containers. Each pod costs one small record, and one timer at a time while it starts or ends.
 * k8s 1.36: kubemark's hollow node, a real kubelet over a fake runtime and a fake prober; its events go nowhere.
 */
export class HollowPods {
  private readonly client: Client
  private readonly options: HollowOptions
  private readonly hostIP: string
  private readonly known = new Map<string, HollowPod>()

  constructor(client: Client, options: HollowOptions, hostIP: string) {
    this.client = client
    this.options = options
    this.hostIP = hostIP
  }

  add(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    if (this.known.has(uid)) return this.update(pod, pod)
    const nowText = formatTime(this.client.sim.now)
    const running = pod.status?.phase === 'Running'
    const hollow: HollowPod = {
      pod,
      stage: 'waiting',
      seenText: nowText,
      startedText: nowText,
      restarts: 0,
      resizing: false,
      turn: 0,
      timer: null,
      deadline: null,
    }
    this.known.set(uid, hollow)
    if (isOver(pod) || pod.metadata.deletionTimestamp !== undefined) return this.end(hollow)
    this.armDeadline(hollow)
    // A restarted kubelet finds its containers running.
    if (running) hollow.stage = 'running'
    else this.begin(hollow)
  }

  update(pod: Pod, old: Pod): void {
    const hollow = this.known.get(pod.metadata.uid ?? '')
    if (!hollow) return this.add(pod)
    hollow.pod = pod
    if (hollow.stage === 'ended') {
      if (pod.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined) this.end(hollow)
      return
    }
    if (isOver(pod) || pod.metadata.deletionTimestamp !== undefined) {
      if (old.metadata.deletionTimestamp === undefined || isOver(pod) !== isOver(old)) this.end(hollow)
    } else if (pod.metadata.generation !== old.metadata.generation && hollow.stage === 'running') this.respec(hollow, old)
    else if (gatesChanged(pod, old)) this.client.sim.spawn(this.write(hollow, ++hollow.turn))
  }

  remove(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const hollow = this.known.get(uid)
    if (!hollow) return
    this.drop(hollow)
    this.known.delete(uid)
  }

  stop(): void {
    for (const hollow of this.known.values()) this.drop(hollow)
    this.known.clear()
  }

  private drop(hollow: HollowPod): void {
    hollow.turn++
    hollow.timer?.cancel()
    hollow.deadline?.cancel()
  }

  private begin(hollow: HollowPod): void {
    const total = this.options.startMs ?? 1000
    if (this.options.writes === 'few') return this.after(hollow, total, () => this.enter(hollow, 'running'))
    this.after(hollow, Math.min(100, total), () => {
      this.enter(hollow, 'waiting')
      this.after(hollow, total * 0.3, () => {
        this.enter(hollow, 'sandbox')
        this.after(hollow, total * 0.6, () => this.enter(hollow, 'running'))
      })
    })
  }

  private after(hollow: HollowPod, delayMs: number, action: () => void): void {
    hollow.timer?.cancel()
    hollow.timer = this.client.sim.schedule(delayMs, () => {
      hollow.timer = null
      action()
    })
  }

  private enter(hollow: HollowPod, stage: HollowStage): void {
    hollow.stage = stage
    if (stage === 'running') hollow.startedText = formatTime(this.client.sim.now)
    this.client.sim.spawn(this.write(hollow, ++hollow.turn))
  }

  /** A changed image restarts the container; a changed size is allocated but never carried out. */
  private respec(hollow: HollowPod, old: Pod): void {
    const images = (pod: Pod) => [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map((c) => c.image)
    const restart = !jsonEqual(images(hollow.pod), images(old))
    if (!jsonEqual(podResources(hollow.pod, 'requests'), podResources(old, 'requests'))) hollow.resizing = true
    this.after(hollow, END_PAUSE_MS, () => {
      if (restart) hollow.restarts++
      this.client.sim.spawn(this.write(hollow, ++hollow.turn))
    })
  }

  private armDeadline(hollow: HollowPod): void {
    const seconds = hollow.pod.spec?.activeDeadlineSeconds
    if (seconds === undefined) return
    hollow.deadline = this.client.sim.schedule(seconds * 1000, () => {
      hollow.failure = {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      }
      this.enter(hollow, 'failing')
      this.end(hollow)
    })
  }

  /** Stops the containers, which they do at once, and lets the object go if it is being deleted. */
  private end(hollow: HollowPod): void {
    hollow.deadline?.cancel()
    const turn = ++hollow.turn
    const { sim } = this.client
    const all = this.options.writes === 'all'
    const deleting = hollow.pod.metadata.deletionTimestamp !== undefined
    hollow.timer?.cancel()
    if (all && deleting && hollow.stage === 'running') sim.spawn(this.write(hollow, turn))
    hollow.timer = sim.schedule(END_PAUSE_MS, () => {
      if (hollow.turn !== turn) return
      hollow.stage = 'ended'
      sim.spawn(this.finish(hollow, turn))
    })
  }

  private *finish(hollow: HollowPod, turn: number): Task {
    yield* this.write(hollow, turn)
    if (hollow.turn !== turn) return
    const { deletionTimestamp, namespace = '', name = '', uid } = hollow.pod.metadata
    if (deletionTimestamp === undefined) return
    try {
      yield* this.client.delete(pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
  }

  /** Writes the status of the pod's stage; retried until it is written, gone, or overtaken. */
  private *write(hollow: HollowPod, turn: number): Task {
    const { sim } = this.client
    const { namespace = '', name = '', uid } = hollow.pod.metadata
    for (let delayMs = 1000; hollow.turn === turn; delayMs = Math.min(delayMs * 2, 10_000)) {
      const status = hollowStatus({
        ...hollow,
        nowMs: sim.now,
        hostIP: this.hostIP,
        podIP: this.options.podIP,
      })
      const changes = statusPatch(hollow.pod.status, status)
      if (!changes) return
      try {
        const written = yield* this.client.patch(pods, namespace, name, { metadata: { uid }, status: changes }, 'strategic', {
          subresource: 'status',
        })
        if (written.metadata.uid === uid && keyOf(written) === keyOf(hollow.pod)) hollow.pod = newer(written, hollow.pod)
        return
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        if (error.code === 404 || error.code === 409) return
      }
      yield* sleep(delayMs)
    }
  }
}

const isOver = (pod: Pod) => isTerminalPhase(pod.status?.phase)

const newer = (a: Pod, b: Pod) => (Number(a.metadata.resourceVersion) >= Number(b.metadata.resourceVersion) ? a : b)
