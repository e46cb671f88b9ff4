import { useTranslation } from 'react-i18next'
import { Tabs } from '../../app/Tabs.tsx'
import { useFeed } from '../../engine/hooks.ts'
import styles from './NetworkView.module.css'
import { PacketPage } from './PacketPage.tsx'
import { RulesPage } from './rules/RulesPage.tsx'
import { PAGES, useParam, type Page } from './store.ts'

/** How a request finds a pod: packets followed station by station, rules, traffic, and what each mode costs. */
export default function NetworkView() {
  const { t } = useTranslation('network')
  const { data } = useFeed({ feed: 'network' })
  const [param, setPage] = useParam('page')
  const page: Page = PAGES.find((id) => id === param) ?? 'packet'
  return (
    <div className={styles.view}>
      <Tabs
        label={t('title')}
        value={page}
        onChange={(id) => setPage(id === 'packet' ? '' : id)}
        tabs={PAGES.map((id) => ({ id, title: t(`page.${id}`) }))}
      >
        {!data ? (
          <p className="notice">{t('loading')}</p>
        ) : (
          <div className={styles.page}>
            {data.past && <p className={styles.past}>{t('past')}</p>}
            {page === 'packet' && <PacketPage topology={data.topology} />}
            {page === 'rules' && <RulesPage topology={data.topology} />}
          </div>
        )}
      </Tabs>
    </div>
  )
}
