import type { Station } from '../../../worker/network/protocol.ts'
import type { Column, StagePicture } from './columns.ts'

/** A station with its index in the journey. */
export interface LaneStation {
  readonly at: number
  readonly station: Station
}
/**
 * A row of stations in a column, from the wire's side (below) to the processes' side (above) when `up`, else the other way.
 * Lanes of a column stand side by side in the order of the way.
 */
export interface Lane {
  readonly up: boolean
  readonly stations: readonly LaneStation[]
}
export interface LaneColumn {
  readonly column: Column
  readonly lanes: readonly Lane[]
}

const ORIGINS: ReadonlySet<Station['kind']> = new Set(['process', 'socket', 'dns'])
const ENDS: ReadonlySet<Station['kind']> = new Set(['delivered'])

/** A packet climbs from the wire to where its way is chosen, and comes down again: the shape of the kernel's packet flow. */
export function lanesOf({ columns, stretches }: StagePicture): readonly LaneColumn[] {
  return columns.map((column) => ({
    column,
    lanes: stretches
      .filter((stretch) => stretch.column === column.id)
      .flatMap(({ from, stations }) => split(column, from, stations)),
  }))
}

function split(column: Column, from: number, stations: readonly Station[]): readonly Lane[] {
  const all = stations.map((station, index) => ({ at: from + index, station }))
  if (column.kind === 'wire') return [{ up: true, stations: all }]
  const first = stations[0]
  const last = stations.at(-1)
  if (first && ORIGINS.has(first.kind)) return [{ up: false, stations: all }]
  if (last && ENDS.has(last.kind)) return [{ up: true, stations: all }]
  const turn = turnOf(stations)
  if (turn === 0) return [{ up: true, stations: all }]
  return [
    { up: true, stations: all.slice(0, turn) },
    { up: false, stations: all.slice(turn) },
  ].filter((lane) => lane.stations.length > 0)
}

/** How many stations lie on the way up: to the route that is nearest to the middle, so that both lanes are of a height. */
function turnOf(stations: readonly Station[]): number {
  const middle = Math.ceil(stations.length / 2)
  const routes = stations.flatMap(({ kind }, at) => (kind === 'route' ? [at + 1] : []))
  const nearest = routes.toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0]
  if (nearest !== undefined && Math.abs(nearest - middle) <= 1) return nearest
  const ended = stations.some(({ kind }) => kind === 'dropped' || kind === 'rejected')
  return ended && stations.length < 5 ? 0 : middle
}
