import { useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { KubeObject } from '../../../apimachinery/resource.ts'
import type { DataPlace } from '../../../worker/protocol.ts'
import { useFeedValue } from '../../engine/hooks.ts'
import { WhereIsData } from '../storage/WhereIsData.tsx'
import styles from './Inspector.module.css'
import { summarize } from './summary.ts'
import type { ConditionRow, ContainerRow } from './summary.ts'

/** The object at a glance. Field names are Kubernetes' own. */
export function SummaryTab({
  object,
  where,
}: {
  readonly object: KubeObject | null
  readonly where?: readonly DataPlace[] | undefined
}) {
  const { t } = useTranslation('shell')
  const nowSeconds = useFeedValue({ feed: 'clock' }, (clock) => Math.floor((clock?.nowMs ?? 0) / 1000))
  const summary = useMemo(() => (object === null ? null : summarize(object, nowSeconds * 1000)), [object, nowSeconds])
  if (summary === null) return null
  return (
    <div className={styles.tab}>
      <dl className={styles.facts}>
        {summary.facts.map((fact) => (
          <div key={fact.name} style={{ display: 'contents' }}>
            <dt>{fact.name}</dt>
            <dd className={fact.mono ? 'mono wrap-anywhere' : 'wrap-anywhere'}>{fact.value}</dd>
          </div>
        ))}
      </dl>
      {summary.containers.length > 0 && (
        <Section title={t('inspector.containers')}>
          <ul className={styles.items}>
            {summary.containers.map((container) => (
              <Container key={container.name} container={container} />
            ))}
          </ul>
        </Section>
      )}
      {where !== undefined && where.length > 0 && <WhereIsData places={where} />}
      {summary.data.length > 0 && (
        <Section title={t('inspector.data')}>
          <ul className={styles.items}>
            {summary.data.map(({ key, bytes }) => (
              <li key={key} className={styles.line}>
                <span className="mono wrap-anywhere">{key}</span>
                <span className="muted">{t('inspector.bytes', { count: bytes })}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {summary.conditions.length > 0 && (
        <Section title={t('inspector.conditions')}>
          <ul className={styles.items}>
            {summary.conditions.map((condition) => (
              <Condition key={condition.type} condition={condition} />
            ))}
          </ul>
        </Section>
      )}
      {summary.taints.length > 0 && <Chips title={t('inspector.taints')} texts={summary.taints} />}
      <Chips title={t('inspector.labels')} texts={summary.labels.map(([key, value]) => `${key}=${value}`)} />
      <Chips title={t('inspector.annotations')} texts={summary.annotations.map(([key, value]) => `${key}=${value}`)} />
    </div>
  )
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.section} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

function Container({ container }: { readonly container: ContainerRow }) {
  const { name, image, state, ready, restarts, init } = container
  return (
    <li>
      <p className={styles.line}>
        <span className="mono wrap-anywhere">
          {init && <span className="muted">init </span>}
          {name}
        </span>
        <span>
          {state}
          {ready && ', ready'}
          {restarts > 0 && `, ${restarts}× restarted`}
        </span>
      </p>
      <p className="mono muted wrap-anywhere">{image}</p>
    </li>
  )
}

function Condition({ condition: { type, status, reason, message } }: { readonly condition: ConditionRow }) {
  return (
    <li>
      <p className={styles.line}>
        <span>{type}</span>
        <strong>{status}</strong>
      </p>
      {(reason !== '' || message !== '') && (
        <p className="muted wrap-anywhere">
          {reason}
          {reason !== '' && message !== '' && ': '}
          {message}
        </p>
      )}
    </li>
  )
}

const SHOWN_CHIPS = 8
const SHOWN_CHARS = 120

/** Key=value texts; long lists and long values are folded until asked for. */
function Chips({ title, texts }: { readonly title: string; readonly texts: readonly string[] }) {
  const { t } = useTranslation('shell')
  const [all, setAll] = useState(false)
  if (texts.length === 0) return null
  const long = texts.length > SHOWN_CHIPS || texts.some((text) => text.length > SHOWN_CHARS)
  const shown = all
    ? texts
    : texts.slice(0, SHOWN_CHIPS).map((text) => (text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text))
  return (
    <Section title={title}>
      <ul className={styles.chips}>
        {shown.map((text) => (
          <li key={text} className="mono wrap-anywhere">
            {text}
          </li>
        ))}
      </ul>
      {long && (
        <button type="button" className="btn bare" onClick={() => setAll(!all)}>
          {all ? t('inspector.fewer') : t('inspector.more', { count: texts.length })}
        </button>
      )}
    </Section>
  )
}
