/** What the page and the engine say to each other about scheduling. Types only, as in ../protocol.ts. */

/** Why nodes won't do; nodes with the same verdict share one. */
export interface Verdict {
  /** The filter that refused; '' when the pod's own demands left the node out by name. */
  readonly plugin: string
  /** False if no removal of pods can change it. */
  readonly resolvable: boolean
  readonly reasons: readonly string[]
  /** Filters behind the one that refused which would refuse too. */
  readonly also: readonly string[]
  /** The node would do but for pods that wait for it with a nomination. */
  readonly nominated: boolean
}

/** What a filter has to do with the pod: it looks at nodes, it has nothing to check, or it was not asked any more. */
export type FilterState = 'checks' | 'skips' | 'unasked'

export interface ScorerRow {
  readonly plugin: string
  readonly weight: number
  /** By place in PodWeighing.scored. */
  readonly raw: readonly number[]
  readonly normalized: readonly number[]
}

/** A part of the FailedScheduling message and the nodes that it comes from, as indices. */
export interface MessagePart {
  readonly reason: string
  readonly nodes: readonly number[]
}

export interface PreemptionCandidate {
  readonly node: number
  readonly victims: readonly { readonly namespace: string; readonly name: string; readonly priority: number }[]
  /** How many victims a disruption budget protects. */
  readonly pdbViolations: number
  /** Among those that hurt least. */
  readonly best: boolean
}

export interface PreemptionView {
  /** False: the pod may not remove others now. */
  readonly eligible: boolean
  readonly candidates: readonly PreemptionCandidate[]
  /** Why no removal helps on the other nodes that came into question. */
  readonly hopeless: readonly MessagePart[]
  /** The node that was chosen; -1 if none. */
  readonly chosen: number
}

/** Every node against every filter and score. Lists by node are in the order of `nodes`. */
export interface PodWeighing {
  /** Simulated time of what it is based on. */
  readonly timeMs: number
  /** Names, in the order in which they are tried. */
  readonly nodes: readonly string[]
  readonly filters: readonly { readonly plugin: string; readonly state: FilterState }[]
  /** Set when the pod was rejected before any node was looked at. */
  readonly rejection: { readonly plugin: string; readonly reasons: readonly string[] } | null
  readonly verdicts: readonly Verdict[]
  /** By node: index into `verdicts`; -1: the node will do. */
  readonly verdictOf: readonly number[]
  /** Indices of nodes that were not looked at because enough had been found. */
  readonly unsampled: readonly number[]
  /** Indices of the nodes that would do and were looked at. */
  readonly scored: readonly number[]
  /** Empty where nothing is scored: one node, or a nomination. */
  readonly scorers: readonly ScorerRow[]
  readonly totals: readonly number[]
  /** Indices of the nodes between which chance decides. */
  readonly best: readonly number[]
  /** Index of the node that the attempt took; -1 if none, or if chance has still to decide. */
  readonly winner: number
  /** Text of FailedScheduling; '' when there is a node. */
  readonly message: string
  readonly parts: readonly MessagePart[]
  readonly preemption: PreemptionView | null
}

export interface QueueView {
  /** 'none': not waiting in the scheduler's queue. */
  readonly place: 'active' | 'backoff' | 'unschedulable' | 'gated' | 'none'
  /** From 1; 0 where there is no order. */
  readonly position: number
  readonly length: number
  readonly sinceMs: number
  /** When it is tried again at the latest; 0 when only an event brings it back. */
  readonly nextMs: number
  readonly attempts: number
  readonly rejectedBy: readonly string[]
  readonly gatedBy: string
}

export interface AttemptSummary {
  readonly id: number
  readonly timeMs: number
  /** '' when none was found. */
  readonly node: string
  readonly message: string
}

/** What can be changed in a what-if, besides the values below. */
export interface PodFacts {
  readonly containers: readonly { readonly name: string; readonly cpu: string; readonly memory: string }[]
  readonly nodeSelector: { readonly [key: string]: string }
  readonly tolerations: readonly Toleration[]
  /** The workload on top, if one owns the pod. */
  readonly owner: WorkloadRef | null
}
export interface Toleration {
  readonly key?: string
  readonly operator?: string
  readonly value?: string
  readonly effect?: string
  readonly tolerationSeconds?: number
}
export interface WorkloadRef {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly replicas: number
}

/** One pod's way to a node. */
export interface SchedulingView {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly schedulerName: string
  readonly priority: number
  /** '' while it has none. */
  readonly node: string
  readonly nominatedNode: string
  readonly facts: PodFacts
  readonly queue: QueueView
  /** Recent attempts, newest first. */
  readonly attempts: readonly AttemptSummary[]
  /** Why there is no weighing: no scheduler runs, or no profile has the pod's schedulerName. */
  readonly missing: '' | 'stopped' | 'profile' | 'forgotten'
  /** schedulerNames that the running configuration has. */
  readonly profiles: readonly string[]
  readonly weighing: PodWeighing | null
}

export type SchedulingChange =
  | { readonly type: 'request'; readonly container: string; readonly resource: 'cpu' | 'memory'; readonly quantity: string }
  /** null takes the key away. */
  | { readonly type: 'selector'; readonly key: string; readonly value: string | null }
  | { readonly type: 'tolerate'; readonly key: string; readonly value: string; readonly effect: string }
  | { readonly type: 'label'; readonly node: string; readonly key: string; readonly value: string | null }
  | {
      readonly type: 'taint'
      readonly node: string
      readonly key: string
      readonly value: string
      readonly effect: string
      readonly remove: boolean
    }
  | { readonly type: 'cordon'; readonly node: string; readonly unschedulable: boolean }
  | { readonly type: 'replicas'; readonly workload: WorkloadRef; readonly replicas: number }
  | { readonly type: 'weight'; readonly plugin: string; readonly weight: number }

export interface WhatIf {
  readonly namespace: string
  readonly name: string
  readonly changes: readonly SchedulingChange[]
}
export interface WhatIfAnswer {
  /** What is wrong with the changes; '' if nothing. */
  readonly error: string
  readonly before: PodWeighing | null
  readonly after: PodWeighing | null
  /** Where further replicas would go, in order; '' where none would do. */
  readonly replicas: readonly string[]
  /** The scheduler configuration with the changed weights, as YAML; '' if none changed. */
  readonly configYaml: string
}

/** Where one configuration puts the pods. Lists by node are in the order of SchedulerComparison.nodes. */
export interface Placement {
  readonly placed: number
  readonly unplaced: number
  readonly pods: readonly number[]
  readonly cpuMilli: readonly number[]
  readonly memoryBytes: readonly number[]
}
export interface PodMove {
  readonly namespace: string
  readonly name: string
  /** Indices of nodes: now, with the first, with the second configuration; -1: none. */
  readonly now: number
  readonly first: number
  readonly second: number
}
export interface SchedulerComparison {
  /** What is wrong with each text; then there is nothing else. */
  readonly errors: readonly [readonly string[], readonly string[]]
  readonly nodes: readonly string[]
  readonly cpuMilliAllocatable: readonly number[]
  readonly memoryBytesAllocatable: readonly number[]
  readonly pods: number
  readonly now: Placement | null
  readonly first: Placement | null
  readonly second: Placement | null
  /** Pods that would be elsewhere than now with the first, with the second, and that the two would place differently. */
  readonly moves: readonly [number, number, number]
  /** The pods that the two place differently, then the others that move; at most 500. */
  readonly moved: readonly PodMove[]
}
