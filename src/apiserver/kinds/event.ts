import type { FieldError } from '../../apimachinery/field-errors.ts'
import { invalid, required } from '../../apimachinery/field-errors.ts'
import type { CoreV1Event, EventSource, EventsV1Event } from '../../apimachinery/generated/types.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import { defineStrategy, type TableColumnDefinition } from './strategy.ts'
import { checkImmutable, checkQualifiedName, invalids } from './shared/checks.ts'
import { column, nameColumn, since, wideColumn } from './shared/columns.ts'

/** An event under the names of core/v1, which is how it is stored and checked. */
type Event = CoreV1Event

function limited(text: string | undefined, limit: number, field: string, needed = true): FieldError[] {
  const errors: FieldError[] = needed && !text ? [required(field)] : []
  return (text ?? '').length > limit ? [...errors, invalid(field, '', `can have at most ${limit} characters`)] : errors
}

/** Events of the new style say who reports what; those of the old style only have to lie beside their object. */
function checkContent(event: Event, controllerField: string): FieldError[] {
  const namespace = event.metadata.namespace ?? ''
  const about = event.involvedObject?.namespace ?? ''
  const elsewhere = [invalid('involvedObject.namespace', about, 'does not match event.namespace')]
  if (!event.eventTime) {
    const clusterWide = about === '' && (namespace === '' || namespace === 'default')
    return clusterWide || about === namespace ? [] : elsewhere
  }
  const controller = event.reportingComponent ?? ''
  return [
    ...(about === '' && namespace !== 'default' && namespace !== 'kube-system' ? elsewhere : []),
    ...(controller === '' ? [required(controllerField)] : []),
    ...checkQualifiedName(controller, controllerField),
    ...limited(event.reportingInstance, 128, 'reportingInstance'),
    ...limited(event.action, 128, 'action'),
    ...limited(event.reason, 128, 'reason'),
    ...limited(event.message, 1024, 'message', false),
  ]
}

function validateV1(event: Event, controllerField = 'reportingComponent'): FieldError[] {
  const namespace = event.metadata.namespace ?? ''
  return [...checkContent(event, controllerField), ...invalids('namespace', namespace, isDns1123Subdomain(namespace))]
}

