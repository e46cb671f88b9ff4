import { useMemo } from 'react'
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
  const namespaces = useNames(model.namespaces)
  const owners = useNames(model.owners)
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
        {owners.map((name) => (
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

/** A longer menu is no use; the search finds the rest. */
const MOST_NAMES = 300

/** The names in order. As the map is changed in place, a change of its size stands for a change of its names. */
function useNames(counts: ReadonlyMap<string, number>): readonly string[] {
  const { size } = counts
  return useMemo(
    () =>
      size > 0
        ? [...counts.keys()]
            .filter((name) => name !== '')
            .toSorted()
            .slice(0, MOST_NAMES)
        : [],
    [counts, size],
  )
}
