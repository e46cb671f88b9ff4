import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useSettings } from '../state/settings.ts'
import styles from './EditorPanel.module.css'

interface DiffPaneProps {
  readonly before: string
  readonly after: string
  readonly onClose: () => void
}

/** The live objects on the left, what a dry run made of them on the right. */
export function DiffPane({ before, after, onClose }: DiffPaneProps) {
  const { t } = useTranslation('editor')
  const host = useRef<HTMLDivElement>(null)
  const dark = useSettings((state) => state.darkNow)
  useEffect(() => {
    let left = false
    let made: { readonly dispose: () => void } | undefined
    const load = async (): Promise<void> => {
      const monaco = await import('./monaco.ts')
      if (left || !host.current) return
      monaco.applyTheme(dark)
      host.current.replaceChildren()
      made = monaco.createDiff(host.current, before, after, t('diffName'))
    }
    // Without Monaco the new text stays readable as it is.
    load().catch((error: unknown) => console.warn('The diff editor did not load:', error))
    return () => {
      left = true
      made?.dispose()
    }
  }, [before, after, dark, t])
  return (
    <section className={styles.diff} aria-label={t('diffName')}>
      <header className={styles.diffHead}>
        <span>{t('live')}</span>
        <span>{t('wouldBe')}</span>
        <button type="button" className="btn" onClick={onClose}>
          {t('backToText')}
        </button>
      </header>
      <div ref={host} className={styles.diffHost}>
        <pre>{after}</pre>
      </div>
    </section>
  )
}
