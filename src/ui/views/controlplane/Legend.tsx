import { useTranslation } from 'react-i18next'
import { useFeedValue } from '../../engine/hooks.ts'
import styles from './ControlPlaneView.module.css'
import { Mark, type MarkLook } from './Mark.tsx'
import { latencyScale } from './traffic.ts'

const LOOKS: readonly MarkLook[] = ['request', 'event', 'refusal', 'turn', 'write']

/** What shapes and lines mean; with too much at once for dots it says so. */
export function Legend({ aggregated }: { readonly aggregated: boolean }) {
  const { t } = useTranslation('controlplane')
  const speed = useFeedValue({ feed: 'clock' }, (clock) => (typeof clock?.speed === 'number' ? clock.speed : 1))
  return (
    <ul className={styles.legend} aria-label={t('legend.title')}>
      {LOOKS.map((look) => (
        <li key={look}>
          <Mark look={look} /> {t(`legend.${look}`)}
        </li>
      ))}
      <li data-now={aggregated || undefined}>{t(aggregated ? 'aggregated' : 'legend.line')}</li>
      <li>{t('legend.scale', { ms: latencyScale(speed) })}</li>
      <li>
        <span className={styles.badge}>3</span>
        <span className={styles.badge} data-waiting>
          2
        </span>{' '}
        {t('legend.queue')}
      </li>
    </ul>
  )
}
