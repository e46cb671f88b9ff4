import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { StateGlyph } from '../../diagrams/StateGlyph.tsx'
import { STATE_STYLES } from '../../theme/states.ts'
import styles from './ClusterView.module.css'
import type { Filter } from './filter.ts'
import type { ClusterModel } from './model.ts'

interface LegendProps {
  readonly model: ClusterModel
  readonly version: number
  readonly filter: Filter
  readonly onChange: (filter: Filter) => void
}

/** With more states than this the bar shows shapes and counts; their words stand in the open legend. */
const MOST_WORDS = 3

/** Shape, colour, word and count of each state. Folded, it shows the states there are; a click on one makes it stand out. */
export function Legend({ model, filter, onChange }: LegendProps) {
  const { t } = useTranslation('cluster')
  const [open, setOpen] = useState(false)
  const all = STATE_STYLES.map((_, state) => state)
  const present = all.filter((state) => (model.stateCounts[state] ?? 0) > 0 || filter.state === state)
  const list = (states: readonly number[]) => (
    <ul data-short={(!open && states.length > MOST_WORDS) || undefined}>
      {states.map((state) => (
        <LegendItem
          key={state}
          state={state}
          count={model.stateCounts[state] ?? 0}
          pressed={filter.state === state}
          onClick={() => onChange({ ...filter, state: filter.state === state ? null : state })}
        />
      ))}
    </ul>
  )
  return (
    <div className={styles.legend}>
      <button type="button" className="btn" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t('legend')}
      </button>
      {open ? <div className={styles.legendAll}>{list(all)}</div> : list(present)}
    </div>
  )
}

interface LegendItemProps {
  readonly state: number
  readonly count: number
  readonly pressed: boolean
  readonly onClick: () => void
}

function LegendItem({ state, count, pressed, onClick }: LegendItemProps) {
  const { t } = useTranslation()
  const style = STATE_STYLES[state]
  if (!style) return null
  return (
    <li>
      <button
        type="button"
        className={styles.legendItem}
        aria-pressed={pressed}
        title={`${t(style.titleKey)}: ${t('cluster:highlightState')}`}
        aria-label={`${t(style.titleKey)}: ${count}`}
        onClick={onClick}
      >
        <StateGlyph state={state} progress={0.5} color={`var(${style.cssVar})`} surface="var(--surface-raised)" />
        <span className={styles.legendWord}>{t(style.titleKey)}</span>
        <span className={styles.legendCount}>{count}</span>
      </button>
    </li>
  )
}
