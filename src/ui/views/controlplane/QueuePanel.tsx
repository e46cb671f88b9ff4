import { useTranslation } from 'react-i18next'
import type { QueueRow, WaitingKey } from '../../../worker/control-plane/protocol.ts'
import { useFeedValue } from '../../engine/hooks.ts'
import { age } from '../../panels/format.ts'
import styles from './ControlPlaneView.module.css'
import { stationName } from './words.ts'

/** The keys of one station's queues: ready, worked on, waiting, with why they wait. */
export function QueuePanel({ station, queues }: { readonly station: string; readonly queues: readonly QueueRow[] }) {
  const { t } = useTranslation('controlplane')
  const own = queues.filter((queue) => queue.station === station || (station === 'manager' && queue.station !== 'scheduler'))
  return (
    <section className={styles.queues} aria-label={t('queue.title', { name: stationName(station, t) })}>
      <h3>{t('queue.title', { name: stationName(station, t) })}</h3>
      {own.length === 0 && <p className="muted">{t('queue.none')}</p>}
      {own.map((queue) => (
        <Queue key={`${queue.station}/${queue.name}`} queue={queue} />
      ))}
    </section>
  )
}

function Queue({ queue }: { readonly queue: QueueRow }) {
  const { t } = useTranslation('controlplane')
  const { ready, working, waiting, depth, waitingCount } = queue
  return (
    <div className={styles.queue}>
      <h4>{t('queue.loop', { name: queue.name })}</h4>
      <dl>
        {working.length > 0 && <Keys title={t('queue.working')} keys={working} more={0} />}
        {depth > 0 && <Keys title={t('queue.ready')} keys={ready} more={depth - ready.length} />}
        {waitingCount > 0 && (
          <>
            <dt>
              {t('queue.waiting')} ({waitingCount})
            </dt>
            {waiting.map((key) => (
              <Waiting key={key.key} wait={key} scheduler={queue.station === 'scheduler'} />
            ))}
            {waitingCount > waiting.length && <dd>{t('detail.more', { count: waitingCount - waiting.length })}</dd>}
          </>
        )}
      </dl>
    </div>
  )
}

function Keys({ title, keys, more }: { readonly title: string; readonly keys: readonly string[]; readonly more: number }) {
  const { t } = useTranslation('controlplane')
  return (
    <>
      <dt>{title}</dt>
      {keys.map((key) => (
        <dd key={key} className="mono wrap-anywhere">
          {key}
        </dd>
      ))}
      {more > 0 && <dd>{t('detail.more', { count: more })}</dd>}
    </>
  )
}

function Waiting({
  wait: { key, dueMs, retries, error },
  scheduler,
}: {
  readonly wait: WaitingKey
  readonly scheduler: boolean
}) {
  const { t } = useTranslation('controlplane')
  const leftMs = useFeedValue({ feed: 'clock' }, (clock) =>
    dueMs === null || !clock ? null : Math.max(0, Math.ceil((dueMs - clock.nowMs) / 100) * 100),
  )
  const due = dueMs === null ? t('queue.event') : t('queue.due', { time: leftText(leftMs ?? 0) })
  return (
    <dd className="wrap-anywhere">
      <span className="mono">{key}</span> <b>{due}</b>
      {retries > 0 && ` · ${t('queue.retries', { count: retries })}`}
      {error !== '' && <em className={styles.error}>{scheduler ? t('queue.rejected', { plugins: error }) : error}</em>}
    </dd>
  )
}

function leftText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)}s` : age(ms)
}
