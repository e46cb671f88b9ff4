import { useTranslation } from 'react-i18next'
import type { BreakHit } from '../../worker/protocol.ts'
import { reported } from '../app/report.ts'
import { useEngine } from '../engine/hooks.ts'
import { age, clockTime } from '../panels/format.ts'
import { useSelection } from '../state/selection.ts'
import { conditionText } from './conditions.ts'
import styles from './Travel.module.css'
import { useTravel } from './use-travel.ts'

/** Says that the page shows the past, that a history is built again, or what stopped the clock. */
export function TravelBanner() {
  const travel = useTravel()
  if (!travel) return null
  const { replay, past, hit } = travel.state
  if (replay) return <Replaying {...replay} />
  if (past) return <Past atMs={past.atMs} presentMs={past.presentMs} />
  return hit ? <Hit hit={hit} /> : null
}

function Past({ atMs, presentMs }: { readonly atMs: number; readonly presentMs: number }) {
  const { t } = useTranslation('timeline')
  const engine = useEngine()
  return (
    <div className={styles.banner} role="region" aria-label={t('past.title')}>
      <strong>
        {t('past.lookingAt')} <span className="mono">{clockTime(atMs)}</span>
      </strong>
      <span className={`muted ${styles.ago}`}>{t('past.ago', { age: age(presentMs - atMs) })}</span>
      <span className={styles.buttons}>
        <button type="button" className="btn" title={`${t('stepBack')} (,)`} onClick={() => reported(engine.stepBack())}>
          {t('stepBack')} <kbd>,</kbd>
        </button>
        <button type="button" className="btn" title={`${t('stepForward')} (.)`} onClick={() => reported(engine.step())}>
          {t('stepForward')} <kbd>.</kbd>
        </button>
        <button type="button" className="btn primary" onClick={() => reported(engine.lookAt(null))}>
          {t('past.back')}
        </button>
        <button type="button" className="btn" title={t('past.continueHint')} onClick={() => reported(engine.continueFrom(atMs))}>
          {t('past.continue')}
        </button>
      </span>
      <span className="visually-hidden" role="status">
        {t('lookingAt', { time: clockTime(atMs) })}
      </span>
    </div>
  )
}

interface ReplayingProps {
  readonly fromMs: number
  readonly atMs: number
  readonly toMs: number
}

function Replaying({ fromMs, atMs, toMs }: ReplayingProps) {
  const { t } = useTranslation('timeline')
  const engine = useEngine()
  const part = (atMs - fromMs) / Math.max(1, toMs - fromMs)
  return (
    <div className={styles.banner} role="status">
      <strong>{t('replay.title')}</strong>
      <progress value={part} max={1} aria-label={t('replay.title')} />
      <span className="muted">{part === 0 ? t('replay.building') : `${Math.floor(part * 100)}%`}</span>
      <span className={styles.buttons}>
        <button type="button" className="btn" onClick={() => reported(engine.cancelReplay())}>
          {t('replay.cancel')}
        </button>
      </span>
    </div>
  )
}

function Hit({ hit }: { readonly hit: BreakHit }) {
  const { t } = useTranslation('timeline')
  const engine = useEngine()
  const select = useSelection((state) => state.select)
  const { group, version, resource, kind, namespace, name } = hit
  return (
    <div className={`${styles.banner} ${styles.stopped}`} role="alert">
      <strong>{t('hit.title', { time: clockTime(hit.timeMs) })}</strong>
      <span className="wrap-anywhere">
        {kind} <span className="mono">{namespace === '' ? name : `${namespace}/${name}`}</span>
        {' — '}
        {conditionText(hit.condition, t)}
        {hit.condition.type === 'field' && <span className="muted"> ({t('hit.found', { found: hit.found })})</span>}
      </span>
      <span className={styles.buttons}>
        <button type="button" className="btn" onClick={() => select({ group, version, resource, kind, namespace, name })}>
          {t('hit.select')}
        </button>
        <button type="button" className="btn primary" onClick={() => reported(engine.play())}>
          {t('hit.go')}
        </button>
      </span>
    </div>
  )
}
