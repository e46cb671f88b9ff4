import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClockState } from '../../worker/protocol.ts'
import { reported } from '../app/report.ts'
import { useFeed, useSession } from '../engine/hooks.ts'
import { useConnection } from '../engine/session.ts'
import { Icon } from '../icons/Icon.tsx'
import { useDialogs } from '../state/dialogs.ts'
import { useStatus } from '../state/status.ts'
import { HistoryStrip } from '../timeline/HistoryStrip.tsx'
import { age, clockDate, clockTime } from './format.ts'
import { SLIDER_MAX, formatSpeed, sliderToSpeed, speedToSlider } from './speed.ts'
import styles from './TimeBar.module.css'

/** Play, step, speed, the cluster's clock, and the status line. */
export function TimeBar() {
  const { t } = useTranslation('shell')
  const session = useSession()
  const { data: clock } = useFeed({ feed: 'clock' })
  const live = useConnection((state) => state.status === 'ready') && clock !== undefined
  const running = live && clock.running
  const playLabel = t(running ? 'time.pause' : 'time.play')
  return (
    <footer className={styles.bar} aria-label={t('time.title')}>
      <HistoryStrip />
      <div className={styles.group}>
        <button
          type="button"
          className="btn icon"
          aria-label={playLabel}
          title={`${playLabel} (Space)`}
          disabled={!live}
          onClick={() => reported(running ? session.api.pause() : session.api.play())}
        >
          <Icon name={running ? 'pause' : 'play'} />
        </button>
        <button
          type="button"
          className="btn icon"
          aria-label={t('time.step')}
          title={`${t('time.step')} (.)`}
          disabled={!live}
          onClick={() => reported(session.api.step())}
        >
          <Icon name="step" />
        </button>
      </div>
      <SpeedControl clock={clock} live={live} />
      <Clock clock={clock} />
      <StatusText />
      <ClusterIdentity clock={clock} live={live} />
    </footer>
  )
}

/** After this long without a move the slider shows the engine's speed again. */
const RELEASE_MS = 400

function SpeedControl({ clock, live }: { readonly clock: ClockState | undefined; readonly live: boolean }) {
  const { t } = useTranslation('shell')
  const { api } = useSession()
  const speed = clock?.speed ?? 1
  const [last, setLast] = useState(1)
  // While the slider is dragged it leads; the feed, which comes later, follows.
  const [dragged, setDragged] = useState<number | null>(null)
  const release = useRef<ReturnType<typeof setTimeout>>(undefined)
  const position = dragged ?? speedToSlider(speed)
  const choose = (next: number): void => {
    setDragged(next)
    clearTimeout(release.current)
    release.current = setTimeout(() => setDragged(null), RELEASE_MS)
    setLast(sliderToSpeed(next))
    reported(api.setSpeed(sliderToSpeed(next)))
  }
  const shown = speed === 'max' && dragged === null ? t('time.max') : formatSpeed(sliderToSpeed(position))
  const behind = live && clock !== undefined && clock.running && isBehind(clock)
  return (
    <div className={styles.speed}>
      <span className={styles.end}>0.1×</span>
      <input
        type="range"
        aria-label={t('time.speed')}
        aria-valuetext={shown}
        min={0}
        max={SLIDER_MAX}
        value={position}
        disabled={!live}
        onChange={(event) => choose(Number(event.target.value))}
      />
      <span className={styles.end}>1000×</span>
      <output className={styles.speedText}>{shown}</output>
      <button
        type="button"
        className="btn"
        aria-pressed={speed === 'max'}
        aria-label={t('time.maxLabel')}
        disabled={!live}
        onClick={() => reported(api.setSpeed(speed === 'max' ? last : 'max'))}
      >
        {t('time.max')}
      </button>
      {behind && (
        <span className="muted" title={t('time.reachedHint')}>
          {t('time.reached', { speed: formatSpeed(clock.reachedSpeed) })}
        </span>
      )}
    </div>
  )
}

/** At 'max' the reached speed always tells something; else only when it falls short by a tenth. */
function isBehind(clock: ClockState): boolean {
  return clock.speed === 'max' || clock.reachedSpeed < clock.speed * 0.9
}

function Clock({ clock }: { readonly clock: ClockState | undefined }) {
  const { t } = useTranslation('shell')
  if (clock === undefined) return null
  return (
    <div className={styles.clock} role="timer" aria-label={t('time.clock')} aria-live="off">
      <span className={`muted ${styles.date}`}>{clockDate(clock.nowMs)}</span>
      <span className={`mono ${styles.now}`}>{clockTime(clock.nowMs)}</span>
      <span className={`muted ${styles.date}`}>
        +{age(clock.nowMs - clock.startMs)} <span className={styles.caption}>{t('time.elapsed')}</span>
      </span>
    </div>
  )
}

function StatusText() {
  const { t } = useTranslation('shell')
  const line = useStatus((state) => state.lines.at(-1))
  return (
    <p className={styles.status} role="status" aria-label={t('status.title')} data-tone={line?.tone}>
      {/* Errors are read out by their toast. */}
      <span aria-hidden={line?.tone === 'error'}>{line?.text ?? ''}</span>
    </p>
  )
}

function ClusterIdentity({ clock, live }: { readonly clock: ClockState | undefined; readonly live: boolean }) {
  const { t } = useTranslation('shell')
  const show = useDialogs((state) => state.show)
  return (
    <div className={styles.group}>
      {clock !== undefined && (
        <>
          <span className={`muted ${styles.revision}`}>{t('time.revision', { revision: clock.revision })}</span>
          <span className="muted">{t('time.seed', { seed: clock.seed })}</span>
        </>
      )}
      <button
        type="button"
        className="btn bare"
        title={t('time.resetHint')}
        aria-haspopup="dialog"
        disabled={!live}
        onClick={() => show('cluster')}
      >
        <Icon name="reset" /> {t('time.reset')}
      </button>
    </div>
  )
}
