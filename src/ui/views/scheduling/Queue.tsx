import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SchedulingView } from '../../../worker/scheduling/protocol.ts'
import { useFeedDeltas } from '../../engine/hooks.ts'
import { age } from '../../panels/format.ts'
import { NodeName } from './NamedNodes.tsx'
import styles from './SchedulingView.module.css'

/** Ages are read, not watched. */
const STEP_MS = 500

/** Where the pod stands in the scheduler's queue, and since when. */
export function Queue({ view }: { readonly view: SchedulingView }) {
  const { t } = useTranslation('scheduling')
  const nowMs = useNow()
  const { queue, node, nominatedNode, priority, schedulerName } = view
  const place = node === '' ? queue.place : 'placed'
  const left = Math.max(0, queue.nextMs - nowMs)
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{t('queue.title')}</dt>
        <dd>
          <b>{t(`queue.${place}`)}</b>
          {place === 'placed' && <NodeName name={node} />}
          {place === 'active' && <span>{t('queue.position', { position: queue.position, count: queue.length })}</span>}
          {queue.sinceMs > 0 && nowMs > 0 && <span>{t('queue.since', { age: age(Math.max(0, nowMs - queue.sinceMs)) })}</span>}
          {place === 'backoff' && <span>{t('queue.backoffLeft', { age: age(left) })}</span>}
          {place === 'unschedulable' && <span>{t('queue.event', { age: age(left) })}</span>}
          {place === 'gated' && <span>{t('queue.gatedBy', { plugin: queue.gatedBy })}</span>}
        </dd>
      </div>
      {queue.attempts > 0 && (
        <div>
          <dt>{t('queue.attempts')}</dt>
          <dd>{queue.attempts}</dd>
        </div>
      )}
      {queue.rejectedBy.length > 0 && (
        <div>
          <dt>{t('queue.rejectedBy')}</dt>
          <dd className="mono">{queue.rejectedBy.join(', ')}</dd>
        </div>
      )}
      {nominatedNode !== '' && node === '' && (
        <div>
          <dt>{t('queue.nominated')}</dt>
          <dd>
            <NodeName name={nominatedNode} />
          </dd>
        </div>
      )}
      <div>
        <dt>{t('queue.priority')}</dt>
        <dd>{priority}</dd>
      </div>
      <div>
        <dt>schedulerName</dt>
        <dd className="mono">{schedulerName}</dd>
      </div>
    </dl>
  )
}

function useNow(): number {
  const [nowMs, setNowMs] = useState(0)
  useFeedDeltas({ feed: 'clock' }, (data) => {
    if (data.feed === 'clock') setNowMs(Math.floor(data.clock.nowMs / STEP_MS) * STEP_MS)
  })
  return nowMs
}
