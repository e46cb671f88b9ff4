/**
 * What the page and the engine say to each other. The page calls EngineApi (through comlink) and receives feeds:
 * one snapshot, then deltas in order, each with a revision one higher than the last. A page that misses one
 * subscribes again. Types only: no engine code may be reached from here.
 */
import type { JsonObject, KubeObject } from '../apimachinery/resource.ts'
import type { ChangeStory, ControlPlaneDelta, Story, StoryQuestion } from './control-plane/protocol.ts'
import type {
  ModeComparison,
  ModeQuestion,
  NetworkAction,
  NetworkDelta,
  NodeOutput,
  PacketQuestion,
  PacketStory,
  RuleTables,
} from './network/protocol.ts'
import type { MetricSetting, RolloutView } from './rollout/protocol.ts'
import type { TimelineDelta } from './timeline/protocol.ts'
import type { SchedulerComparison, SchedulingView, WhatIf, WhatIfAnswer } from './scheduling/protocol.ts'

// ---------------------------------------------------------------- calls

/** Pace: simulated milliseconds per wall millisecond, or 'max' for as fast as it goes. */
export type Speed = number | 'max'

export interface ClusterOptions {
  /** Seed of all chance in the cluster. Default 42. */
  readonly seed?: number
  /** Worker nodes beside the control-plane nodes. Default 2. */
  readonly workers?: number
  /** Control-plane nodes, each with a member of etcd. Default 1. */
  readonly controlPlanes?: 1 | 3
  /** Simulated wall-clock start, milliseconds since the epoch. */
  readonly startTimeMs?: number
}

/** One API request as the page, the terminal or an HTTP client makes it. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with query, e.g. /apis/apps/v1/namespaces/default/deployments?limit=5 */
  readonly path: string
  readonly body?: unknown
  /** Patch type for PATCH; default application/strategic-merge-patch+json. */
  readonly contentType?: string
  readonly accept?: string
}
export interface ApiReply {
  readonly code: number
  /** The object, list, Table or Status that the API server answered. */
  readonly body: JsonObject
  readonly warnings: readonly string[]
}

/** What happened to one document of an applied file, worded as kubectl does. */
export interface DocumentResult {
  /** Position in the file, from 0. */
  readonly index: number
  /** First line of the document in the file, from 1. */
  readonly line: number
  readonly kind?: string
  readonly name?: string
  readonly namespace?: string
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'deleted' | 'failed'
  /** kubectl's own line: 'deployment.apps/web created', or the error text. */
  readonly message: string
  readonly warnings: readonly string[]
  /** Where in the file the error lies, when known. Lines and columns from 1. */
  readonly markers: readonly { readonly line: number; readonly column: number; readonly message: string }[]
  /** With dryRun: the live object before (null when new) and after, as YAML, for the diff. */
  readonly diff?: { readonly before: string | null; readonly after: string }
}
export interface ApplyOptions {
  readonly dryRun?: boolean
  readonly namespace?: string
}

/** Acts on the world, never on API objects: power, machines, links. */
export type SimCommand =
  | { readonly type: 'power-off'; readonly node: string }
  | { readonly type: 'power-on'; readonly node: string }
  | {
      readonly type: 'add-node'
      readonly name?: string
      readonly cpu?: number
      readonly memoryGiB?: number
      readonly zone?: string
      readonly count?: number
    }
  /** Takes the machine away; its Node object stays until it is deleted (the page deletes it too). */
  | { readonly type: 'remove-node'; readonly node: string }
  /** Members of etcd: 1, 3 or 5. Refused without a quorum. */
  | { readonly type: 'etcd-resize'; readonly members: number }
  | { readonly type: 'etcd-stop'; readonly member: string }
  | { readonly type: 'etcd-start'; readonly member: string }
  /** Packets, commands on nodes, load, faults. */
  | { readonly type: 'network'; readonly action: NetworkAction }
  /** Restarts kube-scheduler with this KubeSchedulerConfiguration (YAML); '' for the default. */
  | { readonly type: 'configure-scheduler'; readonly yaml: string }
  /** CPU that a workload's pods have to do, in thousandths: each of them, or all together. 0: none. */
  | {
      readonly type: 'set-load'
      readonly namespace: string
      readonly workload: string
      readonly cpuMilli: number
      readonly spread: 'each' | 'shared'
    }
  /** What a metric that autoscalers can use is now, in thousandths; null: not measured. */
  | { readonly type: 'set-metric'; readonly value: MetricSetting; readonly valueMilli: number | null }

