/**
 * What the Cluster view draws, in compact arrays indexed by the slots of the map feed. Fed by MapDelta only.
 * Each pod has a cell in its room (its node, or the lane of pods without one): the lowest free cell when it came,
 * kept until it leaves. Contents depend on the deltas' sum alone; cells also on their order.
 */
import { POD_STATES, type MapDelta, type NodeRow, type PodRow } from '../../../worker/protocol.ts'

/** Room number of the lane for pods without a node. Node rooms are numbered by node slot. */
export const LANE = -1

/** One pod's change of place or being, for the view's motion. Cells are where it was. */
export interface Change {
  readonly kind: 'appear' | 'move' | 'leave' | 'state'
  readonly pod: PodRow
  readonly fromRoom: number
  readonly fromCell: number
}

/** What one delta did. Reused by the next apply(): read it at once. */
export interface Applied {
  reset: boolean
  /** Node rows came or went: the layout may differ. */
  nodesChanged: boolean
  /** Rooms whose drawing is out of date. */
  readonly rooms: Set<number>
  readonly changes: Change[]
}

/** The cells of one room: pod slot or -1. Trailing free cells are cut off. */
class Room {
  readonly cells: number[] = []
  count = 0
  private hint = 0

  add(pod: number): number {
    let at = this.hint
    while (at < this.cells.length && this.cells[at] !== -1) at++
    this.cells[at] = pod
    this.hint = at + 1
    this.count++
    return at
  }

  remove(at: number): void {
    this.cells[at] = -1
    this.count--
    if (at < this.hint) this.hint = at
    while (this.cells.length > 0 && this.cells[this.cells.length - 1] === -1) this.cells.pop()
    if (this.hint > this.cells.length) this.hint = this.cells.length
  }
}

const EMPTY: readonly number[] = []

export class ClusterModel {
  readonly nodes: (NodeRow | undefined)[] = []
  readonly pods: (PodRow | undefined)[] = []
  readonly stateCounts = new Int32Array(POD_STATES.length)
  /** Namespace -> pods in it; owner 'Kind/name' -> pods; both without zeros. */
  readonly namespaces = new Map<string, number>()
  readonly owners = new Map<string, number>()
  readonly slotByUid = new Map<string, number>()
  state = new Uint8Array(256)
  /** Room of each pod. */
  room = new Int32Array(256)
  /** Cell of each pod in its room. */
  cell = new Int32Array(256)
  podCount = 0
  nodeCount = 0
  private readonly rooms = new Map<number, Room>()
  private readonly applied: Applied = { reset: false, nodesChanged: false, rooms: new Set(), changes: [] }

  /** Pod slots by cell of a room; -1 where free. */
  cellsOf(room: number): readonly number[] {
    return this.rooms.get(room)?.cells ?? EMPTY
  }

  countOf(room: number): number {
    return this.rooms.get(room)?.count ?? 0
  }

  /** The most cells that any node's room needs. */
  mostCells(): number {
    let most = 0
    for (const [room, { cells }] of this.rooms) if (room !== LANE && cells.length > most) most = cells.length
    return most
  }

  apply(delta: MapDelta): Applied {
    const { applied } = this
    applied.reset = delta.reset
    applied.nodesChanged = delta.reset
    applied.rooms.clear()
    applied.changes.length = 0
    if (delta.reset) this.clear()
    for (const slot of delta.removedPods) this.removePod(slot)
    for (const slot of delta.removedNodes) this.removeNode(slot)
    for (const node of delta.nodes) this.setNode(node)
    for (const pod of delta.pods) this.setPod(pod)
    return applied
  }

  private clear(): void {
    this.nodes.length = 0
    this.pods.length = 0
    this.stateCounts.fill(0)
    this.namespaces.clear()
    this.owners.clear()
    this.slotByUid.clear()
    this.rooms.clear()
    this.podCount = 0
    this.nodeCount = 0
  }

