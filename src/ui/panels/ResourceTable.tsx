import { useDeferredValue, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { kubectlGet } from '../actions/commands.ts'
import { useFeed } from '../engine/hooks.ts'
import { Icon, KindIcon } from '../icons/Icon.tsx'
import { useDialogs } from '../state/dialogs.ts'
import { useLayout } from '../state/layout.ts'
import { sameObject, useSelection } from '../state/selection.ts'
import type { ObjectRef } from '../state/selection.ts'
import { useSettings } from '../state/settings.ts'
import type { TableRow } from '../../worker/protocol.ts'
import { CommandLine } from './CommandLine.tsx'
import { DataGrid } from './DataGrid.tsx'
import tools from './panel-tools.module.css'
import { StateBadge } from './StateBadge.tsx'
import { cellText, shownColumns, shownRows } from './table-model.ts'

/** kubectl get of one kind, live. */
export default function ResourceTable() {
  const { t } = useTranslation('shell')
  const table = useLayout((state) => state.table)
  const { group, version, resource, kind, namespaced, namespace } = table
  const snapshot = useFeed({ feed: 'table', group, version, resource, ...(namespaced && namespace !== '' ? { namespace } : {}) })
  const { wide, set } = useSettings()
  const showDialog = useDialogs((state) => state.show)
  const [filter, setFilter] = useState('')
  const needle = useDeferredValue(filter)
  const selected = useSelection((state) => state.selected)
  const select = useSelection((state) => state.select)
  const rows = useMemo(() => shownRows(snapshot.data?.rows.values() ?? [], needle), [snapshot, needle])
  const columns = useMemo(
    () => shownColumns(snapshot.data?.columns ?? [], rows, wide, namespaced && namespace === ''),
    [snapshot, rows, wide, namespaced, namespace],
  )
  const total = snapshot.data?.rows.size ?? 0
  const refOf = (row: TableRow): ObjectRef => ({ group, version, resource, kind, namespace: row.namespace, name: row.name })

  const cell = (row: TableRow, at: number) => {
    const column = columns[at]
    if (column === undefined) return null
    const text = cellText(row, column.cell)
    if (row.state !== undefined && column.id === 'Status') return <StateBadge state={row.state} status={text} />
    return column.id === 'Name' || column.id === 'namespace' ? <span className="mono">{text}</span> : text
  }

  return (
    <div className={tools.panel}>
      <div className={tools.tools}>
        <span className={tools.title}>
          <KindIcon kind={kind} /> {kind}
          {namespace !== '' && namespaced && <span className="mono muted">{namespace}</span>}
        </span>
        <label>
          <span className="visually-hidden">{t('table.filter')}</span>
          <input
            type="search"
            className="field"
            placeholder={t('table.filterPlaceholder')}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        </label>
        <label className="mono">
          <input type="checkbox" checked={wide} onChange={() => set({ wide: !wide })} /> {t('table.wide')}
        </label>
        {kind === 'Node' && group === '' && (
          <button type="button" className="btn" onClick={() => showDialog('add-node')}>
            <Icon name="plus" /> {t('action.addNode')}
          </button>
        )}
        <div className={tools.command}>
          <CommandLine command={kubectlGet(table, namespaced, wide)} />
        </div>
        <span className="muted">{t('table.rows', { shown: rows.length, total })}</span>
      </div>
      {snapshot.error !== '' ? (
        <p className="notice" role="alert">
          {snapshot.error}
        </p>
      ) : snapshot.data === undefined ? (
        <p className="notice">{t('table.loading', { kind })}</p>
      ) : rows.length === 0 ? (
        <Empty kind={kind} filter={filter} onClear={() => setFilter('')} />
      ) : (
        <DataGrid
          label={t('table.label', { kind })}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.key}
          cell={cell}
          isSelected={(row) => sameObject(selected, refOf(row))}
          onSelect={(row) => select(refOf(row))}
        />
      )}
    </div>
  )
}

function Empty({ kind, filter, onClear }: { readonly kind: string; readonly filter: string; readonly onClear: () => void }) {
  const { t } = useTranslation('shell')
  if (filter === '') {
    return (
      <div className="notice">
        <p>{t('table.empty', { kind })}</p>
        <p className="muted">{t('table.emptyHint')}</p>
      </div>
    )
  }
  return (
    <div className="notice">
      <p>{t('table.noMatch', { filter })}</p>
      <button type="button" className="btn" onClick={onClear}>
        {t('table.clear')}
      </button>
    </div>
  )
}