/** An entry of the input log: with the seed and the options it reproduces the whole history. */
export interface LoggedInput {
  readonly timeMs: number
  readonly input: {
    readonly call?: ApiCall
    readonly apply?: { readonly yaml: string; readonly options: ApplyOptions }
    readonly remove?: string
    readonly command?: SimCommand
  }
}
export interface InputLog {
  readonly options: ClusterOptions
  readonly inputs: readonly LoggedInput[]
  /** Simulated time at which the log was taken. */
  readonly endTimeMs: number
}

export interface EngineApi {
  /** Builds the cluster (anew) and brings it to its ready state; time is then running at 1x. */
  start(options: ClusterOptions): Promise<void>
  /** Builds the cluster from a log and replays to its end. */
  restore(log: InputLog): Promise<void>
  inputLog(): Promise<InputLog>
  play(): Promise<void>
  pause(): Promise<void>
  setSpeed(speed: Speed): Promise<void>
  /** Pauses and runs to the end of the next simulated instant at which something happens that changes an object. */
  step(): Promise<void>
  /** Any API request, as user kubernetes-admin. Refusals come back as code and Status, not as exceptions. */
  call(request: ApiCall): Promise<ApiReply>
  /** kubectl apply -f of a YAML or JSON text with any number of documents; each document on its own. */
  apply(yaml: string, options?: ApplyOptions): Promise<readonly DocumentResult[]>
  /** kubectl delete -f. */
  remove(yaml: string): Promise<readonly DocumentResult[]>
  /** Parses and checks without any request: YAML errors, unknown kinds and fields. For editor markers. */
  lint(yaml: string): Promise<readonly DocumentResult[]>
  command(command: SimCommand): Promise<{ readonly ok: boolean; readonly message: string }>
  /**
   * Shows a moment of the past: all feeds but 'travel' and 'timeline' then tell the state at the end of that instant, API
   * reads answer from it, and changes are refused; simulated time stands still meanwhile. Null goes back to now.
   */
  lookAt(timeMs: number | null): Promise<void>
  /** Looks at the instant with changes before the one shown: the inverse of step. */
  stepBack(): Promise<void>
  /** Builds the history up to that moment again and goes on from there; the present is kept as a branch. */
  continueFrom(timeMs: number): Promise<void>
  /** Goes back to a kept branch, by its id; the present is kept in its place. */
  returnTo(branch: number): Promise<void>
  /** Gives up a continueFrom or returnTo that is under way; nothing has changed then. */
  cancelReplay(): Promise<void>
  /** Pauses at the end of the instant in which one of the conditions comes true. Rejects when a path or an expression can't be read. */
  setBreakpoints(conditions: readonly BreakCondition[]): Promise<void>
  /** Weighs a pod as things are and as they would be. Changes nothing. */
  whatIf(question: WhatIf): Promise<WhatIfAnswer>
  /** Where two KubeSchedulerConfigurations (YAML) would place all pods of workloads. Changes nothing. */
  compareSchedulers(first: string, second: string): Promise<SchedulerComparison>
  /** What is known of an object: its writes, and requests, watch events and turns since 'controlplane' was subscribed to. */
  story(question: StoryQuestion): Promise<Story>
  /** What a revision changed, what led to it and what it led to. Null when history does not reach it. */
  changeStory(revision: number): Promise<ChangeStory | null>
  /**
   * Sends what the question says, with all effects that it has in the world; the feed 'packet' tells how it goes. A clock that
   * stands still is run for as long as the answer takes. `id` is null when it can't be sent: `message` says why.
   */
  sendPacket(question: PacketQuestion): Promise<{ readonly id: number | null; readonly message: string }>
  /** A command line on a node: iptables, ipvsadm, nft, ip, conntrack and their kind, with pipes into head, grep and such. */
  nodeCommand(node: string, line: string): Promise<NodeOutput>
  /** The rules in a node's kernel now, and what each mode of kube-proxy would write for a Service ('namespace/name', '' for all). Null without such a node, or power. */
  ruleTables(node: string, service: string): Promise<RuleTables | null>
  /** What a packet costs in each mode of kube-proxy. Changes nothing. */
  modeComparison(question: ModeQuestion): Promise<ModeComparison>
  /** Starts a feed; its messages carry the id given here. */
  subscribe(id: number, feed: FeedRequest): Promise<void>
  unsubscribe(id: number): Promise<void>
}

