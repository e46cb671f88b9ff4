import { useTranslation } from 'react-i18next'
import type { TimelineMark } from '../../../worker/timeline/protocol.ts'
import { DataGrid } from '../../panels/DataGrid.tsx'
import { EventType } from '../../panels/EventType.tsx'
import { clockTime } from '../../panels/format.ts'
import styles from './TimelineView.module.css'

interface EventListProps {
  readonly marks: readonly TimelineMark[]
  readonly focused: TimelineMark | null
  readonly onFocus: (mark: TimelineMark) => void
  readonly onLook: (timeMs: number) => void
}

/** The ticks in sight as a list, newest first. */
export function EventList({ marks, focused, onFocus, onLook }: EventListProps) {
  const { t } = useTranslation('timeline')
  const columns = [
    { id: 'time', title: t('view.eventTime'), chars: 14 },
    { id: 'type', title: t('view.eventType'), chars: 11 },
    { id: 'reason', title: t('view.eventReason'), chars: 16 },
    { id: 'object', title: t('view.eventObject'), chars: 30 },
    { id: 'message', title: t('view.eventMessage'), chars: 20, grow: true },
  ]
  const cell = (mark: TimelineMark, at: number) => {
    switch (columns[at]?.id) {
      case 'time':
        return <span className="mono">{clockTime(mark.timeMs)}</span>
      case 'type':
        return <EventType type={mark.warning ? 'Warning' : 'Normal'} />
      case 'object':
        return <span className="mono" title={`${mark.kind}/${mark.name}`}>{`${mark.kind}/${mark.name}`}</span>
      case 'message':
        return <span title={mark.message}>{mark.message}</span>
      default:
        return mark.reason
    }
  }
  return (
    <section className={styles.events} aria-label={t('view.events')}>
      <header>
        <h3>{t('view.events')}</h3>
        <span className="muted">{t('view.eventsShown', { count: marks.length })}</span>
        <button type="button" className="btn" disabled={!focused} onClick={() => focused && onLook(focused.timeMs)}>
          {t('view.lookHere')}
        </button>
      </header>
      {marks.length === 0 ? (
        <p className="notice">{t('view.noEvents')}</p>
      ) : (
        <DataGrid
          label={t('view.events')}
          columns={columns}
          rows={marks}
          keyOf={markKey}
          cell={cell}
          isSelected={(mark) => mark === focused}
          onSelect={onFocus}
        />
      )}
    </section>
  )
}

const keys = new WeakMap<TimelineMark, string>()
let nextKey = 0
function markKey(mark: TimelineMark): string {
  let key = keys.get(mark)
  if (key === undefined) keys.set(mark, (key = String(nextKey++)))
  return key
}
