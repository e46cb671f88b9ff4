import { line, max, scaleLinear, scaleSymlog } from 'd3'
import { useTranslation } from 'react-i18next'
import type { LoadBin, LoadRow } from '../../../../worker/network/protocol.ts'
import styles from './Traffic.module.css'

const WIDTH = 260
const HEIGHT = 64
const SHOWN = 60

/** Median and 99th percentile, second by second. */
export function LatencyChart({ bins }: { readonly bins: readonly LoadBin[] }) {
  const { t } = useTranslation('network')
  const shown = bins.slice(-SHOWN)
  const top = Math.max(2, max(shown, ({ p99Ms }) => p99Ms) ?? 0)
  const x = scaleLinear([SHOWN - 1, 0], [0, WIDTH])
  const y = scaleSymlog([0, top], [HEIGHT - 2, 4])
  const path = (read: (bin: LoadBin) => number): string =>
    line<LoadBin>(
      (_bin, at) => x(shown.length - 1 - at),
      (bin) => y(read(bin)),
    )(shown) ?? ''
  const last = shown.at(-1)
  return (
    <figure className={styles.chart}>
      <figcaption>
        {t('load.latency')} <b className={styles.p50}>{t('load.p50', { ms: last?.p50Ms ?? 0 })}</b>{' '}
        <b className={styles.p99}>{t('load.p99', { ms: last?.p99Ms ?? 0 })}</b>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={path(({ p99Ms }) => p99Ms)} className={styles.p99} />
        <path d={path(({ p50Ms }) => p50Ms)} className={styles.p50} />
      </svg>
    </figure>
  )
}

/** What came back each second: answers below, errors above them. */
export function StatusChart({ bins }: { readonly bins: readonly LoadBin[] }) {
  const { t } = useTranslation('network')
  const shown = bins.slice(-SHOWN)
  const y = scaleLinear([0, Math.max(1, max(shown, ({ sent }) => sent) ?? 1)], [0, HEIGHT - 4])
  const width = WIDTH / SHOWN
  const totals = new Map<string, number>()
  for (const { statuses } of shown)
    for (const [status, count] of Object.entries(statuses)) totals.set(status, (totals.get(status) ?? 0) + count)
  return (
    <figure className={styles.chart}>
      <figcaption>
        {t('load.statuses')}{' '}
        {[...totals].map(([status, count]) => (
          <b key={status} data-bad={isBad(status) || undefined}>
            {status} × {count}{' '}
          </b>
        ))}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {shown.map(({ timeMs, statuses, sent }, at) => {
          const good = Object.entries(statuses).reduce((sum, [status, count]) => sum + (isBad(status) ? 0 : count), 0)
          const left = WIDTH - (shown.length - at) * width
          return (
            <g key={timeMs}>
              <rect x={left} width={width - 0.6} y={HEIGHT - y(good)} height={y(good)} className={styles.good} />
              <rect x={left} width={width - 0.6} y={HEIGHT - y(sent)} height={y(sent - good)} className={styles.badBar} />
            </g>
          )
        })}
      </svg>
    </figure>
  )
}

function isBad(status: string): boolean {
  return !/^[1-4]\d\d$/.test(status)
}

/** Who answered how often, against an equal share and the spread that chance has. */
export function DistributionChart({ endpoints, keepAlive }: Pick<LoadRow, 'endpoints' | 'keepAlive'>) {
  const { t } = useTranslation('network')
  const total = endpoints.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return null
  const share = 1 / endpoints.length
  // Two standard deviations of a binomial count.
  const spread = 2 * Math.sqrt((share * (1 - share)) / total)
  const most = Math.max(share + spread, ...endpoints.map(({ count }) => count / total)) * 1.05
  return (
    <figure className={styles.chart}>
      <figcaption>{t('load.distribution')}</figcaption>
      <ol className={styles.bars}>
        {endpoints
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name, count }) => (
            <li key={name}>
              <span className="mono wrap-anywhere">{name.slice(name.indexOf('/') + 1)}</span>
              <span className={styles.barArea}>
                <span className={styles.bar} style={{ width: `${(count / total / most) * 100}%` }} />
                <span
                  className={styles.spread}
                  style={{ left: `${(Math.max(0, share - spread) / most) * 100}%`, width: `${((2 * spread) / most) * 100}%` }}
                />
                <span className={styles.share} style={{ left: `${(share / most) * 100}%` }} />
              </span>
              <span>{t('load.share', { count, percent: Math.round((count / total) * 1000) / 10 })}</span>
            </li>
          ))}
      </ol>
      {endpoints.length > 1 && (
        <p className="muted">{t(keepAlive ? 'load.sticky' : 'load.random', { percent: Math.round(share * 1000) / 10 })}</p>
      )}
    </figure>
  )
}
