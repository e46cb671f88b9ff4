import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/Icon.tsx'
import { translate } from '../i18n/index.ts'
import { say } from '../state/status.ts'

/** Copies a text and says so. With a label it shows it; without, it is a sign with a name. */
export function CopyButton({ text, label, name }: { readonly text: string; readonly label?: string; readonly name?: string }) {
  const { t } = useTranslation('shell')
  const bare = label === undefined
  return (
    <button
      type="button"
      className={bare ? 'btn bare icon' : 'btn'}
      aria-label={name ?? label ?? t('inspector.copy')}
      title={t('inspector.copy')}
      disabled={text === ''}
      onClick={() => void copy(text)}
    >
      <Icon name="copy" />
      {label}
    </button>
  )
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say('success', `${translate('shell:inspector.copied')}: ${text.split('\n', 1)[0]}`)
  } catch (error) {
    say('warning', `${translate('shell:inspector.copyFailed')} (${error instanceof Error ? error.message : String(error)})`)
  }
}
