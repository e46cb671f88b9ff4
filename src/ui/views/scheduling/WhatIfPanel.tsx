import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PodWeighing, SchedulingChange, SchedulingView, WhatIfAnswer } from '../../../worker/scheduling/protocol.ts'
import { reported } from '../../app/report.ts'
import { useEngine } from '../../engine/hooks.ts'
import { CommandLine } from '../../panels/CommandLine.tsx'
import { say } from '../../state/status.ts'
import { ChangeForm } from './ChangeForm.tsx'
import { changeText } from './change-text.ts'
import { compareFares, type Fare } from './matrix.ts'
import { NodeName } from './NamedNodes.tsx'
import { planOf, type Step } from './plan.ts'
import styles from './SchedulingView.module.css'
import tables from './tables.module.css'

/** Rows of the comparison that are drawn. */
const MOST = 30

interface WhatIfProps {
  readonly view: SchedulingView
  readonly changes: readonly SchedulingChange[]
  readonly onChanges: (changes: readonly SchedulingChange[]) => void
  readonly answer: WhatIfAnswer | null
  readonly onAnswer: (answer: WhatIfAnswer | null) => void
}

/** Changes that are tried on a copy, what they would do, and the requests that make them real. */
export function WhatIfPanel({ view, changes, onChanges, answer, onAnswer }: WhatIfProps) {
  const { t } = useTranslation('scheduling')
  useAnswer(view, changes, onAnswer)
  const steps = useMemo(
    () => (changes.length > 0 && answer && answer.error === '' ? planOf(view, changes, answer.configYaml) : []),
    [view, changes, answer],
  )
  return (
    <section className={styles.box} aria-label={t('whatIf.title')}>
      <h3>{t('whatIf.title')}</h3>
      <p className="muted">{t('whatIf.hint')}</p>
      <ChangeForm view={view} weighing={answer?.before ?? view.weighing} onAdd={(change) => onChanges([...changes, change])} />
      {changes.length > 0 && (
        <ul className={styles.changes} aria-label={t('whatIf.changes')}>
          {changes.map((change, i) => (
            <li key={i}>
              <code>{changeText(change)}</code>
              <button
                type="button"
                className="btn bare icon"
                aria-label={t('whatIf.remove', { change: changeText(change) })}
                onClick={() => onChanges(changes.filter((_, at) => at !== i))}
              >
                ✕
              </button>
            </li>
          ))}
        </ul>
      )}
      {answer !== null && answer.error !== '' && (
        <p className={styles.error} role="alert">
          {answer.error}
        </p>
      )}
      {changes.length > 0 && answer?.before && answer.after && <SideBySide before={answer.before} after={answer.after} />}
      {answer !== null && answer.replicas.length > 0 && <Replicas nodes={answer.replicas} />}
      {steps.length > 0 && <Apply steps={steps} answer={answer} onDone={() => onChanges([])} />}
    </section>
  )
}

/** Asks anew when the changes, or what they are weighed against, change. */
function useAnswer(view: SchedulingView, changes: readonly SchedulingChange[], onAnswer: WhatIfProps['onAnswer']): void {
  const api = useEngine()
  const { namespace, name, weighing } = view
  useEffect(() => {
    let current = true
    const ask = async (): Promise<void> => {
      const answer = await api.whatIf({ namespace, name, changes })
      if (current) onAnswer(answer)
    }
    reported(ask())
    return () => {
      current = false
    }
  }, [api, namespace, name, changes, weighing, onAnswer])
}

function SideBySide({ before, after }: { readonly before: PodWeighing; readonly after: PodWeighing }) {
  const { t } = useTranslation('scheduling')
  const rows = useMemo(() => compareFares(before, after), [before, after])
  const changed = rows.filter((row) => row.changed).length
  return (
    <>
      <p role="status">
        <strong>{changed === 0 ? t('whatIf.nothing') : t('whatIf.changed', { count: changed })}</strong>
      </p>
      <div className={tables.scroll} role="region" tabIndex={0} aria-label={t('whatIf.sideBySide')}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col" className={tables.first}>
                {t('node')}
              </th>
              <th scope="col" className={tables.side}>
                {t('whatIf.before')}
              </th>
              <th scope="col" className={tables.side}>
                {t('whatIf.after')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST).map((row) => (
              <tr key={row.node}>
                <th scope="row" className={tables.first}>
                  <NodeName name={row.node} />
                </th>
                <td className={tables.side}>
                  <FareText fare={row.before} />
                </td>
                <td className={tables.side} data-changed={row.changed || undefined}>
                  <FareText fare={row.after} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > MOST && <p className="muted">{t('more', { count: rows.length - MOST })}</p>}
    </>
  )
}

function FareText({ fare }: { readonly fare: Fare }) {
  const { t } = useTranslation('scheduling')
  if (fare.refusedBy !== '')
    return (
      <span>
        <span className={tables.refused} aria-hidden="true">
          ✕
        </span>{' '}
        <b>{fare.refusedBy}</b> <code>{fare.reasons.join(', ')}</code>
      </span>
    )
  return (
    <span>
      <span aria-hidden="true">✓</span>{' '}
      {fare.total === undefined ? t('filter.willDo') : t('whatIf.points', { total: fare.total })}
      {fare.best && <span className={tables.tag}>{t('whatIf.best')}</span>}
    </span>
  )
}

function Replicas({ nodes }: { readonly nodes: readonly string[] }) {
  const { t } = useTranslation('scheduling')
  const counts = new Map<string, number>()
  for (const node of nodes) counts.set(node, (counts.get(node) ?? 0) + 1)
  return (
    <p>
      {t('whatIf.replicas', { count: nodes.length })}{' '}
      {[...counts].map(([node, count]) => (
        <span key={node} className={styles.tag}>
          <span className="mono">{node === '' ? t('whatIf.noNode') : node}</span> ×{count}
        </span>
      ))}
    </p>
  )
}

interface ApplyProps {
  readonly steps: readonly Step[]
  readonly answer: WhatIfAnswer | null
  readonly onDone: () => void
}

/** The requests with their commands, and the button that sends them. */
function Apply({ steps, answer, onDone }: ApplyProps) {
  const { t } = useTranslation('scheduling')
  const api = useEngine()
  const [busy, setBusy] = useState(false)
  const apply = async (): Promise<void> => {
    setBusy(true)
    try {
      for (const step of steps) {
        const refused = await step.run(api)
        if (refused !== null) {
          say('error', refused)
          return
        }
      }
      say('success', t('whatIf.applied', { count: steps.length }))
      onDone()
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={styles.apply}>
      {steps.map((step, i) =>
        step.command === '' ? (
          <div key={i}>
            <p className="muted">{t('whatIf.config')}</p>
            <pre className={styles.message}>{answer?.configYaml}</pre>
          </div>
        ) : (
          <CommandLine key={i} command={step.command} />
        ),
      )}
      <p>
        <button type="button" className="btn primary" disabled={busy} onClick={() => reported(apply())}>
          {t('whatIf.apply')}
        </button>
      </p>
    </div>
  )
}
