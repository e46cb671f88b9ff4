import { nodes, pods } from '../apimachinery/generated/resources.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { Node, Pod } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import { InformerFactory } from '../client/informer.ts'
import { EventRecorder } from '../client/recorder.ts'
import type { Random } from '../sim/random.ts'
import type { Simulation, Timer } from '../sim/simulation.ts'
import type { Task, TaskHandle } from '../sim/task.ts'
import type { Outlook } from './bench.ts'
import { bindPod, reserve, unreserve } from './binding.ts'
import { SchedulerCache } from './cache.ts'
import { makeProfiles, type Profile, type SchedulerConfig } from './config.ts'
import { Action, nodeChanges, podChanges, type EventKind } from './events.ts'
import { Evictor } from './eviction.ts'
import { explainPod, type Explanation } from './explain.ts'
import { informerListers, WATCHED } from './informer-listers.ts'
import type { Listers } from './listers.ts'
import { Nominator } from './nominator.ts'
import { podInfoOf, type PodInfo } from './pod-info.ts'
import { tryPatchStatus } from './pod-status.ts'
import type { QueuedPod } from './queued-pod.ts'
import { SchedulingQueue } from './queue.ts'
import { schedulePod, type Placed, type Unplaced } from './schedule-one.ts'

const NOTE_LIMIT = 1024
/** From the arrival of work at an idle scheduler to its first attempt, snapshot and filters included. */
const WAKE_MS = 4
/** Pod events about the node a pod is on, or holds. */
const POD_GONE = { kind: 'Pod', action: Action.Delete } as const
const POD_CAME = { kind: 'Pod', action: Action.Add } as const

export interface SchedulerOptions {
  readonly config?: SchedulerConfig
  /** Simulated time from one attempt to the next. Milliseconds; 1 unless given. */
  readonly cycleMs?: number
}

/** How an attempt ended, for those who watch. */
export type Attempt = (pod: PodInfo, result: Placed | Unplaced) => void

interface Failure {
  readonly message: string
  readonly reason: 'Unschedulable' | 'SchedulerError'
  readonly rejectedBy: ReadonlySet<string>
  readonly nominatedNodeName?: string
}

const isAssigned = (pod: Pod) => !!pod.spec?.nodeName
const isOver = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** The pod as it would be, had it been bound. */
const onNode = (pod: Pod, nodeName: string): Pod => ({ ...pod, spec: { containers: [], ...pod.spec, nodeName } })

/** kube-scheduler: watches pods without a node and gives each one. k8s 1.36: pkg/scheduler. */
export class Scheduler {
  private readonly sim: Simulation
  private readonly client: Client
  private readonly options: SchedulerOptions
  /** Read at start. */
  config: SchedulerConfig
  private informers: InformerFactory | null = null
  private listers: Listers | null = null
  private runningConfig: SchedulerConfig = {}
  private cache = new SchedulerCache()
  private readonly nominator = new Nominator()
  /** One per profile: events name the scheduler that the pod asked for. */
  private readonly recorders = new Map<string, EventRecorder>()
  private readonly random: Random
  private profiles: ReadonlyMap<string, Profile> = new Map()
  private queue: SchedulingQueue | null = null
  private evictor: Evictor | null = null
  private startIndex = 0
  private nextCycle: Timer | null = null
  private earliestCycleMs = 0
  private readonly tasks = new Set<TaskHandle>()
  /** Told of each attempt before it takes effect, so that explain() shows what the attempt saw. */
  onAttempt: Attempt | null = null

  constructor(client: Client, options: SchedulerOptions = {}) {
    this.sim = client.sim
    this.client = client
    this.options = options
    this.config = options.config ?? {}
    this.random = this.sim.random('kube-scheduler')
  }

  get running(): boolean {
    return this.informers !== null
  }

