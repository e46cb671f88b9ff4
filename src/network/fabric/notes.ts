import type { Netns } from '../link/netns.ts'
import type { Packet } from '../packet.ts'
import type { RuleLog, Place, Station, StationKind } from '../trace.ts'

/** Writes down a walk's stations, when anybody wants them, and keeps its clock. */
export class Notes {
  readonly stations: Station[] = []
  readonly wanted: boolean
  /** Microseconds since the walk began. */
  atUs = 0

  constructor(wanted: boolean) {
    this.wanted = wanted
  }

  /** Adds a station that takes `tookUs`. Time passes whether or not it is written down. */
  add(
    kind: StationKind,
    place: Place,
    name: string,
    tookUs: number,
    before: Packet,
    after: Packet,
    detail: string,
    log?: RuleLog | null,
  ): void {
    if (this.wanted)
      this.stations.push({
        kind,
        place,
        name,
        atUs: this.atUs,
        tookUs,
        before,
        after,
        detail,
        rules: log?.steps ?? [],
        looked: log?.looked ?? 0,
      })
    this.atUs += tookUs
  }
}

/** Where a namespace is. */
export function placeOf(netns: Netns, device?: string): Place {
  return {
    node: netns.node,
    ...(netns.pod === undefined ? {} : { pod: netns.pod }),
    ...(device === undefined || device === '' ? {} : { device }),
  }
}
