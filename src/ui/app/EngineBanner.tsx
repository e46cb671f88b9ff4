import { useTranslation } from 'react-i18next'
import { useSession } from '../engine/hooks.ts'
import { useConnection } from '../engine/session.ts'
import { useClusterOptions } from '../state/cluster-options.ts'
import styles from './EngineBanner.module.css'

/** Says that the cluster is being built, or that the engine is gone and what can be done about it. */
export function EngineBanner() {
  const { t } = useTranslation('shell')
  const session = useSession()
  const { status, message, log } = useConnection()
  if (status === 'ready') return null
  if (status === 'starting') {
    return (
      <div className={styles.banner} role="status">
        <span className={styles.progress} aria-hidden="true" />
        <strong>{t('cluster.starting')}</strong>
        <span className="muted">{t('cluster.startingHint')}</span>
      </div>
    )
  }
  const crashed = status === 'crashed'
  return (
    <div className={`${styles.banner} ${styles.bad}`} role="alert">
      <strong>{t(crashed ? 'cluster.crashed' : 'cluster.failed')}</strong>
      <span>{t(crashed ? 'cluster.crashedHint' : 'cluster.failedHint')}</span>
      <code className="wrap-anywhere">{message}</code>
      <span className={styles.buttons}>
        {log !== null && (
          <>
            <button type="button" className="btn primary" onClick={() => void session.restore(log)}>
              {t('cluster.restore')}
            </button>
            <button type="button" className="btn" onClick={() => download('kubarium-log.json', JSON.stringify(log))}>
              {t('cluster.saveLog')}
            </button>
          </>
        )}
        <button type="button" className="btn" onClick={() => void session.start(useClusterOptions.getState())}>
          {t('cluster.fresh')}
        </button>
        {!crashed && (
          <button type="button" className="btn" onClick={() => location.reload()}>
            {t('cluster.reload')}
          </button>
        )}
      </span>
    </div>
  )
}

function download(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
