import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Placement, SchedulerComparison } from '../../../worker/scheduling/protocol.ts'
import { reported } from '../../app/report.ts'
import { useEngine } from '../../engine/hooks.ts'
import { say } from '../../state/status.ts'
import { Bars } from './Bars.tsx'
import styles from './Compare.module.css'
import { Moves } from './Moves.tsx'
import { TEMPLATES } from './templates.ts'

const yamlOf = (id: string) => TEMPLATES.find((template) => template.id === id)?.yaml ?? ''

/** Two configurations over the whole cluster: where each would place the pods of all workloads. */
export function Compare() {
  const { t } = useTranslation('scheduling')
  const api = useEngine()
  const [texts, setTexts] = useState<readonly [string, string]>([yamlOf('LeastAllocated'), yamlOf('MostAllocated')])
  const [result, setResult] = useState<SchedulerComparison | null>(null)
  const [busy, setBusy] = useState(false)
  const compare = async (): Promise<void> => {
    setBusy(true)
    try {
      setResult(await api.compareSchedulers(...texts))
    } finally {
      setBusy(false)
    }
  }
  const change = (side: 0 | 1, text: string): void => setTexts(side === 0 ? [text, texts[1]] : [texts[0], text])
  return (
    <div className={styles.page}>
      <p className="muted">{t('compare.hint')}</p>
      <div className={styles.configs}>
        {([0, 1] as const).map((side) => (
          <Config
            key={side}
            side={side}
            text={texts[side]}
            errors={result?.errors[side] ?? []}
            onChange={(text) => change(side, text)}
          />
        ))}
      </div>
      <p>
        <button type="button" className="btn primary" disabled={busy} onClick={() => reported(compare())}>
          {busy ? t('compare.busy') : t('compare.run')}
        </button>
      </p>
      {result?.now && result.first && result.second && (
        <Result result={result} now={result.now} first={result.first} second={result.second} />
      )}
    </div>
  )
}

interface ConfigProps {
  readonly side: 0 | 1
  readonly text: string
  readonly errors: readonly string[]
  readonly onChange: (text: string) => void
}

function Config({ side, text, errors, onChange }: ConfigProps) {
  const { t } = useTranslation('scheduling')
  const api = useEngine()
  const name = side === 0 ? 'A' : 'B'
  const template = TEMPLATES.find(({ yaml }) => yaml === text)?.id ?? ''
  const use = async (): Promise<void> => {
    const { ok, message } = await api.command({ type: 'configure-scheduler', yaml: text })
    if (ok) say('success', t('compare.used', { name }))
    else say('error', message)
  }
  return (
    <section className={styles.config} aria-label={t('compare.config', { name })}>
      <header>
        <h3>{t('compare.config', { name })}</h3>
        <label>
          <span className="visually-hidden">{t('compare.template')}</span>
          <select className="field" value={template} onChange={(event) => onChange(yamlOf(event.target.value))}>
            {template === '' && <option value="">{t('compare.own')}</option>}
            {TEMPLATES.map(({ id }) => (
              <option key={id} value={id}>
                {t(`compare.templates.${id}`)}
              </option>
            ))}
          </select>
        </label>
      </header>
      <textarea
        className="mono"
        value={text}
        rows={12}
        spellCheck={false}
        autoCapitalize="off"
        aria-label={t('compare.config', { name })}
        aria-invalid={errors.length > 0}
        onChange={(event) => onChange(event.target.value)}
      />
      <p>
        <button type="button" className="btn" onClick={() => reported(use())}>
          {t('compare.use')}
        </button>
      </p>
      {errors.length > 0 && (
        <ul className={styles.errors} role="alert">
          {errors.map((error) => (
            <li key={error}>{error}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

interface ResultProps {
  readonly result: SchedulerComparison
  readonly now: Placement
  readonly first: Placement
  readonly second: Placement
}

function Result({ result, now, first, second }: ResultProps) {
  const { t } = useTranslation('scheduling')
  const [fromNow, toSecond, between] = result.moves
  const sides = [
    { name: t('compare.now'), placement: now, moves: 0 },
    { name: 'A', placement: first, moves: fromNow },
    { name: 'B', placement: second, moves: toSecond },
  ]
  return (
    <>
      <p role="status">
        <strong>{t('compare.summary', { count: between, pods: result.pods })}</strong>
      </p>
      <ul className={styles.totals}>
        {sides.map(({ name, placement, moves }) => (
          <li key={name}>
            <b>{name}</b> {t('compare.placed', { count: placement.placed })}
            {placement.unplaced > 0 && ` · ${t('compare.unplaced', { count: placement.unplaced })}`}
            {placement !== now && ` · ${t('compare.moves', { count: moves })}`}
            {` · ${t('compare.usedNodes', { count: placement.pods.filter((pods) => pods > 0).length })}`}
          </li>
        ))}
      </ul>
      <Bars result={result} sides={sides} />
      <Moves result={result} />
    </>
  )
}
