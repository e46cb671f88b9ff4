import type { RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { StateGlyph } from '../../diagrams/StateGlyph.tsx'
import { age, clockTime } from '../../panels/format.ts'
import { STATE_STYLES } from '../../theme/states.ts'
import type { Hit } from './hit.ts'
import { bandEnd } from './model.ts'
import styles from './TimelineView.module.css'

interface TooltipProps {
  readonly hit: Hit
  readonly x: number
  readonly y: number
  readonly nowMs: number
  readonly box: RefObject<HTMLDivElement | null>
}

/** What lies under the pointer: the stretch of life, and the Event if there is one. */
export function Tooltip({ hit, x, y, nowMs, box }: TooltipProps) {
  const { t } = useTranslation('timeline')
  const { lane, band, mark } = hit
  const endMs = band ? bandEnd(lane, lane.bands.indexOf(band), nowMs) : nowMs
  const [width, height] = [box.current?.clientWidth ?? 800, box.current?.clientHeight ?? 400]
  const side = x > width - 340 ? { right: width - x + 12 } : { left: x + 12 }
  const place = y > height - 140 ? { ...side, bottom: height - y + 12 } : { ...side, top: y + 16 }
  return (
    <div className={styles.tooltip} style={place} role="presentation">
      <p className="mono wrap-anywhere">{lane.name}</p>
      {band ? (
        <p>
          {band.state >= 0 && (
            <StateGlyph
              state={band.state}
              progress={0.5}
              color={`var(${STATE_STYLES[band.state]?.cssVar ?? '--text'})`}
              surface="var(--surface-raised)"
            />
          )}
          <b>{band.status || t('view.exists')}</b>{' '}
          <span className="muted">
            {clockTime(band.fromMs)} · {age(endMs - band.fromMs)}
          </span>
        </p>
      ) : (
        <p className="muted">{clockTime(hit.timeMs)}</p>
      )}
      {mark && (
        <p className={styles.tooltipEvent}>
          <b data-warning={mark.warning || undefined}>{mark.reason}</b> <span className="mono">{clockTime(mark.timeMs)}</span>
          <br />
          {mark.message}
        </p>
      )}
    </div>
  )
}
