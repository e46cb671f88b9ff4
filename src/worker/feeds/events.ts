import { events } from '../../apimachinery/generated/resources.ts'
import type { CoreV1Event } from '../../apimachinery/generated/types.ts'
import { parseTime } from '../../sim/time.ts'
import type { EventRow, FeedData } from '../protocol.ts'
import { KeyedChanges } from './changes.ts'
import type { Feed, FeedContext } from './feed.ts'

/** Events, newest change last; all namespaces or one. */
export class EventsFeed implements Feed {
  private readonly changes: KeyedChanges<CoreV1Event>

  constructor(context: FeedContext, namespace = '') {
    this.changes = new KeyedChanges(
      context.informers.for(events),
      (event) => namespace === '' || event.metadata.namespace === namespace,
    )
  }

  flush(): readonly FeedData[] {
    const taken = this.changes.take()
    if (!taken) return []
    return [
      {
        feed: 'events',
        events: {
          reset: taken.reset,
          upserts: taken.upserts.map(eventRow),
          removed: taken.removed.map((event) => event.metadata.uid ?? ''),
        },
      },
    ]
  }

  stop(): void {
    this.changes.stop()
  }
}

/** Rows already made: objects never change. */
const seen = new WeakMap<CoreV1Event, EventRow>()

export function eventRow(event: CoreV1Event): EventRow {
  let row = seen.get(event)
  if (!row) seen.set(event, (row = makeRow(event)))
  return row
}

function makeRow(event: CoreV1Event): EventRow {
  const created = parseTime(event.metadata.creationTimestamp ?? '')
  const time = (text: string | undefined) => (text ? parseTime(text) : created)
  return {
    uid: event.metadata.uid ?? '',
    type: event.type ?? '',
    reason: event.reason ?? '',
    message: event.message ?? '',
    source: event.source?.component || event.reportingComponent || '',
    count: event.series?.count ?? event.count ?? 1,
    firstMs: time(event.firstTimestamp ?? event.eventTime),
    lastMs: time(event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime),
    namespace: event.involvedObject.namespace ?? '',
    kind: event.involvedObject.kind ?? '',
    name: event.involvedObject.name ?? '',
  }
}
