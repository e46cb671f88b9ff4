import { newestEntries, TRACE_SHOWN } from '../../worker/control-plane/protocol.ts'
import type {
  ControlPlaneDelta,
  EtcdRow,
  FlowRow,
  QueueRow,
  StationRow,
  TraceEntry,
} from '../../worker/control-plane/protocol.ts'
import type { FlowRate, LoadRow, NetTopology, NetworkDelta, PacketStory } from '../../worker/network/protocol.ts'
import { TIMELINE_MARKS } from '../../worker/timeline/protocol.ts'
import type { SchedulingView } from '../../worker/scheduling/protocol.ts'
import type {
  ClockState,
  EventRow,
  EventsDelta,
  FeedData,
  FeedRequest,
  KindCount,
  MapDelta,
  NodeRow,
  ObjectView,
  PodRow,
  TableColumn,
  TableDelta,
  TableRow,
  TravelState,
} from '../../worker/protocol.ts'
import type { TimelineDelta, TimelineLane, TimelineMark } from '../../worker/timeline/protocol.ts'
import type { RolloutView } from '../../worker/rollout/protocol.ts'

/** All nodes and pods by slot. Changed in place: compare the FeedSnapshot around it, not the maps. */
export interface MapState {
  readonly nodes: ReadonlyMap<number, NodeRow>
  readonly pods: ReadonlyMap<number, PodRow>
}
/** A table's rows by key. Changed in place, as above. */
export interface TableState {
  readonly columns: readonly TableColumn[]
  readonly rows: ReadonlyMap<string, TableRow>
}
/** Events by uid. Changed in place, as above. */
export interface EventsState {
  readonly rows: ReadonlyMap<string, EventRow>
}

/** Lives by uid and Event marks in order. Changed in place, as above; a lane that changed is a new object. */
export interface TimelineState {
  readonly lanes: ReadonlyMap<string, TimelineLane>
  readonly marks: readonly TimelineMark[]
  readonly omitted: number
}

/** The control plane. `entries` is changed in place, as above; the newest TRACE_SHOWN. */
export interface ControlPlaneState {
  readonly stations: readonly StationRow[]
  readonly queues: readonly QueueRow[]
  readonly etcd: EtcdRow
  readonly moreKubelets: number
  readonly revision: number
  readonly entries: readonly TraceEntry[]
  /** What each station did since the feed began. Changed in place too. */
  readonly totals: ReadonlyMap<string, FlowRow>
  readonly past: boolean
}

/** The network: who is in it, what is wrong with it, what goes through it. */
export interface NetworkState {
  readonly topology: NetTopology
  readonly loads: readonly LoadRow[]
  /** Of the newest message. */
  readonly flows: readonly FlowRate[]
  readonly spanMs: number
  readonly past: boolean
}

/** What a feed adds up to, by its name. */
export interface FeedStates {
  readonly clock: ClockState
  readonly map: MapState
  readonly kinds: readonly KindCount[]
  readonly table: TableState
  readonly object: ObjectView
  readonly events: EventsState
  readonly rollout: RolloutView | null
  readonly scheduling: SchedulingView | null
  readonly travel: TravelState
  readonly timeline: TimelineState
  readonly controlplane: ControlPlaneState
  readonly network: NetworkState
  readonly packet: PacketStory | null
}
export type FeedName = FeedRequest['feed']
export type FeedState = FeedStates[FeedName]

/** Applies one message to what the feed added up to so far (undefined before the first). */
export function reduceFeed(state: FeedState | undefined, data: FeedData): FeedState {
  switch (data.feed) {
    case 'clock':
      return data.clock
    case 'kinds':
      return data.kinds
    case 'object':
      return data.object
    case 'rollout':
      return data.rollout
    case 'scheduling':
      return data.scheduling
    case 'map':
      return reduceMap(state as MapState | undefined, data.map)
    case 'table':
      return reduceTable(state as TableState | undefined, data.table)
    case 'events':
      return reduceEvents(state as EventsState | undefined, data.events)
    case 'travel':
      return data.travel
    case 'timeline':
      return reduceTimeline(state as TimelineState | undefined, data.timeline)
    case 'controlplane':
      return reduceControlPlane(state as ControlPlaneState | undefined, data.controlPlane)
    case 'network':
      return reduceNetwork(state as NetworkState | undefined, data.network)
    case 'packet':
      return data.packet
  }
}

