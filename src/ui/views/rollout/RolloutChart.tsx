import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RolloutView } from '../../../worker/rollout/protocol.ts'
import { chartModel } from './chart.ts'
import styles from './RolloutView.module.css'
import { useSize } from './use-size.ts'

const WINDOWS = [60_000, 300_000, 0] as const

/** Pods over time: one area per revision, total and available as lines, the budget as a band. */
export function RolloutChart({ view, nowMs }: { readonly view: RolloutView; readonly nowMs: number }) {
  const { t } = useTranslation('rollout')
  const [windowMs, setWindowMs] = useState<number>(WINDOWS[1])
  const box = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(box)
  const size = { width, height, top: 14, right: 92, bottom: 22, left: 30 }
  const chart = chartModel(view, nowMs, windowMs, size)
  const right = width - size.right
  const hasBudget = view.maxUnavailable !== ''
  const current = view.lanes.find((lane) => lane.current)?.name
  const bandH = Math.max(0, chart.minAvailableY - chart.maxTotalY)
  return (
    <section className={styles.chart} aria-label={t('chart')}>
      <header>
        <h3>{t('chart')}</h3>
        <ul className={styles.key}>
          <li>
            <i data-line="total" /> {t('total')}
          </li>
          <li>
            <i data-line="available" /> {t('available')}
          </li>
          {hasBudget && (
            <li>
              <i data-line="budget" /> {t('budget')}
            </li>
          )}
        </ul>
        <div role="group" aria-label={t('window')}>
          {WINDOWS.map((ms) => (
            <button key={ms} type="button" className="btn bare" aria-pressed={windowMs === ms} onClick={() => setWindowMs(ms)}>
              {ms === 0 ? t('all') : `${ms / 60_000}m`}
            </button>
          ))}
        </div>
      </header>
      <div ref={box} className={styles.plot}>
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={t('chartLabel', {
            total: view.points.at(-1)?.total ?? 0,
            available: view.points.at(-1)?.available ?? 0,
            desired: view.desired,
          })}
        >
          <rect className={styles.band} x={size.left} y={chart.maxTotalY} width={Math.max(0, right - size.left)} height={bandH} />
          {chart.yTicks.map((tick) => (
            <g key={tick.label}>
              <line className={styles.gridLine} x1={size.left} x2={right} y1={tick.y} y2={tick.y} />
              <text className={styles.axisText} x={size.left - 6} y={tick.y + 4} textAnchor="end">
                {tick.label}
              </text>
            </g>
          ))}
          {chart.lanes.map((lane) => (
            <path key={lane.name} className={styles.area} data-current={lane.name === current || undefined} d={lane.d} />
          ))}
          <path className={styles.totalLine} d={chart.total} />
          <path className={styles.availableLine} d={chart.available} />
          {hasBudget && (
            <>
              <Budget y={chart.maxTotalY} x1={size.left} x2={right} above text={t('maxTotal', { count: view.maxTotal })} />
              <Budget y={chart.minAvailableY} x1={size.left} x2={right} text={t('minAvailable', { count: view.minAvailable })} />
            </>
          )}
          {!hasBudget && view.desired > 0 && (
            <Budget y={chart.desiredY} x1={size.left} x2={right} text={t('desired', { count: view.desired })} />
          )}
          {chart.xTicks.map((tick) => (
            <text key={tick.x} className={styles.axisText} x={tick.x} y={height - 6} textAnchor="middle">
              {tick.label}
            </text>
          ))}
          <line className={styles.now} x1={chart.nowX} x2={chart.nowX} y1={size.top - 6} y2={height - size.bottom} />
          <text className={styles.axisText} x={chart.nowX + 4} y={height - 6}>
            {t('now')}
          </text>
        </svg>
      </div>
    </section>
  )
}

interface BudgetProps {
  readonly y: number
  readonly x1: number
  readonly x2: number
  readonly above?: boolean
  readonly text: string
}

function Budget({ y, x1, x2, above, text }: BudgetProps) {
  return (
    <g>
      <line className={styles.budgetLine} x1={x1} x2={x2 + 6} y1={y} y2={y} />
      <text className={styles.axisText} x={x2 + 8} y={above ? y + 1 : y + 8}>
        {text}
      </text>
    </g>
  )
}