  start(): void {
    if (this.informers) return
    const { config } = this
    const informers = new InformerFactory(this.client)
    const listers = informerListers(informers)
    this.listers = listers
    this.runningConfig = config
    this.cache = new SchedulerCache()
    const evictor = new Evictor({
      client: this.client,
      record: (by, about, type, reason, message) => this.recorderOf(by).event(about, type, reason, message),
      listers,
      nominator: this.nominator,
      run: (task) => this.run(task),
      retry: (pod) => this.queue?.activate([pod]),
    })
    const handle = { listers, nowMs: () => this.sim.now, isPreempting: (uid: string) => evictor.isPreempting(uid) }
    this.profiles = makeProfiles(config, handle)
    this.queue = new SchedulingQueue(this.sim, this.profiles, this.nominator, {
      initialBackoffMs: (config.podInitialBackoffSeconds ?? 1) * 1000,
      maxBackoffMs: (config.podMaxBackoffSeconds ?? 10) * 1000,
      onReady: () => this.wake(),
    })
    this.evictor = evictor
    this.informers = informers
    this.watch(informers)
    informers.start()
  }

  /** Ends all work, as when the process dies: what it knew is forgotten. */
  stop(): void {
    this.informers?.stop()
    for (const task of this.tasks) task.cancel()
    this.tasks.clear()
    this.nextCycle?.cancel()
    this.queue?.stop()
    for (const uid of this.nominator.uids()) this.nominator.remove(uid)
    this.informers = this.nextCycle = this.queue = this.evictor = null
  }

  /**
   * Every node against every filter and score for a pod, as things stand now; one that has a node is weighed as if it
   * had to be placed again. Null if no profile is responsible.
   */
  explain(pod: Pod): Explanation | null {
    const profile = this.profileOf(pod)
    if (!profile || !this.informers) return null
    const unplaced = pod.spec?.nodeName ? { ...pod, spec: { ...pod.spec, nodeName: undefined } } : pod
    return this.cache.without(pod, () =>
      explainPod(this.cache.snapshot(), podInfoOf(unplaced), profile, this.random, this.nominator),
    )
  }

  /** What it knows now, to be weighed elsewhere (see Bench); null while it does not run. Costs a list of the nodes. */
  outlook(): Outlook | null {
    if (!this.informers || !this.listers) return null
    const { listers, startIndex, runningConfig: config } = this
    const nodes = this.cache.list()
    return { nodes, images: this.cache.imageStates, nominations: this.nominator.list(), listers, startIndex, config }
  }

  /** Differs when the outlook may differ. */
  get outlookVersion(): string {
    return this.informers ? `${this.cache.version} ${this.startIndex} ${this.nominator.uids().join()}` : ''
  }

  /** Pods by where they wait. */
  pending(): ReturnType<SchedulingQueue['pending']> {
    return this.queue?.pending() ?? { active: [], backoff: [], unschedulable: [] }
  }

  /** Runs beside everything else until it ends or the scheduler is stopped. */
  private run(task: Task): void {
    let handle: TaskHandle | null = null
    const started = this.sim.spawn(task, () => handle && this.tasks.delete(handle))
    handle = started
    if (!started.done) this.tasks.add(started)
  }

  private recorderOf({ spec }: Pod): EventRecorder {
    const name = spec?.schedulerName ?? 'default-scheduler'
    let recorder = this.recorders.get(name)
    if (!recorder) this.recorders.set(name, (recorder = new EventRecorder(this.client, name)))
    return recorder
  }

  private profileOf(pod: Pod): Profile | undefined {
    return this.profiles.get(pod.spec?.schedulerName ?? '')
  }

  // Events

