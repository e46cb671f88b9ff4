import { useTranslation } from 'react-i18next'
import styles from './ClusterView.module.css'
import type { ClusterStage } from './use-renderer.ts'

/** Zoom by mouse or touch alone, without a wheel. */
export function ZoomButtons({ stage }: { readonly stage: ClusterStage }) {
  const { t } = useTranslation('cluster')
  return (
    <div className={styles.zoom} role="group" aria-label={t('zoom')}>
      <button
        type="button"
        className="btn icon"
        aria-label={t('zoomIn')}
        title={`${t('zoomIn')} (PageUp)`}
        onClick={() => stage.zoomBy(1.5)}
      >
        +
      </button>
      <button
        type="button"
        className="btn icon"
        aria-label={t('zoomOut')}
        title={`${t('zoomOut')} (PageDown)`}
        onClick={() => stage.zoomBy(1 / 1.5)}
      >
        −
      </button>
      <button type="button" className="btn" title={`${t('fit')} (0)`} onClick={() => stage.fit()}>
        {t('fit')}
      </button>
    </div>
  )
}