/** The state as the snapshot message that would lead to it, for a listener that joins later. */
export function snapshotOf(feed: FeedName, state: FeedState): FeedData {
  switch (feed) {
    case 'clock':
      return { feed, clock: state as ClockState }
    case 'kinds':
      return { feed, kinds: state as readonly KindCount[] }
    case 'object':
      return { feed, object: state as ObjectView }
    case 'rollout':
      return { feed, rollout: state as RolloutView | null }
    case 'scheduling':
      return { feed, scheduling: state as SchedulingView | null }
    case 'map': {
      const { nodes, pods } = state as MapState
      return {
        feed,
        map: { reset: true, nodes: [...nodes.values()], removedNodes: [], pods: [...pods.values()], removedPods: [] },
      }
    }
    case 'table': {
      const { columns, rows } = state as TableState
      return { feed, table: { reset: true, columns, rows: [...rows.values()], removed: [] } }
    }
    case 'events':
      return { feed, events: { reset: true, upserts: [...(state as EventsState).rows.values()], removed: [] } }
    case 'travel':
      return { feed, travel: state as TravelState }
    case 'timeline': {
      const { lanes, marks, omitted } = state as TimelineState
      return { feed, timeline: { reset: true, lanes: [...lanes.values()].map((lane) => ({ ...lane, from: 0 })), marks, omitted } }
    }
    case 'network': {
      const { topology, loads, past } = state as NetworkState
      return { feed, network: { reset: true, topology, loads, flows: [], spanMs: 0, past } }
    }
    case 'packet':
      return { feed, packet: state as PacketStory | null }
    case 'controlplane': {
      const { entries, totals, ...rest } = state as ControlPlaneState
      return { feed, controlPlane: { ...rest, reset: true, entries: [...entries], skipped: 0, flows: [...totals.values()] } }
    }
  }
}

function reduceMap(state: MapState | undefined, delta: MapDelta): MapState {
  const nodes = mutable(state?.nodes, delta.reset)
  const pods = mutable(state?.pods, delta.reset)
  // A slot that is free may be taken again in the same delta: remove first.
  for (const slot of delta.removedPods) pods.delete(slot)
  for (const slot of delta.removedNodes) nodes.delete(slot)
  for (const node of delta.nodes) nodes.set(node.slot, node)
  for (const pod of delta.pods) pods.set(pod.slot, pod)
  return { nodes, pods }
}

function reduceTable(state: TableState | undefined, delta: TableDelta): TableState {
  const rows = mutable(state?.rows, delta.reset)
  for (const key of delta.removed) rows.delete(key)
  for (const row of delta.rows) rows.set(row.key, row)
  const columns = delta.reset || delta.columns.length > 0 ? delta.columns : (state?.columns ?? [])
  return { columns, rows }
}

function reduceEvents(state: EventsState | undefined, delta: EventsDelta): EventsState {
  const rows = mutable(state?.rows, delta.reset)
  for (const uid of delta.removed) rows.delete(uid)
  for (const row of delta.upserts) rows.set(row.uid, row)
  return { rows }
}

function reduceTimeline(state: TimelineState | undefined, delta: TimelineDelta): TimelineState {
  const lanes = mutable(state?.lanes, delta.reset)
  for (const { from, ...lane } of delta.lanes) {
    const known = from === 0 ? [] : (lanes.get(lane.uid)?.bands.slice(0, from) ?? [])
    lanes.set(lane.uid, { ...lane, bands: [...known, ...lane.bands] })
  }
  const marks = delta.reset || state === undefined ? [] : (state.marks as TimelineMark[])
  for (const mark of delta.marks) marks.push(mark)
  if (marks.length > TIMELINE_MARKS) marks.splice(0, marks.length - TIMELINE_MARKS)
  return { lanes, marks, omitted: delta.omitted }
}

const NO_ETCD: EtcdRow = { members: [], quorum: 0, available: true }

function reduceControlPlane(state: ControlPlaneState | undefined, delta: ControlPlaneDelta): ControlPlaneState {
  let entries = delta.reset || state === undefined ? [] : (state.entries as TraceEntry[])
  for (const entry of delta.entries) entries.push(entry)
  if (entries.length > TRACE_SHOWN) entries = newestEntries(entries, (TRACE_SHOWN * 3) / 4)
  const totals = mutable(state?.totals, delta.reset)
  for (const flow of delta.flows) {
    const known = totals.get(flow.station)
    const sum = (key: Exclude<keyof FlowRow, 'station'>): number => (known?.[key] ?? 0) + flow[key]
    const { station } = flow
    totals.set(station, {
      station,
      requests: sum('requests'),
      writes: sum('writes'),
      refusals: sum('refusals'),
      events: sum('events'),
    })
  }
  const { moreKubelets, revision, past } = delta
  const stations = delta.stations ?? state?.stations ?? []
  const queues = delta.queues ?? state?.queues ?? []
  const etcd = delta.etcd ?? state?.etcd ?? NO_ETCD
  return { stations, queues, etcd, moreKubelets, revision, entries, totals, past }
}

const NO_TOPOLOGY: NetTopology = {
  cni: '',
  cniMode: '',
  configuredMode: '',
  outside: '',
  nodes: [],
  moreNodes: 0,
  pods: [],
  morePods: 0,
  services: [],
  links: [],
  partition: [],
}

function reduceNetwork(state: NetworkState | undefined, delta: NetworkDelta): NetworkState {
  const { flows, spanMs, past } = delta
  const known = delta.reset ? undefined : state
  return {
    topology: delta.topology ?? known?.topology ?? NO_TOPOLOGY,
    loads: delta.loads ?? known?.loads ?? [],
    flows,
    spanMs,
    past,
  }
}

/** The feed's own map, to be changed in place; a new one at the start and after a reset. */
function mutable<K, V>(map: ReadonlyMap<K, V> | undefined, reset: boolean): Map<K, V> {
  return reset || map === undefined ? new Map<K, V>() : (map as Map<K, V>)
}
