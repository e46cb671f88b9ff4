import { line, scaleLog } from 'd3'
import { useTranslation } from 'react-i18next'
import type { GrowthPoint, ProxyMode } from '../../../../worker/network/protocol.ts'
import styles from './Modes.module.css'

const MODES: readonly ProxyMode[] = ['iptables', 'ipvs', 'nftables']
const WIDTH = 640
const HEIGHT = 260
const LEFT = 56
const BOTTOM = 34
const RIGHT = 128
const TOP = 12

/** Rules looked at per packet as Services grow, both on logarithmic scales. */
export function GrowthChart({ growth }: { readonly growth: readonly GrowthPoint[] }) {
  const { t } = useTranslation('network')
  const first = growth[0]
  const last = growth.at(-1)
  if (!first || !last) return null
  const most = Math.max(10, ...growth.flatMap(({ last: looked }) => MODES.map((mode) => looked[mode])))
  const x = scaleLog([first.services, last.services], [LEFT, WIDTH - RIGHT])
  const y = scaleLog([1, most], [HEIGHT - BOTTOM, TOP])
  const path = (mode: ProxyMode): string =>
    line<GrowthPoint>(
      ({ services }) => x(services),
      ({ last: looked }) => y(Math.max(1, looked[mode])),
    )(growth) ?? ''
  const ticks = [1, 10, 100, 1000, 10_000, 100_000].filter((value) => value <= most)
  return (
    <figure className={styles.growth}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('modes.chart')}>
        {ticks.map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} className={styles.grid} />
            <text x={LEFT - 6} y={y(value)} textAnchor="end" dominantBaseline="middle">
              {value.toLocaleString('en-US')}
            </text>
          </g>
        ))}
        {growth.map(({ services }) => (
          <text key={services} x={x(services)} y={HEIGHT - BOTTOM + 16} textAnchor="middle">
            {Number.isInteger(Math.log10(services)) ? services.toLocaleString('en-US') : ''}
          </text>
        ))}
        <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 3} textAnchor="middle">
          {t('modes.services')}
        </text>
        {MODES.map((mode) => (
          <g key={mode} data-mode={mode} className={styles.series}>
            <path d={path(mode)} />
            {growth.map(({ services, last: looked }) => (
              <circle key={services} cx={x(services)} cy={y(Math.max(1, looked[mode]))} r="3" />
            ))}
          </g>
        ))}
        {labelPlaces(MODES.map((mode) => ({ mode, y: y(Math.max(1, last.last[mode])) }))).map(({ mode, y: at }) => (
          <text key={mode} x={WIDTH - RIGHT + 8} y={at} dominantBaseline="middle" className={styles.name}>
            {mode} {last.last[mode].toLocaleString('en-US')}
          </text>
        ))}
      </svg>
      <table className="visually-hidden">
        <caption>{t('modes.chart')}</caption>
        <tbody>
          {growth.map(({ services, last: looked }) => (
            <tr key={services}>
              <th scope="row">{services}</th>
              {MODES.map((mode) => (
                <td key={mode}>{looked[mode]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

/** Moves names apart that would cover one another. */
function labelPlaces(
  labels: readonly { readonly mode: ProxyMode; readonly y: number }[],
): readonly { readonly mode: ProxyMode; readonly y: number }[] {
  let next = -Infinity
  return labels
    .toSorted((a, b) => a.y - b.y)
    .map(({ mode, y }) => {
      next = Math.max(y, next + 15)
      return { mode, y: next }
    })
}
