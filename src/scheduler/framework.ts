/**
 * The extension points. A plugin is an object with the methods it implements; plugins/registry.ts lists them all.
 * k8s 1.36: kube-scheduler framework. Filter, Reserve and PreBind are methods of what preFilter returns, and Score and
 * Normalize of what preScore returns: that object is the plugin's state for one pod and one cycle.
 */
import type { Random } from '../sim/random.ts'
import type { Task } from '../sim/task.ts'
import type { Pod } from '../apimachinery/generated/types.ts'
import type { Client } from '../client/client.ts'
import type { EventHint } from './events.ts'
import type { Listers } from './listers.ts'
import type { NodeInfo } from './node-info.ts'
import type { Nominator } from './nominator.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'
import type { Status } from './status.ts'

export const MAX_NODE_SCORE = 100

/** What a plugin keeps for its whole life. */
export interface Handle {
  readonly listers: Listers
  readonly nowMs: () => number
  /** Whether victims of this pod are still being deleted. */
  readonly isPreempting: (podUid: string) => boolean
}

/** One attempt to place one pod. */
export interface Cycle {
  readonly pod: PodInfo
  readonly snapshot: Snapshot
  readonly nominator: Nominator
  readonly random: Random
}

/** A plugin's verdicts about nodes for one pod. */
export interface FilterState {
  /** Only these nodes come into question. */
  readonly nodeNames?: ReadonlySet<string>
  /** Null: the node will do. Called with nodes of the snapshot and, in dry runs, with changed ones. */
  filter?(node: NodeInfo): Status | null
  /**
   * Set if the verdict on a node depends on nothing but this text and the NodeInfo: then pods with the same text share
   * verdicts.
   */
  readonly shareKey?: string
  /** A copy on which addPod and removePod leave the original as it is. Needed if the verdicts depend on other nodes. */
  fork?(): FilterState
  /** Supposes a pod on (or gone from) a node. */
  addPod?(pod: PodInfo, node: NodeInfo): void
  removePod?(pod: PodInfo, node: NodeInfo): void
  /** Sets aside what the pod needs on the chosen node. */
  reserve?(nodeName: string): Status | null
  unreserve?(nodeName: string): void
  /** True if preBind will have work to do. */
  needsPreBind?(nodeName: string): boolean
  /** Writes what must be there before the pod is bound, and waits for it. */
  preBind?(client: Client, nodeName: string): Task<Status | null>
}

export interface NodeScorer {
  /** Raw score of the index-th of the nodes given to preScore. */
  score(node: NodeInfo, index: number): number
  /** As in FilterState, for the raw score. */
  readonly shareKey?: string
  /** Brings raw scores to 0..100, in place. Without it they are used as they are. */
  normalize?(scores: number[]): void
}

/** A node that would do if these pods were gone. */
export interface Candidate {
  readonly nodeName: string
  /** Most important first. */
  readonly victims: readonly PodInfo[]
  /** How many victims a disruption budget protects. */
  readonly pdbViolations: number
}

/** All that was thought about making room for a pod. */
export interface PreemptionReport {
  readonly eligible: boolean
  readonly candidates: readonly Candidate[]
  /** Why other nodes that came into question are no candidates. */
  readonly nodeStatuses: ReadonlyMap<string, Status>
  /** The best candidates; several if they tie completely. */
  readonly best: readonly Candidate[]
}

/** What postFilter achieved. */
export interface PostFilterResult {
  /** Null: the pod can be placed once `victims` are gone. */
  readonly status: Status | null
  /** Node to nominate; '' takes a nomination back; undefined leaves it. */
  readonly nominatedNodeName?: string
  readonly chosen?: Candidate
  readonly report?: PreemptionReport
}

export interface Plugin {
  readonly name: string
  /** Events after which a pod that this plugin rejected may be worth another try. */
  readonly events?: readonly EventHint[]
  /** A rejection keeps the pod out of the active queue. */
  preEnqueue?(pod: Pod): Status | null
  /** Null: nothing to check for this pod, filter is skipped. A status rejects the pod for every node. */
  preFilter?(cycle: Cycle): FilterState | Status | null
  /** Null: no say about this pod. `positions` are the nodes' places in the snapshot's list, where they are known. */
  preScore?(cycle: Cycle, nodes: readonly NodeInfo[], positions?: readonly number[]): NodeScorer | null
  /** Asked when no node will do. */
  postFilter?(cycle: Cycle, failed: FailedAttempt): PostFilterResult
  less?(a: QueueOrder, b: QueueOrder): boolean
  permit?(pod: PodInfo, nodeName: string): Status | null
  bind?(client: Client, pod: Pod, nodeName: string): Task
}

/** What a queue sort plugin may look at. */
interface QueueOrder {
  readonly priority: number
  readonly timestampMs: number
}

/** All filters of a profile prepared for one pod. */
export interface PreparedFilters {
  readonly pod: PodInfo
  /** The verdict on a node; null if it will do. */
  check(node: NodeInfo): Status | null
  /** For dry runs: what is supposed on the fork leaves this one as it is. */
  fork(): PreparedFilters
  addPod(pod: PodInfo, node: NodeInfo): void
  removePod(pod: PodInfo, node: NodeInfo): void
}

export interface FailedAttempt {
  readonly filters: PreparedFilters
  /** Whether preFilter of that plugin has run in this cycle. */
  readonly hasRun: (plugin: string) => boolean
  /** Verdicts of the nodes that were looked at. */
  readonly statuses: ReadonlyMap<string, Status>
  /** Verdict on every other node. */
  readonly absent: Status
}

export function isStatus(result: FilterState | Status): result is Status {
  return 'code' in result
}