  private watch(informers: InformerFactory): void {
    informers.for(nodes).addHandler({
      onAdd: (node) => this.nodeChanged(undefined, node),
      onUpdate: (node, old) => this.nodeChanged(old, node),
      onDelete: (node) => {
        this.queue?.move({ kind: 'Node', action: Action.Delete }, { old: node })
        this.cache.removeNode(node)
      },
    })
    informers.for(pods).addHandler({
      onAdd: (pod) => (isOver(pod) ? undefined : this.podAdded(pod)),
      onUpdate: (pod, old) => {
        if (isOver(old)) return
        if (isOver(pod)) this.podDeleted(pod)
        else this.podUpdated(old, pod)
      },
      onDelete: (pod) => (isOver(pod) ? undefined : this.podDeleted(pod)),
    })
    for (const [kind, ref] of WATCHED) {
      const move = (action: number, change: { old?: KubeObject; new?: KubeObject }) =>
        this.queue?.move({ kind: kind as EventKind, action }, change)
      informers.for(ref).addHandler({
        onAdd: (object) => move(Action.Add, { new: object }),
        onUpdate: (object, old) => move(Action.Update, { old, new: object }),
        onDelete: (object) => move(Action.Delete, { old: object }),
      })
    }
  }

  private nodeChanged(old: Node | undefined, node: Node): void {
    if (!old) {
      this.cache.addNode(node)
      this.queue?.move({ kind: 'Node', action: Action.Add }, { new: node })
      return
    }
    this.cache.updateNode(old, node)
    for (const event of nodeChanges(old, node)) this.queue?.move(event, { old, new: node })
  }

  private podAdded(pod: Pod): void {
    if (isAssigned(pod)) this.assignedPodAdded(pod)
    else if (this.profileOf(pod)) this.queue?.add(pod)
  }

  private assignedPodAdded(pod: Pod): void {
    this.cache.setPod(pod)
    this.queue?.move(POD_CAME, { new: pod })
  }

  private podUpdated(old: Pod, pod: Pod): void {
    if (isAssigned(old)) {
      this.cache.setPod(pod)
      for (const event of podChanges(old, pod)) this.queue?.move(event, { old, new: pod })
    } else if (isAssigned(pod)) {
      this.assignedPodAdded(pod)
      this.queue?.delete(old)
    } else if (this.profileOf(old)) this.waitingPodUpdated(old, pod)
  }

  private waitingPodUpdated(old: Pod, pod: Pod): void {
    if (this.cache.isAssumed(pod)) {
      if (pod.metadata.deletionTimestamp && !old.metadata.deletionTimestamp) this.assumedPodDeleted(pod)
      return
    }
    this.queue?.update(old, pod)
    const before = old.status?.nominatedNodeName
    if (before && before !== pod.status?.nominatedNodeName) this.nominationGone(old)
  }

  /** The room kept for the pod is free: to those that would have had to leave it. */
  private nominationGone(pod: Pod): void {
    const { priority } = podInfoOf(pod)
    this.queue?.move(POD_GONE, { old: pod }, (other) => other.priority <= priority)
  }

  private assumedPodDeleted(pod: Pod): void {
    const nodeName = this.cache.nodeOf(pod) ?? ''
    this.cache.forget(pod)
    this.queue?.move(POD_GONE, { old: onNode(pod, nodeName) })
  }

  private podDeleted(pod: Pod): void {
    if (isAssigned(pod)) {
      this.cache.removePod(pod)
      this.queue?.move(POD_GONE, { old: pod })
      return
    }
    if (!this.profileOf(pod)) return
    this.queue?.delete(pod)
    if (this.cache.isAssumed(pod)) this.assumedPodDeleted(pod)
    else if (pod.status?.nominatedNodeName) this.nominationGone(pod)
  }

  // Attempts

  private wake(): void {
    if (this.nextCycle || !this.queue?.hasNext) return
    const busyMs = this.earliestCycleMs - this.sim.now
    this.nextCycle = this.sim.schedule(busyMs > 0 ? busyMs : WAKE_MS, () => {
      this.nextCycle = null
      const next = this.queue?.pop()
      if (!next) return
      this.earliestCycleMs = this.sim.now + (this.options.cycleMs ?? 1)
      this.sim.withCause(next.cause, () => this.attempt(next))
      this.wake()
    })
  }

