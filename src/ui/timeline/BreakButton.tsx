import { useTranslation } from 'react-i18next'
import { useDialogs } from '../state/dialogs.ts'
import styles from './Travel.module.css'
import type { Travel } from './use-travel.ts'

/** Opens the break points; tells how many there are. */
export function BreakButton({ travel }: { readonly travel: Travel | null }) {
  const { t } = useTranslation('timeline')
  const show = useDialogs((state) => state.show)
  const count = travel?.state.breakpoints.length ?? 0
  return (
    <button
      type="button"
      className="btn bare"
      aria-haspopup="dialog"
      disabled={travel === null}
      title={t('break.hint')}
      onClick={() => show('breakpoints')}
    >
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <path
          d="M4 1h4l3 3v4L8 11H4L1 8V4z"
          fill={count > 0 ? 'var(--danger)' : 'none'}
          stroke={count > 0 ? 'var(--danger)' : 'currentColor'}
          strokeWidth="1.4"
        />
      </svg>
      {t('break.button')}
      {count > 0 && <span className={styles.count}>{count}</span>}
    </button>
  )
}
