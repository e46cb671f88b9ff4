import { useTranslation } from 'react-i18next'
import { StateGlyph } from '../diagrams/StateGlyph.tsx'
import { STATE_STYLES } from '../theme/states.ts'
import { Dialog } from './Dialog.tsx'
import dialogStyles from './Dialog.module.css'
import styles from './HelpDialog.module.css'
import { KEY_HELP } from './keys.ts'

const GROUPS = ['go', 'object', 'time', 'page'] as const

/** The keys, and what the states look like. */
export default function HelpDialog() {
  const { t } = useTranslation('shell')
  return (
    <Dialog title={t('help.title')}>
      <div className={dialogStyles.body}>
        <div className={styles.groups}>
          {GROUPS.map((group) => (
            <section key={group}>
              <h3>{t(`help.groups.${group}`)}</h3>
              <dl className={styles.keys}>
                {KEY_HELP.filter((entry) => entry.group === group).map((entry) => (
                  <div key={entry.text}>
                    <dt>
                      {entry.keys.map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dt>
                    <dd>{t(`help.${entry.text}`)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <section>
          <h3>{t('help.states')}</h3>
          <ul className={styles.states}>
            {STATE_STYLES.map(({ state, cssVar, titleKey }, index) => (
              <li key={state}>
                <StateGlyph state={index} progress={0.5} size={18} color={`var(${cssVar})`} surface="var(--surface-raised)" />
                {t(titleKey)}
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Dialog>
  )
}