  private attempt(queued: QueuedPod): void {
    const { info } = queued
    const { pod } = info
    const profile = this.profileOf(pod)
    if (!profile) return
    if (pod.metadata.deletionTimestamp) {
      this.recorderOf(pod).event(pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${info.namespace}/${info.name}`)
      return
    }
    if (this.cache.isAssumed(pod)) return
    const { nominator, startIndex } = this
    const result = schedulePod(this.cache.snapshot(), info, profile, this.random, { nominator, startIndex })
    this.startIndex = result.nextStartIndex
    this.onAttempt?.(info, result)
    if (result.kind === 'placed') this.place(queued, profile, result)
    else this.unplaced(queued, result)
  }

  private unplaced(queued: QueuedPod, { message, reason, rejectedBy, postFilter }: Unplaced): void {
    const nominatedNodeName = postFilter?.nominatedNodeName
    if (postFilter?.chosen) this.evictor?.start(queued.info, postFilter.chosen)
    this.failed(queued, { message, reason, rejectedBy, nominatedNodeName })
  }

  private place(queued: QueuedPod, profile: Profile, { nodeName, states }: Placed): void {
    const { info } = queued
    this.cache.assume(info.pod, nodeName)
    const nominated = this.nominator.nodeOf(info.uid) ?? ''
    this.nominator.remove(info.uid)
    const trouble = reserve(states, nodeName)
    if (trouble !== null) return this.placementFailed(queued, trouble, new Set())
    for (const plugin of profile.permit) {
      const status = plugin.permit?.(info, nodeName)
      if (!status) continue
      unreserve(states, nodeName)
      this.nominator.set(info, nominated)
      return this.placementFailed(queued, status.reasons.join(', '), new Set([plugin.name]))
    }
    this.run(this.bind(queued, profile, nodeName, states))
  }

  private placementFailed(queued: QueuedPod, message: string, rejectedBy: ReadonlySet<string>): void {
    this.cache.forget(queued.info.pod)
    const reason = rejectedBy.size > 0 ? 'Unschedulable' : 'SchedulerError'
    this.failed(queued, { message, reason, rejectedBy, nominatedNodeName: '' })
  }

  private *bind(queued: QueuedPod, profile: Profile, nodeName: string, states: Placed['states']): Task {
    const { info } = queued
    const trouble = yield* bindPod(this.client, profile, info, nodeName, states)
    if (trouble === null) {
      const message = `Successfully assigned ${info.namespace}/${info.name} to ${nodeName}`
      this.recorderOf(info.pod).event(info.pod, 'Normal', 'Scheduled', message)
      return
    }
    unreserve(states, nodeName)
    this.placementFailed(queued, trouble, new Set())
    this.queue?.move(POD_GONE, { old: onNode(info.pod, nodeName) })
  }

  /** Puts the pod back, says so on the pod and in an event. k8s 1.36: handleSchedulingFailure. */
  private failed(queued: QueuedPod, { message, reason, rejectedBy, nominatedNodeName }: Failure): void {
    const { info } = queued
    const stored = this.informers?.for(pods).get(info.namespace, info.name)
    if (!this.queue) return
    const note = message.length > NOTE_LIMIT ? `${message.slice(0, NOTE_LIMIT - 4)} ...` : message
    // Told also of a pod that has gone meanwhile.
    this.recorderOf(info.pod).event(info.pod, 'Warning', 'FailedScheduling', note)
    if (!stored || stored.spec?.nodeName || stored.metadata.uid !== info.pod.metadata.uid) return
    queued.info = podInfoOf(stored)
    queued.rejectedBy = rejectedBy
    this.queue.putBack(queued)
    this.nominator.set(queued.info, nominatedNodeName ?? stored.status?.nominatedNodeName ?? '')
    const condition = { type: 'PodScheduled', status: 'False', reason, message }
    this.run(tryPatchStatus(this.client, stored, { condition, nominatedNodeName }))
  }
}