// ---------------------------------------------------------------- feeds

export type FeedRequest =
  | { readonly feed: 'clock' }
  | { readonly feed: 'map' }
  | { readonly feed: 'kinds' }
  /** namespace '' or absent: all namespaces. */
  | {
      readonly feed: 'table'
      readonly group: string
      readonly version: string
      readonly resource: string
      readonly namespace?: string
    }
  | {
      readonly feed: 'object'
      readonly group: string
      readonly version: string
      readonly resource: string
      readonly namespace?: string
      readonly name: string
    }
  | { readonly feed: 'events'; readonly namespace?: string }
  | {
      readonly feed: 'rollout'
      readonly group: string
      readonly resource: string
      readonly namespace: string
      readonly name: string
    }
  /** One pod against every node. `attempt`: as recorded at that attempt; without it as things stand now. */
  | { readonly feed: 'scheduling'; readonly namespace: string; readonly name: string; readonly attempt?: number }
  | { readonly feed: 'travel' }
  | { readonly feed: 'timeline' }
  | { readonly feed: 'controlplane' }
  | { readonly feed: 'network' }
  /** What was recorded of a packet that was sent. */
  | { readonly feed: 'packet'; readonly id: number }

/** Posted by the worker: plain postMessage, not comlink, at most one batch per feed and frame. */
export interface FeedMessage {
  readonly type: 'feed'
  readonly id: number
  /** 0 for a snapshot, then 1, 2, 3... */
  readonly revision: number
  readonly data: FeedData
}
export type FeedData =
  | { readonly feed: 'clock'; readonly clock: ClockState }
  | { readonly feed: 'map'; readonly map: MapDelta }
  | { readonly feed: 'kinds'; readonly kinds: readonly KindCount[] }
  | { readonly feed: 'table'; readonly table: TableDelta }
  | { readonly feed: 'object'; readonly object: ObjectView }
  | { readonly feed: 'events'; readonly events: EventsDelta }
  | { readonly feed: 'rollout'; readonly rollout: RolloutView | null }
  | { readonly feed: 'travel'; readonly travel: TravelState }
  | { readonly feed: 'timeline'; readonly timeline: TimelineDelta }
  | { readonly feed: 'scheduling'; readonly scheduling: SchedulingView | null }
  | { readonly feed: 'controlplane'; readonly controlPlane: ControlPlaneDelta }
  | { readonly feed: 'network'; readonly network: NetworkDelta }
  | { readonly feed: 'packet'; readonly packet: PacketStory | null }

/** The worker's last words when an assertion fails. The page offers to restore from the log. */
export interface CrashMessage {
  readonly type: 'crash'
  readonly message: string
  readonly log: InputLog
}
export type WorkerMessage = FeedMessage | CrashMessage

