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

/** Shape, colour, word and count of each state. Folded, it shows the states there are; a click on one makes it stand out. */
export function Legend({ model, filter, onChange }: LegendProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const shown = STATE_STYLES.map((style, state) => ({ ...style, index: state, count: model.stateCounts[state] ?? 0 })).filter(
    ({ count, index }) => open || count > 0 || filter.state === index,
  )
  return (
    <div className={styles.legend} data-open={open || undefined}>
      <button type="button" className="btn bare" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t('cluster:legend')}
      </button>
      <ul>
        {shown.map(({ state, cssVar, titleKey, index, count }) => (
          <li key={state}>
            <button
              type="button"
              className={styles.legendItem}
              aria-pressed={filter.state === index}
              title={t('cluster:highlightState')}
              onClick={() => onChange({ ...filter, state: filter.state === index ? null : index })}
            >
              <StateGlyph state={index} progress={0.5} color={`var(${cssVar})`} surface="var(--surface-raised)" />
              <span className={styles.legendWord}>{t(titleKey)}</span>
              <span className={styles.legendCount}>{count}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
