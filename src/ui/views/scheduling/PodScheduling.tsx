import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type {
  PodWeighing,
  SchedulingChange,
  SchedulingView,
  WhatIfAnswer,
  WorkloadRef,
} from '../../../worker/scheduling/protocol.ts'
import { useFeed } from '../../engine/hooks.ts'
import { KindIcon } from '../../icons/Icon.tsx'
import { clockTime } from '../../panels/format.ts'
import { podRef, useSelection } from '../../state/selection.ts'
import { FilterTable } from './FilterTable.tsx'
import { NamedNodes } from './NamedNodes.tsx'
import { Preemption } from './Preemption.tsx'
import { Queue } from './Queue.tsx'
import styles from './SchedulingView.module.css'
import { ScoreTable } from './ScoreTable.tsx'
import { useScheduling } from './store.ts'
import { WhatIfPanel } from './WhatIfPanel.tsx'

const FEED = 'scheduling'

/** One pod: how it fared with every node, and what would change that. */
export function PodScheduling({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { t } = useTranslation('scheduling')
  const chosen = useScheduling((state) => state.attempt)
  const showPod = useScheduling((state) => state.showPod)
  const [changes, setChanges] = useState<readonly SchedulingChange[] | null>(null)
  const [answer, setAnswer] = useState<WhatIfAnswer | null>(null)
  const { data: live, version } = useFeed({ feed: FEED, namespace, name })
  const owner = useLast(live?.facts.owner)
  const attempt = changes !== null ? null : chosen === undefined ? defaultAttempt(live) : chosen
  const { data: then } = useFeed(attempt === null ? null : { feed: FEED, namespace, name, attempt })
  const other = (
    <button type="button" className="btn" onClick={() => showPod(null)}>
      {t('other')}
    </button>
  )
  if (!live)
    return (
      <div className="notice">
        <p>{version === 0 ? t('loading') : t('gone', { name })}</p>
        {owner && <Successors owner={owner} />}
        {other}
      </div>
    )
  const shown = attempt === null ? live : (then ?? live)
  const weighing = changes !== null ? (answer?.after ?? live.weighing) : shown.weighing
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <KindIcon kind="Pod" size={22} />
        <h2>
          <span className="mono wrap-anywhere">{name}</span> <span className="muted">{namespace}</span>
        </h2>
        <Basis view={live} attempt={attempt} disabled={changes !== null} />
        <button
          type="button"
          className="btn"
          aria-expanded={changes !== null}
          onClick={() => {
            setChanges(changes === null ? [] : null)
            setAnswer(null)
          }}
        >
          {t('whatIf.title')}
        </button>
        {other}
      </header>
      <Queue view={live} />
      {changes !== null && (
        <WhatIfPanel view={live} changes={changes} onChanges={setChanges} answer={answer} onAnswer={setAnswer} />
      )}
      {shown.missing !== '' && changes === null && <Missing view={shown} />}
      {weighing && (
        <Weighed
          weighing={weighing}
          before={changes !== null && changes.length > 0 ? (answer?.before ?? null) : null}
          recorded={attempt !== null}
          placed={live.node !== ''}
        />
      )}
    </div>
  )
}

/** The value, or while there is none the last that was. */
function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value)
  if (value !== undefined && value !== last) setLast(value)
  return value ?? last
}

const MOST_SUCCESSORS = 8

