import { nodes, pods } from '../../apimachinery/generated/resources.ts'
import type { Node, Pod } from '../../apimachinery/generated/types.ts'
import { milliValue, value as wholeValue } from '../../apimachinery/quantity.ts'
import { podResources } from '../../scheduler/resources.ts'
import { parseTime } from '../../sim/time.ts'
import { POD_STATES, type FeedData, type NodeRow, type PodRow } from '../protocol.ts'
import { KeyedChanges } from './changes.ts'
import type { Feed, FeedContext } from './feed.ts'
import { PodViewer } from './pod-view.ts'
import { SlotTable } from './slots.ts'
import { topOwner } from './owners.ts'

const STARTING = POD_STATES.indexOf('starting')
/** A pull's progress is sent again when it has grown by this much. */
const PROGRESS_STEP = 0.04
/** Pods in one message of a snapshot. */
const CHUNK = 5000

interface NodeUse {
  cpuMilli: number
  memoryBytes: number
}
interface Placement {
  readonly node: string
  readonly cpuMilli: number
  readonly memoryBytes: number
}

/** Nodes and pods as compact rows for the Cluster view: a snapshot, then the rows that changed. */
export class MapFeed implements Feed {
  private readonly context: FeedContext
  private readonly viewer: PodViewer
  private readonly podChanges: KeyedChanges<Pod>
  private readonly nodeChanges: KeyedChanges<Node>
  private readonly podSlots = new SlotTable()
  private readonly nodeSlots = new SlotTable()
  private readonly placements = new Map<string, Placement>()
  private readonly use = new Map<string, NodeUse>()
  private readonly powered = new Map<string, boolean>()
  /** Pods whose images arrive, with the progress that was sent. */
  private readonly starting = new Map<string, { readonly pod: Pod; readonly progress: number }>()

  constructor(context: FeedContext) {
    this.context = context
    this.viewer = new PodViewer(context.cluster.api)
    this.podChanges = new KeyedChanges(context.informers.for(pods))
    this.nodeChanges = new KeyedChanges(context.informers.for(nodes))
  }

  flush(): readonly FeedData[] {
    const nodeTaken = this.nodeChanges.take()
    const podTaken = this.podChanges.take()
    const reset = nodeTaken?.reset ?? false
    const dirtyNodes = new Map<string, Node>()
    for (const node of nodeTaken?.upserts ?? []) dirtyNodes.set(node.metadata.name ?? '', node)
    const removedNodes: number[] = []
    for (const node of nodeTaken?.removed ?? []) {
      if (this.context.informers.for(nodes).get('', node.metadata.name ?? '')) continue
      const slot = this.nodeSlots.release(node.metadata.name ?? '')
      if (slot !== undefined) removedNodes.push(slot)
    }
    for (const node of dirtyNodes.keys()) this.nodeSlots.take(node)
    this.findPowerChanges(dirtyNodes)
    const touched = new Set<string>()
    const removedPods = (podTaken?.removed ?? []).flatMap((pod) => this.dropPod(pod, touched) ?? [])
    const rows = (podTaken?.upserts ?? []).map((pod) => this.podRow(pod, touched))
    for (const { pod, progress } of this.starting.values())
      if (this.context.cluster.startProgress(pod) >= progress + PROGRESS_STEP) rows.push(this.podRow(pod, touched))
    for (const name of touched) {
      const node = this.context.informers.for(nodes).get('', name)
      if (node) dirtyNodes.set(name, node)
    }
    const nodeRows = [...dirtyNodes.values()].map((node) => this.nodeRow(node))
    if (!reset && nodeRows.length + removedNodes.length + rows.length + removedPods.length === 0) return []
    const messages: FeedData[] = [
      { feed: 'map', map: { reset, nodes: nodeRows, removedNodes, pods: rows.slice(0, CHUNK), removedPods } },
    ]
    for (let i = CHUNK; i < rows.length; i += CHUNK)
      messages.push({
        feed: 'map',
        map: { reset: false, nodes: [], removedNodes: [], pods: rows.slice(i, i + CHUNK), removedPods: [] },
      })
    return messages
  }

