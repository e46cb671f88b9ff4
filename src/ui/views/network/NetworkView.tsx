import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Tabs } from '../../app/Tabs.tsx'
import { useFeed } from '../../engine/hooks.ts'
import { FaultPanel } from './faults/FaultPanel.tsx'
import { ModesPage } from './modes/ModesPage.tsx'
import styles from './NetworkView.module.css'
import { PacketPage } from './PacketPage.tsx'
import { RulesPage } from './rules/RulesPage.tsx'
import { PAGES, useParam, type Page } from './store.ts'
import { TrafficPage } from './traffic/TrafficPage.tsx'

/** How a request finds a pod: packets followed station by station, rules, traffic, and what each mode costs. */
export default function NetworkView() {
  const { t } = useTranslation('network')
  const { data } = useFeed({ feed: 'network' })
  const [param, setPage] = useParam('page')
  const page: Page = PAGES.find((id) => id === param) ?? 'packet'
  /** The machine that the panel of faults is open for; '' is the one outside. */
  const [faulty, setFaulty] = useState<string | null>(null)
  const topology = data?.topology
  const wrong = topology ? topology.links.length + topology.partition.length : 0
  return (
    <div className={styles.view}>
      <Tabs
        label={t('title')}
        value={page}
        onChange={(id) => setPage(id === 'packet' ? '' : id)}
        tabs={PAGES.map((id) => ({ id, title: t(`page.${id}`) }))}
        end={
          topology && (
            <button
              type="button"
              className={`btn ${styles.faults}`}
              aria-expanded={faulty !== null}
              data-wrong={wrong > 0 || undefined}
              onClick={() => setFaulty(faulty === null ? (topology.nodes.at(-1)?.name ?? '') : null)}
            >
              {wrong > 0 ? t('faults.buttonCount', { count: wrong }) : t('faults.button')}
            </button>
          )
        }
      >
        {!data || !topology ? (
          <p className="notice">{t('loading')}</p>
        ) : (
          <div className={styles.body}>
            <div className={styles.page}>
              {data.past && <p className={styles.past}>{t('past')}</p>}
              {page === 'packet' && <PacketPage topology={topology} onFaults={setFaulty} />}
              {page === 'rules' && <RulesPage topology={topology} />}
              {page === 'traffic' && <TrafficPage data={data} onFaults={setFaulty} />}
              {page === 'modes' && <ModesPage topology={topology} />}
            </div>
            {faulty !== null && (
              <FaultPanel topology={topology} machine={faulty} onMachine={setFaulty} onClose={() => setFaulty(null)} />
            )}
          </div>
        )}
      </Tabs>
    </div>
  )
}
