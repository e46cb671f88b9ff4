import type { Pod } from '../../apimachinery/generated/types.ts'
import { fitMessage } from '../diagnosis.ts'
import { Action, hint } from '../events.ts'
import type { Cycle, FailedAttempt, Handle, Plugin, PostFilterResult } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { bestCandidates, dryRun } from '../preemption.ts'
import { unresolvable, unschedulable, type Status } from '../status.ts'

const NAME = 'DefaultPreemption'
const UNHELPFUL = unresolvable('', 'Preemption is not helpful for scheduling')
const WAITING = unresolvable(NAME, 'waiting for the preemption for this pod to be finished')
const NONE: ReadonlyMap<string, Status> = new Map()

export interface DefaultPreemptionArgs {
  /** How many candidates to look for, as a share of the nodes and as a number; the larger counts. 10 and 100 unless given. */
  readonly minCandidateNodesPercentage?: number
  readonly minCandidateNodesAbsolute?: number
}

/** Whether the pod leaves because a scheduler made room with it. */
function isPreempted({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp === undefined) return false
  const condition = status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler'
}

/** Why the pod may not remove others now; null if it may. k8s 1.36: PodEligibleToPreemptOthers. */
function ineligible({ pod, snapshot }: Cycle, { statuses, absent }: FailedAttempt): string | null {
  if (pod.pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = pod.pod.status?.nominatedNodeName
  if (!nominated || (statuses.get(nominated) ?? absent).code === 'UnschedulableAndUnresolvable') return null
  const waits = snapshot.get(nominated)?.pods.some((other) => other.priority < pod.priority && isPreempted(other.pod))
  return waits ? 'not eligible due to a terminating pod on the nominated node.' : null
}

function potentialNodes({ snapshot }: Cycle, { statuses, absent }: FailedAttempt): NodeInfo[] {
  return snapshot.nodes.filter(({ name }) => (statuses.get(name) ?? absent).code === 'Unschedulable')
}

/** Removes less important pods when nothing else helps. */
export function defaultPreemption(args: DefaultPreemptionArgs, { listers, nowMs, isPreempting }: Handle): Plugin {
  const { minCandidateNodesPercentage: percentage = 10, minCandidateNodesAbsolute: absolute = 100 } = args
  const rejected = (message: string) => unschedulable(NAME, `preemption: ${message}`)
  return {
    name: NAME,
    // The plugins whose rejection the deletions resolve decide about a retry; this one only lets their word count.
    events: [hint('Pod', Action.Delete, () => false)],
    preEnqueue: (pod) => (isPreempting(pod.metadata.uid ?? '') ? WAITING : null),
    postFilter(cycle, failed): PostFilterResult {
      const obstacle = ineligible(cycle, failed)
      if (obstacle)
        return { status: rejected(obstacle), report: { eligible: false, candidates: [], nodeStatuses: NONE, best: [] } }
      const nodes = potentialNodes(cycle, failed)
      const wanted = Math.min(nodes.length, Math.max(absolute, Math.trunc((nodes.length * percentage) / 100)))
      const offset = nodes.length > 0 ? cycle.random.int(nodes.length) : 0
      const { candidates, statuses } = dryRun(failed.filters, nodes, listers.disruptionBudgets(), nowMs(), { offset, wanted })
      const best = bestCandidates(candidates, nowMs())
      const report = { eligible: true, candidates, nodeStatuses: statuses, best }
      if (best.length === 0) {
        const message = fitMessage({ nodeCount: cycle.snapshot.nodes.length, statuses, absent: UNHELPFUL })
        return { status: rejected(message), nominatedNodeName: '', report }
      }
      const chosen = cycle.random.pick(best)
      return { status: null, nominatedNodeName: chosen.nodeName, chosen, report }
    },
  }
}
