import { useTranslation } from 'react-i18next'
import { clockTime } from '../../panels/format.ts'
import { useSettings } from '../../state/settings.ts'
import type { Travel } from '../../timeline/use-travel.ts'
import { axisTicks, xOf } from './draw.ts'
import { timeAt } from './hit.ts'
import type { TimeWindow } from './model.ts'
import styles from './TimelineView.module.css'

interface AxisProps {
  readonly window: TimeWindow
  readonly width: number
  readonly labelWidth: number
  readonly travel: Travel
  readonly onLook: (timeMs: number) => void
}

/** Room to either side that the labels of now and of the moment shown need, in letters of the axis. */
const NOW_CHARS = 5
const MOMENT_CHARS = 7
/** Width of a letter, as part of the text's height. */
const CHAR = 0.72

/** The time axis. Pressing or dragging on it looks at that moment; the history strip does the same by keyboard. */
export function Axis({ window, width, labelWidth, travel, onLook }: AxisProps) {
  const { t } = useTranslation('timeline')
  const { presentMs, state } = travel
  const nowX = xOf(window, width, presentMs)
  const atX = state.past ? xOf(window, width, state.past.atMs) : null
  const charPx = useSettings((settings) => settings.enlarged) ? 15 * CHAR : 11 * CHAR
  const isFree = (x: number): boolean =>
    Math.abs(x - nowX) > 1.5 * NOW_CHARS * charPx && (atX === null || Math.abs(x - atX) > 1.3 * MOMENT_CHARS * charPx)
  return (
    <div className={styles.axis} style={{ paddingLeft: labelWidth, ['--labels' as string]: `${labelWidth}px` }}>
      <svg
        width={width}
        height={24}
        aria-hidden="true"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          onLook(timeAt({ window, width }, event.nativeEvent.offsetX))
        }}
        onPointerMove={(event) => {
          if (event.buttons !== 0) onLook(timeAt({ window, width }, event.nativeEvent.offsetX))
        }}
      >
        {axisTicks(window, width).map(({ x, label }) => (
          <g key={label}>
            <line x1={x} x2={x} y1={18} y2={24} />
            {isFree(x) && x > 24 && x < width - 24 && (
              <text x={x} y={15} textAnchor="middle">
                {label}
              </text>
            )}
          </g>
        ))}
        {nowX > 0 && nowX < width && (
          <text className={styles.nowText} x={Math.min(nowX, width - 4)} y={15} textAnchor={nowX > width - 30 ? 'end' : 'middle'}>
            {t('now')}
          </text>
        )}
        {atX !== null && (
          <g className={styles.lookMark}>
            <path d={`M${atX - 5} 17h10l-5 7z`} />
            <text x={Math.min(Math.max(atX, 30), width - 30)} y={14} textAnchor="middle">
              {clockTime(state.past?.atMs ?? 0).slice(0, 8)}
            </text>
          </g>
        )}
      </svg>
    </div>
  )
}
