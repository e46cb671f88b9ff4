import { useMemo, useRef } from 'react'
import type { KeyboardEvent, PointerEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { clockTime } from '../panels/format.ts'
import { BranchMenu } from './BranchMenu.tsx'
import { BreakButton } from './BreakButton.tsx'
import styles from './HistoryStrip.module.css'
import { keyMoment, stripTicks } from './strip.ts'
import { useScrubber, useTravel } from './use-travel.ts'
import type { Travel } from './use-travel.ts'

/** The cluster's whole history in one line, with a handle on the moment shown. */
export function HistoryStrip() {
  const { t } = useTranslation('timeline')
  const travel = useTravel()
  return (
    <div className={styles.row}>
      {travel ? <Slider travel={travel} /> : <div className={styles.track} aria-hidden="true" />}
      <span className={`muted ${styles.end}`}>{t('now')}</span>
      <BreakButton travel={travel} />
      <BranchMenu travel={travel} />
    </div>
  )
}

function Slider({ travel }: { readonly travel: Travel }) {
  const { t } = useTranslation('timeline')
  const scrubber = useScrubber()
  const track = useRef<HTMLDivElement>(null)
  const { atMs, presentMs, state } = travel
  const { historyStartMs: startMs, strip, past, replay, hit } = state
  const span = Math.max(1, presentMs - startMs)
  const part = Math.min(1, Math.max(0, (atMs - startMs) / span))

  const drag = (event: PointerEvent): void => {
    const box = track.current?.getBoundingClientRect()
    if (!box || event.buttons === 0) return
    const at = (event.clientX - box.left) / box.width
    scrubber.to(at >= 1 ? null : startMs + Math.max(0, at) * span)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const moment = keyMoment(event.key, atMs, startMs, presentMs)
    if (moment === undefined) return
    event.preventDefault()
    event.stopPropagation()
    scrubber.to(moment)
  }
  return (
    <div
      ref={track}
      className={styles.track}
      role="slider"
      tabIndex={0}
      aria-label={t('history')}
      aria-orientation="horizontal"
      aria-disabled={replay !== null}
      aria-valuemin={0}
      aria-valuemax={Math.round(span / 1000)}
      aria-valuenow={Math.round((atMs - startMs) / 1000)}
      aria-valuetext={past ? t('lookingAt', { time: clockTime(atMs) }) : t('now')}
      title={t('historyHint')}
      data-past={past !== null || undefined}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        drag(event)
      }}
      onPointerMove={drag}
      onKeyDown={onKeyDown}
    >
      <Ticks strip={strip} startMs={startMs} endMs={presentMs} />
      {hit && <i className={styles.hit} style={{ left: `${((hit.timeMs - startMs) / span) * 100}%` }} />}
      <i className={styles.handle} style={{ left: `${part * 100}%` }} />
    </div>
  )
}

interface TicksProps {
  readonly strip: Travel['state']['strip']
  readonly startMs: number
  readonly endMs: number
}

function Ticks({ strip, startMs, endMs }: TicksProps) {
  // A second more or less moves no tick by a visible part.
  const roundedMs = Math.ceil(endMs / 1000) * 1000
  const ticks = useMemo(() => stripTicks(strip, startMs, roundedMs), [strip, startMs, roundedMs])
  return (
    <svg className={styles.ticks} viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
      {ticks.map(({ at, width, height, warning }) => (
        <rect
          key={at}
          data-warning={warning || undefined}
          x={at * 1000}
          width={Math.max(1, width * 1000 * 0.8)}
          y={100 - height * 100}
          height={height * 100}
        />
      ))}
    </svg>
  )
}
