import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { kubectlCommand } from '../../actions/commands.ts'
import { useDraft } from '../../state/draft.ts'
import { useLayout } from '../../state/layout.ts'
import type { ObjectRef } from '../../state/selection.ts'
import { CommandLine } from '../CommandLine.tsx'
import { CopyButton } from '../CopyButton.tsx'
import styles from './Inspector.module.css'

/** The object as kubectl get -o yaml prints it, live. */
export function YamlTab({ yaml, selected }: { readonly yaml: string; readonly selected: ObjectRef }) {
  const { t } = useTranslation('shell')
  const load = useDraft((state) => state.load)
  const openDock = useLayout((state) => state.openDock)
  return (
    <div className={styles.tab}>
      <CommandLine command={kubectlCommand('yaml', selected)} />
      <div className={styles.yamlTools}>
        <CopyButton text={yaml} label={t('inspector.copy')} />
        <button
          type="button"
          className="btn"
          disabled={yaml === ''}
          onClick={() => {
            load(yaml)
            openDock('yaml')
          }}
        >
          {t('inspector.edit')}
        </button>
      </div>
      <YamlText yaml={yaml} />
    </div>
  )
}

/** Keys stand out a little; nothing else is coloured. */
const YamlText = memo(function YamlText({ yaml }: { readonly yaml: string }) {
  return (
    <pre className={styles.yaml} tabIndex={0} aria-label="YAML">
      {yaml.split('\n').map((line, at) => {
        const key = /^(\s*(?:- )*)([\w./"-]+:)(.*)$/.exec(line)
        // Lines have no identity but their place.
        if (key === null) return <span key={at}>{`${line}\n`}</span>
        return (
          <span key={at}>
            {key[1]}
            <span className={styles.key}>{key[2]}</span>
            {`${key[3]}\n`}
          </span>
        )
      })}
    </pre>
  )
})
