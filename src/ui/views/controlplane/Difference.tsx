import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChangeStory } from '../../../worker/control-plane/protocol.ts'
import { Tabs } from '../../app/Tabs.tsx'
import styles from './ControlPlaneView.module.css'
import { lineDiff } from './line-diff.ts'

/** What a write changed: field by field, or as YAML. */
export function Difference({ story }: { readonly story: ChangeStory }) {
  const { t } = useTranslation('controlplane')
  const whole = story.before === null || story.verb === 'delete'
  const [chosen, setChosen] = useState<string | null>(null)
  const tab = chosen ?? (whole ? 'yaml' : 'paths')
  const tabs = [
    { id: 'paths', title: t('detail.changes') },
    { id: 'yaml', title: t('detail.yaml') },
  ]
  return (
    <section className={styles.difference}>
      <Tabs label={t('detail.view')} value={tab} onChange={setChosen} tabs={tabs}>
        {story.before === null && <p className={styles.say}>{t('detail.created')}</p>}
        {story.verb === 'delete' && <p className={styles.say}>{t('detail.deleted')}</p>}
        {tab === 'yaml' ? <YamlDiff story={story} /> : <Paths story={story} />}
      </Tabs>
    </section>
  )
}

function Paths({ story }: { readonly story: ChangeStory }) {
  const { t } = useTranslation('controlplane')
  if (story.paths.length === 0) return <p className={styles.say}>{t('detail.same')}</p>
  const value = (text: string | null) => (text === null ? <i className="muted">{t('detail.absent')}</i> : <code>{text}</code>)
  return (
    <dl className={styles.paths}>
      {story.paths.map(({ path, before, after }) => (
        <div key={path}>
          <dt className="mono wrap-anywhere">{path}</dt>
          <dd className="wrap-anywhere">
            <del aria-label={t('detail.before')}>{value(before)}</del>
            <span aria-hidden="true"> → </span>
            <ins aria-label={t('detail.after')}>{value(after)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  )
}

const SIGNS = { same: ' ', added: '+', removed: '-' } as const

function YamlDiff({ story }: { readonly story: ChangeStory }) {
  const { t } = useTranslation('controlplane')
  const lines = useMemo(() => {
    const before = story.before?.trimEnd() ?? ''
    const after = story.after.trimEnd()
    if (story.verb === 'delete') return after.split('\n').map((text) => ({ type: 'removed' as const, text }))
    if (story.before === null) return after.split('\n').map((text) => ({ type: 'added' as const, text }))
    return lineDiff(before, after)
  }, [story])
  return (
    <pre className={styles.yaml} tabIndex={0} aria-label={t('detail.yaml')}>
      {lines.map((line, at) =>
        line.type === 'gap' ? (
          <div key={at} className={styles.gap}>
            … {t('detail.unchanged', { count: line.lines })}
          </div>
        ) : (
          <div key={at} data-line={line.type}>
            {SIGNS[line.type]} {line.text}
          </div>
        ),
      )}
    </pre>
  )
}
