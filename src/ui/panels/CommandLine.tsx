import { useTranslation } from 'react-i18next'
import styles from './CommandLine.module.css'
import { CopyButton } from './CopyButton.tsx'

/** A kubectl command to read and to copy. */
export function CommandLine({ command }: { readonly command: string }) {
  const { t } = useTranslation('shell')
  return (
    <div className={styles.line} role="group" aria-label={t('action.commandLabel')}>
      <code>
        <span className={styles.prompt} aria-hidden="true">
          ${' '}
        </span>
        {command}
      </code>
      <CopyButton text={command} name={`${t('inspector.copy')}: ${command}`} />
    </div>
  )
}
