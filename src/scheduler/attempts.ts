import type { Outlook } from './bench.ts'
import type { PreemptionReport } from './framework.ts'
import type { PodInfo } from './pod-info.ts'
import type { Scheduler } from './scheduler.ts'

/** How an attempt ended. */
export interface Outcome {
  /** '' when no node was found. */
  readonly node: string
  /** Text of FailedScheduling; '' when there is a node. */
  readonly message: string
  readonly preemption: PreemptionReport | null
  /** The node on which others have to go for the pod. */
  readonly nominated: string
}

/** An attempt with all that the scheduler knew. */
export interface Attempt {
  readonly id: number
  readonly timeMs: number
  readonly pod: PodInfo
  readonly outlook: Outlook
  readonly outcome: Outcome
}

/** Attempts kept in all and for one pod, and references to nodes in all of them. */
const MAX_ATTEMPTS = 500
const MAX_PER_POD = 6
const MAX_NODES = 300_000

/**
 * A scheduler's latest attempts. A record shares its nodes with the scheduler, so that it costs a list of references;
 * what they come to is worked out when somebody looks.
 * SIMPLIFIED: volumes, services and disruption budgets are then weighed as they are at that time.
 */
export class AttemptLog {
  private readonly byId = new Map<number, Attempt>()
  private readonly byPod = new Map<string, readonly number[]>()
  private nextId = 1
  private nodes = 0

  constructor(scheduler: Scheduler, nowMs: () => number) {
    scheduler.onAttempt = (pod, result) => {
      const outlook = scheduler.outlook()
      if (!outlook) return
      const count = outlook.nodes.length
      const startIndex = count === 0 ? 0 : (((result.nextStartIndex - result.evaluatedNodes) % count) + count) % count
      const outcome: Outcome =
        result.kind === 'placed'
          ? { node: result.nodeName, message: '', preemption: null, nominated: '' }
          : {
              node: '',
              message: result.message,
              preemption: result.preemption,
              nominated: result.postFilter?.nominatedNodeName ?? '',
            }
      this.add({ id: this.nextId++, timeMs: nowMs(), pod, outlook: { ...outlook, startIndex }, outcome })
    }
  }

  /** The pod's recent attempts, newest first. */
  of(podUid: string): Attempt[] {
    return (this.byPod.get(podUid) ?? []).toReversed().flatMap((id) => this.byId.get(id) ?? [])
  }

  /** Undefined when it is forgotten. */
  get(id: number): Attempt | undefined {
    return this.byId.get(id)
  }

  private add(attempt: Attempt): void {
    const { uid } = attempt.pod
    const ids = this.byPod.get(uid) ?? []
    this.byPod.set(uid, [...ids, attempt.id])
    this.byId.set(attempt.id, attempt)
    this.nodes += attempt.outlook.nodes.length
    if (ids.length >= MAX_PER_POD && ids[0] !== undefined) this.forget(ids[0])
    while (this.byId.size > MAX_ATTEMPTS || (this.nodes > MAX_NODES && this.byId.size > 1))
      this.forget(this.byId.keys().next().value ?? 0)
  }

  private forget(id: number): void {
    const attempt = this.byId.get(id)
    if (!attempt) return
    this.byId.delete(id)
    this.nodes -= attempt.outlook.nodes.length
    const { uid } = attempt.pod
    const left = (this.byPod.get(uid) ?? []).filter((other) => other !== id)
    if (left.length > 0) this.byPod.set(uid, left)
    else this.byPod.delete(uid)
  }
}
