import { useTranslation } from 'react-i18next'
import type { NetworkState } from '../../../engine/feed-state.ts'
import { LoadPanel } from './LoadPanel.tsx'
import { TopologyPicture } from './TopologyPicture.tsx'
import styles from './Traffic.module.css'

interface TrafficPageProps {
  readonly data: NetworkState
  readonly onFaults: (machine: string) => void
}

/** What goes through the network now. */
export function TrafficPage({ data, onFaults }: TrafficPageProps) {
  const { t } = useTranslation('network')
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <TopologyPicture topology={data.topology} onFaults={onFaults} />
        <ul className={styles.legend} aria-label={t('legend.title')}>
          {(['request', 'answer', 'lost', 'rate', 'fault', 'menu'] as const).map((name) => (
            <li key={name} data-mark={name}>
              {t(`traffic.legend.${name}`)}
            </li>
          ))}
        </ul>
      </div>
      <LoadPanel topology={data.topology} loads={data.loads} />
    </div>
  )
}