export interface ClockState {
  /** Simulated time, milliseconds since the epoch. */
  readonly nowMs: number
  readonly startMs: number
  readonly running: boolean
  readonly speed: Speed
  /** Speed really reached over the last second; below `speed` when the machine can't keep up. */
  readonly reachedSpeed: number
  readonly seed: number
  /** etcd revision. */
  readonly revision: number
  /** False until the cluster is built and its control plane answers. */
  readonly ready: boolean
}

/** One state, one colour, one shape, one word, everywhere. The order is the code in PodRow.state. */
export const POD_STATES = [
  'ready', // Running and ready
  'notReady', // Running, not ready
  'pending', // no node
  'starting', // ContainerCreating, PodInitializing, Init:n/m
  'crash', // CrashLoopBackOff, Error, OOMKilled
  'image', // ErrImagePull, ImagePullBackOff, CreateContainerConfigError, InvalidImageName
  'terminating',
  'completed',
  'unknown', // Unknown, node lost
  'failed', // Evicted, Failed
] as const
export type PodState = (typeof POD_STATES)[number]

/** A node as the Cluster view draws it. `slot` is stable for its life and reused after it. */
export interface NodeRow {
  readonly slot: number
  readonly name: string
  readonly roles: readonly string[]
  /** kubectl's STATUS: 'Ready', 'NotReady', 'Ready,SchedulingDisabled'... */
  readonly status: string
  readonly ready: boolean
  readonly unschedulable: boolean
  /** Whether the machine has power (the world, not the API). */
  readonly powered: boolean
  readonly zone: string
  readonly taints: readonly string[]
  readonly podCapacity: number
  readonly cpuMilliAllocatable: number
  readonly cpuMilliRequested: number
  readonly memoryBytesAllocatable: number
  readonly memoryBytesRequested: number
}
/** A pod as the Cluster view draws it. */
export interface PodRow {
  readonly slot: number
  readonly uid: string
  readonly namespace: string
  readonly name: string
  /** Slot of its node; -1 while it has none. */
  readonly node: number
  /** Index into POD_STATES. */
  readonly state: number
  /** kubectl's STATUS: 'Running', 'CrashLoopBackOff', 'Init:0/1'... */
  readonly status: string
  readonly readyContainers: number
  readonly containers: number
  readonly restarts: number
  /** Part of pull or start that is done, 0..1; 1 when not starting. */
  readonly progress: number
  /** When its grace period ends, while terminating. */
  readonly graceEndsMs?: number
  /** The top controller: 'Deployment/web', or '' for a bare pod. */
  readonly owner: string
  readonly ip: string
}
/** Apply removals first, then the rows: a freed slot may be taken again in the same delta. */
export interface MapDelta {
  /** True in a snapshot: forget everything first. A large snapshot may come in several messages; only the first resets. */
  readonly reset: boolean
  readonly nodes: readonly NodeRow[]
  readonly removedNodes: readonly number[]
  readonly pods: readonly PodRow[]
  readonly removedPods: readonly number[]
}

export interface KindCount {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly count: number
}

export interface TableColumn {
  readonly name: string
  readonly type: string
  readonly description: string
  /** 0: always shown; above 0: only with -o wide. */
  readonly priority: number
}
export interface TableRow {
  /** namespace/name or name. */
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly cells: readonly (string | number | boolean | null)[]
  /** For pods: index into POD_STATES; else undefined. */
  readonly state?: number
}
export interface TableDelta {
  readonly reset: boolean
  readonly columns: readonly TableColumn[]
  readonly rows: readonly TableRow[]
  readonly removed: readonly string[]
}

export interface ObjectLink {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** 'owner', 'owned', 'selects', 'selected-by', 'mounts', 'runs-on', 'routes-to'... */
  readonly relation: string
  /** A short state to show beside it, e.g. a pod's STATUS. */
  readonly status: string
}
export interface ObjectView {
  /** Null when there is no such object (any more). */
  readonly object: KubeObject | null
  readonly links: readonly ObjectLink[]
  readonly events: readonly EventRow[]
  /** For pods and claims: where their data are. */
  readonly where?: readonly DataPlace[]
  /** The object as kubectl get -o yaml prints it, without managedFields. */
  readonly yaml: string
}

