import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EventRow, ObjectLink } from '../../../worker/protocol.ts'
import { useFeedValue } from '../../engine/hooks.ts'
import { KindIcon } from '../../icons/Icon.tsx'
import { useSelection } from '../../state/selection.ts'
import { EventType } from '../EventType.tsx'
import { age } from '../format.ts'
import styles from './Inspector.module.css'

/** The object's events, newest first. */
export function EventsTab({ events }: { readonly events: readonly EventRow[] }) {
  const { t } = useTranslation('shell')
  const nowSeconds = useFeedValue({ feed: 'clock' }, (clock) => Math.floor((clock?.nowMs ?? 0) / 1000))
  if (events.length === 0) return <p className="notice">{t('inspector.noEvents')}</p>
  return (
    <div className={styles.tab}>
      <ul className={styles.items}>
        {events
          .toSorted((a, b) => b.lastMs - a.lastMs)
          .map((event) => (
            <li key={event.uid}>
              <p className={styles.line}>
                <strong>
                  {event.type === 'Warning' && <EventType type={event.type} />} {event.reason}
                </strong>
                <span className="muted">
                  {event.count > 1 && `${event.count}× `}
                  {age(nowSeconds * 1000 - event.lastMs)}
                </span>
              </p>
              <p className="wrap-anywhere">{event.message}</p>
              <p className="muted">{event.source}</p>
            </li>
          ))}
      </ul>
    </div>
  )
}

const SHOWN_LINKS = 60

/** Objects this one has to do with, by relation. Choosing one selects it. */
export function RelatedTab({ links }: { readonly links: readonly ObjectLink[] }) {
  const { t } = useTranslation('shell')
  if (links.length === 0) return <p className="notice">{t('inspector.noLinks')}</p>
  const relations = [...new Set(links.map((link) => link.relation))]
  return (
    <div className={styles.tab}>
      {relations.map((relation) => (
        <Relation key={relation} relation={relation} links={links.filter((link) => link.relation === relation)} />
      ))}
    </div>
  )
}

function Relation({ relation, links }: { readonly relation: string; readonly links: readonly ObjectLink[] }) {
  const { t } = useTranslation('shell')
  const select = useSelection((state) => state.select)
  const [all, setAll] = useState(false)
  return (
    <section className={styles.section}>
      <h3>{t(`relation.${relation}`, { defaultValue: relation })}</h3>
      <ul>
        {(all ? links : links.slice(0, SHOWN_LINKS)).map(({ status, relation: _relation, ...ref }) => (
          <li key={`${ref.group}/${ref.resource}/${ref.namespace}/${ref.name}`}>
            <button type="button" className={styles.link} onClick={() => select(ref)}>
              <KindIcon kind={ref.kind} />
              <span className={styles.linkName}>
                <span className="muted">{ref.kind} </span>
                <span className="mono">{ref.name}</span>
              </span>
              <span className="muted">{status}</span>
            </button>
          </li>
        ))}
      </ul>
      {links.length > SHOWN_LINKS && (
        <button type="button" className="btn bare" onClick={() => setAll(!all)}>
          {all ? t('inspector.fewer') : t('inspector.more', { count: links.length })}
        </button>
      )}
    </section>
  )
}
