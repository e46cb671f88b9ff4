import type { TraceEntry } from '../../../worker/control-plane/protocol.ts'

/** What a list shows, by name; the names are those of story.* in the texts. */
export const ENTRY_CLASSES = ['requests', 'reads', 'events', 'turns', 'eventObjects'] as const
export type EntryClass = (typeof ENTRY_CLASSES)[number]

export interface EntryFilter {
  readonly classes: ReadonlySet<EntryClass>
  /** '' for all; a process stands for its parts too. */
  readonly station: string
}

/** Event objects only tell of what is there already. */
export const FIRST_FILTER: EntryFilter = { classes: new Set(['requests', 'reads', 'events', 'turns']), station: '' }

export function passes({ classes, station }: EntryFilter, entry: TraceEntry): boolean {
  if (station !== '' && !isAt(station, entry)) return false
  if (entry.object.resource === 'events' && !classes.has('eventObjects')) return false
  return classes.has(classOf(entry))
}

function classOf({ type, verb }: TraceEntry): EntryClass {
  if (type === 'event') return 'events'
  if (type === 'turn') return 'turns'
  return verb === 'get' || verb === 'list' || verb === 'watch' ? 'reads' : 'requests'
}

function isAt(station: string, entry: TraceEntry): boolean {
  if (station === 'apiserver') return entry.type === 'request' || entry.station === station
  if (station === 'etcd') return entry.writes > 0
  if (station === 'manager') return entry.station === 'manager' || entry.station.startsWith('controller:')
  if (station === 'kubelets') return entry.station.startsWith('kubelet:')
  return entry.station === station
}