/** What becomes of bytes: they stay, can't be read for a while, are gone; 'none': that can't happen to them. */
export type DataFate = 'survives' | 'lost' | 'untilNodeBack' | 'untilDetached' | 'none'
/** Where the bytes of one volume are, or ('') what containers write beside their volumes. */
export interface DataPlace {
  readonly volume: string
  readonly medium: 'layer' | 'nodeDisk' | 'memory' | 'zoneDisk' | 'nfs' | 'api' | 'outside' | 'nowhere'
  /** Node, zone or server; '' where that says nothing. */
  readonly where: string
  readonly path: string
  readonly claim: string
  readonly persistentVolume: string
  /** -1: not known. */
  readonly files: number
  readonly containerRestart: DataFate
  readonly podDeletion: DataFate
  readonly nodeLoss: DataFate
  readonly claimDeletion: DataFate
}

export interface EventRow {
  readonly uid: string
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly source: string
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  readonly namespace: string
  /** The object it is about. */
  readonly kind: string
  readonly name: string
}
export interface EventsDelta {
  readonly reset: boolean
  readonly upserts: readonly EventRow[]
  readonly removed: readonly string[]
}

/** How two values are compared; 'exists' and 'missing' take no value. An absent field counts as 0 among numbers. */
export const BREAK_OPERATORS = ['<', '<=', '==', '!=', '>=', '>', 'exists', 'missing'] as const
export type BreakOperator = (typeof BREAK_OPERATORS)[number]

/** When to pause. Empty names and namespaces mean any. */
export type BreakCondition =
  /** A pod whose STATUS, as kubectl shows it, becomes this. */
  | { readonly id: number; readonly type: 'status'; readonly status: string; readonly namespace: string }
  | {
      readonly id: number
      readonly type: 'field'
      readonly group: string
      readonly version: string
      readonly resource: string
      readonly kind: string
      readonly namespace: string
      readonly name: string
      /** As for kubectl -o jsonpath or custom-columns: '.status.readyReplicas' */
      readonly path: string
      readonly operator: BreakOperator
      readonly value: string
    }
  | {
      readonly id: number
      readonly type: 'expression'
      /** '' with an empty kind: objects of any kind. */
      readonly group: string
      readonly version: string
      readonly resource: string
      readonly kind: string
      readonly namespace: string
      /** CEL over `object` and `oldObject`: "object.kind == 'Pod' && object.status.phase == 'Failed'" */
      readonly expression: string
    }
/** What a condition stopped at. */
export interface BreakHit {
  readonly condition: BreakCondition
  readonly timeMs: number
  readonly revision: number
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** What the field, or the pod's STATUS, was then; '' for an expression. */
  readonly found: string
}

/** A history that was left by continuing from an earlier moment of it. */
export interface BranchRow {
  readonly id: number
  /** Where it was left, and where the other one went off. */
  readonly endMs: number
  readonly forkMs: number
  /** Inputs it has after the fork. */
  readonly inputs: number
}
/** Where in time the page looks, what can be reached, and what stops the clock. */
export interface TravelState {
  /** Set while the page looks at the past. */
  readonly past: { readonly atMs: number; readonly revision: number; readonly presentMs: number } | null
  /** The oldest moment that can be looked at. */
  readonly historyStartMs: number
  /** Writes of Events since historyStartMs, counted in bins of binMs. */
  readonly strip: { readonly binMs: number; readonly normal: readonly number[]; readonly warning: readonly number[] }
  /** Set while a history is built again. */
  readonly replay: { readonly fromMs: number; readonly atMs: number; readonly toMs: number } | null
  readonly branches: readonly BranchRow[]
  readonly breakpoints: readonly BreakCondition[]
  /** What paused the clock; gone when it runs again. */
  readonly hit: BreakHit | null
}
