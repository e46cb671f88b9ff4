import { useTranslation } from 'react-i18next'
import type { PodRow } from '../../../worker/protocol.ts'
import { nodeRef, podRef, type ObjectRef } from '../../state/selection.ts'
import { STATE_STYLES } from '../../theme/states.ts'
import { LANE, type ClusterModel } from './model.ts'

interface SummaryProps {
  readonly model: ClusterModel
  readonly version: number
  readonly onSelect: (ref: ObjectRef) => void
}

/** Longer lists help nobody: the resource table has them all. */
const MOST_NODES = 40
const MOST_PODS = 30

/** The picture in words: totals, then each node with its pods. For screen readers; each line selects what it names. */
export function Summary({ model, onSelect }: SummaryProps) {
  const { t } = useTranslation()
  const states = STATE_STYLES.map(({ titleKey }, state) => ({ word: t(titleKey), count: model.stateCounts[state] ?? 0 })).filter(
    ({ count }) => count > 0,
  )
  const nodes = model.nodes.filter((node) => node !== undefined).slice(0, MOST_NODES)
  return (
    <section className="visually-hidden" aria-label={t('cluster:inWords')}>
      <p id="cluster-summary">
        {t('cluster:totals', { nodes: model.nodeCount, pods: model.podCount })}{' '}
        {states.map(({ word, count }) => `${word}: ${count}`).join(', ')}. {t('cluster:keys')}
      </p>
      <ul>
        {nodes.map((node) => (
          <li key={node.slot}>
            <button type="button" tabIndex={-1} onClick={() => onSelect(nodeRef(node.name))}>
              {node.name}, {node.status}, {t('cluster:podsOf', { count: model.countOf(node.slot), most: node.podCapacity })}
            </button>
            <PodLines model={model} room={node.slot} onSelect={onSelect} />
          </li>
        ))}
        {model.countOf(LANE) > 0 && (
          <li>
            {t('cluster:lane')}
            <PodLines model={model} room={LANE} onSelect={onSelect} />
          </li>
        )}
      </ul>
      {model.nodeCount > MOST_NODES && <p>{t('cluster:moreNodes', { count: model.nodeCount - MOST_NODES })}</p>}
    </section>
  )
}

function PodLines({
  model,
  room,
  onSelect,
}: {
  readonly model: ClusterModel
  readonly room: number
  readonly onSelect: (ref: ObjectRef) => void
}) {
  if (model.podCount > MOST_NODES * MOST_PODS) return null
  const pods = model
    .cellsOf(room)
    .map((slot) => model.pods[slot])
    .filter((pod): pod is PodRow => pod !== undefined)
    .slice(0, MOST_PODS)
  return (
    <ul>
      {pods.map((pod) => (
        <li key={pod.uid}>
          <button type="button" tabIndex={-1} onClick={() => onSelect(podRef(pod.namespace, pod.name))}>
            {pod.name}, {pod.status}, {pod.readyContainers}/{pod.containers}
          </button>
        </li>
      ))}
    </ul>
  )
}
