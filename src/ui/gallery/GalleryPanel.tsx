import { useTranslation } from 'react-i18next'
import { KindIcon } from '../icons/Icon.tsx'
import { useDraft } from '../state/draft.ts'
import { useLayout } from '../state/layout.ts'
import { EXAMPLES, exampleText, GROUPS, kindsIn, type ExampleGroup } from './examples.ts'
import styles from './GalleryPanel.module.css'

/** Manifests to begin with. A click puts one into the editor; nothing is applied by it. */
export default function GalleryPanel() {
  const { t } = useTranslation('gallery')
  return (
    <div className={styles.panel}>
      <p className={styles.hint}>{t('hint')}</p>
      {GROUPS.map((group) => (
        <Group key={group} group={group} />
      ))}
    </div>
  )
}

function Group({ group }: { readonly group: ExampleGroup }) {
  const { t } = useTranslation('gallery')
  return (
    <section aria-label={t(`groups.${group}`)}>
      <h3>{t(`groups.${group}`)}</h3>
      <ul className={styles.cards}>
        {EXAMPLES.filter((example) => example.group === group).map(({ id }) => (
          <li key={id}>
            <Card id={id} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Card({ id }: { readonly id: string }) {
  const { t } = useTranslation('gallery')
  const load = useDraft((state) => state.load)
  const openDock = useLayout((state) => state.openDock)
  const text = exampleText(id)
  return (
    <button
      type="button"
      className={styles.card}
      onClick={() => {
        load(text)
        openDock('yaml')
      }}
    >
      <span className={styles.title}>{t(`examples.${id}.title`)}</span>
      <span className={styles.text}>{t(`examples.${id}.text`)}</span>
      <span className={styles.kinds}>
        {kindsIn(text).map((kind) => (
          <span key={kind}>
            <KindIcon kind={kind} size={14} /> {kind}
          </span>
        ))}
      </span>
    </button>
  )
}
