import { useTranslation } from 'react-i18next'
import type { RevisionLane, RolloutView } from '../../../worker/rollout/protocol.ts'
import { StateGlyph } from '../../diagrams/StateGlyph.tsx'
import { podRef, useSelection } from '../../state/selection.ts'
import { STATE_STYLES } from '../../theme/states.ts'
import styles from './RolloutView.module.css'

/** Lanes of scaled-down revisions beyond these are not drawn. */
const MOST_EMPTY = 4
/** With more pods than this a lane shows shapes only. */
const NAMED = 24

/** One lane per revision, newest first, each with its pods. */
export function Lanes({ view }: { readonly view: RolloutView }) {
  const { t } = useTranslation('rollout')
  const lanes = view.lanes.toSorted((a, b) => b.revision - a.revision)
  const empty = lanes.filter((lane) => lane.pods.length === 0 && !lane.current)
  const hidden = new Set(empty.slice(MOST_EMPTY))
  return (
    <section className={styles.lanes} aria-label={t('revisions')}>
      {lanes
        .filter((lane) => !hidden.has(lane))
        .map((lane) => (
          <Lane key={lane.name} lane={lane} partition={view.partition} />
        ))}
      {hidden.size > 0 && <p className="muted">{t('older', { count: hidden.size })}</p>}
    </section>
  )
}

/** `partition`: ordinals below it keep their revision. */
function Lane({ lane, partition }: { readonly lane: RevisionLane; readonly partition: number | undefined }) {
  const { t } = useTranslation('rollout')
  const select = useSelection((state) => state.select)
  const selected = useSelection((state) => state.selected)
  const heading = lane.of ? t(`of.${lane.of}`) : `${t('revision')} ${lane.revision}`
  return (
    <article className={styles.lane} data-current={lane.current || undefined} aria-label={heading}>
      <header>
        <h3>
          {heading}
          {lane.current && lane.of !== 'active' && (
            <span className={styles.tag}>{t(lane.of === 'job' ? 'running' : 'current')}</span>
          )}
        </h3>
        {(lane.of === undefined || lane.of === 'job') && <p className="mono wrap-anywhere">{lane.name}</p>}
        {lane.images.map((image) => (
          <p key={image} className="mono muted wrap-anywhere">
            {image}
          </p>
        ))}
        <p className={styles.counts}>
          {t(lane.of ? 'endCounts' : 'counts', {
            desired: lane.desired,
            replicas: lane.replicas,
            ready: lane.ready,
            available: lane.available,
          })}
        </p>
      </header>
      <ul className={styles.pods}>
        {lane.pods.map((pod) => (
          <li key={pod.uid}>
            <button
              type="button"
              className={styles.pod}
              data-held={(partition !== undefined && (pod.ordinal ?? partition) < partition) || undefined}
              aria-label={`${pod.name}, ${pod.status}, ${pod.node || t('noNode')}`}
              aria-pressed={selected?.resource === 'pods' && selected.name === pod.name && selected.namespace === pod.namespace}
              title={`${pod.name}\n${pod.status}\n${pod.node || t('noNode')}`}
              onClick={() => select(podRef(pod.namespace, pod.name))}
            >
              <StateGlyph
                state={pod.state}
                progress={0.5}
                size={20}
                color={`var(${STATE_STYLES[pod.state]?.cssVar ?? '--text'})`}
                surface="var(--surface-raised)"
              />
              {lane.pods.length <= NAMED && (
                <span>
                  <span className="mono">
                    {pod.ordinal === undefined
                      ? shortName(pod.name, lane.name)
                      : `#${pod.ordinal} ${shortName(pod.name, lane.name)}`}
                  </span>
                  <span className={styles.podStatus}>{pod.status}</span>
                </span>
              )}
            </button>
          </li>
        ))}
        {lane.pods.length === 0 && <li className="muted">{t('noPods')}</li>}
      </ul>
    </article>
  )
}

/** What tells a pod from the others of its lane; the lane's own name stands in its heading. */
function shortName(pod: string, lane: string): string {
  return pod.startsWith(`${lane}-`) ? pod.slice(lane.length) : pod
}
