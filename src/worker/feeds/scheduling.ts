import { pods } from '../../apimachinery/generated/resources.ts'
import type { Pod } from '../../apimachinery/generated/types.ts'
import { Bench } from '../../scheduler/bench.ts'
import type { QueuedPod } from '../../scheduler/queued-pod.ts'
import type { Pacer } from '../pacer.ts'
import type { FeedData } from '../protocol.ts'
import { podFacts } from '../scheduling/pod-facts.ts'
import type { PodWeighing, QueueView, SchedulingView } from '../scheduling/protocol.ts'
import { weighPod } from '../scheduling/weighing.ts'
import type { Feed, FeedContext } from './feed.ts'

/** Wall-clock pause between two looks, and how many times the cost of a look it is at least. */
const PAUSE_MS = 250
const PAUSE_PER_COST = 8
/** Watchers have heard of a write after this long. */
const HEARD_MS = 20
/** k8s 1.36: pods leave the unschedulable ones after five minutes. */
const UNSCHEDULABLE_LIMIT_MS = 5 * 60_000
/** What plugins look up besides pods and nodes. */
const LOOKED_UP = new Set([
  'persistentvolumes',
  'persistentvolumeclaims',
  'services',
  'namespaces',
  'poddisruptionbudgets.policy',
  'storageclasses.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'resourceclaims.resource.k8s.io',
  'deployments.apps',
  'replicasets.apps',
])

const NOT_WAITING: QueueView = {
  place: 'none',
  position: 0,
  length: 0,
  sinceMs: 0,
  nextMs: 0,
  attempts: 0,
  rejectedBy: [],
  gatedBy: '',
}

/** One pod's way to a node: where it waits, and every node against every filter and score. */
export class SchedulingFeed implements Feed {
  private readonly context: FeedContext
  private readonly pacer: Pacer
  private readonly namespace: string
  private readonly name: string
  private readonly attempt: number | undefined
  private readonly end: () => void
  private lastMs = -Infinity
  private pauseMs = PAUSE_MS
  private seen = ''
  private sent = ''
  private changedMs = 0
  private recorded: PodWeighing | null = null

  constructor(context: FeedContext, pacer: Pacer, namespace: string, name: string, attempt?: number) {
    this.context = context
    this.pacer = pacer
    this.namespace = namespace
    this.name = name
    this.attempt = attempt
    this.end = context.cluster.etcd.watchAll((change) => {
      if (LOOKED_UP.has(change.bucket)) this.changedMs = context.cluster.sim.now + HEARD_MS
    })
  }

  flush(): readonly FeedData[] {
    const { pacer } = this
    const startMs = pacer.wallMs
    if (pacer.running && startMs - this.lastMs < this.pauseMs) return []
    const pod = this.context.informers.for(pods).get(this.namespace, this.name)
    this.lastMs = startMs
    const state = this.stateOf(pod)
    if (state === this.seen) return []
    this.seen = state
    const scheduling = pod ? this.view(pod) : null
    this.pauseMs = Math.max(PAUSE_MS, PAUSE_PER_COST * (pacer.wallMs - startMs))
    const text = JSON.stringify(
      scheduling && { ...scheduling, weighing: scheduling.weighing && { ...scheduling.weighing, timeMs: 0 } },
    )
    if (text === this.sent) return []
    this.sent = text
    return [{ feed: 'scheduling', scheduling }]
  }

  stop(): void {
    this.end()
  }

  /** Differs whenever the view may differ. */
  private stateOf(pod: Pod | undefined): string {
    const { cluster } = this.context
    const { scheduler, attempts } = cluster.scheduler
    const { uid = '', resourceVersion = '' } = pod?.metadata ?? {}
    const heard = Math.min(cluster.sim.now, this.changedMs)
    const latest = attempts.of(uid)[0]?.id ?? 0
    const waiting = pod && !pod.spec?.nodeName ? JSON.stringify(this.queue(pod)) : ''
    return `${uid} ${resourceVersion} ${scheduler.outlookVersion} ${heard} ${latest} ${waiting}`
  }

  private view(pod: Pod): SchedulingView {
    const { attempts } = this.context.cluster.scheduler
    const { namespace = '', name = '', uid = '' } = pod.metadata
    const { weighing, missing, profiles } = this.weigh(pod)
    return {
      namespace,
      name,
      uid,
      schedulerName: pod.spec?.schedulerName ?? '',
      priority: pod.spec?.priority ?? 0,
      node: pod.spec?.nodeName ?? '',
      nominatedNode: pod.status?.nominatedNodeName ?? '',
      facts: podFacts(this.context, pod),
      queue: this.queue(pod),
      attempts: attempts.of(uid).map(({ id, timeMs, outcome: { node, message } }) => ({ id, timeMs, node, message })),
      missing,
      profiles,
      weighing,
    }
  }

  private weigh(pod: Pod): Pick<SchedulingView, 'weighing' | 'missing' | 'profiles'> {
    const { cluster } = this.context
    if (this.attempt !== undefined) {
      this.recorded ??= this.weighAttempt(this.attempt)
      return { weighing: this.recorded, missing: this.recorded ? '' : 'forgotten', profiles: [] }
    }
    const outlook = cluster.scheduler.scheduler.outlook()
    if (!outlook) return { weighing: null, missing: 'stopped', profiles: [] }
    const { now, seed } = cluster.sim
    const bench = new Bench(outlook, { nowMs: now, seed })
    bench.remove({ uid: pod.metadata.uid ?? '', nodeName: pod.spec?.nodeName ?? '' })
    const weighing = weighPod(bench, pod, now)
    return { weighing, missing: weighing ? '' : 'profile', profiles: [...bench.profiles.keys()] }
  }

  private weighAttempt(id: number): PodWeighing | null {
    const { cluster } = this.context
    const attempt = cluster.scheduler.attempts.get(id)
    if (!attempt) return null
    const { outlook, timeMs, pod, outcome } = attempt
    return weighPod(new Bench(outlook, { nowMs: timeMs, seed: cluster.sim.seed }), pod.pod, timeMs, outcome)
  }

  private queue(pod: Pod): QueueView {
    if (pod.spec?.nodeName) return NOT_WAITING
    const { active, backoff, unschedulable } = this.context.cluster.scheduler.scheduler.pending()
    const { uid } = pod.metadata
    const find = (list: readonly QueuedPod[]) => list.find(({ info }) => info.uid === uid)
    const common = ({ timestampMs, attempts, rejectedBy, gatedBy }: QueuedPod) => ({
      sinceMs: timestampMs,
      attempts,
      rejectedBy: [...rejectedBy],
      gatedBy,
    })
    const waiting = find(active)
    if (waiting) {
      const ahead = active.filter(({ info, timestampMs }) => {
        const difference = info.priority - waiting.info.priority
        return difference > 0 || (difference === 0 && timestampMs < waiting.timestampMs)
      })
      return { place: 'active', position: ahead.length + 1, length: active.length, nextMs: 0, ...common(waiting) }
    }
    const backingOff = find(backoff)
    if (backingOff) {
      const nextMs = (backingOff.backoffEndMs ?? 0) + 1000
      return { place: 'backoff', position: 0, length: backoff.length, nextMs, ...common(backingOff) }
    }
    const parked = find(unschedulable)
    if (!parked) return { ...NOT_WAITING, place: 'none' }
    const nextMs = parked.gatedBy ? 0 : parked.timestampMs + UNSCHEDULABLE_LIMIT_MS
    const place = parked.gatedBy ? 'gated' : 'unschedulable'
    return { place, position: 0, length: unschedulable.length, nextMs, ...common(parked) }
  }
}
