import { useLayoutEffect, useId, useRef } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/Icon.tsx'
import { useDialogs } from '../state/dialogs.ts'
import styles from './Dialog.module.css'

interface DialogProps {
  readonly title: string
  /** The title is for screen readers only; there is no head line. */
  readonly headless?: boolean
  readonly children: ReactNode
}

/** A modal dialog of the browser's own: it keeps the focus, closes on Esc and on a click beside it. Its first input has the focus. */
export function Dialog({ title, headless = false, children }: DialogProps) {
  const { t } = useTranslation('shell')
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const show = useDialogs((state) => state.show)
  useLayoutEffect(() => {
    const dialog = ref.current
    if (dialog !== null && !dialog.open) {
      dialog.showModal()
      dialog.querySelector<HTMLElement>('input')?.focus()
    }
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      className={styles.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        show(null)
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) show(null)
      }}
    >
      <div className={headless ? 'visually-hidden' : styles.head}>
        <h2 id={titleId}>{title}</h2>
        {!headless && (
          <button type="button" className="btn bare icon" aria-label={t('help.close')} onClick={() => show(null)}>
            <Icon name="close" />
          </button>
        )}
      </div>
      {children}
    </dialog>
  )
}
