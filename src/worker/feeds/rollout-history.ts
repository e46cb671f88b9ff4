import type { Pod } from '../../apimachinery/generated/types.ts'
import type { Change, Etcd } from '../../etcd/etcd.ts'
import type { RolloutPoint } from '../rollout/protocol.ts'

const MAX_POINTS = 600

interface Counted {
  readonly lane: string
  readonly available: boolean
}

/**
 * How many pods each revision had over time: first from the kept history, then live. `laneOf` tells a pod's revision,
 * or null for pods of others.
 */
export class RolloutHistory {
  private readonly laneOf: (pod: Pod) => string | null
  private readonly keepsEnded: boolean
  private readonly pods = new Map<string, Counted>()
  private readonly end: () => void
  private readonly perLane = new Map<string, number>()
  private available = 0
  private list: RolloutPoint[] = []
  /** Raised with every point. */
  version = 0

  /** `keepsEnded`: pods that succeeded or failed count as long as they are there. */
  constructor(etcd: Etcd, laneOf: (pod: Pod) => string | null, keepsEnded = false) {
    this.laneOf = laneOf
    this.keepsEnded = keepsEnded
    for (const change of etcd.history()) if (change.bucket === 'pods') this.take(change)
    this.end = etcd.watch('pods', (change) => this.take(change))
  }

  /** Oldest first; bounded: old points are thinned. */
  points(): readonly RolloutPoint[] {
    return this.list
  }

  stop(): void {
    this.end()
  }

  private take(change: Change): void {
    const pod = change.value as Pod
    const lane = this.laneOf(pod)
    const uid = pod.metadata.uid ?? ''
    const before = this.pods.get(uid)
    const isCounted = pod.metadata.deletionTimestamp === undefined && (this.keepsEnded || !hasEnded(pod))
    const counts = lane !== null && change.type === 'put' && isCounted
    const now: Counted | undefined = counts ? { lane, available: isReady(pod) } : undefined
    if (before?.lane === now?.lane && before?.available === now?.available) return
    this.count(before, -1)
    this.count(now, 1)
    if (now) this.pods.set(uid, now)
    else this.pods.delete(uid)
    this.addPoint(change.timeMs)
  }

  private count(counted: Counted | undefined, sign: 1 | -1): void {
    if (!counted) return
    const pods = (this.perLane.get(counted.lane) ?? 0) + sign
    if (pods > 0) this.perLane.set(counted.lane, pods)
    else this.perLane.delete(counted.lane)
    if (counted.available) this.available += sign
  }

  private addPoint(timeMs: number): void {
    const { available } = this
    const point = { timeMs, total: this.pods.size, available, perLane: Object.fromEntries(this.perLane) }
    if (this.list.at(-1)?.timeMs === timeMs) this.list[this.list.length - 1] = point
    else this.list.push(point)
    if (this.list.length > MAX_POINTS) this.list = this.list.filter((_, i) => i % 2 === 0 || i > MAX_POINTS * 0.75)
    this.version++
  }
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}
