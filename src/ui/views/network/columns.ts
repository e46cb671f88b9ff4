import type { PacketStep, PacketStory, Place, Station } from '../../../worker/network/protocol.ts'

/** A place on the stage: one network namespace, or the wire between machines. */
export interface Column {
  /** 'pod:ns/name', 'node:name', 'outside', 'wire:a|b' in the order of the way there. */
  readonly id: string
  readonly kind: 'pod' | 'node' | 'outside' | 'wire'
  /** 'ns/name', the machine, or ''. */
  readonly name: string
  /** The machine that a pod is on; '' otherwise. */
  readonly node: string
}
/** A run of stations of a packet within one column. */
export interface Stretch {
  readonly column: string
  /** Index of its first station in the journey. */
  readonly from: number
  readonly stations: readonly Station[]
}
export interface StagePicture {
  readonly columns: readonly Column[]
  readonly stretches: readonly Stretch[]
}

/**
 * Columns for a whole conversation, in the order of its way there, so that they stand still while its packets are looked
 * at; and the stretches of one of them.
 */
export function stageOf(story: PacketStory, step: PacketStep): StagePicture {
  const columns = new Map<string, Column>()
  const conversation = story.steps.filter(({ exchange }) => exchange === step.exchange)
  const there = conversation.filter(({ direction }) => direction === 'there')
  for (const each of there) for (const column of columnsOf(each)) note(columns, column)
  // What only the way back has goes before the column that it came to next on its way home.
  for (const each of conversation) if (each.direction === 'back') noteBack(columns, columnsOf(each))
  return { columns: [...columns.values()], stretches: stretchesOf(step) }
}

function note(columns: Map<string, Column>, column: Column): void {
  if (!columns.has(column.id)) columns.set(column.id, column)
}

function noteBack(columns: Map<string, Column>, way: readonly Column[]): void {
  if (way.every(({ id }) => columns.has(id))) return
  const reversed = way.toReversed()
  const order = [...columns.values()]
  for (const [at, column] of reversed.entries()) {
    if (order.some(({ id }) => id === column.id)) continue
    const before = reversed[at - 1]
    const place = before ? order.findIndex(({ id }) => id === before.id) + 1 : 0
    order.splice(place, 0, column)
  }
  columns.clear()
  for (const column of order) columns.set(column.id, column)
}

function columnsOf(step: PacketStep): readonly Column[] {
  const seen = new Map<string, Column>()
  for (const [at, station] of step.journey.stations.entries()) note(seen, columnOf(step, station, at))
  return [...seen.values()]
}

/** Stations one after another in the same place. */
export function stretchesOf(step: PacketStep): readonly Stretch[] {
  const out: { column: string; from: number; stations: Station[] }[] = []
  for (const [at, station] of step.journey.stations.entries()) {
    const { id } = columnOf(step, station, at)
    const last = out.at(-1)
    if (last?.column === id) last.stations.push(station)
    else out.push({ column: id, from: at, stations: [station] })
  }
  return out
}

function columnOf(step: PacketStep, station: Station, at: number): Column {
  if (station.kind === 'wire') {
    const wire = wireColumn(step, at)
    // What happens between routers outside is one place.
    if (wire.id !== 'wire:outside|outside') return wire
  }
  return placeColumn(station.place)
}

/** The wire is named by the machines on its two sides, the same for both directions. */
function wireColumn({ journey: { stations } }: PacketStep, at: number): Column {
  const before = stations.findLast((other, index) => index < at && other.kind !== 'wire')
  const after = stations.find((other, index) => index > at && other.kind !== 'wire')
  const names = [before, after].map((side) => (side ? side.place.node || 'outside' : '')).toSorted()
  return { id: `wire:${names.join('|')}`, kind: 'wire', name: '', node: '' }
}

export function placeColumn({ node, pod }: Place): Column {
  if (pod !== undefined) return { id: `pod:${pod}`, kind: 'pod', name: pod, node }
  if (node === '') return { id: 'outside', kind: 'outside', name: '', node: '' }
  return { id: `node:${node}`, kind: 'node', name: node, node: '' }
}

/** The conversations of a story, in order, with the packets of each. */
export function exchangesOf(story: PacketStory): readonly { readonly exchange: number; readonly steps: readonly PacketStep[] }[] {
  const found = new Map<number, PacketStep[]>()
  for (const step of story.steps) {
    const list = found.get(step.exchange)
    if (list) list.push(step)
    else found.set(step.exchange, [step])
  }
  return [...found].map(([exchange, steps]) => ({ exchange, steps }))
}
