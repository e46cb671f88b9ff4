import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { AutoscalerView } from '../../../worker/rollout/protocol.ts'
import { useSelection } from '../../state/selection.ts'
import styles from './AutoscalerPanel.module.css'
import { autoscalerChart } from './autoscaler-chart.ts'
import { Conditions } from './Conditions.tsx'
import { useSize } from './use-size.ts'

/** The autoscaler of the workload: its metrics against their targets, and the replicas that follow. */
export function AutoscalerPanel({
  autoscaler,
  namespace,
  nowMs,
}: {
  readonly autoscaler: AutoscalerView
  readonly namespace: string
  readonly nowMs: number
}) {
  const { t } = useTranslation('rollout')
  const select = useSelection((state) => state.select)
  const { name, min, max, current, desired, metrics } = autoscaler
  const open = () =>
    select({
      group: 'autoscaling',
      version: 'v2',
      resource: 'horizontalpodautoscalers',
      kind: 'HorizontalPodAutoscaler',
      namespace,
      name,
    })
  return (
    <section className={styles.panel} aria-label={t('hpa.title')}>
      <header>
        <h3>
          {t('hpa.title')}{' '}
          <button type="button" className="btn bare mono" onClick={open}>
            {name}
          </button>
        </h3>
        <p>{t('hpa.replicas', { current, desired, min, max })}</p>
      </header>
      <ul className={styles.metrics}>
        {metrics.map((metric, i) => (
          <li key={metric.name} data-metric={i % 4}>
            <i aria-hidden="true" />
            <span className="mono">{metric.name}</span>{' '}
            <b>
              {metric.current}/{metric.target}
            </b>{' '}
            <span className="muted">{metric.ratio === null ? t('hpa.unknown') : `× ${metric.ratio.toFixed(2)}`}</span>
          </li>
        ))}
      </ul>
      <Conditions conditions={autoscaler.conditions} />
      <Chart autoscaler={autoscaler} nowMs={nowMs} />
    </section>
  )
}

function Chart({ autoscaler, nowMs }: { readonly autoscaler: AutoscalerView; readonly nowMs: number }) {
  const { t } = useTranslation('rollout')
  const box = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(box)
  const size = { width, height, top: 14, right: 92, bottom: 22, left: 30 }
  const chart = autoscalerChart(autoscaler, nowMs, size)
  const right = width - size.right
  const across = { x1: size.left, x2: right + 6 }
  const band = { y: chart.tolerance.top, height: Math.max(0, chart.tolerance.bottom - chart.tolerance.top) }
  return (
    <div ref={box} className={styles.plot}>
      <svg width={width} height={height} role="img" aria-label={t('hpa.chart')}>
        <rect className={styles.band} x={size.left} width={Math.max(0, right - size.left)} {...band} />
        <line className={styles.target} {...across} y1={chart.targetY} y2={chart.targetY} />
        <text className={styles.text} x={right + 8} y={chart.targetY + 4}>
          {t('hpa.target')}
        </text>
        {chart.ratios.map((d, i) => (
          // A metric is known by its place in the spec.
          // oxlint-disable-next-line react/no-array-index-key
          <path key={i} className={styles.ratio} data-metric={i % 4} d={d} />
        ))}
        <line className={styles.split} {...across} y1={chart.middle} y2={chart.middle} />
        {[
          { y: chart.maxY, text: t('hpa.max', { count: autoscaler.max }) },
          { y: chart.minY, text: t('hpa.min', { count: autoscaler.min }) },
        ].map(({ y, text }) => (
          <g key={text}>
            <line className={styles.limit} {...across} y1={y} y2={y} />
            <text className={styles.text} x={right + 8} y={y + 4}>
              {text}
            </text>
          </g>
        ))}
        <path className={styles.desired} d={chart.desired} />
        <path className={styles.current} d={chart.current} />
        {chart.xTicks.map((tick) => (
          <text key={tick.x} className={styles.text} x={tick.x} y={height - 6} textAnchor="middle">
            {tick.label}
          </text>
        ))}
      </svg>
    </div>
  )
}
