import { useTranslation } from 'react-i18next'
import { Icon } from '../../icons/Icon.tsx'
import type { GroupBy, LaneFilter } from './model.ts'
import styles from './TimelineView.module.css'
import type { WindowControl } from './use-window.ts'

const GROUPS: readonly { readonly id: GroupBy; readonly text: string }[] = [
  { id: 'owner', text: 'view.owner' },
  { id: 'node', text: 'view.node' },
  { id: 'namespace', text: 'view.byNamespace' },
]
const SPANS_MIN = [1, 10] as const

interface ToolbarProps {
  readonly filter: LaneFilter
  readonly onFilter: (filter: LaneFilter) => void
  readonly by: GroupBy
  readonly onBy: (by: GroupBy) => void
  readonly namespaces: readonly string[]
  readonly control: WindowControl
  readonly shown: number
  readonly total: number
  readonly omitted: number
}

/** Grouping, filters and the time in sight. */
export function Toolbar({ filter, onFilter, by, onBy, namespaces, control, shown, total, omitted }: ToolbarProps) {
  const { t } = useTranslation('timeline')
  const check = (key: 'onlyUnhealthy' | 'onlyWarnings' | 'otherKinds' | 'ended', text: string) => (
    <label>
      <input type="checkbox" checked={filter[key]} onChange={() => onFilter({ ...filter, [key]: !filter[key] })} /> {text}
    </label>
  )
  return (
    <div className={styles.toolbar}>
      <div role="group" aria-label={t('view.groupBy')} className={styles.segments}>
        {GROUPS.map(({ id, text }) => (
          <button key={id} type="button" className="btn bare" aria-pressed={by === id} onClick={() => onBy(id)}>
            {t(text)}
          </button>
        ))}
      </div>
      <label>
        <span className="visually-hidden">{t('namespace')}</span>
        <select
          className="field"
          value={filter.namespace}
          onChange={(event) => onFilter({ ...filter, namespace: event.target.value })}
        >
          <option value="">{t('view.allNamespaces')}</option>
          {namespaces.map((namespace) => (
            <option key={namespace} value={namespace}>
              {namespace}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="visually-hidden">{t('view.filter')}</span>
        <input
          type="search"
          className="field"
          placeholder={t('view.filterPlaceholder')}
          value={filter.text}
          onChange={(event) => onFilter({ ...filter, text: event.target.value })}
        />
      </label>
      {check('onlyUnhealthy', t('view.onlyUnhealthy'))}
      {check('onlyWarnings', t('view.onlyWarnings'))}
      {check('otherKinds', t('view.otherKinds'))}
      {check('ended', t('view.ended'))}
      <span className={`muted ${styles.count}`}>
        {t('view.lanesShown', { shown, total })}
        {omitted > 0 && ` · ${t('view.omitted', { count: omitted })}`}
      </span>
      <ZoomTools control={control} />
    </div>
  )
}

function ZoomTools({ control: { mode, setMode, zoom } }: { readonly control: WindowControl }) {
  const { t } = useTranslation('timeline')
  return (
    <div role="group" className={styles.segments}>
      {SPANS_MIN.map((minutes) => (
        <button
          key={minutes}
          type="button"
          className="btn bare"
          aria-label={t('view.last', { minutes })}
          title={t('view.last', { minutes })}
          aria-pressed={mode.type === 'follow' && mode.spanMs === minutes * 60_000}
          onClick={() => setMode({ type: 'follow', spanMs: minutes * 60_000 })}
        >
          {minutes}m
        </button>
      ))}
      <button type="button" className="btn bare" aria-pressed={mode.type === 'all'} onClick={() => setMode({ type: 'all' })}>
        {t('view.fit')}
      </button>
      <button type="button" className="btn icon" aria-label={t('view.zoomOut')} title={t('view.zoomOut')} onClick={() => zoom(2)}>
        <span aria-hidden="true">−</span>
      </button>
      <button type="button" className="btn icon" aria-label={t('view.zoomIn')} title={t('view.zoomIn')} onClick={() => zoom(0.5)}>
        <Icon name="plus" />
      </button>
    </div>
  )
}
