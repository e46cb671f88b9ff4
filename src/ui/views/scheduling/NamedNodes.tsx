import { useTranslation } from 'react-i18next'
import type { PodWeighing } from '../../../worker/scheduling/protocol.ts'
import { nodeRef, useSelection } from '../../state/selection.ts'
import { someNames } from './matrix.ts'
import styles from './SchedulingView.module.css'

const MOST = 6

/** Some nodes' names, each of which selects its node, and how many more there are. */
export function NamedNodes({ weighing, nodes }: { readonly weighing: PodWeighing; readonly nodes: readonly number[] }) {
  const { t } = useTranslation('scheduling')
  const { names, more } = someNames(weighing, nodes, MOST)
  return (
    <span className={styles.names}>
      {names.map((name) => (
        <NodeName key={name} name={name} />
      ))}
      {more > 0 && <span className="muted">{t('more', { count: more })}</span>}
    </span>
  )
}

export function NodeName({ name }: { readonly name: string }) {
  const select = useSelection((state) => state.select)
  return (
    <button type="button" className={`mono ${styles.nodeName}`} onClick={() => select(nodeRef(name))}>
      {name}
    </button>
  )
}
