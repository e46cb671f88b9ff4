import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFeed } from '../../engine/hooks.ts'
import { KindIcon } from '../../icons/Icon.tsx'
import { StateBadge } from '../../panels/StateBadge.tsx'
import { useLayout } from '../../state/layout.ts'
import { podRef, useSelection } from '../../state/selection.ts'
import { pickerRows } from './picker.ts'
import styles from './SchedulingView.module.css'

const MOST = 200

/** Shown while no pod is chosen: pods without a node first. */
export function PodPicker() {
  const { t } = useTranslation('scheduling')
  const [search, setSearch] = useState('')
  const { data, version } = useFeed({ feed: 'map' })
  const openDock = useLayout((state) => state.openDock)
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the map is changed in place; the version tells
  const rows = useMemo(() => (data ? pickerRows(data, search) : []), [data, version, search])
  const pending = rows.filter((row) => row.node === '').length
  return (
    <div className={styles.picker}>
      <h2>{t('pick.title')}</h2>
      <p className="muted">{data === undefined ? t('loading') : t('pick.pending', { count: pending })}</p>
      <input
        className="field"
        type="search"
        value={search}
        placeholder={t('pick.search')}
        aria-label={t('pick.search')}
        onChange={(event) => setSearch(event.target.value)}
      />
      {data !== undefined && rows.length === 0 && (
        <div className="notice">
          <p>{t('pick.none')}</p>
          <button type="button" className="btn" onClick={() => openDock('examples')}>
            {t('pick.examples')}
          </button>
        </div>
      )}
      <ul className={styles.pods}>
        {rows.slice(0, MOST).map((row) => (
          <li key={`${row.namespace}/${row.name}`}>
            <button
              type="button"
              className={styles.pod}
              onClick={() => useSelection.getState().select(podRef(row.namespace, row.name))}
            >
              <KindIcon kind="Pod" />
              <span className="mono wrap-anywhere">{row.name}</span>
              <span className="muted">{row.namespace}</span>
              <span className={styles.podEnd}>
                <StateBadge state={row.state} status={row.status} surface="var(--surface-raised)" />
                <span className="mono">{row.node || t('noNode')}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {rows.length > MOST && <p className="muted">{t('pick.more', { count: rows.length - MOST })}</p>}
    </div>
  )
}
