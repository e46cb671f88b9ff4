import { useTranslation } from 'react-i18next'
import styles from './ClusterView.module.css'
import { EMPTY_FILTER, type Filter } from './filter.ts'
import type { ClusterModel } from './model.ts'

interface HighlightBarProps {
  readonly model: ClusterModel
  readonly version: number
  readonly filter: Filter
  readonly onChange: (filter: Filter) => void
}

/** Chooses whose pods stand out; the others are dimmed, none is hidden. */
export function HighlightBar({ model, filter, onChange }: HighlightBarProps) {
  const { t } = useTranslation('cluster')
  const namespaces = [...model.namespaces.keys()].toSorted()
  const owners = [...model.owners.keys()].filter((owner) => owner !== '').toSorted()
  if (namespaces.length === 0) return null
  const active = filter.namespace !== '' || filter.owner !== '' || filter.state !== null
  return (
    <div className={styles.highlight} role="group" aria-label={t('highlight')}>
      <select
        className="field"
        aria-label={t('namespace')}
        value={filter.namespace}
        onChange={(event) => onChange({ ...filter, namespace: event.target.value })}
      >
        <option value="">{t('allNamespaces')}</option>
        {namespaces.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        className="field"
        aria-label={t('owner')}
        value={filter.owner}
        onChange={(event) => onChange({ ...filter, owner: event.target.value })}
      >
        <option value="">{t('allOwners')}</option>
        {owners.slice(0, 500).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {active && (
        <button type="button" className="btn" onClick={() => onChange(EMPTY_FILTER)}>
          {t('showAll')}
        </button>
      )}
    </div>
  )
}
