import type { Job, Pod } from '../../apimachinery/generated/types.ts'
import { remainingForIndexMs, remainingMs } from './backoff.ts'
import type { JobFacts } from './facts.ts'
import { IndexSet } from './indexes.ts'
import { byActivity, completionIndex, hasLimitPerIndex, isIndexed, isSuspended, replacesFailedOnly } from './pods.ts'
import { isPodTerminating } from '../shared/pods.ts'

/** The most pods that one sync creates or deletes. */
const BURST = 500

/** What to do about a Job's number of pods. */
export type JobPlan =
  | { readonly act: 'none' }
  | { readonly act: 'delete'; readonly pods: readonly Pod[] }
  /** Pods to make; with indexes in an indexed Job. */
  | { readonly act: 'create'; readonly count: number; readonly indexes?: readonly number[] }
  /** A back-off is on. */
  | { readonly act: 'wait'; readonly delayMs: number }

/** k8s 1.36: job manageJob. */
export function planJob(facts: JobFacts, nowMs: number): JobPlan {
  const { job, active } = facts
  if (isSuspended(job)) return { act: 'delete', pods: toRemove(job, active, active.length) }
  const wanted = wantedActive(facts)
  const surplus = toRemove(job, active, Math.max(0, active.length - wanted)).slice(0, BURST)
  if (surplus.length > 0) return { act: 'delete', pods: surplus }
  const missing = wanted - active.length - (replacesFailedOnly(job) ? facts.terminating : 0)
  if (missing <= 0) return { act: 'none' }
  const delayMs = hasLimitPerIndex(job) ? 0 : remainingMs(facts.backoff, nowMs)
  if (delayMs > 0) return { act: 'wait', delayMs }
  const count = Math.min(missing, BURST)
  return isIndexed(job) ? planIndexes(facts, count, nowMs) : { act: 'create', count }
}

function wantedActive({ job, active, succeeded }: JobFacts): number {
  const { parallelism = 1, completions } = job.spec ?? {}
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(completions - succeeded, parallelism))
}

function planIndexes(facts: JobFacts, count: number, nowMs: number): JobPlan {
  const pending = firstPendingIndexes(facts, count)
  if (!hasLimitPerIndex(facts.job)) return { act: 'create', count: pending.length, indexes: pending }
  const waits = pending.map((index) => remainingForIndexMs(facts.indexed?.awaitingReplacement.get(index), nowMs))
  const ready = pending.filter((_, i) => waits[i] === 0)
  if (ready.length === 0 && waits.length > 0) return { act: 'wait', delayMs: Math.min(...waits) }
  return { act: 'create', count: ready.length, indexes: ready }
}

/** The next indexes that have neither ended nor a pod. k8s 1.36: job firstPendingIndexes. */
export function firstPendingIndexes({ job, pods, active, indexed }: JobFacts, count: number): number[] {
  const waiting = replacesFailedOnly(job) ? pods.filter(isPodTerminating) : []
  const taken = IndexSet.of([...active, ...waiting].flatMap((pod) => completionIndex(pod) ?? []))
  const settled = (indexed?.succeeded ?? new IndexSet()).union(indexed?.failed ?? new IndexSet())
  return settled.union(taken).firstMissing(count, job.spec?.completions ?? 0)
}

/**
 * Active pods to take away: in an indexed Job those without a valid index and doubles, then as many as are too many.
 * k8s 1.36: job activePodsForRemoval.
 */
function toRemove(job: Job, active: readonly Pod[], atLeast: number): Pod[] {
  const { remove, keep } = isIndexed(job) ? separateDoubles(job, active) : { remove: [], keep: active }
  return remove.length >= atLeast ? remove : [...remove, ...keep.toSorted(byActivity).slice(0, atLeast - remove.length)]
}

function separateDoubles(job: Job, active: readonly Pod[]): { readonly remove: Pod[]; readonly keep: Pod[] } {
  const remove: Pod[] = []
  const byIndex = new Map<number, Pod[]>()
  for (const pod of active) {
    const index = completionIndex(pod)
    if (index === undefined || index >= (job.spec?.completions ?? 0)) remove.push(pod)
    else byIndex.set(index, [...(byIndex.get(index) ?? []), pod])
  }
  const groups = [...byIndex.values()].map((pods) => pods.toSorted(byActivity))
  remove.push(...groups.flatMap((pods) => pods.slice(0, -1)))
  return { remove, keep: groups.flatMap((pods) => pods.slice(-1)) }
}
