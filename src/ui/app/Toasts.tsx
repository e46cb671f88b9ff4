import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/Icon.tsx'
import { useStatus } from '../state/status.ts'
import styles from './Toasts.module.css'

const SHOWN = 3

/** Errors and warnings, until they are closed; everything else goes through the status line only. */
export function Toasts() {
  const { t } = useTranslation('shell')
  const lines = useStatus((state) => state.lines)
  const dismiss = useStatus((state) => state.dismiss)
  const shown = lines.filter((line) => line.tone === 'error' || line.tone === 'warning').slice(-SHOWN)
  return (
    <div className={styles.toasts} role="region" aria-label={t('status.notifications')}>
      {shown.map((line) => (
        <div key={line.id} className={styles.toast} data-tone={line.tone} role={line.tone === 'error' ? 'alert' : undefined}>
          <Icon name="warning" />
          <p className="wrap-anywhere">{line.text}</p>
          <button type="button" className="btn bare icon" aria-label={t('status.dismiss')} onClick={() => dismiss(line.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}