  private setNode(node: NodeRow): void {
    const before = this.nodes[node.slot]
    if (!before) this.nodeCount++
    if (!before || before.name !== node.name || before.podCapacity !== node.podCapacity) this.applied.nodesChanged = true
    this.nodes[node.slot] = node
    this.applied.rooms.add(node.slot)
  }

  private removeNode(slot: number): void {
    if (!this.nodes[slot]) return
    this.nodes[slot] = undefined
    while (this.nodes.length > 0 && !this.nodes[this.nodes.length - 1]) this.nodes.pop()
    this.nodeCount--
    this.applied.nodesChanged = true
    this.applied.rooms.add(slot)
  }

  private setPod(pod: PodRow): void {
    const { slot } = pod
    let before = this.pods[slot]
    if (before && before.uid !== pod.uid) {
      this.removePod(slot)
      before = undefined
    }
    this.grow(slot)
    if (!before) this.insertPod(pod)
    else this.replacePod(before, pod)
    this.pods[slot] = pod
    this.state[slot] = pod.state
  }

  private insertPod(pod: PodRow): void {
    this.podCount++
    this.slotByUid.set(pod.uid, pod.slot)
    count(this.namespaces, pod.namespace, 1)
    count(this.owners, pod.owner, 1)
    this.bump(pod.state, 1)
    this.place(pod)
    this.applied.changes.push({ kind: 'appear', pod, fromRoom: pod.node, fromCell: -1 })
  }

  private replacePod(before: PodRow, pod: PodRow): void {
    const { slot } = pod
    if (before.namespace !== pod.namespace) {
      count(this.namespaces, before.namespace, -1)
      count(this.namespaces, pod.namespace, 1)
    }
    if (before.owner !== pod.owner) {
      count(this.owners, before.owner, -1)
      count(this.owners, pod.owner, 1)
    }
    this.bump(before.state, -1)
    this.bump(pod.state, 1)
    if (before.node === pod.node) {
      this.applied.rooms.add(pod.node)
      if (before.state !== pod.state)
        this.applied.changes.push({ kind: 'state', pod, fromRoom: pod.node, fromCell: this.cell[slot] ?? 0 })
      return
    }
    const fromCell = this.cell[slot] ?? 0
    this.unplace(slot)
    this.place(pod)
    this.applied.changes.push({ kind: 'move', pod, fromRoom: before.node, fromCell })
  }

  private removePod(slot: number): void {
    const pod = this.pods[slot]
    if (!pod) return
    const fromCell = this.cell[slot] ?? 0
    this.unplace(slot)
    this.pods[slot] = undefined
    this.podCount--
    this.slotByUid.delete(pod.uid)
    count(this.namespaces, pod.namespace, -1)
    count(this.owners, pod.owner, -1)
    this.bump(pod.state, -1)
    this.applied.changes.push({ kind: 'leave', pod, fromRoom: pod.node, fromCell })
  }

  private place(pod: PodRow): void {
    let room = this.rooms.get(pod.node)
    if (!room) this.rooms.set(pod.node, (room = new Room()))
    this.room[pod.slot] = pod.node
    this.cell[pod.slot] = room.add(pod.slot)
    this.applied.rooms.add(pod.node)
  }

  private unplace(slot: number): void {
    const number = this.room[slot] ?? LANE
    this.rooms.get(number)?.remove(this.cell[slot] ?? 0)
    this.applied.rooms.add(number)
  }

  private bump(state: number, by: number): void {
    this.stateCounts[state] = (this.stateCounts[state] ?? 0) + by
  }

  private grow(slot: number): void {
    if (slot < this.state.length) return
    const length = Math.max(slot + 1, this.state.length * 2)
    const [state, room, cell] = [new Uint8Array(length), new Int32Array(length), new Int32Array(length)]
    state.set(this.state)
    room.set(this.room)
    cell.set(this.cell)
    this.state = state
    this.room = room
    this.cell = cell
  }
}

function count(map: Map<string, number>, key: string, by: number): void {
  const now = (map.get(key) ?? 0) + by
  if (now > 0) map.set(key, now)
  else map.delete(key)
}
