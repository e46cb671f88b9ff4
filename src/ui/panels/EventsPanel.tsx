import { useDeferredValue, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EventRow } from '../../worker/protocol.ts'
import { useFeed, useFeedValue } from '../engine/hooks.ts'
import { useLayout } from '../state/layout.ts'
import { useSelection } from '../state/selection.ts'
import { DataGrid } from './DataGrid.tsx'
import { shownEvents } from './event-model.ts'
import { EventType } from './EventType.tsx'
import { age } from './format.ts'
import { refOfKind } from './kind-ref.ts'
import tools from './panel-tools.module.css'

/** What happened, newest first; choosing an event selects the object it is about. */
export default function EventsPanel() {
  const { t } = useTranslation('shell')
  const namespace = useLayout((state) => state.table.namespace)
  const snapshot = useFeed({ feed: 'events', ...(namespace === '' ? {} : { namespace }) })
  const { data: kinds } = useFeed({ feed: 'kinds' })
  const nowSeconds = useFeedValue({ feed: 'clock' }, (clock) => Math.floor((clock?.nowMs ?? 0) / 1000))
  const select = useSelection((state) => state.select)
  const [filter, setFilter] = useState('')
  const [warnings, setWarnings] = useState(false)
  const needle = useDeferredValue(filter)
  const rows = useMemo(() => shownEvents(snapshot.data?.rows.values() ?? [], needle, warnings), [snapshot, needle, warnings])
  const columns = [
    { id: 'last', title: t('events.last'), chars: 10 },
    { id: 'type', title: t('events.type'), chars: 11 },
    { id: 'reason', title: t('events.reason'), chars: 20 },
    { id: 'object', title: t('events.object'), chars: 40 },
    { id: 'count', title: t('events.count'), chars: 6 },
    { id: 'message', title: t('events.message'), chars: 48, grow: true },
  ]
  const cell = (row: EventRow, at: number) => {
    switch (columns[at]?.id) {
      case 'last':
        return age(nowSeconds * 1000 - row.lastMs)
      case 'type':
        return <EventType type={row.type} />
      case 'object':
        return <span className="mono" title={row.namespace}>{`${row.kind}/${row.name}`}</span>
      case 'count':
        return row.count
      case 'message':
        return <span title={row.message}>{row.message}</span>
      default:
        return row.reason
    }
  }
  return (
    <div className={tools.panel}>
      <div className={tools.tools}>
        <label>
          <span className="visually-hidden">{t('table.filter')}</span>
          <input
            type="search"
            className="field"
            placeholder={t('events.filterPlaceholder')}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        </label>
        <label>
          <input type="checkbox" checked={warnings} onChange={() => setWarnings(!warnings)} /> {t('events.warnings')}
        </label>
        <span className={`muted ${tools.end}`}>
          {t('table.rows', { shown: rows.length, total: snapshot.data?.rows.size ?? 0 })}
        </span>
      </div>
      {snapshot.data === undefined ? (
        <p className="notice">{t('events.loading')}</p>
      ) : rows.length === 0 ? (
        <p className="notice">
          {filter === '' && !warnings ? t('events.empty') : t('table.noMatch', { filter: filter || 'Warning' })}
        </p>
      ) : (
        <DataGrid
          label={t('events.label')}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.uid}
          cell={cell}
          isSelected={() => false}
          onSelect={(row) => {
            const ref = refOfKind(kinds ?? [], row.kind, row.namespace, row.name)
            if (ref !== null) select(ref)
          }}
        />
      )}
    </div>
  )
}
