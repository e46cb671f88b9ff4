import { useTranslation } from 'react-i18next'
import type { TraceEntry } from '../../../worker/control-plane/protocol.ts'
import { useNarrow } from '../../app/use-narrow.ts'
import { DataGrid, type GridColumn } from '../../panels/DataGrid.tsx'
import { clockTime } from '../../panels/format.ts'
import styles from './ControlPlaneView.module.css'
import { Mark, type MarkLook } from './Mark.tsx'
import { entryText, objectText, resultText, verbText, whoText } from './words.ts'

interface StoryListProps {
  /** Newest first. */
  readonly rows: readonly TraceEntry[]
  readonly open: TraceEntry | null
  readonly onOpen: (entry: TraceEntry) => void
  /** Something stands beside the list: fewer columns. */
  readonly beside: boolean
}

/** What happened, newest first; any number of entries. */
export function StoryList({ rows, open, onOpen, beside }: StoryListProps) {
  const { t } = useTranslation('controlplane')
  const brief = useNarrow() || beside
  const columns: readonly GridColumn[] = brief
    ? [
        { id: 'time', title: t('story.time'), chars: 9 },
        { id: 'what', title: t('story.what'), chars: 12, grow: true },
      ]
    : [
        { id: 'time', title: t('story.time'), chars: 12 },
        { id: 'who', title: t('story.who'), chars: 21 },
        { id: 'what', title: t('story.what'), chars: 10 },
        { id: 'object', title: t('story.object'), chars: 24, grow: true },
        { id: 'result', title: t('story.result'), chars: 20 },
      ]
  const cell = (entry: TraceEntry, column: number) => {
    switch (columns[column]?.id) {
      case 'time':
        return <span className="mono">{brief ? clockTime(entry.timeMs).slice(3) : clockTime(entry.timeMs)}</span>
      case 'who':
        return whoText(entry, t)
      case 'object':
        return <span title={objectText(entry)}>{objectText(entry)}</span>
      case 'what':
        return (
          <span className={styles.what} title={brief ? entryText(entry, t) : undefined}>
            <Mark look={lookOf(entry)} /> {brief && `${whoText(entry, t)}: `}
            {verbText(entry, t)}
            {brief && ` ${briefObject(entry)}`}
          </span>
        )
      default:
        return (
          <span className={failed(entry) ? styles.error : undefined} title={resultText(entry, t)}>
            {resultText(entry, t)}
          </span>
        )
    }
  }
  return (
    <DataGrid
      label={t('story.title')}
      columns={columns}
      rows={rows}
      keyOf={(entry) => String(entry.id)}
      cell={cell}
      isSelected={(entry) => entry.id === open?.id}
      onSelect={onOpen}
    />
  )
}

/** Without the namespace, for which there is no room. */
function briefObject({ object, subresource }: TraceEntry): string {
  return objectText({ object: { ...object, namespace: '' }, subresource })
}

export function lookOf(entry: TraceEntry): MarkLook {
  return entry.type === 'request' && entry.code >= 400 ? 'refusal' : entry.type
}

function failed({ code, type, message }: TraceEntry): boolean {
  return code >= 400 || (type === 'turn' && message !== '')
}
