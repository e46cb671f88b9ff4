import { Component, Suspense } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from '../engine/session.ts'
import { Icon } from '../icons/Icon.tsx'
import { useDraft } from '../state/draft.ts'
import { useLayout } from '../state/layout.ts'
import { useSettings } from '../state/settings.ts'
import { VIEWS } from '../views/registry.ts'
import styles from './Stage.module.css'

/** The current view, and on a first visit the one line that says what to do. */
export function Stage() {
  const { t } = useTranslation('shell')
  const viewId = useLayout((state) => state.view)
  const view = VIEWS.find((entry) => entry.id === viewId) ?? VIEWS[0]
  const View = view?.component
  return (
    <main id="stage" className={styles.stage} tabIndex={-1} aria-label={view === undefined ? t('stage.title') : t(view.titleKey)}>
      <Hint />
      <div className={styles.view}>
        <ViewBoundary key={viewId}>
          <Suspense fallback={<p className="notice">{t('stage.loadingView')}</p>}>{View !== undefined && <View />}</Suspense>
        </ViewBoundary>
      </div>
    </main>
  )
}

/** Until it is closed, or there is a manifest to work with. */
function Hint() {
  const { t } = useTranslation('shell')
  const closed = useSettings((state) => state.hintClosed)
  const set = useSettings((state) => state.set)
  const openDock = useLayout((state) => state.openDock)
  const ready = useConnection((state) => state.status === 'ready')
  const empty = useDraft((state) => state.text.trim() === '')
  if (closed || !ready || !empty) return null
  return (
    <div className={styles.hint} role="note">
      <span>{t('stage.hint')}</span>
      <button type="button" className="btn" onClick={() => openDock('yaml')}>
        {t('stage.paste')}
      </button>
      <button type="button" className="btn" onClick={() => openDock('examples')}>
        {t('stage.example')}
      </button>
      <button type="button" className="btn bare icon" aria-label={t('stage.closeHint')} onClick={() => set({ hintClosed: true })}>
        <Icon name="close" />
      </button>
    </div>
  )
}

/** A view that fails takes only itself down. */
class ViewBoundary extends Component<{ readonly children: ReactNode }, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error }
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children
    return <ViewFailed message={this.state.error.message} onRetry={() => this.setState({ error: null })} />
  }
}

function ViewFailed({ message, onRetry }: { readonly message: string; readonly onRetry: () => void }) {
  const { t } = useTranslation('shell')
  return (
    <div className="notice" role="alert">
      <h2>{t('stage.viewFailed')}</h2>
      <p>{t('stage.viewFailedHint')}</p>
      <pre className="wrap-anywhere">{message}</pre>
      <button type="button" className="btn" onClick={onRetry}>
        {t('stage.retry')}
      </button>
    </div>
  )
}