/** After a change of a workload's template the pods that came in this one's place. */
function Successors({ owner }: { readonly owner: WorkloadRef }) {
  const { t } = useTranslation('scheduling')
  const { data } = useFeed({ feed: 'map' })
  const select = useSelection((state) => state.select)
  const others = [...(data?.pods.values() ?? [])].filter(
    (pod) => pod.namespace === owner.namespace && pod.owner === `${owner.kind}/${owner.name}`,
  )
  if (others.length === 0) return null
  return (
    <>
      <p>{t('successors', { owner: `${owner.kind}/${owner.name}` })}</p>
      <ul className={styles.pods}>
        {others.slice(0, MOST_SUCCESSORS).map((pod) => (
          <li key={pod.uid}>
            <button type="button" className="btn" onClick={() => select(podRef(pod.namespace, pod.name))}>
              <span className="mono">{pod.name}</span> {pod.status}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}

/** A placed pod is shown as it was when it was placed; one that waits, as things are now. */
function defaultAttempt(view: SchedulingView | null | undefined): number | null {
  if (!view || view.node === '') return null
  return view.attempts.find(({ node }) => node === view.node)?.id ?? null
}

interface BasisProps {
  readonly view: SchedulingView
  readonly attempt: number | null
  readonly disabled: boolean
}

/** Now, or one of the attempts that are remembered. */
function Basis({ view, attempt, disabled }: BasisProps) {
  const { t } = useTranslation('scheduling')
  const set = useScheduling((state) => state.set)
  return (
    <label className={styles.basis}>
      <span>{t('basis.label')}</span>
      <select
        className="field"
        value={attempt ?? 'now'}
        disabled={disabled}
        onChange={(event) => set({ attempt: event.target.value === 'now' ? null : Number(event.target.value) })}
      >
        <option value="now">{view.node === '' ? t('basis.now') : t('basis.anew')}</option>
        {view.attempts.map(({ id, timeMs, node }) => (
          <option key={id} value={id}>
            {clockTime(timeMs)} {node === '' ? t('basis.failed') : t('basis.placed', { node })}
          </option>
        ))}
      </select>
    </label>
  )
}

function Missing({ view }: { readonly view: SchedulingView }) {
  const { t } = useTranslation('scheduling')
  return (
    <div className="notice" role="status">
      <p>{t(`missing.${view.missing}`, { scheduler: view.schedulerName, profiles: view.profiles.join(', ') })}</p>
    </div>
  )
}

interface WeighedProps {
  readonly weighing: PodWeighing
  /** To mark what changed. */
  readonly before: PodWeighing | null
  readonly recorded: boolean
  readonly placed: boolean
}

function Weighed({ weighing, before, recorded, placed }: WeighedProps) {
  const { t } = useTranslation('scheduling')
  return (
    <>
      <Result weighing={weighing} recorded={recorded} placed={placed} />
      {weighing.message !== '' && <Message weighing={weighing} />}
      {weighing.preemption && <Preemption weighing={weighing} preemption={weighing.preemption} />}
      <FilterTable weighing={weighing} before={before} recorded={recorded} />
      {weighing.scorers.length > 0 ? (
        <ScoreTable weighing={weighing} before={before} recorded={recorded} />
      ) : (
        weighing.scored.length === 1 && <p className="muted">{t('score.one')}</p>
      )}
    </>
  )
}

/** The outcome in one sentence. */
function Result({ weighing, recorded, placed }: Omit<WeighedProps, 'before'>) {
  const { t } = useTranslation('scheduling')
  const { winner, best, nodes, unsampled } = weighing
  const sentence = useMemo(() => {
    const name = nodes[winner] ?? ''
    const count = best.length
    if (winner >= 0 && recorded) return count > 1 ? t('result.drawn', { node: name, count }) : t('result.won', { node: name })
    if (winner >= 0) return t('result.would', { node: name })
    if (count > 1) return t('result.tie', { count })
    return t('result.nowhere', { count: nodes.length })
  }, [nodes, winner, best, recorded, t])
  return (
    <div className={styles.result} data-nowhere={(winner < 0 && best.length === 0) || undefined} role="status">
      <strong>{sentence}</strong>
      {winner < 0 && best.length > 1 && <NamedNodes weighing={weighing} nodes={best} />}
      {unsampled.length > 0 && <span className="muted">{t('result.unsampled', { count: unsampled.length })}</span>}
      {!recorded && placed && <span className="muted">{t('result.anew')}</span>}
    </div>
  )
}

/** The event's text, and which part of it comes from which nodes. */
function Message({ weighing }: { readonly weighing: PodWeighing }) {
  const { t } = useTranslation('scheduling')
  return (
    <section className={styles.box} aria-label={t('message.title')}>
      <h3>
        {t('message.title')} <span className={styles.tag}>FailedScheduling</span>
      </h3>
      <code className={styles.message}>{weighing.message}</code>
      <ul className={styles.parts}>
        {weighing.parts.map(({ reason, nodes }) => (
          <li key={reason}>
            <b>{nodes.length}</b> <code>{reason}</code>
            <NamedNodes weighing={weighing} nodes={nodes} />
          </li>
        ))}
      </ul>
    </section>
  )
}