  stop(): void {
    this.podChanges.stop()
    this.nodeChanges.stop()
  }

  private findPowerChanges(dirty: Map<string, Node>): void {
    for (const machine of this.context.cluster.machines()) {
      if (this.powered.get(machine.name) === machine.powered) continue
      this.powered.set(machine.name, machine.powered)
      const node = this.context.informers.for(nodes).get('', machine.name)
      if (node) dirty.set(machine.name, node)
    }
  }

  private dropPod(pod: Pod, touched: Set<string>): number | undefined {
    const uid = pod.metadata.uid ?? ''
    this.account(uid, undefined, touched)
    this.starting.delete(uid)
    return this.podSlots.release(uid)
  }

  /** Keeps the sums of requests per node. */
  private account(uid: string, now: Placement | undefined, touched: Set<string>): void {
    const before = this.placements.get(uid)
    if (before && now && before.node === now.node && before.cpuMilli === now.cpuMilli && before.memoryBytes === now.memoryBytes)
      return
    for (const [placement, sign] of [
      [before, -1],
      [now, 1],
    ] as const) {
      if (!placement) continue
      const sum = this.use.get(placement.node) ?? { cpuMilli: 0, memoryBytes: 0 }
      sum.cpuMilli += sign * placement.cpuMilli
      sum.memoryBytes += sign * placement.memoryBytes
      this.use.set(placement.node, sum)
      touched.add(placement.node)
    }
    if (now) this.placements.set(uid, now)
    else this.placements.delete(uid)
  }

  private podRow(pod: Pod, touched: Set<string>): PodRow {
    const uid = pod.metadata.uid ?? ''
    const node = pod.spec?.nodeName ?? ''
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    const { cpuMilli, memoryBytes } = podResources(pod).requests
    this.account(uid, node !== '' && !ended ? { node, cpuMilli, memoryBytes } : undefined, touched)
    const view = this.viewer.view(pod)
    const isStarting = view.state === STARTING
    const progress = isStarting ? this.context.cluster.startProgress(pod) : 1
    if (isStarting) this.starting.set(uid, { pod, progress })
    else this.starting.delete(uid)
    const ends = pod.metadata.deletionTimestamp
    return {
      slot: this.podSlots.take(uid),
      uid,
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name ?? '',
      node: node === '' ? -1 : (this.nodeSlots.find(node) ?? -1),
      state: view.state,
      status: view.status,
      readyContainers: view.ready,
      containers: view.containers,
      restarts: view.restarts,
      progress,
      ...(ends === undefined ? {} : { graceEndsMs: parseTime(ends) }),
      owner: topOwner(this.context.informers, pod),
      ip: pod.status?.podIP ?? '',
    }
  }

  private nodeRow(node: Node): NodeRow {
    const name = node.metadata.name ?? ''
    const { allocatable = {}, conditions = [] } = node.status ?? {}
    const ready = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
    const unschedulable = node.spec?.unschedulable === true
    const use = this.use.get(name)
    return {
      slot: this.nodeSlots.take(name),
      name,
      roles: Object.keys(node.metadata.labels ?? {}).flatMap((label) =>
        label.startsWith('node-role.kubernetes.io/') ? [label.slice(24)] : [],
      ),
      status: `${ready ? 'Ready' : 'NotReady'}${unschedulable ? ',SchedulingDisabled' : ''}`,
      ready,
      unschedulable,
      powered: this.powered.get(name) ?? true,
      zone: node.metadata.labels?.['topology.kubernetes.io/zone'] ?? '',
      taints: (node.spec?.taints ?? []).map((taint) => `${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}`),
      podCapacity: wholeValue(allocatable['pods'] ?? '0'),
      cpuMilliAllocatable: milliValue(allocatable['cpu'] ?? '0'),
      cpuMilliRequested: use?.cpuMilli ?? 0,
      memoryBytesAllocatable: wholeValue(allocatable['memory'] ?? '0'),
      memoryBytesRequested: use?.memoryBytes ?? 0,
    }
  }
}