function checkSeries(event: Event): FieldError[] {
  if (event.series === undefined) return []
  const errors: FieldError[] = []
  if ((event.series.count ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'))
  return event.series.lastObservedTime ? errors : [...errors, required('series.lastObservedTime')]
}

const hasSource = (source: EventSource | undefined) => Boolean(source?.component || source?.host)

function validateNewStyle(event: Event): FieldError[] {
  const unset = (bad: boolean, field: string) => (bad ? [invalid(field, '', 'needs to be unset')] : [])
  const type = event.type ?? ''
  return [
    ...validateV1(event, 'reportingController'),
    ...checkSeries(event),
    ...(event.eventTime ? [] : [required('eventTime')]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...unset(Boolean(event.firstTimestamp), 'firstTimestamp'),
    ...unset(Boolean(event.lastTimestamp), 'lastTimestamp'),
    ...unset(Boolean(event.count), 'count'),
    ...unset(hasSource(event.source), 'source'),
  ]
}

const FIXED = [
  ['involvedObject', 'involvedObject'],
  ['reason', 'reason'],
  ['message', 'message'],
  ['source', 'source'],
  ['firstTimestamp', 'firstTimestamp'],
  ['lastTimestamp', 'lastTimestamp'],
  ['count', 'count'],
  ['reason', 'reason'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingComponent', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
] as const

function validateNewStyleUpdate(event: Event, old: Event): FieldError[] {
  const fixed = FIXED.flatMap(([name, field]) => checkImmutable(event[name], old[name], field))
  return [...validateV1(event, 'reportingController'), ...checkSeries(event), ...fixed]
}

const objectCell = ({ involvedObject: { kind = '', name } }: Event) =>
  name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase()

function firstSeen(event: Event, nowMs: number): string {
  return since(event.firstTimestamp || event.eventTime, nowMs)
}

function lastSeen(event: Event, nowMs: number): string {
  if (event.series) return since(event.series.lastObservedTime, nowMs)
  return event.lastTimestamp ? since(event.lastTimestamp, nowMs) : firstSeen(event, nowMs)
}

function sourceCell(event: Event): string {
  const component = event.source?.component || event.reportingComponent || ''
  const instance = event.source?.host || event.reportingInstance || ''
  return instance === '' ? component : `${component}, ${instance}`
}

const columns: readonly TableColumnDefinition<Event>[] = [
  column('Last Seen', 'CoreV1Event.lastTimestamp', lastSeen),
  column('Type', 'CoreV1Event.type', (e) => e.type ?? ''),
  column('Reason', 'CoreV1Event.reason', (e) => e.reason ?? ''),
  column('Object', 'CoreV1Event.involvedObject', objectCell),
  wideColumn('Subobject', 'V1ObjectReference.fieldPath', (e) => e.involvedObject.fieldPath ?? ''),
  wideColumn('Source', 'CoreV1Event.source', sourceCell),
  column('Message', 'CoreV1Event.message', (e) => (e.message ?? '').trim()),
  wideColumn('First Seen', 'CoreV1Event.firstTimestamp', firstSeen),
  wideColumn('Count', 'CoreV1Event.count', (e) => e.series?.count ?? (e.count || 1)),
  { ...nameColumn, priority: 1 },
]

const fields: { readonly [path: string]: (event: Event) => string } = {
  'involvedObject.kind': (e) => e.involvedObject.kind ?? '',
  'involvedObject.namespace': (e) => e.involvedObject.namespace ?? '',
  'involvedObject.name': (e) => e.involvedObject.name ?? '',
  'involvedObject.uid': (e) => e.involvedObject.uid ?? '',
  'involvedObject.apiVersion': (e) => e.involvedObject.apiVersion ?? '',
  'involvedObject.resourceVersion': (e) => e.involvedObject.resourceVersion ?? '',
  'involvedObject.fieldPath': (e) => e.involvedObject.fieldPath ?? '',
  reason: (e) => e.reason ?? '',
  reportingComponent: (e) => e.reportingComponent ?? '',
  source: (e) => e.source?.component || e.reportingComponent || '',
  type: (e) => e.type ?? '',
}

/** k8s 1.36: registry/core/event strategy.go. */
export const event = defineStrategy<Event>({
  group: '',
  resource: 'events',
  shortNames: ['ev'],
  defaults: (object) => ({
    ...object,
    reportingComponent: object.reportingComponent ?? '',
    reportingInstance: object.reportingInstance ?? '',
    source: object.source ?? {},
  }),
  validate: (object) => validateV1(object),
  validateUpdate: (object) => validateV1(object),
  allowCreateOnUpdate: true,
  fields,
  columns,
})

/** The event under the names of core/v1. Either form is taken, so it can be used before and after a conversion. */
export function asCoreEvent(object: Event | EventsV1Event): Event {
  if (object.apiVersion !== 'events.k8s.io/v1') return object as Event
  const e = object as EventsV1Event
  const { regarding, note, reportingController, deprecatedCount, deprecatedFirstTimestamp, deprecatedLastTimestamp, ...rest } = e
  const { deprecatedSource, ...same } = rest
  return {
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController,
    count: deprecatedCount,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    source: deprecatedSource,
  }
}

/** k8s 1.36: the same objects by way of events.k8s.io, with the stricter rules of that version. */
export const newEvent = defineStrategy<Event | EventsV1Event>({
  group: 'events.k8s.io',
  resource: 'events',
  shortNames: ['ev'],
  defaults: (object) =>
    object.apiVersion === 'events.k8s.io/v1'
      ? { ...object, deprecatedSource: (object as EventsV1Event).deprecatedSource ?? {} }
      : object,
  validate: (object) => validateNewStyle(asCoreEvent(object)),
  validateUpdate: (object, old) => validateNewStyleUpdate(asCoreEvent(object), asCoreEvent(old)),
  allowCreateOnUpdate: true,
  fields: Object.fromEntries(
    Object.entries(fields).map(([path, read]) => [path, (e: Event | EventsV1Event) => read(asCoreEvent(e))]),
  ),
  columns: columns.map((c) => ({ ...c, cell: (e: Event | EventsV1Event, nowMs: number) => c.cell(asCoreEvent(e), nowMs) })),
})
